from django.db import migrations, models

from vigil.platform.audit import append_only


def lift(apps, schema_editor):
    append_only.remove(schema_editor.connection, append_only.FIRST)


def put(apps, schema_editor):
    append_only.install(schema_editor.connection, append_only.FIRST)


class Migration(migrations.Migration):
    """Where an act came from, how much it took in or out; reviews. SQLite makes the table anew, without its triggers."""

    dependencies = [("audit", "0002_append_only")]

    operations = [
        migrations.RunPython(lift, put),
        migrations.AddField("auditrecord", "source", models.CharField(blank=True, default="", max_length=45)),
        migrations.AlterField("auditrecord", "source", models.CharField(blank=True, max_length=45)),
        migrations.AddField("auditrecord", "size", models.PositiveBigIntegerField(null=True)),
        migrations.CreateModel(
            name="AuditReview",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("week", models.DateField()),
                ("agency_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("reviewer_id", models.UUIDField()),
                ("reviewer_name", models.CharField(max_length=200)),
                ("pattern_count", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunPython(put, lift),
    ]
