"""Encounters of an agency: drafted, submitted into the review, held, consented to; and what the review asks about one.

Submitting puts the text into the drop as a report whose receipt nobody has: from there it goes the way of every report,
past the same two reviewers. Here stay the title, the criteria, the consents and the holds.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.near_miss import access
from vigil.apps.near_miss.encounters import rules
from vigil.apps.near_miss.encounters.rules import Answer, Held, Person
from vigil.apps.near_miss.leaves import Leaf, rows_of
from vigil.apps.near_miss.models import CaseStudy, Encounter, LegalHold, Review
from vigil.apps.near_miss.review.independence import tells_encounter
from vigil.apps.near_miss.review.working import Reader, Work
from vigil.apps.near_miss.rules import State, given
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound, Problem
from vigil.door import LEAST_REVIEWERS, drop, sealing
from vigil.door.fields import FACTORS, SCENE
from vigil.door.models import Report, Stage
from vigil.platform.actions import action, concerns

DRAFT, IN_REVIEW, PUBLISHED, CLOSED, TAKEN_BACK = "draft", "in_review", "published", "closed", "taken_back"
STATES = {
    DRAFT: gettext_noop("Draft"),
    IN_REVIEW: gettext_noop("In review"),
    PUBLISHED: gettext_noop("Published"),
    CLOSED: gettext_noop("Closed without publication"),
    TAKEN_BACK: gettext_noop("Taken back"),
}
IS_PUBLISHED = ("hazard", "subject", "call_type", "time_band", "officers", "light")
"""Which banded answers stand on a published study; the others help the reviewers alone."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An encounter as its agency reads it. `holds` are those that last, `lacking` whose consent is missing."""

    row: Encounter
    state: str
    words: str
    holds: list[LegalHold]
    lacking: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a reviewer is told about an encounter beside its text."""

    submitter: str
    agency: str
    is_own: bool
    unmet: list[str]
    obstacles: list[str]


# --- reads -----------------------------------------------------------------------------------------------------------


def own(actor: Actor) -> QuerySet[Encounter]:
    """The encounters of the actor's agency, the one last saved first."""
    actor.require("near_miss.encounter.read")
    if actor.agency_id is None:
        return Encounter.objects.none()
    return Encounter.objects.filter(agency_id=actor.agency_id).select_related("author", "submitted_by", "agency")


def own_one(actor: Actor, encounter: UUID) -> Encounter:
    """One of them; `NotFound` for another agency's and for none."""
    found = own(actor).filter(pk=encounter).first()
    if found is None:
        raise NotFound
    return found


def listing(actor: Actor, today: date, page: str = "") -> Leaf[Listed]:
    """A page of them with their state."""
    leaf = rows_of(own(actor).prefetch_related("holds__set_by", "consents"), page)
    states = _states(leaf.shown)
    return leaf.holding(_listed(row, states[row.pk], today) for row in leaf.shown)


def listed(row: Encounter, today: date) -> Listed:
    """With state, holds and consents."""
    return _listed(row, state_of(row), today)


def _listed(row: Encounter, state: str, today: date) -> Listed:
    return Listed(row, state, _(STATES[state]), _lasting(row, today), rules.lacking(consents_of(row)))


def state_of(row: Encounter) -> str:
    """One of `STATES`."""
    return _states([row])[row.pk]


def _states(rows: Sequence[Encounter]) -> dict[UUID, str]:
    """Of each, one of `STATES`; as many queries as for one."""
    reports = [row.report for row in rows if row.report is not None]
    if not reports:
        return {row.pk: DRAFT for row in rows}
    over = {State.PUBLISHED: PUBLISHED, State.CLOSED: CLOSED}
    reviews = Review.objects.filter(report__in=reports).values_list("report", "state")
    ended = {report: over[State(state)] for report, state in reviews if State(state) in over}
    withdrawn: set[int] = set()
    if access.the_door():
        taken_back = Report.objects.filter(pk__in=reports, stage=Stage.WITHDRAWN)
        withdrawn.update(taken_back.values_list("pk", flat=True))

    def state(report: int | None) -> str:
        if report is None:
            return DRAFT
        return ended.get(report, TAKEN_BACK if report in withdrawn else IN_REVIEW)

    return {row.pk: state(row.report) for row in rows}


def _lasting(row: Encounter, today: date) -> list[LegalHold]:
    return [one for one in row.holds.all() if one.lifted_on is None and (one.until is None or one.until >= today)]


def consents_of(row: Encounter) -> dict[Person, Answer]:
    """What each person said last, as far as it counts: a refusal at once, all else once its witness confirmed it."""
    newest = {one.person: one for one in row.consents.all()}
    return {
        Person(one.person): Answer(one.answer)
        for one in newest.values()
        if one.answer == Answer.REFUSED or one.confirmed_on is not None
    }


def read_draft(row: Encounter) -> rules.Encounter:
    """What was saved."""
    found: dict[str, Any] = json.loads(row.content) if row.content else {"texts": {}, "answers": {}, "year": ""}
    answers = {name: tuple(codes) for name, codes in found["answers"].items()}
    return rules.Encounter(row.title, found["texts"], answers, tuple(row.met), found["year"])


def study_list(actor: Actor, page: str = "") -> Leaf[ShownStudy]:
    """A page of the published case studies, the newest first."""
    leaf = rows_of(studies(actor), page)
    return leaf.holding(map(shown, leaf.shown))


def studies(actor: Actor) -> QuerySet[CaseStudy]:
    """Every published case study."""
    actor.require("near_miss.lesson.read")
    return CaseStudy.objects.all()


# --- what a coordinator does -----------------------------------------------------------------------------------------


@action("near_miss.encounter.save")
def save(actor: Actor, encounter: UUID | None, revision: int, typed: rules.Encounter, today: date) -> Encounter:
    """Save a draft, a new one where `encounter` is None; `Conflict` where somebody else saved it meanwhile."""
    if found := rules.faults(typed, today):
        raise Invalid(found)
    row = _save(actor, encounter, revision, typed, today)
    concerns(encounter=row.pk)
    return row


@action("near_miss.encounter.submit")
def submit(actor: Actor, encounter: UUID | None, revision: int, typed: rules.Encounter, today: date) -> Encounter:
    """Save it and give it to the reviewers; from then on only they read it.

    Raises:
        Invalid: with all that is wrong or missing; also where no door takes reports yet.
    """
    if found := rules.faults(typed, today) + rules.missing(typed):
        raise Invalid(found)
    if access.the_door() is None or not drop.is_open():
        said = _("Nobody can review it yet: the door needs {n} reviewers with keys. Save the draft until then.")
        raise Invalid([Problem((), said.format(n=LEAST_REVIEWERS))])
    row = _save(actor, encounter, revision, typed, today)
    concerns(encounter=row.pk)
    name, (private, _public) = secrets.token_bytes(32), sealing.draw_pair()
    story = {
        "encounter": typed.as_text(),
        "texts": {},
        "answers": {field: list(codes) for field, codes in typed.answers.items()} | {"year": [typed.year]},
        "factors": [],
        "primary": "",
    }
    drop.take(drop.Key(name, private), json.dumps(story), today)
    report = drop.find(name)
    assert report is not None
    row.report, row.content, row.submitted_on, row.submitted_by_id = report.pk, "", today, person_of(actor)
    row.save()
    return row


def _save(actor: Actor, encounter: UUID | None, revision: int, typed: rules.Encounter, today: date) -> Encounter:
    if encounter is None:
        if actor.agency_id is None:
            raise NotFound
        row = Encounter(agency_id=actor.agency_id, author_id=person_of(actor))
    else:
        row = locked(actor, encounter)
        if row.report is not None or row.revision != revision:
            raise Conflict
    row.title, row.met, row.saved_on = typed.title, list(typed.met), today
    row.content = json.dumps(
        {"texts": dict(typed.texts), "answers": {k: list(v) for k, v in typed.answers.items()}, "year": typed.year}
    )
    row.writers = sorted({*row.writers, str(person_of(actor))})
    row.revision += 1
    row.save()
    return row


@action("near_miss.encounter.discard")
def discard(actor: Actor, encounter: UUID, today: date) -> None:
    """Destroy a draft; `Invalid` while it is held, `Conflict` where it was submitted."""
    row = locked(actor, encounter)
    concerns(encounter=row.pk)
    if row.report is not None:
        raise Conflict
    _refuse_held(row, today)
    row.holds.all().delete()
    row.delete()


@action("near_miss.encounter.take_back")
def take_back(actor: Actor, encounter: UUID, today: date) -> None:
    """Take it out of the review: its texts are destroyed. `Invalid` while it is held, `Conflict` once it is over."""
    row = locked(actor, encounter)
    concerns(encounter=row.pk)
    if row.report is None or state_of(row) != IN_REVIEW:
        raise Conflict
    _refuse_held(row, today)
    drop.withdraw(Report.objects.get(pk=row.report))


@action("near_miss.encounter.hold")
def hold(actor: Actor, encounter: UUID, reason: str, until: str, today: date) -> LegalHold:
    """Set a legal hold with its reason, until a day or until it is lifted; it stops publication and destruction."""
    row = locked(actor, encounter)
    concerns(encounter=row.pk)
    problems: list[Problem] = []
    last = None
    try:
        reason = given("reason", reason, rules.MOST_REASON)
    except Invalid as refused:
        problems += refused.problems
    if until.strip():
        try:
            last = date.fromisoformat(until.strip())
        except ValueError:
            problems.append(Problem(("until",), _("Write the day as 2026-12-31, or leave it empty.")))
        else:
            if last < today:
                problems.append(Problem(("until",), _("This day is over. Give a later one, or leave it empty.")))
    if problems:
        raise Invalid(problems)
    if state_of(row) == TAKEN_BACK:
        raise Conflict
    made = LegalHold.objects.create(encounter=row, reason=reason, set_by_id=person_of(actor), set_on=today, until=last)
    concerns(hold=made.pk)
    return made


@action("near_miss.encounter.lift")
def lift(actor: Actor, encounter: UUID, hold: UUID, today: date) -> None:
    """Lift a hold."""
    row = locked(actor, encounter)
    concerns(encounter=row.pk, hold=hold)
    lifted = row.holds.filter(pk=hold, lifted_on__isnull=True).update(lifted_by=person_of(actor), lifted_on=today)
    if not lifted:
        raise NotFound


def person_of(actor: Actor) -> UUID:
    """The actor's account; `NotFound` for what is no person."""
    if actor.user_id is None:
        raise NotFound
    return actor.user_id


def locked(actor: Actor, encounter: UUID) -> Encounter:
    """The agency's own row, locked; `NotFound` for another's."""
    own_one(actor, encounter)
    return Encounter.objects.select_for_update().get(pk=encounter)


def _refuse_held(row: Encounter, today: date) -> None:
    held = _lasting(row, today)
    if held:
        said = [rules.hold_words(_as_held(one)) for one in held]
        raise Invalid.at("go", sentence=" ".join([*said, _("What is held is not destroyed.")]))


def _as_held(one: LegalHold) -> Held:
    return Held(one.set_by.full_name, one.until)


# --- what the review asks --------------------------------------------------------------------------------------------


def of_report(report: int) -> Encounter | None:
    """The encounter that the report of the drop is, if it is one."""
    return Encounter.objects.filter(report=report).first()


def to_publish(report: Report, reader: Reader) -> Encounter | None:
    """The same, for what goes out: `Invalid` where the text is an encounter's and the agency's row of it, with
    consents and holds, is not here (a crash while it was submitted).
    """
    row = of_report(report.pk)
    if row is None and tells_encounter(report, reader):
        raise Invalid.at("go", sentence=_("Nobody's consent to this encounter is known here: nothing of it goes out."))
    return row


def reports() -> frozenset[int]:
    """The reports of the drop that are encounters."""
    return _numbers(Encounter.objects.values_list("report", flat=True))


def held_reports(today: date) -> frozenset[int]:
    """Those of them that are held: nothing of them is destroyed."""
    lasting = LegalHold.objects.filter(Q(until__isnull=True) | Q(until__gte=today), lifted_on__isnull=True)
    return _numbers(lasting.values_list("encounter__report", flat=True))


def _numbers(found: Iterable[int | None]) -> frozenset[int]:
    return frozenset(one for one in found if one is not None)


def standing(actor: Actor, report: int, today: date) -> Standing | None:
    """What a reviewer must know of it; None where the report is no encounter."""
    access.seat_of(actor)
    row = Encounter.objects.filter(report=report).select_related("submitted_by", "agency").first()
    if row is None or row.submitted_by is None:  # one whose report is here was submitted by somebody
        return None
    return Standing(
        row.submitted_by.full_name,
        row.agency.name,
        _wrote(row, actor),
        [_(words) for code, words in rules.OURS.items() if code not in row.met],
        _obstacles(row, today),
    )


def _obstacles(row: Encounter, today: date) -> list[str]:
    return rules.obstacles(map(_as_held, _lasting(row, today)), consents_of(row))


def refuse_writer(row: Encounter, actor: Actor) -> None:
    """`Invalid` where the reviewer wrote a part of it: began, saved or submitted it."""
    if _wrote(row, actor):
        raise Invalid.at("go", sentence=_("You submitted this encounter: other reviewers take its steps."))


def _wrote(row: Encounter, actor: Actor) -> bool:
    return row.author_id == actor.user_id or str(actor.user_id) in row.writers


def refuse_unready(row: Encounter, today: date) -> None:
    """`Invalid` while a hold or a missing consent forbids that anything of it is published; locks the row."""
    if said := _obstacles(Encounter.objects.select_for_update().get(pk=row.pk), today):
        raise Invalid.at("go", sentence=" ".join(said))


def refuse_panels(text: str) -> None:
    """`Invalid` where the masked text has lost one of the lines that part its panels."""
    if said := rules.parts_problem(text):
        raise Invalid.at("text", sentence=said)


def proposed_lessons(text: str) -> str:
    """The agency's own lessons out of the masked text, for the coding to begin with."""
    return (rules.parts_of(text) or {}).get(rules.LEARNED.name, "")


def publish(row: Encounter, work: Work, answers: Mapping[str, Sequence[str]], today: date) -> CaseStudy:
    """The study out of the masked text, unless a hold or a missing consent forbids it. The row is locked meanwhile."""
    refuse_unready(row, today)
    parts = rules.parts_of(work.text) or {}
    return CaseStudy.objects.create(
        title=work.title,
        lessons=work.lessons,
        factors=list(work.factors),
        primary=work.primary,
        answers={name: list(answers[name]) for name in IS_PUBLISHED if answers.get(name)},
        year=next(iter(answers.get("year", ())), ""),
        published_on=today,
        **{panel.name: parts[panel.name] for panel in rules.PANELS},
    )


# --- a published one -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownStudy:
    """A study with its codes as words: `panels` are title, banded answers (label, words), text."""

    study: CaseStudy
    panels: list[tuple[str, list[tuple[str, str]], str]]
    factors: list[str]
    primary: str
    call_type: str


def shown(study: CaseStudy) -> ShownStudy:
    """With words for codes."""
    panels = [
        (_(one.title), answer_words(study.answers, [field.name for field in one.fields]), getattr(study, one.name))
        for one in rules.PANELS
    ]
    return ShownStudy(
        study,
        panels,
        [_(FACTORS[code]) for code in study.factors if code in FACTORS],
        _(FACTORS[study.primary]) if study.primary in FACTORS else "",
        next((words for _label, words in answer_words(study.answers, ["call_type"])), ""),
    )


def answer_words(answers: Mapping[str, Sequence[str]], names: Sequence[str]) -> list[tuple[str, str]]:
    """The banded answers of these fields, as label and words; without those that were not given."""
    lines = [
        (_(one.label), ", ".join(_(one.choices[code]) for code in answers.get(one.name, ()) if code in one.choices))
        for one in SCENE
        if one.name in names
    ]
    return [(label, words) for label, words in lines if words]
