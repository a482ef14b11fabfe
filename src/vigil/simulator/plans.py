"""What people plan: operations that often meet, and every kind of edit, drawn from the seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from vigil.engine.operation import Line, Mode, Operation, Point, Site, Window
from vigil.protocol.store import Disclosure, Revision, Status

MINUTE = 60_000_000
STEM = "phone:+1202555019"
SUBJECTS = tuple(f"{STEM}{n}" for n in range(4))
"""Planted values: none of them may be read in any byte on the wire."""
AGENCY = "planted-agency-id"
REFERENCE = "planted-reference"
EDITS = ("move", "grow", "retime", "joint", "disclosure", "tentative", "flags", "subjects", "anew", "same")

_WEST, _SOUTH = -77.0, 38.9


class Planner:
    """Draws operations and edits. `now` is world time in microseconds."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw

    def operation(self, operation_id: str, others: Sequence[str], now: int) -> Revision:
        """Revision 1 of something new; `others` are ids that it may name as joint."""
        draw = self.draw
        starts = now + draw.choice((-60, -10, 0, 30, 60, 90, 120, 180)) * MINUTE
        sites = tuple(self._site(starts) for _ in range(draw.choice((0, 1, 1, 1, 1, 2))))
        return Revision(
            operation=Operation(
                operation_id=operation_id,
                sites=sites,
                subjects=self._subjects(),
                span=None if sites else Window(starts, starts + 600 * MINUTE),
                mode=Mode.EXERCISE if draw.random() < 0.05 else Mode.LIVE,
                joint_with=frozenset([draw.choice(others)]) if others and draw.random() < 0.15 else frozenset(),
                tentative=draw.random() < 0.15,
            ),
            number=1,
            agency_id=AGENCY,
            disclosure=self._disclosure(),
            plain_clothes=draw.random() < 0.3,
            armed_and_dangerous=draw.random() < 0.3,
            reference=REFERENCE,
        )

    def edited(self, old: Revision, kind: str, others: Sequence[str], now: int) -> Revision:
        """The next revision after an edit of this kind (one of `EDITS`)."""
        operation, fresh = old.operation, self.operation(old.operation_id, others, now)
        draw = self.draw
        more: dict[str, object] = {}
        if kind == "move":
            operation = replace(operation, sites=tuple(replace(s, geometry=self._shape()) for s in operation.sites))
        elif kind == "grow":
            operation = replace(
                operation, sites=tuple(replace(site, radius_m=site.radius_m + 400.0) for site in operation.sites)
            )
        elif kind == "retime":
            later = draw.choice((-90, -30, 30, 90, 240)) * MINUTE
            sites = tuple(
                replace(site, starts_at=site.starts_at + later, ends_at=site.ends_at + later)
                for site in operation.sites
            )
            operation = replace(operation, sites=sites)
        elif kind == "joint":
            operation = replace(operation, joint_with=frozenset([draw.choice(others)]) if others else frozenset())
        elif kind == "disclosure":
            more["disclosure"] = self._disclosure()
        elif kind == "tentative":
            operation = replace(operation, tentative=not operation.tentative)
        elif kind == "flags":
            more.update(plain_clothes=fresh.plain_clothes, armed_and_dangerous=fresh.armed_and_dangerous)
        elif kind == "subjects":
            operation = replace(operation, subjects=self._subjects())
        elif kind == "anew":
            operation = fresh.operation
        return next_revision(
            old, replace(operation, mode=old.operation.mode, registered=True), Status.REGISTERED, **more
        )

    def _site(self, starts: int) -> Site:
        draw = self.draw
        return Site(
            geometry=self._shape(),
            radius_m=float(draw.choice((0, 100, 300, 500))),
            starts_at=starts,
            ends_at=starts + draw.choice((15, 60, 180)) * MINUTE,
            buffer_before=draw.choice((0, 30, 60)) * MINUTE,
            buffer_after=draw.choice((0, 30, 60)) * MINUTE,
            uncertainty_m=float(draw.choice((0, 0, 50, 300))),
        )

    def _shape(self) -> Point | Line:
        draw = self.draw
        place = (_WEST + draw.randrange(3) * 0.005, _SOUTH + draw.randrange(3) * 0.004)
        return Point(*place) if draw.random() < 0.99 else Line((place, (place[0] + 0.01, place[1] + 0.003)))

    def _subjects(self) -> frozenset[str]:
        return frozenset(self.draw.sample(SUBJECTS, self.draw.choice((0, 0, 1, 2))))

    def _disclosure(self) -> Disclosure:
        return self.draw.choice(
            (Disclosure.CONTACT_ONLY, Disclosure.CONTACT_ONLY, Disclosure.TYPE_AND_CONTACT, Disclosure.SILENT)
        )


def next_revision(old: Revision, operation: Operation, status: Status, **more: object) -> Revision:
    """The revision after `old` with this content."""
    ended = frozenset() if status is not old.status else old.ended_sites
    fields: dict[str, object] = {"ended_sites": ended, **more}
    return replace(old, number=old.number + 1, operation=operation, status=status, **fields)  # type: ignore[arg-type]


def cancelled(old: Revision) -> Revision:
    return next_revision(old, replace(old.operation, registered=False), Status.CANCELLED)


def undone(old: Revision) -> Revision:
    """The undoing of a cancel, which asks again."""
    return next_revision(old, replace(old.operation, registered=True), Status.REGISTERED)


def ended(old: Revision, now: int) -> Revision | None:
    """Ended, everyone has left: the end is now, sites not yet begun are dropped; None where nothing has begun."""
    begun = tuple(site for site in old.operation.sites if site.starts_at < now)
    if not begun:
        return None
    sites = tuple(replace(site, ends_at=min(site.ends_at, now)) for site in begun)
    return next_revision(old, replace(old.operation, sites=sites), Status.ENDED)
