from django.db import migrations

from vigil.platform.audit import append_only


def install(apps, schema_editor):
    append_only.install(schema_editor.connection, append_only.FIRST)


def remove(apps, schema_editor):
    append_only.remove(schema_editor.connection, append_only.FIRST)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(install, remove)]
