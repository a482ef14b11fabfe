"""The card: what the other side of a conflict reads of an operation (specification, section 7), and nothing else.

One function makes it for the conflict page, for offers to run together and for the preview on the form, so that what
is previewed is what is read. Never in it: place, distance, zone, subjects, objective, case number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext, gettext_noop

from vigil.apps.deconfliction.plan import Contact, Disclosure, Plan
from vigil.engine.operation import Mode
from vigil.engine.types import OPERATION_TYPES, OperationType
from vigil.platform.agencies.models import Agency, Node

ROLES = {
    "lead": gettext_noop("lead contact"),
    "second": gettext_noop("second contact"),
    "supervisor": gettext_noop("supervisor"),
}
DESK = gettext_noop("watch desk")


@dataclass(frozen=True, slots=True)
class ConflictPerson:
    """Somebody to telephone: `role` is `lead contact`, `second contact`, `supervisor` or `watch desk`.

    Where `relay` is set and the reader is the other side, `phone` is the watch desk's, which connects callers.
    """

    role: str
    name: str
    phone: str
    relay: bool = False

    @property
    def role_words(self) -> str:
        """The role in the reader's language."""
        return gettext(self.role)


@dataclass(frozen=True, slots=True)
class Card:
    """`type_label` is empty unless it is disclosed; a silent operation's card names the deconflictor alone."""

    agency: str
    type_label: str
    people: tuple[ConflictPerson, ...]
    plain_clothes: bool
    armed_and_dangerous: bool
    silent: bool = False


def others_card(plan: Plan, agency: Agency | None, node: Node) -> Card:
    """What the other side reads of this plan."""
    if plan.disclosure is Disclosure.SILENT:
        return silent_card(node)
    contacts = {"lead": plan.lead_contact, "second": plan.second_contact, "supervisor": plan.supervisor}
    known = {role: contact for role, contact in contacts.items() if contact is not None}
    return Card(
        agency=agency.label if agency else "",
        type_label=type_label(plan.operation_type) if plan.disclosure is Disclosure.TYPE_AND_CONTACT else "",
        people=people(known, agency, node),
        plain_clothes=plan.plain_clothes and plan.share_plain_clothes,
        armed_and_dangerous=plan.armed_and_dangerous and plan.share_armed_and_dangerous,
    )


def silent_card(node: Node) -> Card:
    """ "Conflict: call the watch desk at …": the node's named deconflictor speaks with both."""
    name, phone = node.deconflictor
    return Card("", "", (ConflictPerson(DESK, name, phone),), False, False, silent=True)


def people(
    contacts: Mapping[str, Contact], agency: Agency | None, node: Node, *, in_full: bool = False
) -> tuple[ConflictPerson, ...]:
    """Whom to telephone, the watch desk last; `in_full` for the owner's own agency, else a relayed phone is the
    desk's."""
    desk_phone = relay_phone(agency, node)
    found = []
    for role, label in ROLES.items():
        contact = contacts.get(role)
        if contact is not None:
            phone = desk_phone if contact.relay and not in_full else contact.phone
            found.append(ConflictPerson(label, contact.name, phone, contact.relay))
    if agency is not None and agency.watch_desk_phone:
        found.append(ConflictPerson(DESK, agency.label, agency.watch_desk_phone))
    return tuple(found)


def relay_phone(agency: Agency | None, node: Node) -> str:
    """Where the calls for a contact arrive who wants to be reached through the watch desk."""
    return (agency.watch_desk_phone if agency else "") or node.watch_desk_phone


def type_label(code: str, mode: str = Mode.LIVE) -> str:
    """How a type is called on pages, in the reader's language; an unknown code is shown as it is. What is no live
    operation says so first."""
    kind = OPERATION_TYPES.get(code)
    label = gettext(kind.label) if kind else code
    return f"{mode_word(mode).upper()}: {label}" if mode_word(mode) else label


def mode_word(mode: str) -> str:
    """What the frame says of pages about an operation of this mode; empty for a live one."""
    return {Mode.EXERCISE: gettext("Exercise"), Mode.TEST: gettext("Test")}.get(Mode(mode), "")


def named(kinds: Iterable[OperationType]) -> list[OperationType]:
    """Types with their labels in the reader's language, to be chosen from."""
    return [replace(kind, label=gettext(kind.label)) for kind in kinds]
