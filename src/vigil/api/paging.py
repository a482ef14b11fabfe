"""Paging by cursor: a list that grows between two requests loses and doubles nothing."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from ninja import Schema

from vigil.core.errors import Invalid

M = TypeVar("M", bound=Model)

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 500


class PageQuery(Schema):
    """`?limit=50&after=<next of the page before>`."""

    limit: int = DEFAULT_LIMIT
    after: str = ""


def page(rows: QuerySet[M], order: tuple[str, ...], asked: PageQuery) -> tuple[list[M], str | None]:
    """One page of the rows and the cursor of the next one (None at the end).

    `order` names columns that are together unique and all sorted the same way: ascending (`"starts_at", "id"`) or
    descending (`"-starts_at", "-id"`).
    """
    if not 1 <= asked.limit <= LARGEST_LIMIT:
        raise Invalid.at("limit", sentence=f"limit must be between 1 and {LARGEST_LIMIT}.")
    columns = [name.lstrip("-") for name in order]
    if asked.after:
        rows = rows.filter(_beyond(columns, _read(asked.after, len(columns)), descending=order[0].startswith("-")))
    found = list(rows.order_by(*order)[: asked.limit + 1])
    if len(found) <= asked.limit:
        return found, None
    last = found[asked.limit - 1]
    return found[: asked.limit], _write([getattr(last, name) for name in columns])


def _beyond(columns: list[str], values: list[Any], *, descending: bool) -> Q:
    comparison = "lt" if descending else "gt"
    beyond = Q()
    for index, name in enumerate(columns):
        equal = dict(zip(columns[:index], values[:index], strict=True))
        beyond |= Q(**equal, **{f"{name}__{comparison}": values[index]})
    return beyond


def _write(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def _read(cursor: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        values = None
    if not isinstance(values, list) or len(values) != length:
        raise Invalid.at("after", sentence="after must be the `next` of an earlier page.")
    return values
