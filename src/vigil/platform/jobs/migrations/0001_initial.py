from django.db import migrations, models

import vigil.platform.clock


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=80)),
                ("payload", models.JSONField(default=dict)),
                ("idempotency_key", models.CharField(max_length=200, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("ready", "Ready"), ("done", "Done"), ("dead", "Dead")], default="ready", max_length=8
                    ),
                ),
                ("run_after", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("lease_token", models.UUIDField(null=True)),
                ("last_error", models.CharField(blank=True, max_length=100)),
                ("created_at", models.DateTimeField(default=vigil.platform.clock.now)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "ready")), fields=["run_after"], name="jobs_due"),
                    models.Index(fields=["state", "finished_at"], name="jobs_state"),
                ],
            },
        ),
    ]
