"""Keys are confirmed by another reviewer. Those that stand in the drop already stay: they count as confirmed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("near_miss", "0011_submitters"),
    ]

    operations = [
        migrations.AddField(
            model_name="seat",
            name="waiting",
            field=models.BinaryField(default=bytes),
        ),
        migrations.AddField(
            model_name="seat",
            name="confirmed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="near_miss.seat"
            ),
        ),
        migrations.AddField(
            model_name="seat",
            name="named_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("confirmed_by__isnull", True),
                    models.Q(("confirmed_by", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="near_miss_two_confirm",
            ),
        ),
    ]
