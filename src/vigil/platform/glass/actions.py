"""Begin and end an emergency access. Whoever may read operations by role needs none and gets none."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.core.permissions import AUDITORS, OF_THE_NODE, Role, allowed
from vigil.platform.accounts.models import Membership
from vigil.platform.actions import action, concerns
from vigil.platform.glass.access import open_for, visible_accesses
from vigil.platform.glass.models import EmergencyAccess
from vigil.platform.notices.board import changed, notify

MINUTES = (15, 30, 60)
LEAST_LETTERS, LEAST_WORDS, MOST_SIGNS = 20, 4, 500
"""Of a reason; ours."""
KIND = "glass.access"
READ_OPERATIONS = "deconfliction.operation.read"
WATCHERS = frozenset({Role.WATCH_DESK, Role.AGENCY_ADMIN}) | AUDITORS | OF_THE_NODE
BEGUN = gettext_noop("An administrator has begun an emergency access to operations. Open Vigil.")
ENDED = gettext_noop("Your emergency access was ended by somebody else.")


@action("glass.access.begin")
def begin(actor: Actor, session: str, reason: str, minutes: int, now: datetime) -> EmergencyAccess:
    """Let the actor read the operations of their agency in the login of this handle, and tell others at once.

    Raises:
        Invalid: the reason is none, the time is not one of `MINUTES`, it is open already or needless, or there is
            nobody who could be told.
    """
    assert actor.user_id is not None
    assert actor.agency_id is not None
    reason = " ".join(reason.split())
    told = sorted(second_people(actor.user_id, actor.agency_id).values_list("user_id", flat=True).distinct())
    problems = [*_problems(actor, session, reason, minutes, now), *_nobody(told)]
    if problems:
        raise Invalid(problems)
    row = EmergencyAccess.objects.create(
        user_id=actor.user_id,
        agency_id=actor.agency_id,
        session=session,
        reason=reason,
        told=[str(person) for person in told],
        began_at=now,
        ends_at=now + timedelta(minutes=minutes),
    )
    notify(told, KIND, BEGUN, objects={"glass": row.pk}, key=f"{KIND}:{row.pk}", urgent=True, at=now)
    concerns(glass=row.pk, agency=actor.agency_id, told=told)
    return row


@action("glass.access.end")
def end(actor: Actor, access_id: UUID, now: datetime) -> EmergencyAccess:
    """End it before its time: one's own, or as second person another's."""
    row = visible_accesses(actor).filter(pk=access_id).first()
    if row is None:
        raise NotFound
    concerns(glass=row.pk)
    if row.ended_at is None and now < row.ends_at:
        row.ended_at, row.ended_by = now, actor.user_id
        row.save(update_fields=["ended_at", "ended_by"])
        if row.user_id != actor.user_id:
            notify([row.user_id], KIND, ENDED, objects={"glass": row.pk}, key=f"{KIND}:{row.pk}:end", at=now)
        changed("operations", users=[row.user_id], at=now)
    return row


def second_people(user_id: UUID, agency_id: UUID) -> QuerySet[Membership]:
    """Who can be told: watch desk, administrators and auditors of the agency and of the node, other than the person.

    Whose password somebody else gave and knows is nobody's second person.
    """
    of_node = Q(role__in=[role.value for role in OF_THE_NODE], agency__is_active=True)
    of_agency = Q(role__in=[role.value for role in WATCHERS], agency_id__in=[agency_id])
    held = Membership.objects.filter(of_node | of_agency, active=True, user__is_active=True)
    return held.filter(user__must_change_password=False).exclude(user_id__in=[user_id])


def _problems(actor: Actor, session: str, reason: str, minutes: int, now: datetime) -> list[Problem]:
    assert actor.user_id is not None
    assert actor.agency_id is not None
    found = []
    if allowed(READ_OPERATIONS, actor.roles):
        found.append(Problem((), _("Your role reads operations: you need no emergency access.")))
    elif open_for(actor.user_id, actor.agency_id, session, now):
        found.append(Problem((), _("Your emergency access is open already.")))
    words = {word.casefold() for word in re.findall(r"[^\W\d_]{2,}", reason)}
    if len(words) < LEAST_WORDS or sum(map(len, words)) < LEAST_LETTERS:
        sentence = _("Say what has happened and what you need to know, in at least {n} words.")
        found.append(Problem(("reason",), sentence.format(n=LEAST_WORDS)))
    elif len(reason) > MOST_SIGNS:
        found.append(Problem(("reason",), _("Longer than {n} signs.").format(n=MOST_SIGNS)))
    if minutes not in MINUTES:
        found.append(Problem(("minutes",), _("Choose one of the times.")))
    return found


def _nobody(told: list[UUID]) -> list[Problem]:
    if told:
        return []
    sentence = _(
        "There is nobody who could be told: no watch desk, no other administrator, no auditor has a login. Call the "
        "watch desk, which reads operations itself; afterwards give a second person a role, if need be a neighbour."
    )
    return [Problem((), sentence)]
