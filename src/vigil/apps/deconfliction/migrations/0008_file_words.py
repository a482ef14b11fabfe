"""Operations that were registered before words were filed become findable by case number and lead contact."""

from typing import Any

from django.db import migrations
from django.db.models import F


def file_words(apps: Any, schema_editor: Any) -> None:
    from vigil.apps.deconfliction import operation_words, plan_rows

    word = apps.get_model("deconfliction", "OperationWord")
    revision = apps.get_model("deconfliction", "Revision")
    current = revision.objects.filter(number=F("operation__revision"), operation__purged_at=None)
    for one in current.iterator(chunk_size=500):
        tokens = operation_words.tokens(
            plan_rows.opened(one.case_number, plan_rows.CASE_NUMBER), plan_rows.contacts_of(one)["lead"]
        )
        word.objects.bulk_create([word(operation_id=one.operation_id, token=token) for token in tokens])


class Migration(migrations.Migration):
    dependencies = [
        ("deconfliction", "0007_views_words_feeds"),
    ]

    operations = [
        migrations.RunPython(file_words, migrations.RunPython.noop),
    ]
