"""A node alone, its operations, and what its people were told: the cast of the protocol's tests."""

from __future__ import annotations

from typing import Any

from protocol.trace import MINUTE, NORTH, START
from vigil.engine.operation import Operation, Point, Site
from vigil.protocol.memory import MemoryStore
from vigil.protocol.node import Node
from vigil.protocol.signing import Signer
from vigil.protocol.store import OWN, AlarmKind, Conflict, Pair, Reference, Revision, Status

DETECTED, WORSENED, CHANGED, WITHDRAWN = AlarmKind
HOUR = 60 * MINUTE
HERE = (-77.0, 38.9)
NEAR_BY = (-77.0, 38.904)  # 444 m north
FAR = (-80.0, 38.9)


def a_site(place: tuple[float, float] = HERE, starts: int = START + HOUR, hours: int = 2, **more: Any) -> Site:
    return Site(Point(*place), 300.0, starts, starts + hours * HOUR, **more)


def a_revision(name: str, *sites: Site, number: int = 1, subjects: tuple[str, ...] = (), **more: Any) -> Revision:
    fields = {key: more.pop(key) for key in ("tentative", "joint_with", "mode", "span") if key in more}
    status = more.get("status", Status.REGISTERED)
    registered = status not in (Status.DRAFT, Status.CANCELLED)
    operation = Operation(name, sites, frozenset(subjects), registered=registered, **fields)
    return Revision(operation, number, "agency", **more)


class Desk:
    """A node alone with what was told so far."""

    def __init__(self) -> None:
        self.store = MemoryStore(NORTH)
        self.node = Node(self.store, Signer.from_seed(b"N" * 32))
        self.now = START

    def submit(self, revision: Revision) -> str:
        self.node.register(revision, self.now)
        return self.node.search(revision.operation_id, self.now).determination

    def says(self, name: str) -> str | None:
        verdict = self.node.verdict(name)
        return None if verdict is None else verdict.determination

    def told(self, name: str) -> list[AlarmKind]:
        return [alarm.kind for alarm in self.store.rows.alarms.values() if alarm.operation_id == name]

    def conflict(self, one: str, two: str) -> Conflict:
        return self.store.rows.conflicts[Pair.of(Reference(OWN, one), Reference(OWN, two))]
