from django.db import migrations, models

import vigil.platform.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Partner",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False, verbose_name="node id")),
                ("name", models.CharField(max_length=200)),
                ("public_key", models.BinaryField(max_length=32)),
                ("base_url", models.URLField(max_length=300)),
                ("watch_desk_name", models.CharField(blank=True, max_length=200)),
                ("watch_desk_phone", models.CharField(blank=True, max_length=32)),
                ("desk_hours", models.CharField(blank=True, max_length=200)),
                ("area_wkt", models.TextField(blank=True)),
                ("predicate_versions", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("invited", "Invited"),
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("removed", "Removed"),
                        ],
                        default="invited",
                        max_length=12,
                    ),
                ),
                ("epoch", models.BigIntegerField(blank=True, null=True)),
                ("sequence", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=vigil.platform.clock.now)),
            ],
            options={
                "ordering": ("name",),
            },
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
