"""Reading: the queue, an opened report, the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from vigil.apps.near_miss import access
from vigil.apps.near_miss.encounters import encounters
from vigil.apps.near_miss.learning.rules import QUASI
from vigil.apps.near_miss.leaves import Leaf, leaf_of
from vigil.apps.near_miss.models import Lesson, PartnerPublication, Review
from vigil.apps.near_miss.review import working
from vigil.apps.near_miss.review.working import Reader, Work
from vigil.apps.near_miss.rules import OPEN, State
from vigil.core.actor import Actor
from vigil.core.privacy import generalised
from vigil.door import drop
from vigil.door.fields import FACTORS, FAMILIES, PROMPTS, SCENE, TIME_BANDS
from vigil.door.models import Kind, Letter, Report, Reviewer, Stage
from vigil.door.story import read_story
from vigil.texts import gettext_noop

L = TypeVar("L", Lesson, PartnerPublication)
STATES = {
    State.RECEIVED: gettext_noop("Received: triage first"),
    State.TRIAGED: gettext_noop("To be masked"),
    State.MASKED: gettext_noop("Masked: a second reviewer reads"),
    State.AGREED: gettext_noop("To be coded"),
    State.CODED: gettext_noop("Coded: another reviewer publishes"),
    State.PUBLISHED: gettext_noop("Published"),
    State.CLOSED: gettext_noop("Closed"),
}
CALL_TYPES = next(field.choices for field in SCENE if field.name == "call_type")
AGENCY_SIZES = next(field.choices for field in SCENE if field.name == "agency_size")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue. `door`: its name, or that it is an encounter. `is_answered`: the reporter wrote last."""

    address: UUID
    week: str
    door: str
    state: str
    is_alert: bool
    is_answered: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A report as a reviewer reads it. `letters` are title and paragraphs (label, text; no text: it was destroyed)."""

    address: UUID
    week: str
    state: State
    revision: int
    is_alert: bool | None
    letters: list[tuple[str, list[tuple[str, str | None]]]]
    answers: list[tuple[str, str]]
    said: dict[str, str]
    """The codes of `QUASI`, which a lesson says too; empty where the reporter said nothing."""
    factors: tuple[str, ...]
    primary: str
    raw: str
    """Everything that the reporter wrote, as one text."""
    work: Work
    done_by: dict[str, UUID | None]

    @property
    def state_words(self) -> str:
        """The state for people."""
        return _(STATES[self.state])


def queue(actor: Actor, page: str = "") -> Leaf[Waiting]:
    """Every report whose review is not over, those to be told of now first, then by week."""
    access.seat_of(actor)
    door = access.the_door()
    if door is None:
        return leaf_of((), page)
    begun = Review.objects.values_list("report", "state", "is_alert")
    reviews = {report: (State(state), bool(is_alert)) for report, state, is_alert in begun}
    last = dict(Letter.objects.order_by("number").values_list("report_id", "kind"))
    waiting = []
    for report, week in Report.objects.exclude(stage=Stage.WITHDRAWN).order_by("week", "pk").values_list("pk", "week"):
        state, is_alert = reviews.get(report, (State.RECEIVED, False))
        answered = last.get(report) in (Kind.ANSWER, Kind.ADDITION)
        if state in OPEN or answered:
            waiting.append((is_alert, report, week, state, answered))
    waiting.sort(key=lambda one: not one[0])
    leaf, submitted = leaf_of(waiting, page), encounters.reports()
    return leaf.holding(
        Waiting(
            UUID(int=report),
            week,
            _("Encounter of an agency") if report in submitted else door.name,
            _(STATES[state]),
            is_alert,
            answered,
        )
        for is_alert, report, week, state, answered in leaf.shown
    )


def open_report(actor: Actor, address: UUID, reader: Reader) -> Opened:
    """The report, its dialogue and the work on it; `sealing.Unreadable` for whom none of it was sealed."""
    access.seat_of(actor)
    report = access.report_of(address)
    read = drop.reviewers_open(report, Reviewer.objects.get(pk=reader.number), reader.private)
    review = Review.objects.filter(report=report.pk).first() or Review(report=report.pk)
    story = next((read_story(one.text) for one in read if one.kind == Kind.REPORT and one.text), {})
    letters = [(_letter_title(one.kind), _paragraphs(one, story)) for one in read]
    own = [text for one in read if one.is_own for _label, text in _paragraphs(one, story) if text]
    return Opened(
        address=address,
        week=report.week,
        state=State(review.state),
        revision=review.revision,
        is_alert=review.is_alert,
        letters=letters,
        answers=_answer_words(story.get("answers", {})),
        said={name: next(iter(story.get("answers", {}).get(name, ())), "") for name in QUASI},
        factors=tuple(story.get("factors", ())),
        primary=story.get("primary", ""),
        raw="\n\n".join(own),
        work=working.read(review, reader),
        done_by={"mask": review.masked_by_id, "code": review.coded_by_id},
    )


def factor_groups(chosen: Sequence[str]) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """The factors by family: code, words, chosen."""
    return [
        (_(family), [(code, _(words), code in chosen) for code, words in codes.items()]) for family, codes in FAMILIES
    ]


@dataclass(frozen=True, slots=True)
class Facets:
    """What the library is narrowed by; what is empty narrows nothing."""

    words: str = ""
    call_type: str = ""
    factor: str = ""
    time_band: str = ""


class Said(NamedTuple):
    """What a lesson says of its call: codes, and the month as `2026-11`."""

    call_type: str
    time_band: str
    month: str


NOTHING = Said("", "", "")


def said(actor: Actor) -> dict[UUID, Said]:
    """What each published lesson says of its call, on every page, to every search and in every file: where fewer than
    k lessons say the same, less of it (`core/privacy/generalising.py`).
    """
    rows = list(access.lessons(actor).values_list("pk", *QUASI))
    kept = generalised([row[1:] for row in rows])
    return {row[0]: Said(*record) for row, record in zip(rows, kept, strict=True)}


@dataclass(frozen=True, slots=True)
class Shown:
    """A lesson with its codes as words; empty where it does not say it, or too few lessons say the same (`said`)."""

    lesson: Lesson | PartnerPublication
    call_type: str
    time_band: str
    month: str
    factors: list[str]
    primary: str


def lesson_list(actor: Actor, facets: Facets, page: str = "") -> Leaf[Shown]:
    """The published lessons, the newest first; each of the words stands in title, text or lessons."""
    published = said(actor)
    found = with_words(access.lessons(actor), facets).values_list("pk", "factors")
    pks = [pk for pk, factors in found if fits(facets, published.get(pk, NOTHING), factors)]
    leaf = leaf_of(pks, page)
    rows = access.lessons(actor).filter(pk__in=leaf.shown).defer("text", "lessons")
    return leaf.holding(shown(one, published.get(one.pk, NOTHING)) for one in rows)


def with_words(found: QuerySet[L], facets: Facets) -> QuerySet[L]:
    """Those with each of the words in title, text or lessons."""
    for word in facets.words.split():
        found = found.filter(Q(title__icontains=word) | Q(text__icontains=word) | Q(lessons__icontains=word))
    return found


def fits(facets: Facets, of: Said, factors: Sequence[str]) -> bool:
    """Whether what a lesson says besides its words is what is looked for."""
    return (
        facets.call_type in ("", of.call_type)
        and facets.time_band in ("", of.time_band)
        and (not facets.factor or facets.factor in factors)
    )


def shown(lesson: Lesson | PartnerPublication, of: Said) -> Shown:
    """With words for codes; `of` is what it says of its call."""
    return Shown(
        lesson,
        _(CALL_TYPES[of.call_type]) if of.call_type in CALL_TYPES else "",
        _(TIME_BANDS[of.time_band]) if of.time_band in TIME_BANDS else "",
        of.month,
        [_(FACTORS[code]) for code in lesson.factors if code in FACTORS],
        _(FACTORS[lesson.primary]) if lesson.primary in FACTORS else "",
    )


def choices() -> dict[str, list[tuple[str, str]]]:
    """The codes that the library can be narrowed by, with words."""
    named = {"call_type": CALL_TYPES, "factor": FACTORS, "time_band": TIME_BANDS}
    return {name: [(code, _(words)) for code, words in codes.items()] for name, codes in named.items()}


def _paragraphs(letter: drop.Read, story: dict[str, dict[str, str]]) -> list[tuple[str, str | None]]:
    if letter.kind != Kind.REPORT or letter.text is None:
        return [("", letter.text)]
    if "encounter" in story:
        return [("", str(story["encounter"]))]
    return [(_(one.label), story["texts"][one.name]) for one in PROMPTS if story["texts"].get(one.name)]


def _answer_words(answers: dict[str, list[str]]) -> list[tuple[str, str]]:
    lines = [(_("Month"), ", ".join(answers.get("month", ())))]
    lines += [
        (
            _(field.label),
            ", ".join(_(field.choices[code]) for code in answers.get(field.name, ()) if code in field.choices),
        )
        for field in SCENE
    ]
    return [(label, words) for label, words in lines if words]


def _letter_title(kind: str) -> str:
    return {
        Kind.REPORT: _("The report"),
        Kind.ANSWER: _("The reporter answers"),
        Kind.ADDITION: _("The reporter adds"),
        Kind.QUESTION: _("The reviewers ask"),
        Kind.DONE: _("What was done"),
    }[Kind(kind)]
