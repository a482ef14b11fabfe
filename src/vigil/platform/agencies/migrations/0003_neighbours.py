from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agencies", "0002_deconflictor")]

    operations = [
        migrations.AddField(
            model_name="agency",
            name="kind",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddIndex(
            model_name="agency",
            index=models.Index(
                condition=models.Q(("is_active", True), ("is_served", False)),
                fields=["latitude", "longitude"],
                name="agencies_neighbours",
            ),
        ),
    ]
