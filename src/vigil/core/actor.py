"""Who acts: built once at a door (page, API, command, job) and handed to every action and every read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from vigil.core.errors import Refused
from vigil.core.permissions import GLASS, Role, allowed, scope_covers


class Via(StrEnum):
    """The door a request came through."""

    PAGE = "page"
    API = "api"
    CLI = "cli"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Actor:
    """One person (or the node itself, `user_id` None) acting for one agency.

    `roles` are those held within `agency_id`. `scopes` narrows an API token; None means not narrowed.
    `glass` is the emergency access that was open when the actor was built; every record of the actor names it.
    """

    user_id: UUID | None
    name: str
    agency_id: UUID | None
    roles: frozenset[Role]
    scopes: frozenset[str] | None = None
    via: Via = Via.PAGE
    glass: UUID | None = None

    def can(self, permission: str) -> bool:
        """Whether a role or an open emergency access has the permission and, for a token, a scope covers it.

        Missing never means yes.
        """
        if not allowed(permission, self.roles) and not (self.glass is not None and permission in GLASS):
            return False
        return self.scopes is None or any(scope_covers(scope, permission) for scope in self.scopes)

    def require(self, permission: str) -> None:
        """Raise `Refused` unless the actor has the permission."""
        if not self.can(permission):
            raise Refused(permission)

    def through(self, via: Via) -> Actor:
        """The same actor at another door."""
        return replace(self, via=via)


def system(name: str, via: Via = Via.JOB) -> Actor:
    """The node acting by itself: the worker, a command at the console, a start-up step."""
    return Actor(user_id=None, name=name, agency_id=None, roles=frozenset({Role.SYSTEM}), via=via)
