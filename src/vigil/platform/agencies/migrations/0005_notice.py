from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0004_desk"),
    ]

    operations = [
        migrations.AddField(
            model_name="node",
            name="notice",
            field=models.TextField(blank=True, max_length=2000),
        ),
    ]
