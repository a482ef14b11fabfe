import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import vigil.platform.clock
from vigil.platform.first_tables import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("partners", "0001_initial"),
        ("partners", "0002_pairing"),
        ("partners", "0003_contacts"),
        ("partners", "0004_joining"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0009_telephone_pins"),
    ]

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Partner",
                    fields=[
                        ("id", models.UUIDField(primary_key=True, serialize=False, verbose_name="node id")),
                        ("name", models.CharField(max_length=200)),
                        ("public_key", models.BinaryField(max_length=32)),
                        ("base_url", models.CharField(max_length=300)),
                        ("watch_desk_name", models.CharField(blank=True, max_length=200)),
                        ("watch_desk_phone", models.CharField(blank=True, max_length=32)),
                        ("desk_hours", models.CharField(blank=True, max_length=200)),
                        ("predicate_versions", models.JSONField(default=list)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("invited", "Invited"),
                                    ("joining", "Joining"),
                                    ("active", "Active"),
                                    ("removed", "Removed"),
                                ],
                                default="invited",
                                max_length=12,
                            ),
                        ),
                        ("epoch", models.BigIntegerField(blank=True, null=True)),
                        ("sequence", models.BigIntegerField(default=0)),
                        ("created_at", models.DateTimeField(default=vigil.platform.clock.now)),
                        ("area", models.JSONField(default=list)),
                        ("file", models.TextField(blank=True)),
                        ("is_blind", models.BooleanField(default=False)),
                        ("joined_at", models.DateTimeField(blank=True, null=True)),
                        ("known_key", models.CharField(blank=True, max_length=64)),
                        ("next_key", models.BinaryField(blank=True, default=b"", max_length=32)),
                        (
                            "proposed",
                            models.CharField(
                                blank=True, choices=[("pairing", "Pairing"), ("removal", "Removal")], max_length=8
                            ),
                        ),
                        ("proposed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "proposed_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "proposed_purpose",
                            models.CharField(blank=True, choices=[("live", "Live"), ("test", "Test")], max_length=4),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[("live", "Live"), ("test", "Test")], default="live", max_length=4
                            ),
                        ),
                        ("served", models.JSONField(default=list)),
                        ("told", models.CharField(blank=True, max_length=64)),
                        ("versions", models.JSONField(default=list)),
                    ],
                    options={
                        "ordering": ("name",),
                    },
                ),
                migrations.CreateModel(
                    name="Contact",
                    fields=[
                        (
                            "partner",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="contact",
                                serialize=False,
                                to="partners.partner",
                            ),
                        ),
                        ("answered_at", models.DateTimeField(null=True)),
                        ("milliseconds", models.PositiveIntegerField(default=0)),
                        ("refusing", models.BooleanField(default=False)),
                        ("failing_since", models.DateTimeField(null=True)),
                        ("failures", models.PositiveIntegerField(default=0)),
                        ("retry_at", models.DateTimeField(null=True)),
                        ("code", models.CharField(blank=True, max_length=60)),
                        ("capabilities", models.JSONField(default=dict)),
                        ("told_at", models.DateTimeField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="Roster",
                    fields=[
                        ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                        ("created_at", models.DateTimeField(default=vigil.platform.clock.now)),
                        ("reason", models.CharField(max_length=300)),
                        ("members", models.JSONField(default=list)),
                    ],
                    options={
                        "ordering": ("-number",),
                    },
                ),
            ]
        )
    ]
