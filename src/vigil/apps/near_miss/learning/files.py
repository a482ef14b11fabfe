"""The numbers behind the patterns, as a file: those of every choice on the page, hidden where they are hidden there."""

from __future__ import annotations

from collections.abc import Iterator

from vigil.apps.near_miss.learning import queries
from vigil.apps.near_miss.learning.rules import ALL, FACTOR, ONE_OF, QUARTER, SEVERAL_OF, Board
from vigil.core.actor import Actor
from vigil.core.measures import Count, Share
from vigil.door.fields import FACTORS
from vigil.platform.actions import action, detail
from vigil.web.downloads import csv_of

HEAD = ("lessons_of", "question", "answer", "shown", "lessons", "of", "low", "high")
"""`of` is how many lessons the group has; `low` and `high` are the interval of a share, in a quarter of the count."""


@action("near_miss.lesson.export")
def give_csv(actor: Actor) -> bytes:
    """Everything that the page shows of any group, codes as stored; a hidden number is empty, `shown` says so."""
    content = csv_of(HEAD, _lines(queries.board(actor)))
    detail(kind="patterns", size=len(content))
    return content


def _lines(board: Board) -> Iterator[tuple[object, ...]]:
    answers = [(QUARTER, code) for code in board.quarters] + [(FACTOR, code) for code in FACTORS]
    for name in (*ONE_OF, *SEVERAL_OF):
        codes = queries.FIELDS[name].choices
        answers += [(name, code) for code in (*codes, *([] if name in SEVERAL_OF else [""]))]
    for group in (ALL, *sorted(board.groups)):
        for question, code in answers:
            n, size = board.number(question, code, group), board.size(group)
            yield (group or "all", question, code, *_said(question, n, size))


def _said(question: str, n: int | None, size: int) -> tuple[object, ...]:
    if n is None:
        return ("no", "", size, "", "")
    low, high = Count(n).interval if question == QUARTER else Share(n, size).interval
    return ("yes", n, size, f"{low:.4f}", f"{high:.4f}")
