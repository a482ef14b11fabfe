from django.db import migrations, models

ROLES = ("officer", "supervisor", "watch_desk", "agency_admin", "node_admin", "agency_auditor", "node_auditor")


class Migration(migrations.Migration):
    """Two more roles: who audits, apart from who administers."""

    dependencies = [
        ("accounts", "0004_login_locks"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="membership", name="accounts_role_known"),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(choices=[(role, role.replace("_", " ")) for role in ROLES], max_length=20),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(condition=models.Q(role__in=list(ROLES)), name="accounts_role_known"),
        ),
    ]
