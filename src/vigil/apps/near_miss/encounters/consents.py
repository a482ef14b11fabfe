"""Consents to a case study: got and written down by one person, confirmed by a witness in their own account.

The witness is of the same agency: best the officer whose consent it is, or who saw the paper or was there.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from vigil.apps.near_miss.encounters import rules
from vigil.apps.near_miss.encounters.encounters import DRAFT, IN_REVIEW, locked, person_of, state_of
from vigil.apps.near_miss.encounters.rules import Answer
from vigil.apps.near_miss.models import Consent, Encounter
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound, Problem
from vigil.core.permissions import PERMISSIONS
from vigil.platform.accounts.models import User
from vigil.platform.actions import action, concerns
from vigil.platform.notices.board import notify
from vigil.texts import gettext_noop

CONFIRM = "near_miss.consent.confirm"
WAITS = gettext_noop("You are named as the witness of a consent. Open it, and confirm it if it is so.")


def witnesses(actor: Actor) -> QuerySet[User]:
    """Who may be the witness of what the actor writes down: the others of the agency who may confirm."""
    roles = [role.value for role in PERMISSIONS[CONFIRM]]
    held = {"memberships__active": True, "memberships__agency_id": actor.agency_id, "memberships__role__in": roles}
    people = User.objects.filter(is_active=True, **held).exclude(pk=person_of(actor))
    return people.distinct().order_by("full_name", "pk")


def waiting_for(actor: Actor) -> list[Consent]:
    """What the actor is to confirm as a witness, in the agency that they act for."""
    if not actor.can(CONFIRM):
        return []
    rows = Consent.objects.filter(witness=actor.user_id, encounter__agency=actor.agency_id, confirmed_on=None)
    return [one for one in rows.select_related("encounter", "recorded_by") if _is_open(one)]


def _is_open(consent: Consent) -> bool:
    newest = Consent.objects.filter(encounter=consent.encounter_id, person=consent.person).last()
    return newest == consent and state_of(consent.encounter) in (DRAFT, IN_REVIEW)


@action("near_miss.encounter.consent")
def record_consent(actor: Actor, encounter: UUID, said: rules.Said, today: date) -> Consent:
    """Write down what a person said. The newest counts, until publication: a refusal at once, all else once the witness
    has confirmed it, who is told.
    """
    row = locked(actor, encounter)
    concerns(encounter=row.pk)
    problems = rules.consent_faults(said, today)
    witness = None
    if said.answer != Answer.REFUSED and said.witness:
        witness = next((one for one in witnesses(actor) if str(one.pk) == said.witness), None)
        if witness is None:
            problems.append(Problem(("witness",), _("This person cannot be the witness. Choose another.")))
    if problems:
        raise Invalid(problems)
    if state_of(row) not in (DRAFT, IN_REVIEW):
        raise Conflict
    is_given = said.answer == Answer.GIVEN
    consent = Consent.objects.create(
        encounter=row,
        person=said.person,
        answer=said.answer,
        recorded_by_id=person_of(actor),
        recorded_on=today,
        how=said.how if is_given else "",
        got_on=rules.day_of(said.got_on) if is_given else None,
        witness=witness,
    )
    if witness is not None:
        page = {"page": "near_miss:consents"}
        notify([witness.pk], "near_miss.consent", WAITS, objects=page, key=f"near_miss.consent:{consent.pk}")
    return consent


@action(CONFIRM)
def confirm_consent(actor: Actor, consent: UUID, today: date) -> None:
    """The witness says that it is so; `NotFound` for everybody else, and where it no longer counts."""
    found = next((one for one in waiting_for(actor) if one.pk == consent), None)
    if found is None:
        raise NotFound
    # Nothing newer is written down meanwhile, and nothing published.
    Encounter.objects.select_for_update().get(pk=found.encounter_id)
    concerns(encounter=found.encounter_id, consent=found.pk)
    if not _is_open(found):
        raise Conflict
    Consent.objects.filter(pk=found.pk).update(confirmed_on=today)
