from django.db import migrations

from vigil.platform.gazetteer import full_text


def install(apps, schema_editor):
    full_text.install(schema_editor.connection)


def remove(apps, schema_editor):
    full_text.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("gazetteer", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
