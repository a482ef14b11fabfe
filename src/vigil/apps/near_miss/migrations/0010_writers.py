from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("near_miss", "0009_partners"),
    ]

    operations = [
        migrations.AddField(
            model_name="encounter",
            name="writers",
            field=models.JSONField(default=list),
        ),
    ]
