"""What a node must do, by id (`docs/protocol/federation.md`), each with the check that tries it.

A check is a function of the suite. It raises `Failed` where the node does otherwise. One that must wait for what the
node does by itself is a generator of conditions: it goes on once one holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vigil.conformance.suite import Check, Suite


@dataclass(frozen=True, slots=True)
class Requirement:
    """`alone`: its check would disturb others that run at the same time."""

    id: str
    sentence: str
    check: Callable[[Suite], Check | None]
    alone: bool


REQUIREMENTS: dict[str, Requirement] = {}


def requires(
    number: str, sentence: str, alone: bool = False
) -> Callable[[Callable[[Suite], Check | None]], Callable[[Suite], Check | None]]:
    """The decorated function checks the requirement `FED-<number>`."""

    def known(check: Callable[[Suite], Check | None]) -> Callable[[Suite], Check | None]:
        requirement = Requirement(f"FED-{number}", sentence, check, alone)
        assert requirement.id not in REQUIREMENTS, requirement.id
        REQUIREMENTS[requirement.id] = requirement
        return check

    return known
