from django.db import migrations

from vigil.platform.audit import append_only

REVIEWS = ("audit_auditreview",)


def install(apps, schema_editor):
    append_only.install(schema_editor.connection, REVIEWS)


def remove(apps, schema_editor):
    append_only.remove(schema_editor.connection, REVIEWS)


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_where_from")]

    operations = [migrations.RunPython(install, remove)]
