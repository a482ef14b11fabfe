"""Recommendations: what an agency means to do about a lesson, who owns it, until when, and how it ended.

An agency reads its own alone: what it has not done yet is nobody else's to read. How one ended reaches the reporter
through the reviewers (`origins.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.near_miss import access
from vigil.apps.near_miss.leaves import Leaf, rows_of
from vigil.apps.near_miss.models import Lesson, Outcome, Recommendation
from vigil.apps.near_miss.rules import MOST_REASON, given
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound, Problem
from vigil.core.permissions import PERMISSIONS
from vigil.platform.accounts.models import User
from vigil.platform.actions import action, concerns, detail
from vigil.platform.notices.board import notify

EDIT, END = "near_miss.recommendation.edit", "near_miss.recommendation.end"
MOST_OFFICE = 120
YOURS = gettext_noop("A recommendation about a near miss is yours to carry out. Open Vigil.")
OUTCOMES = {
    Outcome.DONE: gettext_noop("Done"),
    Outcome.IN_PART: gettext_noop("Done in part"),
    Outcome.NOT_DONE: gettext_noop("Not done"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A recommendation as its agency reads it. `outcome` in words, empty while it is open."""

    row: Recommendation
    owner: str
    outcome: str
    is_overdue: bool


def own(actor: Actor) -> QuerySet[Recommendation]:
    """The recommendations of the actor's agency, by the day they are due."""
    actor.require("near_miss.recommendation.read")
    if actor.agency_id is None:
        return Recommendation.objects.none()
    return Recommendation.objects.filter(agency_id=actor.agency_id).select_related("lesson", "owner")


def own_one(actor: Actor, recommendation: UUID) -> Recommendation:
    """One of them; `NotFound` for another agency's and for none."""
    found = own(actor).filter(pk=recommendation).first()
    if found is None:
        raise NotFound
    return found


def of_lesson(actor: Actor, lesson: Lesson, today: date) -> list[Listed]:
    """Those about the lesson; none for who may read none."""
    if not actor.can("near_miss.recommendation.read"):
        return []
    return [listed(one, today) for one in own(actor).filter(lesson=lesson)]


def open_ones(actor: Actor, today: date, page: str = "") -> Leaf[Listed]:
    """A page of those that are open, the soonest due first."""
    return _leaf(own(actor).filter(outcome=""), today, page)


def ended_ones(actor: Actor, today: date, page: str = "") -> Leaf[Listed]:
    """A page of those that ended, the latest first."""
    return _leaf(own(actor).exclude(outcome="").order_by("-ended_on", "-pk"), today, page)


def _leaf(found: QuerySet[Recommendation], today: date, page: str) -> Leaf[Listed]:
    leaf = rows_of(found, page)
    return leaf.holding(listed(one, today) for one in leaf.shown)


def listed(row: Recommendation, today: date) -> Listed:
    """With words for codes."""
    outcome = _(OUTCOMES[Outcome(row.outcome)]) if row.outcome else ""
    return Listed(row, row.owner.full_name if row.owner else row.office, outcome, not outcome and row.due_on < today)


def owners(actor: Actor) -> QuerySet[User]:
    """Who can own one: the people of the actor's agency who may say how it ended."""
    return _people(actor.agency_id, END)


def _people(agency: UUID | None, permission: str) -> QuerySet[User]:
    roles = [role.value for role in PERMISSIONS[permission]]
    held = {"memberships__active": True, "memberships__agency_id": agency, "memberships__role__in": roles}
    return User.objects.filter(is_active=True, **held).distinct().order_by("full_name", "pk")


def responsible(row: Recommendation) -> list[UUID]:
    """Who is told that it is overdue: its owner; for an office, or where the owner is cut off, who may recommend."""
    if row.owner is not None and row.owner.is_active:
        return [row.owner.pk]
    return list(_people(row.agency_id, "near_miss.recommendation.add").values_list("pk", flat=True))


@action("near_miss.recommendation.add")
def recommend(actor: Actor, lesson: UUID, typed: Mapping[str, str], today: date) -> Recommendation:
    """Recommend something about a lesson: `text`, `owner` (a person's id) or `office`, `due_on`. The owner is told.

    Raises:
        Invalid: with everything that is lacking or wrong, each at its field.
    """
    about = access.lessons(actor).filter(pk=lesson).first()
    if about is None or actor.agency_id is None:
        raise NotFound
    concerns(lesson=lesson)
    row = _filled(Recommendation(lesson=about, agency_id=actor.agency_id), actor, typed, today)
    row.save()
    concerns(recommendation=row.pk)
    _tell_owner(actor, row)
    return row


@action(EDIT)
def edit(actor: Actor, recommendation: UUID, revision: int, typed: Mapping[str, str], today: date) -> Recommendation:
    """Change what is to be done, by whom or until when, as long as nobody has said how it ended. A new owner is told.

    The trail has who changed which of them when: the owner by id, all else as a digest.

    Raises:
        Invalid: with everything that is lacking or wrong, each at its field.
        Conflict: it has ended, or somebody else changed it since `revision`.
    """
    concerns(recommendation=recommendation)
    own_one(actor, recommendation)
    row = Recommendation.objects.select_for_update().get(pk=recommendation)
    if row.outcome or row.revision != revision:
        raise Conflict
    before = row.owner_id
    row = _filled(row, actor, typed, today)
    row.revision += 1
    row.save()
    concerns(owner=row.owner_id or "")
    detail(text=row.text, office=row.office, due_on=row.due_on.isoformat())
    if row.owner_id != before:
        _tell_owner(actor, row)
    return row


def _filled(row: Recommendation, actor: Actor, typed: Mapping[str, str], today: date) -> Recommendation:
    """The row with what was typed, not stored yet; `Invalid` with all that is wrong."""
    problems: list[Problem] = []
    row.text = _given(problems, "text", typed.get("text", ""))
    row.owner, row.office = _whose(problems, actor, typed)
    due_on = _due(problems, typed.get("due_on", ""), today, row.due_on)
    if problems or due_on is None:
        raise Invalid(problems)
    row.due_on = due_on
    return row


def _tell_owner(actor: Actor, row: Recommendation) -> None:
    if row.owner_id is not None and row.owner_id != actor.user_id:
        page, key = {"page": "near_miss:recommendations"}, f"near_miss.recommendation:{row.pk}:{row.revision}"
        notify([row.owner_id], "near_miss.recommendation", YOURS, objects=page, key=key)


@action(END)
def end(actor: Actor, recommendation: UUID, outcome: str, reason: str, today: date) -> Recommendation:
    """Say how it ended, once: by its owner, or by who may recommend. What was not done, or in part, needs a reason."""
    concerns(recommendation=recommendation)
    row = own_one(actor, recommendation)
    if not may_end(actor, row):
        raise NotFound
    row = Recommendation.objects.select_for_update().get(pk=row.pk)
    if row.outcome:
        raise Conflict
    problems: list[Problem] = []
    if outcome not in Outcome.values:
        problems.append(Problem(("outcome",), _("Say how it ended.")))
    if reason.strip() or outcome != Outcome.DONE:
        reason = _given(problems, "reason", reason)
    if problems:
        raise Invalid(problems)
    row.outcome, row.reason, row.ended_on = outcome, reason.strip(), today
    row.save()
    return row


def may_end(actor: Actor, row: Recommendation) -> bool:
    """Whether the actor may say how it ended."""
    is_own = row.owner_id is not None and row.owner_id == actor.user_id
    return actor.can(END) and (is_own or actor.can("near_miss.recommendation.add"))


def _given(problems: list[Problem], field: str, text: str, most: int = MOST_REASON) -> str:
    try:
        return given(field, text, most)
    except Invalid as refused:
        problems += refused.problems
        return ""


def _whose(problems: list[Problem], actor: Actor, typed: Mapping[str, str]) -> tuple[User | None, str]:
    person, office = typed.get("owner", ""), typed.get("office", "").strip()
    if bool(person) == bool(office):
        problems.append(Problem(("owner",), _("Choose a person, or name an office: one of the two.")))
        return None, ""
    if office:
        return None, _given(problems, "office", office, MOST_OFFICE)
    chosen = {str(one.pk): one for one in owners(actor)}.get(person)
    if chosen is None:
        problems.append(Problem(("owner",), _("Choose somebody from the list.")))
    return chosen, ""


def may_edit(actor: Actor, row: Recommendation) -> bool:
    """Whether the actor may change it."""
    return not row.outcome and actor.can(EDIT)


def _due(problems: list[Problem], text: str, today: date, kept: date | None) -> date | None:
    try:
        due_on = date.fromisoformat(text.strip())
    except ValueError:
        problems.append(Problem(("due_on",), _("Give the day until which it is to be done.")))
        return None
    if due_on < today and due_on != kept:
        problems.append(Problem(("due_on",), _("This day is over. Give a later one.")))
    return due_on
