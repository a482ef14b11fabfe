from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whom_to_call", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="source",
            field=models.CharField(blank=True, max_length=300),
        ),
    ]
