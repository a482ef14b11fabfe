"""Rotation of field keys while the node serves: whatever the newest key has not sealed is sealed again, row by row.

Every column is found by its field class (`platform.sealed`); models of others are added by `also`. Each row says by
which key it is sealed, so nothing else needs to be remembered: killed at any point and run again, it goes on. An old
key is given back only when no value names it, and not before a day: a running act, or a session, may hold one still.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import BinaryField, F, Model, Q
from django.db.models.functions import Cast, Substr

from vigil.core.actor import Actor
from vigil.platform import keys
from vigil.platform.actions import action, concerns
from vigil.platform.sealed import Again, SealedField
from vigil.platform.turns import writing
from vigil.platform.write_ahead import empty_log

BATCH = 200
KEPT = timedelta(days=1)
"""The longest login is half as long (CJIS IA-11); a sent file is dropped after as long."""

Rewrite = Callable[[Any, Again], Any]
_others: dict[tuple[str, str], Rewrite] = {}
WAITING = ("uploads/*.upload", "imports/*.upload", "studies/*.upload")
"""Sealed files in the data folder, which nobody seals again: each is gone within a day."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A model with its columns that hold sealed values, and how each is sealed again."""

    model: type[Model]
    columns: dict[str, Rewrite]

    @property
    def name(self) -> str:
        """As it is told."""
        return f"{self.model._meta.db_table}: {', '.join(sorted(self.columns))}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one table is: rows looked at so far, of those that another key had sealed at the beginning."""

    holder: Holder
    done: int
    total: int


def also(label: str, column: str, rewrite: Rewrite) -> None:
    """Name a column of a model that is not ours: `rewrite(value, again)` gives the value to be stored instead."""
    _others[label, column] = rewrite


def holders() -> list[Holder]:
    """Every model with sealed columns."""
    found: list[Holder] = []
    for model in apps.get_models():
        columns: dict[str, Rewrite] = {
            field.attname: field.again for field in model._meta.concrete_fields if hasattr(field, "again")
        }
        columns |= {column: how for (label, column), how in _others.items() if label == model._meta.label}
        if columns:
            found.append(Holder(model, columns))
    return found


def rotate(pause: Callable[[float], None] = time.sleep) -> Iterator[Progress]:
    """Seal everything again that another than the newest key has sealed, telling after each batch how far it is.

    Whoever stops asking stops it; what is done stays. Between batches others have twice as long as a batch took.
    """
    for holder in holders():
        total = _count(holder)
        done, last = 0, None
        yield Progress(holder, done, total)
        while True:
            started = time.monotonic()
            looked, last = _batch(holder, last)
            if not looked:
                break
            done += looked
            yield Progress(holder, min(done, total), total)
            pause(2 * (time.monotonic() - started))
    empty_log()


def remaining() -> dict[str, int]:
    """By table (and `waiting files`), how many rows another than the newest key has sealed; without those of none."""
    counted = {holder.name: _count(holder) for holder in holders()}
    counted["waiting files"] = sum(not keys.is_newest(_beginning(file)) for file in _waiting())
    return {name: count for name, count in counted.items() if count}


@action("agencies.key.draw")
def draw(actor: Actor, name: str) -> Path:
    """Draw a newer key of a kind (`field_key`, `secret_key`); it writes from now on. The file of it."""
    file: Path = settings.VIGIL_KEYS.draw(name)
    concerns(key=file.name)
    return file


def old(name: str) -> list[Path]:
    """The files of keys of a kind that do not write any more."""
    return list(settings.VIGIL_KEYS.files(name)[1:])


def why_kept(name: str, now: datetime) -> str:
    """Why the old keys of a kind may not go yet, in a sentence; empty: nothing needs them."""
    newest: Path = settings.VIGIL_KEYS.files(name)[0]
    until = datetime.fromtimestamp(newest.stat().st_mtime, UTC) + KEPT
    if now < until:
        return f"Kept until {until:%Y-%m-%d %H:%M} UTC: a running act or a login may need it."
    left = remaining() if name == "field_key" else {}
    if left:
        return f"Kept: needed by {', '.join(f'{count} of {table}' for table, count in left.items())}."
    return ""


@action("agencies.key.retire")
def retire(actor: Actor, name: str, now: datetime) -> list[Path]:
    """Remove the old keys of a kind, for good; those that were removed. None where something may need them."""
    gone = [] if why_kept(name, now) else old(name)
    concerns(keys=[file.name for file in gone])
    for file in gone:
        file.unlink()
    return gone


def _batch(holder: Holder, last: Any) -> tuple[int, Any]:
    """Seal the next rows after the key `last`; how many were looked at, and the key of the last one."""
    with writing():
        rows = _stale(holder)
        if last is not None:
            rows = rows.filter(pk__gt=last)
        if connection.features.has_select_for_update:
            rows = rows.select_for_update()
        found = list(rows.order_by("pk").values("pk", *_raw(holder))[:BATCH])
        _write(holder, {row["pk"]: new for row in found if (new := _changed(holder, row))})
    return len(found), found[-1]["pk"] if found else last


def _changed(holder: Holder, row: dict[str, Any]) -> dict[str, Any]:
    """What the row's columns are to hold; empty where that is what they hold."""
    old = {column: row[_RAW + column] for column in holder.columns}
    new = {column: rewrite(old[column], keys.again) for column, rewrite in holder.columns.items()}
    return new if new != old else {}


def _write(holder: Holder, changed: dict[Any, dict[str, Any]]) -> None:
    # One statement for all rows: the shorter the transaction, the less others wait.
    meta: Any = holder.model._meta
    quoted = connection.ops.quote_name
    columns = [meta.get_field(name) for name in holder.columns]
    named = ", ".join(f"{quoted(column.column)} = %s" for column in columns)
    rows = [
        (*(_stored(column, new[column.attname]) for column in columns), meta.pk.get_db_prep_value(pk, connection))
        for pk, new in changed.items()
    ]
    with connection.cursor() as cursor:
        statement = f"UPDATE {quoted(meta.db_table)} SET {named} WHERE {quoted(meta.pk.column)} = %s"  # noqa: S608
        cursor.executemany(statement, rows)


def _stored(column: Any, value: Any) -> Any:
    if isinstance(column, SealedField):
        return None if value is None else connection.Database.Binary(value)  # type: ignore[attr-defined]
    return column.get_db_prep_save(value, connection)


_RAW, _ID = "raw_", "id_"


def _is_bytes(holder: Holder, column: str) -> bool:
    return isinstance(holder.model._meta.get_field(column), SealedField)


def _raw(holder: Holder) -> list[str]:
    return [_RAW + column for column in holder.columns]


def _stale(holder: Holder) -> Any:
    """The rows that another key has sealed; all of those whose sealed values lie within other values."""
    # Cast, so that a column which opens itself comes as it is stored.
    raw = {name: Cast(F(name), BinaryField()) if _is_bytes(holder, name) else F(name) for name in holder.columns}
    rows = holder.model._base_manager.annotate(**{_RAW + name: value for name, value in raw.items()})
    sealed = [name for name in holder.columns if _is_bytes(holder, name)]
    if len(sealed) < len(holder.columns):
        return rows
    begins = {_ID + name: Substr(raw[name], 1, keys.ID_BYTES, output_field=BinaryField()) for name in sealed}
    rows = rows.annotate(**begins)
    wanted = Q()
    for column in sealed:
        wanted |= Q(**{f"{column}__isnull": False}) & ~Q(**{_ID + column + "__in": (keys.newest_id(), b"")})
    return rows.filter(wanted)


def _count(holder: Holder) -> int:
    rows = _stale(holder)
    if all(_is_bytes(holder, column) for column in holder.columns):
        return int(rows.count())
    return sum(bool(_changed(holder, row)) for row in rows.values(*_raw(holder)).iterator(chunk_size=BATCH))


def _waiting() -> Iterator[Path]:
    for pattern in WAITING:
        yield from Path(settings.VIGIL_DATA_DIR).glob(pattern)


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(keys.ID_BYTES)
    except FileNotFoundError:
        return keys.newest_id()
