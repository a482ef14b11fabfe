"""An agency's on-call list: who is reached where a plan names nobody, in which order, on which ways, at which hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vigil.apps.deconfliction.alarms import people
from vigil.apps.deconfliction.alarms.lifecycle import LONGEST_NAME
from vigil.apps.deconfliction.models import OnCall
from vigil.apps.deconfliction.rules import read_phone
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.desk import in_words, read_hours
from vigil.platform.delivery.addresses import canonical
from vigil.platform.delivery.models import Channel

EDIT = "deconfliction.on_call.edit"
CHANNELS = (
    (Channel.SMS.value, gettext_lazy("Text")),
    (Channel.VOICE.value, gettext_lazy("Voice call")),
    (Channel.EMAIL.value, gettext_lazy("E-mail")),
)
MOST = 20
"""Of one agency (ours)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One person of the list as its page shows it."""

    id: UUID
    name: str
    phone: str
    email: str
    channels: tuple[str, ...]
    hours: str


def listed(actor: Actor) -> tuple[Listed, ...]:
    """The list of the actor's agency, in its order."""
    if actor.agency_id is None or not actor.can(EDIT):
        return ()
    words = dict(CHANNELS)
    return tuple(
        Listed(
            row.pk,
            person.name,
            person.phone,
            person.email,
            tuple(str(words[one]) for one in row.channels),
            in_words(row.week),
        )
        for row, person in people.on_call(actor.agency_id)
    )


@action(EDIT)
def add(actor: Actor, typed: Mapping[str, str], channels: list[str]) -> OnCall:
    """Put somebody at the end of the list. `typed` has `name`, `phone`, `email` and `hours`, one line as
    `Mon-Fri 08:00-17:00` or `always`.

    Raises:
        Invalid: with every fault at its field.
    """
    agency_id = _agency(actor)
    problems: list[Problem] = []
    name, email = " ".join(typed.get("name", "").split()), typed.get("email", "").strip()
    phone = read_phone(typed.get("phone", ""))
    if not name or len(name) > LONGEST_NAME:
        problems.append(Problem(("name",), _("Give a name of at most {most} characters.").format(most=LONGEST_NAME)))
    if phone is None:
        problems.append(Problem(("phone",), _("Give a telephone number with its area code, ten digits.")))
    if email and canonical(Channel.EMAIL, email) is None:
        problems.append(Problem(("email",), _("Give an e-mail address, e.g. name@agency.gov.")))
    chosen = [code for code, _label in CHANNELS if code in channels]
    if not chosen or (Channel.EMAIL.value in chosen and not email):
        problems.append(Problem(("channels",), _("Choose at least one way, and give the address for it.")))
    week: dict[str, list[str]] = {}
    try:
        week = read_hours(typed.get("hours", ""))
    except Invalid as refused:
        problems.append(Problem(("hours",), refused.sentence))
    if not week and not any(one.path == ("hours",) for one in problems):
        problems.append(Problem(("hours",), _("Give the hours, e.g. Mon-Fri 08:00-17:00, or always.")))
    rows = OnCall.objects.filter(agency_id=agency_id)
    if rows.count() >= MOST:
        problems.append(Problem((), _("The list has {n} people. Remove one first.").format(n=MOST)))
    if problems:
        raise Invalid(problems)
    last: int | None = rows.aggregate(last=Max("position"))["last"]
    row = OnCall.objects.create(
        agency_id=agency_id,
        position=(last or 0) + 1,
        name=name,
        sealed=people.sealed(phone or "", email),
        channels=chosen,
        week=week,
    )
    concerns(on_call=row.pk)
    return row


@action(EDIT)
def remove(actor: Actor, key: UUID) -> None:
    """Take somebody off the list."""
    _own(actor, key).delete()


@action(EDIT)
def move_up(actor: Actor, key: UUID) -> None:
    """Let somebody be reached before the one above; nothing for the first."""
    row = _own(actor, key)
    above = OnCall.objects.filter(agency_id=row.agency_id, position__lt=row.position).order_by("-position").first()
    if above is not None:
        above.position, row.position = row.position, above.position
        above.save(update_fields=("position",))
        row.save(update_fields=("position",))


def _agency(actor: Actor) -> UUID:
    if actor.agency_id is None:
        raise NotFound
    return actor.agency_id


def _own(actor: Actor, key: UUID) -> OnCall:
    concerns(on_call=key)
    row = OnCall.objects.filter(agency_id=_agency(actor), pk=key).first()
    if row is None:
        raise NotFound
    return row
