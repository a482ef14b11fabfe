"""What was sealed no longer stands beside it in clear. Apart from the sealing: PostgreSQL changes no table whose rows
were changed in the same transaction."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_sealed"),
    ]

    operations = [
        migrations.RemoveField("user", "phone_plain"),
        migrations.RemoveField("user", "email_plain"),
    ]
