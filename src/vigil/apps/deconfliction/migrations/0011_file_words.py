"""Operations that were registered before words were filed become findable by case number and lead contact."""

from typing import Any

from django.db import migrations
from django.db.models import Exists, F, OuterRef, Q


def file_words(apps: Any, schema_editor: Any) -> None:
    from vigil.apps.deconfliction import plan_rows
    from vigil.apps.deconfliction.lists import operation_words

    word = apps.get_model("deconfliction", "OperationWord")
    revision = apps.get_model("deconfliction", "Revision")
    # What a purge has reached stands in no index any more, and must not come back.
    indexed = Q()
    for name in ("ActiveSite", "ActiveSubject"):
        indexed |= Exists(apps.get_model("deconfliction", name).objects.filter(operation=OuterRef("operation")))
    current = revision.objects.filter(indexed, number=F("operation__revision"))
    for one in current.iterator(chunk_size=500):
        tokens = operation_words.tokens(
            plan_rows.opened(one.case_number, plan_rows.CASE_NUMBER), plan_rows.contacts_of(one)["lead"]
        )
        word.objects.bulk_create([word(operation_id=one.operation_id, token=token) for token in tokens])


class Migration(migrations.Migration):
    dependencies = [
        ("deconfliction", "0010_studies"),
    ]

    operations = [
        migrations.RunPython(file_words, migrations.RunPython.noop, elidable=True),
    ]
