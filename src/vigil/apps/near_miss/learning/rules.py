"""The tables that published lessons make, so that no small number can be worked out of all that is shown. Pure.

Every table has the kinds of call as its rows and something else as its columns, and no other crossing is offered:
tables that share their rows alone can be protected together (`core/privacy/suppression.py`), and a filter by kind of
call shows one row of each. What a lesson may have several of (factors, say) is a table for each, with the columns yes
and no.

Lessons are counted in batches: at least k of one row at a time, and never apart again. Whatever is shown, on any day,
is a sum over whole batches, so who kept what was shown before and subtracts finds no number of fewer than k lessons.
Kinds of call with few lessons are one row together, so that no row is hidden.

Source of k = 5 and of the three panels: the facts on near-miss reporting (suppress any cell under 5; officer, offender
and circumstance after Pinizzotto, Davis and Miller's Deadly Mix, and the organisation).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from vigil.core.privacy.suppression import Cell, K, Shown, suppressed_together

FACTOR = "factor"
QUARTER = "quarter"
ONE_OF = ("time_band", "worst", "hazard", "broke", "light", "weather", "location", "officers", "backup")
"""Questions of the door with one answer that are counted; `SEVERAL_OF` those with more."""
SEVERAL_OF = ("subject", "kit")
SCENE_KEPT = (*(name for name in ONE_OF if name != "time_band"), *SEVERAL_OF)
"""What is kept of a report for the tables alone and stands on no lesson. Nothing about the reporter is among it."""
QUASI = ("call_type", "time_band", "month")
"""What a lesson says of when and at what it was, by which its reporter might be looked for."""
ALL, UNSAID, OTHERS, EARLIER = "", "unsaid", "others", "earlier"
YES, NO = "yes", "no"
QUARTERS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Told:
    """What of a lesson is counted: the day of publication, the kind of call (empty: not said), codes by question.
    `number` names it where that matters.
    """

    published_on: date
    call_type: str
    factors: tuple[str, ...] = ()
    scene: Mapping[str, Sequence[str]] = field(default_factory=dict)
    number: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lessons that began to count together: `row` is their kind of call, or `OTHERS`; `until` the last day of the
    quarter at whose end it was; `size` how many they were then. Where `lessons` has fewer by now, one was taken back:
    none of them counts any more, for what is missing would be told by the difference.
    """

    row: str
    until: date
    size: int
    lessons: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """What may be shown of the lessons published up to `until`; None there: nothing yet. `waiting` are not counted yet.

    `groups` are the kinds of call that are rows (`OTHERS` those with few lessons), with their lessons; `together` which
    kinds are in `OTHERS`.
    """

    until: date | None = None
    waiting: int = 0
    total: int = 0
    groups: Mapping[str, int] = field(default_factory=dict)
    together: tuple[str, ...] = ()
    quarters: tuple[str, ...] = ()
    """The oldest first, `EARLIER` before them where there are more."""
    tables: Mapping[str, Shown] = field(default_factory=dict)

    def number(self, question: str, code: str, group: str = ALL) -> int | None:
        """How many lessons of the group said so; None: hidden. A question or answer that nobody gave is 0."""
        several = self.tables.get(_several(question, code))
        shown, column = (several, YES) if several else (self.tables.get(question), code)
        if shown is None:
            return 0
        if group == ALL:
            return shown.columns.get(column, 0)
        return shown.cells.get((group, column), 0) if group in shown.rows else None

    def size(self, group: str = ALL) -> int:
        """The lessons of the group."""
        return self.total if group == ALL else self.groups.get(group, 0)


def sharing(said: Mapping[str, str], published: Iterable[Mapping[str, str]]) -> int:
    """How many lessons a reader finds who looks for what this one says (`QUASI`; empty: it says nothing of it), with
    itself. Who is looked for could be in each of them: fewer than k is few.
    """
    looked_for = {name: code for name, code in said.items() if code}
    return 1 + sum(all(one[name] == code for name, code in looked_for.items()) for one in published)


def quarter(day: date) -> str:
    """`2026-Q4`."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def new_batches(waiting: Iterable[Told], rows: Collection[str], today: date, k: int = K) -> list[Batch]:
    """What of the waiting lessons is counted from now on, of those published in quarters that are over: those of a kind
    of call where they are k or more, and those of all kinds that have no row yet (`rows`: the kinds that have) together
    where these are k or more. The rest waits.
    """
    end = date(today.year, (today.month - 1) // 3 * 3 + 1, 1) - timedelta(days=1)
    here: dict[str, list[Told]] = {}
    for one in waiting:
        if one.published_on <= end:
            here.setdefault(one.call_type or UNSAID, []).append(one)
    ready = {row: some for row, some in here.items() if len(some) >= k}
    few = [one for row, some in here.items() if row not in ready and row not in rows for one in some]
    if len(few) >= k:
        ready[OTHERS] = few
    return [Batch(row, end, len(some), tuple(some)) for row, some in sorted(ready.items())]


def board(batches: Iterable[Batch], waiting: int = 0, k: int = K) -> Board:
    """Every table over whole batches, with small numbers hidden. `waiting`: lessons in no batch yet."""
    whole = [one for one in batches if len(one.lessons) == one.size]
    if not whole:
        return Board(waiting=waiting)
    until = max(one.until for one in whole)
    lessons = [one for batch in whole for one in batch.lessons]
    rows = [batch.row for batch in whole for _one in batch.lessons]
    together = {one.call_type or UNSAID for one, row in zip(lessons, rows, strict=True) if row == OTHERS}
    quarters = _quarters(min(one.published_on for one in lessons), until)
    tables = _tables(lessons, rows, quarters)
    return Board(
        until=until,
        waiting=waiting,
        total=len(lessons),
        groups=Counter(rows),
        together=tuple(sorted(together)),
        quarters=quarters,
        tables=suppressed_together(tables, k) | suppressed_together(_factor_tables(lessons, rows, k), k),
    )


def _quarters(first: date, until: date) -> tuple[str, ...]:
    named = [f"{n // 4}-Q{n % 4 + 1}" for n in range(_nth_quarter(first), _nth_quarter(until) + 1)]
    return tuple(named) if len(named) <= QUARTERS_SHOWN else (EARLIER, *named[-QUARTERS_SHOWN:])


def _nth_quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3


def _tables(lessons: Sequence[Told], rows: Sequence[str], quarters: Sequence[str]) -> dict[str, dict[Cell, int]]:
    columns = {QUARTER: [q if (q := quarter(one.published_on)) in quarters else EARLIER for one in lessons]}
    for name in ONE_OF:
        columns[name] = [next(iter(one.scene.get(name, ())), "") for one in lessons]
    for name in SEVERAL_OF:
        for code in sorted({code for one in lessons for code in one.scene.get(name, ())}):
            columns[_several(name, code)] = [YES if code in one.scene.get(name, ()) else NO for one in lessons]
    return {name: Counter(zip(rows, column, strict=True)) for name, column in columns.items()}


def _factor_tables(lessons: Sequence[Told], rows: Sequence[str], k: int) -> dict[str, dict[Cell, int]]:
    """A table for each factor; without kinds of call where those would tell.

    Everybody knows that a lesson has one factor at least. A row with hardly more factors than lessons would tell by
    that what is hidden in it: in the other world of a small number it may have k - 1 fewer.
    """
    spare = Counter[str]()
    for row, one in zip(rows, lessons, strict=True):
        spare[row] += len(set(one.factors)) - 1
    if len(spare) > 1 and min(spare.values()) < k - 1:
        rows = [ALL] * len(rows)
    return {
        _several(FACTOR, code): Counter(
            (row, YES if code in one.factors else NO) for row, one in zip(rows, lessons, strict=True)
        )
        for code in sorted({code for one in lessons for code in one.factors})
    }


def _several(question: str, code: str) -> str:
    return f"{question}={code}"
