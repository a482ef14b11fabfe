"""The size is the agency's, not the reviewer's. It is taken over where its reviewers agreed, else it must be said anew."""

import django.db.models.deletion
from django.db import migrations, models


def take_over(apps, schema_editor):
    said = {}
    for seat in apps.get_model("near_miss", "Seat").objects.exclude(agency_size=""):
        held = apps.get_model("accounts", "Membership").objects.filter(user=seat.user_id, active=True)
        agencies = set(held.values_list("agency_id", flat=True))
        if len(agencies) == 1:
            said.setdefault(agencies.pop(), set()).add(seat.agency_size)
    rows = apps.get_model("near_miss", "AgencySize").objects
    for agency, bands in said.items():
        if len(bands) == 1:
            rows.create(agency_id=agency, band=bands.pop())


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_telephone_pins"),
        ("agencies", "0007_blinding_id"),
        ("near_miss", "0012_confirmed"),
    ]

    operations = [
        migrations.CreateModel(
            name="AgencySize",
            fields=[
                (
                    "agency",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="agencies.agency",
                    ),
                ),
                ("band", models.CharField(max_length=10)),
            ],
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop, elidable=True),
    ]
