import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import vigil.core.identifiers


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("topic", models.CharField(max_length=40)),
                ("user_id", models.UUIDField(null=True)),
                ("agency_id", models.UUIDField(null=True)),
                ("role", models.CharField(blank=True, max_length=20)),
                ("notice_id", models.UUIDField(null=True)),
                ("kind", models.CharField(blank=True, max_length=80)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="notices_change_at")],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=80)),
                ("object_ids", models.JSONField(default=dict)),
                ("body", models.CharField(max_length=500)),
                ("urgent", models.BooleanField(default=False)),
                ("dedupe_key", models.CharField(max_length=200, unique=True)),
                ("created_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="notices", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-id"),
                "indexes": [models.Index(fields=["recipient", "seen_at", "created_at"], name="notices_recipient")],
            },
        ),
    ]
