"""How many take part and who, and the text of field mappings become ciphertext (ADR 9)."""

import json

from django.db import migrations, models

from vigil.platform import keys


def seal(apps, schema_editor):
    revision = apps.get_model("deconfliction", "Revision")
    told = revision.objects.exclude(participants_plain=[], personnel_plain="")
    for one in told.iterator(chunk_size=500):
        if one.participants_plain:
            one.participants = keys.encrypt(json.dumps(one.participants_plain), "deconfliction.participants")
        if one.personnel_plain:
            one.personnel_band = keys.encrypt(one.personnel_plain, "deconfliction.personnel")
        one.save(update_fields=["participants", "personnel_band"])
    mapping = apps.get_model("deconfliction", "SavedMapping")
    for one in mapping.objects.iterator(chunk_size=500):
        one.toml = keys.encrypt(one.toml_plain, "deconfliction.mapping") if one.toml_plain else None
        one.save(update_fields=["toml"])


class Migration(migrations.Migration):
    dependencies = [
        ("deconfliction", "0016_tak_servers"),
    ]

    operations = [
        migrations.RenameField("revision", "participants", "participants_plain"),
        migrations.RenameField("revision", "personnel_band", "personnel_plain"),
        migrations.RenameField("savedmapping", "toml", "toml_plain"),
        migrations.AddField("revision", "participants", models.BinaryField(blank=True, null=True)),
        migrations.AddField("revision", "personnel_band", models.BinaryField(blank=True, null=True)),
        migrations.AddField("savedmapping", "toml", models.BinaryField(blank=True, null=True)),
        migrations.RunPython(seal, migrations.RunPython.noop, elidable=True),
    ]
