"""A consent has a witness. What one person alone wrote down before counts no longer: it is written down anew."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("near_miss", "0015_batches"),
    ]

    operations = [
        migrations.AddField(
            model_name="consent",
            name="how",
            field=models.CharField(blank=True, default="", max_length=10),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="consent",
            name="got_on",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="consent",
            name="witness",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="consent",
            name="confirmed_on",
            field=models.DateField(null=True),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("witness__isnull", True),
                    models.Q(("witness", models.F("recorded_by")), _negated=True),
                    _connector="OR",
                ),
                name="near_miss_two_consent",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(("confirmed_on__isnull", True), ("witness__isnull", False), _connector="OR"),
                name="near_miss_witness_confirms",
            ),
        ),
    ]
