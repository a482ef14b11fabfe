"""Every column that can hold text is encrypted, or stands in docs/security/columns.md with the reason why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db import models

from vigil.platform.sealed import SealedField

TABLE = Path(__file__).parents[2] / "docs" / "security" / "columns.md"
FRAMEWORK = {"contenttypes"}
TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField)


def in_clear() -> Iterator[str]:
    """Columns of text that are not sealed; those of a fixed list of choices apart."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            sealed = isinstance(field, SealedField) or hasattr(field, "again")
            if isinstance(field, TEXTS) and not (sealed or field.choices or model._meta.app_label in FRAMEWORK):
                yield f"{model._meta.db_table}.{field.attname}"


def test_every_column_of_text_is_encrypted_or_named_with_a_reason() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", TABLE.read_text(encoding="utf-8"), re.MULTILINE)[1:]
    named = [
        f"{table}.{column}"
        for _, listed in rows
        for table, columns in (one.split(": ") for one in listed.split(" · "))
        for column in columns.split()
    ]
    assert all(len(reason) > 12 for reason, _ in rows)
    assert sorted(named) == sorted(set(named)), "each stands in one row"
    assert set(in_clear()) - set(named) == set(), "seal it (platform.sealed), or name it with the reason why not"
    assert set(named) - set(in_clear()) == set(), "there is no such column, or it is sealed"
