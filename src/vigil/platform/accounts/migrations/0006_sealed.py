"""Telephone and e-mail address of accounts, and hashes of passwords, become ciphertext (ADR 9)."""

from django.db import migrations, models

from vigil.platform import keys
from vigil.platform.accounts import hashing


def seal(apps, schema_editor):
    user = apps.get_model("accounts", "User")
    for one in user.objects.iterator(chunk_size=500):
        one.phone = keys.encrypt(one.phone_plain, "accounts.phone") if one.phone_plain else None
        one.email = keys.encrypt(one.email_plain, "accounts.email") if one.email_plain else None
        if one.password.startswith(hashing.PLAIN):
            one.password = hashing.sealed(one.password)
        one.save(update_fields=["phone", "email", "password"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_auditors"),
    ]

    operations = [
        migrations.RenameField("user", "phone", "phone_plain"),
        migrations.RenameField("user", "email", "email_plain"),
        migrations.AddField("user", "phone", models.BinaryField(blank=True, null=True)),
        migrations.AddField("user", "email", models.BinaryField(blank=True, null=True)),
        migrations.AlterField("user", "password", models.CharField(max_length=255, verbose_name="password")),
        migrations.RunPython(seal, migrations.RunPython.noop),
    ]
