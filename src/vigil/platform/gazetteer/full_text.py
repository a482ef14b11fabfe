"""Street names found by their words, by the database itself: FTS5 in SQLite, `tsvector` in PostgreSQL.

The index follows the table by itself (triggers; an index on an expression): nobody has to remember it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from vigil.platform.gazetteer.models import Source, Street

_SQLITE = (
    "CREATE VIRTUAL TABLE gazetteer_words USING fts5(key, content='gazetteer_street', content_rowid='id')",
    "CREATE TRIGGER gazetteer_words_added AFTER INSERT ON gazetteer_street "
    "BEGIN INSERT INTO gazetteer_words(rowid, key) VALUES (new.id, new.key); END",
    "CREATE TRIGGER gazetteer_words_removed AFTER DELETE ON gazetteer_street "
    "BEGIN INSERT INTO gazetteer_words(gazetteer_words, rowid, key) VALUES ('delete', old.id, old.key); END",
)
_POSTGRES = ("CREATE INDEX gazetteer_words ON gazetteer_street USING gin (to_tsvector('simple', key))",)


def install(database: BaseDatabaseWrapper) -> None:
    """Make the index; to be called once per database, by the migration."""
    with database.cursor() as cursor:
        for statement in _POSTGRES if database.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)


def remove(database: BaseDatabaseWrapper) -> None:
    """Take it away again."""
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute("DROP INDEX gazetteer_words")
            return
        cursor.execute("DROP TRIGGER gazetteer_words_added")
        cursor.execute("DROP TRIGGER gazetteer_words_removed")
        cursor.execute("DROP TABLE gazetteer_words")


def streets_with(beginnings: Sequence[str]) -> QuerySet[Street]:
    """Streets of the ready sources whose names have, for each of these, a word that begins so.

    `beginnings` are letters and digits only (`addresses.words_of`); at least one.
    """
    if connection.vendor == "postgresql":
        # Spelled like the index's expression, or the index is not used.
        matching = RawSQL(
            "SELECT id FROM gazetteer_street WHERE to_tsvector('simple', key) @@ to_tsquery('simple', %s)",
            (" & ".join(f"'{word}':*" for word in beginnings),),
        )
    else:
        matching = RawSQL(
            "SELECT rowid FROM gazetteer_words WHERE gazetteer_words MATCH %s",
            (" AND ".join(f'"{word}"*' for word in beginnings),),
        )
    return Street.objects.filter(pk__in=matching, source__state=Source.State.READY)
