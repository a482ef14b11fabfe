"""What was sealed no longer stands beside it in clear. Apart from the sealing: PostgreSQL changes no table whose rows
were changed in the same transaction."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("deconfliction", "0017_sealed"),
    ]

    operations = [
        migrations.RemoveField("revision", "participants_plain"),
        migrations.RemoveField("revision", "personnel_plain"),
        migrations.RemoveField("savedmapping", "toml_plain"),
    ]
