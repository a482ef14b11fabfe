"""Administrators: the last one stays, and one decides about what concerns another.

Who may be the second person: an administrator of the agency who is not the one concerned; where it has no other, one
of a neighbouring agency on the node; in any case the node's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.core.permissions import ADMINISTRATORS, Role
from vigil.platform.accounts.models import Membership
from vigil.platform.agencies.models import Node


def reach(actor: Actor, person: str, *, alone: bool = False) -> Q:
    """The rows, with an `agency` and the person concerned in the field `person`, that the actor may decide about.

    With `alone`, the node's only administrator decides about what concerns themselves too: there is nobody else.
    """
    of_node, by_agency = _administrators()
    if Role.NODE_ADMIN in actor.roles:
        found = Q()
    elif Role.AGENCY_ADMIN in actor.roles:
        found = Q(agency_id=actor.agency_id)
        for agency, own in by_agency.items():
            if len(own) == 1:
                found |= Q(**{"agency_id": agency, f"{person}_id__in": own})
    else:
        return Q(pk__in=[])
    if alone and of_node.union(*by_agency.values()) <= {actor.user_id}:
        return found
    return found & ~Q(**{f"{person}_id": actor.user_id})


def second_persons(agency_id: UUID, but: Collection[UUID]) -> set[UUID]:
    """The accounts of all who may decide: see above; those of the agency first, where it has any."""
    of_node, by_agency = _administrators()
    own = by_agency.get(agency_id, set()) - set(but)
    if own:
        return own
    return (of_node or set().union(*by_agency.values())) - set(but)


def others_of_node(but: UUID | None) -> set[UUID]:
    """The node's administrators who can log in, without one."""
    return _administrators()[0] - {but}


def _administrators() -> tuple[set[UUID], dict[UUID, set[UUID]]]:
    """Those of the node, and of each agency the administrators of either kind who serve there, who can log in."""
    held = Membership.objects.filter(
        active=True, user__is_active=True, agency__is_active=True, role__in=ADMINISTRATORS
    ).values_list("user_id", "agency_id", "role")
    of_node: set[UUID] = set()
    by_agency: dict[UUID, set[UUID]] = defaultdict(set)
    for user, agency, role in held:
        by_agency[agency].add(user)
        if role == Role.NODE_ADMIN:
            of_node.add(user)
    return of_node, by_agency


@contextmanager
def keeping_administrators(actor: Actor) -> Iterator[None]:
    """Within the caller's action: refuses a change that leaves the node without an administrator who can log in, and an
    agency administrator's change that does so to the agency.
    """
    Node.objects.select_for_update().filter(slot=1).first()  # two who switch one another off queue here
    before = _administered()
    yield
    lost = {role for role, _ in before - _administered()}
    if Role.NODE_ADMIN in lost or (lost and Role.NODE_ADMIN not in actor.roles):
        if Role.NODE_ADMIN in lost:
            sentence = _("This is the last administrator of the node. Appoint another one first.")
        else:
            sentence = _("This is the last administrator of the agency. Appoint another one first.")
        raise Invalid.at("roles", sentence=sentence)


def _administered() -> set[tuple[str, UUID | None]]:
    """The node, and the agencies, that have an administrator who can log in."""
    found = Membership.objects.filter(
        active=True, user__is_active=True, agency__is_active=True, role__in=[Role.NODE_ADMIN, Role.AGENCY_ADMIN]
    )
    return {
        (role, None if role == Role.NODE_ADMIN else agency) for role, agency in found.values_list("role", "agency_id")
    }
