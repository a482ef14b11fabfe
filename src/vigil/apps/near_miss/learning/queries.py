"""The tables of the published lessons, in words: charts with the numbers beside, panels, cross tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from vigil.apps.near_miss import access
from vigil.apps.near_miss.learning import batches, rules
from vigil.apps.near_miss.learning.rules import ALL, EARLIER, FACTOR, OTHERS, QUARTER, UNSAID, Board
from vigil.core.actor import Actor
from vigil.core.measures import Count, Share
from vigil.door.fields import FACTORS, FAMILIES, SCENE
from vigil.texts import gettext_noop
from vigil.web.charts import Bar, bars

FIELDS = {field.name: field for field in SCENE}
PANELS = (
    (gettext_noop("The officer"), ("kit", "broke")),
    (gettext_noop("The other person"), ("subject", "hazard")),
    (gettext_noop("The circumstances"), ("location", "light", "weather", "officers", "backup")),
    (gettext_noop("The organisation"), ()),
)
"""The three panels of the Deadly Mix and the organisation: a family of factors each, and what reports say besides."""
CROSSED = ("time_band", "worst")


@dataclass(frozen=True, slots=True)
class Line:
    """One answer: its words, the number (None: hidden) and what is said of it, and its bar."""

    bar: Bar
    number: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars with their numbers beside; `title` says what stands out, `name` what they are of, `key` is its id, `last`
    the head of what is said of a number.
    """

    key: str
    name: str
    title: str
    last: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the mix: its factors, and what reports say of it besides."""

    name: str
    factors: Chart
    said: list[Chart]


@dataclass(frozen=True, slots=True)
class Crossed:
    """Kinds of call by something else: each line a label and its numbers (None: hidden)."""

    title: str
    head: list[str]
    lines: list[tuple[str, list[int | None]]]


@dataclass(frozen=True, slots=True)
class Sharing:
    """How many lessons a reader finds who looks for what a new one would say, with it: `number` for all of it in
    `words`, and in `without` (code, words, number) when one thing is left out.
    """

    words: str
    number: int
    without: list[tuple[str, str, int]]


def sharing(actor: Actor, said: Mapping[str, str]) -> Sharing:
    """Of a report's kind of call, time of day and month."""
    published = list(access.lessons(actor).values(*rules.QUASI))
    words = {"call_type": _("Kind of call"), "time_band": _("Time of day"), "month": _("Month")}
    values = [_(FIELDS[name].choices[code]) if name in FIELDS else code for name, code in said.items() if code]
    without = [
        (name, words[name], rules.sharing({**said, name: ""}, published)) for name in rules.QUASI if said.get(name)
    ]
    return Sharing(", ".join(values), rules.sharing(said, published), without)


def board(actor: Actor) -> Board:
    """The tables over every lesson that is counted."""
    return rules.board(batches.counted(actor), batches.waiting(actor))


def group_words(group: str) -> str:
    """A kind of call, or what stands for several."""
    others = {
        ALL: _("All kinds of call"),
        UNSAID: _("Kind of call not said"),
        OTHERS: _("Other kinds of call, few each"),
    }
    return others[group] if group in others else _(FIELDS["call_type"].choices.get(group, group))


def groups(board: Board) -> list[tuple[str, str, int]]:
    """What the page can be narrowed to: code, words, lessons; the largest first, the few together last."""
    found = sorted(board.groups.items(), key=lambda one: (one[0] == OTHERS, -one[1], one[0]))
    return [(code, group_words(code), n) for code, n in found]


def finding(board: Board, group: str) -> str:
    """The factor that the most lessons name, in words; the name of the page where none stands out.

    What is hidden may be more: one that nearly every lesson names is hidden for the few that do not.
    """
    numbers = {code: board.number(FACTOR, code, group) for code in FACTORS}
    shown = {code: n for code, n in numbers.items() if n}
    most = [code for code, n in shown.items() if n == max(shown.values())]
    if len(most) != 1:
        return _("Patterns of near misses")
    words = (
        _("{factor}: named by {n} of {whole} lessons, the most of what is shown")
        if None in numbers.values()
        else _("{factor}: named most often, by {n} of {whole} lessons")
    )
    return words.format(factor=_(FACTORS[most[0]]), n=shown[most[0]], whole=board.size(group))


def trend(board: Board, group: str) -> Chart:
    """Lessons by quarter of publication, each with its interval."""
    words = {one: _("earlier") if one == EARLIER else one for one in board.quarters}
    numbers = {one: board.number(QUARTER, one, group) for one in words}
    lines = _lines(words, numbers, _between)
    return Chart(QUARTER, _("Quarter"), _("Lessons published, by quarter"), _("Count [95 %]"), lines)


def _between(n: int) -> str:
    low, high = Count(n).interval
    return f"[{low:.1f}, {high:.1f}]"


def by_question(board: Board, name: str, group: str) -> Chart:
    """The answers to one of the door's questions."""
    field = FIELDS[name]
    unsaid = {} if field.is_many else {"": gettext_noop("Not said")}
    return _of_codes(board, name, name, _(field.label), {**field.choices, **unsaid}, group)


def panels(board: Board, group: str) -> list[Panel]:
    """What lay with the officer, with the other person, with the circumstances, and with the organisation."""
    factors = dict(FAMILIES)
    return [
        Panel(
            _(family),
            _of_codes(board, f"factor-{n}", FACTOR, _("Contributing factors"), factors[family], group),
            [by_question(board, name, group) for name in names],
        )
        for n, (family, names) in enumerate(PANELS)
    ]


def crossed(board: Board) -> list[Crossed]:
    """Kinds of call by time of day, by the worst it could have been, by factor."""
    rows = groups(board)
    tables = [
        Crossed(
            _("Kind of call by: {question}").format(question=_(FIELDS[name].label)),
            [*(_(words) for words in FIELDS[name].choices.values()), _("Not said")],
            [
                (words, [board.number(name, code, row) for code in (*FIELDS[name].choices, "")])
                for row, words, _n in rows
            ],
        )
        for name in CROSSED
    ]
    by_factor = [
        (_(words), [board.number(FACTOR, code, row) for row, _words, _n in rows]) for code, words in FACTORS.items()
    ]
    named = [(words, numbers) for words, numbers in by_factor if any(n != 0 for n in numbers)]
    return [*tables, Crossed(_("Contributing factor by kind of call"), [words for _row, words, _n in rows], named)]


def _of_codes(board: Board, key: str, question: str, name: str, codes: Mapping[str, str], group: str) -> Chart:
    whole = board.size(group)
    numbers = {code: board.number(question, code, group) for code in codes}
    named = [code for code, n in numbers.items() if n != 0]
    if question == FACTOR:
        named.sort(key=lambda code: -(numbers[code] or 0))
    words = {code: _(codes[code]) for code in named}
    lines = _lines(words, numbers, lambda n: _share(n, whole))
    return Chart(key, name, _finding(name, words, numbers, whole), _("Share [95 %]"), lines)


def _share(n: int, whole: int) -> str:
    low, high = Share(n, whole).interval
    return f"{n / whole:.0%} [{low * 100:.0f}, {high * 100:.0f}]"


def _lines(words: Mapping[str, str], numbers: Mapping[str, int | None], said: Callable[[int], str]) -> list[Line]:
    shown = {code: numbers[code] for code in words}
    drawn = bars((words[code], str(n), [("chosen", float(n or 0))]) for code, n in shown.items())
    return [Line(bar, n, "" if n is None else said(n)) for bar, n in zip(drawn, shown.values(), strict=True)]


def _finding(name: str, words: Mapping[str, str], numbers: Mapping[str, int | None], whole: int) -> str:
    """What stands out; the plain name where nothing does."""
    said = sorted(((n, code) for code in words if code and (n := numbers[code])), reverse=True)
    if not said or (len(said) > 1 and said[0][0] == said[1][0]):
        return name
    n, code = said[0]
    sentence = (
        _("{name}: most often of what is shown {most}, {n} of {whole}")
        if None in numbers.values()
        else _("{name}: most often {most}, {n} of {whole}")
    )
    return sentence.format(name=name, most=words[code], n=n, whole=whole)
