"""One search over everything: an app adds what it finds in its `finding.py`. What is found is what the reader may see.

What is looked for is posted: no address and no log holds it. Hidden and missing look alike, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from vigil.core.actor import Actor

MOST = 20
"""So many hits a group; more are said to be there, not shown."""
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: what it is called, where it is, a line about it, and the sign of its state where it has one."""

    title: str
    url: str
    detail: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind. `sure` ones were asked for by their own number: a single one is opened at once."""

    title: str
    hits: Sequence[Hit]
    more: bool = False
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader looks for, when, and the zone that times are shown in."""

    text: str
    now: datetime
    zone: str


Finder = Callable[[Actor, Asked], Sequence[Group]]

_finders: list[tuple[int, Finder]] = []


def register(order: int, finder: Finder) -> None:
    """Add a finder; groups are shown in the order of their finders."""
    _finders.append((order, finder))
    _finders.sort(key=lambda entry: entry[0])


def find(actor: Actor, asked: Asked) -> list[Group]:
    """Every group with a hit. The text is taken without surrounding blanks, and never longer than `LONGEST`."""
    return [group for _, finder in _finders for group in finder(actor, asked) if group.hits]


def matches(text: str, *said: str) -> bool:
    """Whether every word of the text is in what is said, without regard to case."""
    whole = " ".join(said).casefold()
    return all(word in whole for word in text.casefold().split())
