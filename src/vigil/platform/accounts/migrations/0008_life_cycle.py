import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import vigil.core.identifiers
import vigil.platform.clock


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_sealed_only"),
        ("agencies", "0005_notice"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="ends_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="is_lapsed",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="membership",
            name="reviewed_at",
            field=models.DateTimeField(default=vigil.platform.clock.now),
        ),
        migrations.AddField(
            model_name="user",
            name="employment",
            field=models.CharField(blank=True, choices=[("sworn", "sworn"), ("civilian", "civilian")], max_length=10),
        ),
        migrations.AddField(
            model_name="user",
            name="ends_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="off_because",
            field=models.CharField(
                blank=True,
                choices=[("hand", "hand"), ("ended", "ended"), ("unused", "unused"), ("unreviewed", "unreviewed")],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="used_at",
            field=models.DateTimeField(default=vigil.platform.clock.now),
        ),
        migrations.CreateModel(
            name="AccountRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "new"),
                            ("asked", "asked"),
                            ("confirmed", "confirmed"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                            ("lapsed", "lapsed"),
                            ("nobody", "nobody"),
                        ],
                        max_length=10,
                    ),
                ),
                ("source_key", models.CharField(max_length=64)),
                ("full_name", models.BinaryField(blank=True, null=True)),
                ("phone", models.BinaryField(blank=True, null=True)),
                ("unit", models.BinaryField(blank=True, null=True)),
                ("ori", models.CharField(blank=True, max_length=9)),
                ("contact_name", models.BinaryField(blank=True, null=True)),
                (
                    "employment",
                    models.CharField(blank=True, choices=[("sworn", "sworn"), ("civilian", "civilian")], max_length=10),
                ),
                ("asked_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.BinaryField(blank=True, null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="agencies.agency"
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["state", "asked_at"], name="accounts_request_state")],
            },
        ),
        migrations.CreateModel(
            name="WayBack",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("lost_password", models.BooleanField(default=False)),
                ("given_at", models.DateTimeField(null=True)),
                ("code_hash", models.CharField(blank=True, max_length=64)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user", "asked_at"], name="accounts_way_back_user")],
            },
        ),
    ]
