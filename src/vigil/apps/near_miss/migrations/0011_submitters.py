import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def name_the_author(apps, schema_editor):
    """Who submitted one of before is not known: its author stays named, as on the pages until now."""
    rows = apps.get_model("near_miss", "Encounter").objects.filter(report__isnull=False)
    rows.update(submitted_by=models.F("author"))


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("near_miss", "0010_writers"),
    ]

    operations = [
        migrations.AddField(
            model_name="encounter",
            name="submitted_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="recommendation",
            name="revision",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunPython(name_the_author, migrations.RunPython.noop, elidable=True),
    ]
