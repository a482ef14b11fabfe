from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0003_neighbours"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="node",
            name="desk_hours",
        ),
        migrations.AddField(
            model_name="node",
            name="backed_up_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="node",
            name="desk_holidays",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="node",
            name="desk_week",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="node",
            name="outside_name",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="node",
            name="outside_phone",
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AddField(
            model_name="node",
            name="place",
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
