"""Queries asked often, whose SQL is made once: Django makes it anew each time, which takes longer than the answer.

_LATEST = Prepared(lambda operation: Verdict.objects.filter(operation_id=operation).order_by("-revision"))
rows = _LATEST(operation_id)
insert([new(Verdict, operation_id=operation_id, ...)])
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import (
    AutoField,
    BigIntegerField,
    BinaryField,
    BooleanField,
    CharField,
    DateTimeField,
    Expression,
    Field,
    FloatField,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    PositiveIntegerField,
    QuerySet,
    TextField,
    UUIDField,
)
from django.db.models.base import ModelState
from django.db.models.constants import OnConflict
from django.db.models.sql import DeleteQuery, InsertQuery, UpdateQuery

from vigil.platform.sealed import SealedField

M = TypeVar("M", bound=Model)

FEW = 8
"""Up to so many rows are inserted one by one, which is faster than to make a statement for all of them."""


class _Gap(Expression):
    """Where a value is filled in when the query is asked."""

    def __init__(self, number: int) -> None:
        super().__init__(output_field=Field())
        self.number = number

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


@dataclass(frozen=True, slots=True)
class _Question(Generic[M]):
    """What is known of a query once it was made for a kind of database."""

    model: type[M]
    sql: str
    slots: tuple[Any, ...]
    names: tuple[str, ...]
    converters: tuple[tuple[int, Callable[[Any, Any], Any]], ...]


class Prepared(Generic[M]):
    """A query for whole rows of one model, with gaps for values: plain ones, UUIDs or moments with a time zone.

    `make` builds it as ever and is called once a process and kind of database; related rows are not read with it.
    """

    def __init__(self, make: Callable[..., QuerySet[M]]) -> None:
        self._make = make
        self._made: dict[tuple[str, int], _Question[M]] = {}

    def __call__(self, *values: Any) -> list[M]:
        """The rows, from the database as it is now."""
        connection = connections[DEFAULT_DB_ALIAS]
        key = connection.vendor, len(values)
        question = self._made.get(key)
        if question is None:
            question = self._made[key] = _question(self._make(*_gaps(len(values))), connection)
        found = _executed(question.sql, _filled(question.slots, values, connection), connection).fetchall()
        return [_row(question, values, connection) for values in found]

    def first(self, *values: Any) -> M | None:
        """The first of the rows."""
        return next(iter(self(*values)), None)


def _executed(sql: str, values: Sequence[Any], connection: Any) -> Any:
    """The database's cursor with the statement executed.

    On SQLite past Django's cursor, which rewrites every statement each time; through it where queries are watched.
    """
    if connection.vendor != "sqlite" or connection.queries_logged or connection.execute_wrappers:
        cursor = connection.cursor()
        cursor.execute(sql, values)
        return cursor
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        return connection.connection.execute(_with_question_marks(sql), values)


@functools.cache
def _with_question_marks(sql: str) -> str:
    return sql.replace("%s", "?").replace("%%", "%")


def _gaps(count: int) -> list[_Gap]:
    return [_Gap(number) for number in range(count)]


def _filled(slots: Sequence[Any], values: Sequence[Any], connection: Any) -> list[Any]:
    adapted = [_adapted(value, connection) for value in values]
    return [adapted[slot.number] if isinstance(slot, _Gap) else slot for slot in slots]


def _question(query: QuerySet[M], connection: Any) -> _Question[M]:
    compiler = query.query.get_compiler(connection=connection)
    sql, slots = compiler.as_sql()
    columns: list[Any] = [column for column, _, _ in compiler.select or ()]
    converters = compiler.get_converters(columns)
    return _Question(
        query.model,
        sql,
        tuple(slots),
        tuple(column.target.attname for column in columns),
        tuple((place, _converter(functions, column, connection)) for place, (functions, column) in converters.items()),
    )


def _converter(functions: Sequence[Any], column: Any, connection: Any) -> Callable[[Any, Any], Any]:
    """From what the database gave, and its connection, to the value of the row."""
    if connection.vendor == "sqlite" and type(_target(column.target)) in _SQLITE_VALUES:
        return _SQLITE_VALUES[type(_target(column.target))]

    def convert(value: Any, connection: Any) -> Any:
        for function in functions:
            value = function(value, column, connection)
        return value

    return convert


_SQLITE_VALUES: dict[type[Field[Any, Any]], Callable[[Any, Any], Any]] = {
    DateTimeField: lambda moment, _: None if moment is None else moment.replace(tzinfo=UTC),
    UUIDField: lambda text, _: None if text is None else UUID(text),
}
"""What Django's converters make of what its SQLite connection gives, in one step."""


def _target(field: Any) -> Any:
    """The field whose values a foreign key holds; any other field itself."""
    while isinstance(field, ForeignKey):
        field = field.target_field
    return field


def _row(question: _Question[M], values: Sequence[Any], connection: Any) -> M:
    filled = list(values)
    for place, convert in question.converters:
        filled[place] = convert(filled[place], connection)
    # What `from_db` makes of a whole row, without its look at every field.
    row = question.model.__new__(question.model)
    row.__dict__.update(zip(question.names, filled, strict=True))
    row._state = ModelState()
    row._state.adding, row._state.db = False, connection.alias
    return row


def new(model: type[M], **columns: Any) -> M:
    """A row that is not stored yet, as `model(...)` makes it, without its look at every field.

    Each value by the name of its column (`agency_id`, never `agency`); columns that are not named take their default.
    Raises `TypeError` for a name that is no column.
    """
    plain, made = _defaults(model)
    row = model.__new__(model)
    row.__dict__.update(plain)
    row.__dict__.update(columns)
    if len(row.__dict__) != len(plain):
        raise TypeError(f"{model.__name__} has no columns {sorted(columns.keys() - plain.keys())}")
    for name, default in made:
        if name not in columns:
            row.__dict__[name] = default()
    row._state = ModelState()
    return row


@functools.cache
def _defaults(model: type[Model]) -> tuple[dict[str, Any], tuple[tuple[str, Callable[[], Any]], ...]]:
    """Each column with its default, and those whose default is made anew for each row."""
    fields: Any = model._meta.concrete_fields
    made = tuple((field.attname, field.get_default) for field in fields if callable(field.default))
    return {field.attname: None if callable(field.default) else field.get_default() for field in fields}, made


def _adapted(value: Any, connection: Any) -> Any:
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        if connection.vendor == "sqlite" and value.tzinfo is UTC:
            return str(value.replace(tzinfo=None))
        return connection.ops.adapt_datetimefield_value(value)
    return value


class PreparedChange(Generic[M]):
    """An update (of `columns`) or, without columns, a deletion of the rows that `make` asks for, as in `Prepared`.

    Called with the values of the gaps, then those of the columns; both as in `Prepared`, or truths.
    """

    def __init__(self, make: Callable[..., QuerySet[M]], *columns: str) -> None:
        self._make = make
        self._columns = columns
        self._made: dict[tuple[str, int], tuple[str, tuple[Any, ...]]] = {}

    def __call__(self, *values: Any) -> int:
        """How many rows were changed, within the caller's transaction."""
        connection = connections[DEFAULT_DB_ALIAS]
        key = connection.vendor, len(values)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._statement(len(values), connection)
        return int(_executed(made[0], _filled(made[1], values, connection), connection).rowcount)

    def _statement(self, count: int, connection: Any) -> tuple[str, tuple[Any, ...]]:
        gaps = _gaps(count)
        asked = count - len(self._columns)
        query: Any = self._make(*gaps[:asked]).query.chain(UpdateQuery if self._columns else DeleteQuery)
        if self._columns:
            query.add_update_values(dict(zip(self._columns, gaps[asked:], strict=True)))
        sql, slots = query.get_compiler(connection=connection).as_sql()
        return sql, tuple(slots)


@dataclass(frozen=True, slots=True)
class _Statement:
    """What is known of an insertion once it was made for a kind of database."""

    sql: str
    fields: tuple[tuple[str, type | None, Any], ...]
    """Each column, the type of the values that need no look by its field, and the field."""
    drawn: tuple[Any, ...]
    """Fields that the database fills: the key, where it draws one."""


_statements: dict[tuple[type[Model], str, bool, tuple[str, ...], tuple[str, ...]], _Statement] = {}


def insert(rows: Iterable[M], *, unique: Sequence[str] = (), updated: Sequence[str] = ()) -> list[M]:
    """Insert rows of one model in the caller's transaction, as `bulk_create` does; keys that are drawn are set on them.

    With `unique`, a row that has the same values in these fields as one that is there overwrites its `updated` fields.
    """
    rows = list(rows)
    if len(rows) > FEW:
        options: dict[str, Any] = (
            {"update_conflicts": True, "unique_fields": unique, "update_fields": updated} if unique else {}
        )
        return type(rows[0])._default_manager.bulk_create(rows, **options)
    connection = connections[DEFAULT_DB_ALIAS]
    for row in rows:
        _insert_one(row, tuple(unique), tuple(updated), connection)
    return rows


def _insert_one(row: Model, unique: tuple[str, ...], updated: tuple[str, ...], connection: Any) -> None:
    key = type(row), connection.vendor, row.pk is None, unique, updated
    statement = _statements.get(key)
    if statement is None:
        statement = _statements[key] = _statement(row, unique, updated, connection)
    given = row.__dict__
    values = [_stored(given[name], kind, field, connection) for name, kind, field in statement.fields]
    cursor = _executed(statement.sql, values, connection)
    drawn = cursor.fetchone() if statement.drawn else ()
    for field, value in zip(statement.drawn, drawn, strict=True):
        setattr(row, field.attname, value)
    row._state.adding, row._state.db = False, connection.alias


_PLAIN: dict[type[Field[Any, Any]], type] = {
    **dict.fromkeys((CharField, TextField), str),
    **dict.fromkeys((BigIntegerField, IntegerField, PositiveIntegerField), int),
    FloatField: float,
    BooleanField: bool,
    **dict.fromkeys((BinaryField, SealedField), bytes),
    UUIDField: UUID,
    DateTimeField: datetime,
}
"""Kinds of fields with the type of the values that `_adapted` makes ready."""


def _stored(value: Any, kind: type | None, field: Any, connection: Any) -> Any:
    if value is None:
        return None
    if type(value) is kind:
        return _adapted(value, connection)
    if type(field) is JSONField:
        return connection.ops.adapt_json_value(value, field.encoder)
    return field.get_db_prep_save(value, connection)


def _statement(row: Model, unique: tuple[str, ...], updated: tuple[str, ...], connection: Any) -> _Statement:
    meta = row._meta
    named = {field.name: field for field in meta.concrete_fields}
    fields = [field for field in meta.concrete_fields if row.pk is not None or not isinstance(field, AutoField)]
    query = InsertQuery(
        type(row),
        on_conflict=OnConflict.UPDATE if unique else None,
        update_fields=[named[name] for name in updated],
        unique_fields=[named[name] for name in unique],
    )
    query.insert_values(fields, [row])
    compiler: Any = query.get_compiler(connection=connection)
    compiler.returning_fields = meta.db_returning_fields if row.pk is None else []
    ((sql, _),) = compiler.as_sql()
    written = tuple((field.attname, _PLAIN.get(type(_target(field))), field) for field in fields)
    return _Statement(sql, written, tuple(compiler.returning_fields))
