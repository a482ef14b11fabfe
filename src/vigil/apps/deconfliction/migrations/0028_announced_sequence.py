from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deconfliction", "0027_wanted_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="partnerhighwater",
            name="announced_sequence",
            field=models.BigIntegerField(default=0),
        ),
    ]
