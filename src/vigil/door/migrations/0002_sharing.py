"""How many lessons say the same, without the size of the agency, which is kept with no lesson. The old table was empty."""

from django.db import migrations, models

import vigil.door.models


class Migration(migrations.Migration):
    dependencies = [
        ("door", "0001_start"),
    ]

    operations = [
        migrations.DeleteModel(name="Likeness"),
        migrations.CreateModel(
            name="Sharing",
            fields=[
                (
                    "id",
                    models.IntegerField(
                        default=vigil.door.models.random_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("call_type", models.CharField(max_length=40)),
                ("time_band", models.CharField(max_length=40)),
                ("lessons", models.IntegerField()),
            ],
            options={
                "db_table": "door_sharing",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("lessons__gte", 5)), name="door_sharing_five"),
                    models.UniqueConstraint(fields=("call_type", "time_band"), name="door_sharing_once"),
                ],
            },
        ),
    ]
