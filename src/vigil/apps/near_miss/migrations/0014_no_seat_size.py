from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("near_miss", "0013_agency_sizes"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="seat",
            name="agency_size",
        ),
    ]
