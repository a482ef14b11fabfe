import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("near_miss", "0014_no_seat_size"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("row", models.CharField(max_length=40)),
                ("size", models.PositiveIntegerField()),
                ("until", models.DateField()),
            ],
        ),
        migrations.AddField(
            model_name="lesson",
            name="batch",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="near_miss.batch"
            ),
        ),
    ]
