"""Incidents: all pairs between the same two plans are one incident with many lines, and one alarm a side (section 6).

A plan is an operation with what was split from it and its repetitions (`Operation.plan_id`); a partner's operation is
its own. Both ids follow from the plans alone, so that whoever finds a pair gives it the same ones.
"""

from __future__ import annotations

from uuid import UUID, uuid5

_ROOM = UUID("b7d1a5c4-0f6e-5a52-9d0b-5d8f3f2b7a10")


def incident_of(one: UUID, other: UUID) -> UUID:
    """The incident of two plans, in whichever order."""
    return uuid5(_ROOM, "|".join(sorted((str(one), str(other)))))


def ladder_of(incident: UUID, plan: UUID) -> UUID:
    """The plan's side of an incident."""
    return uuid5(incident, str(plan))


def plans_of(plans: tuple[UUID, UUID], operations: tuple[UUID, UUID]) -> tuple[UUID, UUID]:
    """The plans of a pair's two sides; two operations of one plan stand for themselves, or they would be one side."""
    return operations if plans[0] == plans[1] else plans
