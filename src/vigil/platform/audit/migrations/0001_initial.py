from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("position", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("record_id", models.BigIntegerField(unique=True)),
                ("previous", models.CharField(max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ("position",),
            },
        ),
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("actor_id", models.UUIDField(null=True)),
                ("actor_name", models.CharField(max_length=200)),
                ("agency_id", models.UUIDField(null=True)),
                ("via", models.CharField(max_length=8)),
                ("verb", models.CharField(max_length=80)),
                ("outcome", models.CharField(max_length=20)),
                ("object_ids", models.JSONField(default=dict)),
                ("details_digest", models.CharField(blank=True, max_length=64)),
                ("request_id", models.CharField(blank=True, max_length=40)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="audit_at"),
                    models.Index(fields=["actor_id", "at"], name="audit_actor"),
                ],
            },
        ),
    ]
