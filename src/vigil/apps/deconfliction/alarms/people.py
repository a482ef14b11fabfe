"""Whom a side's alarms reach: the contacts of its plan, who is on call at its agency, and their accounts.

A contact who is reached through the watch desk gets no message: the desk is told to connect. A silent operation's place
match reaches the deconflictor alone, and what only its owner may know the owner's accounts alone (section 7).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from vigil.apps.deconfliction import notices, plan_rows
from vigil.apps.deconfliction.alarms.rules import Message, Person, Rung, messages, reached
from vigil.apps.deconfliction.models import ConflictSide, OnCall, Operation, Revision, Route
from vigil.platform import keys
from vigil.platform.accounts.models import User
from vigil.platform.agencies.desk import is_staffed
from vigil.platform.agencies.models import Agency, agency_of, this_node
from vigil.platform.delivery.addresses import Address
from vigil.platform.delivery.models import Channel
from vigil.platform.delivery.personal import personal_ways
from vigil.platform.prepared import Prepared
from vigil.platform.sealed import purpose_of

SEALED = purpose_of(OnCall, "sealed")
_REVISION = Prepared(lambda operation, number: Revision.objects.filter(operation_id=operation, number=number))
_MEMBERS = Prepared(
    lambda agency: User.objects.filter(
        memberships__agency_id=agency, memberships__active=True, is_active=True
    ).order_by("memberships__created_at")
)
_ON_CALL = Prepared(lambda agency: OnCall.objects.filter(agency_id=agency).order_by("position", "id"))


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom one step reaches: accounts by a notice, addresses by a message; `desk`: somebody must be connected."""

    accounts: tuple[UUID, ...]
    addresses: tuple[Address, ...]
    desk: bool


def reach(side: ConflictSide, rung: Rung, now: datetime) -> Reach:
    """Whom a step of this side's ladder reaches."""
    operation = side.own_operation
    assert operation is not None
    if side.conflict.owner_only:
        owners = notices.owners(operation)
        return Reach(tuple(owners), tuple(_own_ways(owners)), desk=False)
    if side.route == Route.DECONFLICTOR:
        return _deconflictor(operation, rung)
    agency = agency_of(operation.agency_id)
    named = _named(operation)
    line = Person("line", agency.label, agency.watch_desk_phone, channels=(Channel.VOICE.value,)) if agency else None
    found = reached(rung, named, _on_duty(agency, now), line if line and line.phone else None)
    hidden = {one.user_id for one in named.values() if one.relay}
    accounts = [one.user_id for one in found if one.user_id is not None and not one.relay]
    accounts = list(dict.fromkeys([*accounts, *_accounts(operation, rung)]))
    addresses = [*_addresses(found, rung), *_own_ways(one for one in accounts if one not in hidden)]
    return Reach(tuple(accounts), tuple(addresses), any(one.relay for one in found))


def _deconflictor(operation: Operation, rung: Rung) -> Reach:
    """On the ordinary clock, but nobody else (section 7): the one whom the node names, and the agency's account."""
    accounts = notices.deconflictor_of(operation.agency_id)
    name, phone = this_node().deconflictor
    sent = messages([Person("deconflictor", name, phone)], rung) if phone else []
    return Reach(tuple(accounts), (*map(_address, sent), *_own_ways(accounts)), desk=False)


def _named(operation: Operation) -> dict[str, Person]:
    """The contacts that the plan names, by role, with their accounts."""
    (revision,) = _REVISION(operation.pk, operation.revision)
    accounts = {user.pk: user for user in _MEMBERS(operation.agency_id)}
    found = {}
    for role, contact in plan_rows.contacts_of(revision).items():
        if contact is None or not contact.name:
            continue
        same = (
            key
            for key, user in accounts.items()
            if user.full_name.casefold() == contact.name.strip().casefold()
            or (user.phone and user.phone == contact.phone)
        )
        person = Person(role, contact.name, contact.phone, relay=contact.relay)
        key = next(same, None)
        found[role] = replace(person, user_id=key, email=accounts[key].email) if key else person
    return found


def _accounts(operation: Operation, rung: Rung) -> list[UUID]:
    """Who registered it; from the third rung on its supervisors."""
    if rung >= Rung.SUPERVISOR:
        return notices.owners(operation)
    return [operation.submitter_id] if operation.submitter_id else []


def _addresses(people: Iterable[Person], rung: Rung) -> list[Address]:
    """An account's own ways, where its holder has chosen some; else what the plan or the list says."""
    found: list[Address] = []
    for person in people:
        own = _own_ways([person.user_id]) if person.user_id and not person.relay else []
        found += own or map(_address, messages([person], rung))
    return found


def _own_ways(accounts: Iterable[UUID]) -> list[Address]:
    return [way for account in dict.fromkeys(accounts) for way in personal_ways(account, urgent=True)]


def _address(message: Message) -> Address:
    return Address(Channel(message.channel), message.to, message.person.name, message.person.user_id)


# --- who is on call ---------------------------------------------------------------------------------------------------


def on_call(agency_id: UUID) -> list[tuple[OnCall, Person]]:
    """An agency's list in its order."""
    return [(row, _person(row)) for row in _ON_CALL(agency_id)]


def sealed(phone: str, email: str) -> bytes:
    """For the column `sealed`."""
    return keys.encrypt(json.dumps({"phone": phone, "email": email}), SEALED)


def _person(row: OnCall) -> Person:
    told = json.loads(keys.decrypt(row.sealed, SEALED))
    return Person("on_call", row.name, told["phone"], told["email"], channels=tuple(row.channels))


def _on_duty(agency: Agency | None, now: datetime) -> list[Person]:
    if agency is None:
        return []
    local = now.astimezone(ZoneInfo(agency.time_zone or "UTC"))
    return [person for row, person in on_call(agency.pk) if is_staffed(row.week, local)]
