import django.core.validators
from django.db import migrations, models

import vigil.core.identifiers
import vigil.platform.clock


class Migration(migrations.Migration):
    replaces = [
        ("agencies", "0001_initial"),
        ("agencies", "0002_deconflictor"),
        ("agencies", "0003_neighbours"),
        ("agencies", "0004_desk"),
        ("agencies", "0005_notice"),
        ("agencies", "0006_node_address"),
        ("agencies", "0007_blinding_id"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Agency",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "ori",
                    models.CharField(
                        max_length=9,
                        unique=True,
                        validators=[django.core.validators.RegexValidator("^[A-Z0-9]{9}$")],
                        verbose_name="ORI",
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("short_name", models.CharField(blank=True, max_length=60)),
                ("state", models.CharField(blank=True, max_length=2)),
                ("county", models.CharField(blank=True, max_length=100)),
                ("latitude", models.FloatField(blank=True, null=True)),
                ("longitude", models.FloatField(blank=True, null=True)),
                ("time_zone", models.CharField(blank=True, max_length=64)),
                ("watch_desk_phone", models.CharField(blank=True, max_length=32)),
                ("lead_time_minutes", models.PositiveIntegerField(default=120)),
                ("rules", models.JSONField(blank=True, default=dict)),
                ("is_served", models.BooleanField(default=True)),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=vigil.platform.clock.now)),
                ("kind", models.CharField(blank=True, max_length=60)),
            ],
            options={
                "verbose_name_plural": "agencies",
                "ordering": ("name",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_active", True), ("is_served", False)),
                        fields=["latitude", "longitude"],
                        name="agencies_neighbours",
                    )
                ],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vigil.core.identifiers.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("slot", models.PositiveSmallIntegerField(default=1, editable=False, unique=True)),
                ("name", models.CharField(max_length=200)),
                (
                    "code",
                    models.CharField(
                        max_length=8, validators=[django.core.validators.RegexValidator("^[A-Z][A-Z0-9]{1,7}$")]
                    ),
                ),
                ("epoch", models.BigIntegerField(default=vigil.core.identifiers.new_epoch)),
                ("sequence", models.BigIntegerField(default=0)),
                ("reference_year", models.PositiveSmallIntegerField(default=0)),
                ("reference_number", models.PositiveIntegerField(default=0)),
                ("watch_desk_name", models.CharField(blank=True, max_length=200)),
                ("watch_desk_phone", models.CharField(blank=True, max_length=32)),
                ("region", models.JSONField(blank=True, null=True)),
                ("is_demo", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(default=vigil.platform.clock.now)),
                ("deconflictor_name", models.CharField(blank=True, max_length=200)),
                ("deconflictor_phone", models.CharField(blank=True, max_length=32)),
                ("backed_up_at", models.DateTimeField(blank=True, null=True)),
                ("desk_holidays", models.CharField(blank=True, max_length=200)),
                ("desk_week", models.JSONField(blank=True, default=dict)),
                ("outside_name", models.CharField(blank=True, max_length=200)),
                ("outside_phone", models.CharField(blank=True, max_length=32)),
                ("place", models.CharField(blank=True, max_length=200)),
                ("notice", models.TextField(blank=True, max_length=2000)),
                ("address", models.CharField(blank=True, max_length=300)),
                ("blinding_id", models.CharField(blank=True, max_length=16)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("slot", 1)), name="agencies_one_node")],
                "indexes": [],
            },
        ),
    ]
