"""A long list, one page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

T = TypeVar("T")
S = TypeVar("S")
M = TypeVar("M", bound=Model)
A_PAGE = 50
"""Lines of a page (ours)."""


@dataclass(frozen=True, slots=True)
class Leaf(Generic[T]):
    """One page of what fits: `shown` of `count`."""

    shown: list[T]
    count: int
    page: int
    pages: int

    def holding(self, shown: Iterable[S]) -> Leaf[S]:
        """The same page, each line as something else."""
        return Leaf(list(shown), self.count, self.page, self.pages)


def leaf_of(found: Sequence[T], page: str) -> Leaf[T]:
    """What of it is on a page; one that is none is the nearest."""
    return _leaf(found, len(found), page)


def rows_of(found: QuerySet[M], page: str) -> Leaf[M]:
    """The same of rows in an order without ties: what is on no other page is not read."""
    return _leaf(found, found.count(), page)


def _leaf(found: Sequence[T] | QuerySet[Any, T], count: int, page: str) -> Leaf[T]:
    pages = max(1, -(-count // A_PAGE))
    at = min(max(1, int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1), pages)
    return Leaf(list(found[(at - 1) * A_PAGE : at * A_PAGE]), count, at, pages)
