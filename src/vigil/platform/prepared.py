"""Queries asked often, whose SQL is made once: Django makes it anew each time, which takes longer than the answer.

_LATEST = Prepared(lambda operation: Verdict.objects.filter(operation_id=operation).order_by("-revision"))
rows = _LATEST(operation_id)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Expression, Field, Model, QuerySet

M = TypeVar("M", bound=Model)


class _Gap(Expression):
    """Where a value is filled in when the query is asked."""

    def __init__(self, number: int) -> None:
        super().__init__(output_field=Field())
        self.number = number

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class Prepared(Generic[M]):
    """A query for whole rows of one model, with gaps for values: plain ones, UUIDs or moments with a time zone.

    `make` builds it as ever and is called once a process and kind of database; related rows are not read with it.
    """

    def __init__(self, make: Callable[..., QuerySet[M]]) -> None:
        self._make = make
        self._made: dict[tuple[str, int], tuple[type[M], str, tuple[Any, ...]]] = {}

    def __call__(self, *values: Any) -> list[M]:
        """The rows, from the database as it is now."""
        key = connection.vendor, len(values)
        if key not in self._made:
            query = self._make(*map(_Gap, range(len(values))))
            self._made[key] = (query.model, *query.query.sql_with_params())
        model, sql, slots = self._made[key]
        adapted = [_adapted(value) for value in values]
        filled = [adapted[slot.number] if isinstance(slot, _Gap) else slot for slot in slots]
        return list(model._default_manager.raw(sql, filled))

    def first(self, *values: Any) -> M | None:
        """The first of the rows."""
        return next(iter(self(*values)), None)


def _adapted(value: Any) -> Any:
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
