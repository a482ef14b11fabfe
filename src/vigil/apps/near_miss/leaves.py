"""A long list, one page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")
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
    pages = max(1, -(-len(found) // A_PAGE))
    at = min(max(1, int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1), pages)
    return Leaf(list(found[(at - 1) * A_PAGE : at * A_PAGE]), len(found), at, pages)
