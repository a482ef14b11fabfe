"""What a week of the trail shows as unusual, at both edges of each figure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.conftest import NOON

from vigil.platform.audit import patterns
from vigil.platform.audit.patterns import Act, Kind

ALICE, PORT = UUID(int=1), UUID(int=9)
ZONES = {PORT: "America/New_York"}
READ, REGISTER, CANCEL = (f"deconfliction.operation.{verb}" for verb in ("read", "register", "cancel"))
MINUTE = timedelta(minutes=1)


def act(verb: str, at: datetime = NOON, outcome: str = "done", **objects: Any) -> Act:
    return Act(at, ALICE, PORT, verb, outcome, objects)


def found(*acts: Act, at_night_before: frozenset[UUID] = frozenset()) -> dict[Kind, int]:
    return {one.kind: one.count for one in patterns.patterns(acts, at_night_before, ZONES)}


def probes(number: int, after: timedelta) -> list[Act]:
    return [
        one
        for index in range(number)
        for one in (act(REGISTER, operation=f"{index}"), act(CANCEL, NOON + after, operation=f"{index}"))
    ]


def test_operations_cancelled_within_the_hour_are_probes() -> None:
    assert found(*probes(3, timedelta(hours=1))) == {Kind.PROBES: 3}
    assert found(*probes(2, MINUTE)) == {}
    assert found(*probes(9, timedelta(hours=1, seconds=1))) == {}
    assert found(*(act(CANCEL, operation=f"{index}") for index in range(9))) == {}


def test_many_different_objects_in_one_hour_are_a_mass_read() -> None:
    reads = [act(READ, NOON + index * MINUTE, operation=f"{index}") for index in range(40)]
    assert found(*reads) == {Kind.MASS_READS: 40}
    assert found(*reads[1:]) == {}
    assert found(*reads[:39], *(act(READ, NOON, operation="1") for _ in range(9))) == {}, "the same one again"
    apart = [act(READ, NOON + index * 2 * MINUTE, operation=f"{index}") for index in range(50)]
    assert found(*apart) == {}, "spread over two hours"


@pytest.mark.parametrize(
    ("kind", "verb", "outcome", "least"),
    [
        (Kind.GUESSES, READ, "not_found", patterns.GUESSES),
        (Kind.REFUSALS, READ, "refused", patterns.REFUSALS),
        (Kind.EXPORTS, "deconfliction.operation.export", "done", patterns.EXPORTS),
    ],
)
def test_what_is_counted_is_told_from_its_figure_on(kind: Kind, verb: str, outcome: str, least: int) -> None:
    acts = [act(verb, outcome=outcome) for _ in range(least)]
    assert found(*acts) == {kind: least}
    assert found(*acts[1:]) == {}


def test_failed_logins_are_those_of_the_account() -> None:
    failed = [Act(NOON, None, None, patterns.LOGIN, "refused", {"user": str(ALICE)}) for _ in range(5)]
    assert found(*failed) == {Kind.FAILED_LOGINS: 5}
    assert found(*failed[1:]) == {}
    assert found(*(Act(NOON, None, None, patterns.LOGIN, "refused", {}) for _ in range(9))) == {}, "no such account"


def test_the_night_is_the_agencys_and_unusual_only_for_whoever_worked_by_day() -> None:
    night = [act(CANCEL, NOON + timedelta(hours=11) + index * MINUTE) for index in range(5)]  # 23:00 in Port Calvert
    assert found(*night) == {Kind.ODD_HOURS: 5}
    assert found(*night[1:]) == {}
    assert found(*night, at_night_before=frozenset({ALICE})) == {}
    assert found(*(act(CANCEL, NOON + timedelta(hours=10, minutes=59)) for _ in range(9))) == {}


def test_the_gravest_stands_first() -> None:
    acts = [*(act(READ, outcome="refused") for _ in range(10)), *probes(3, MINUTE)]
    assert list(found(*acts)) == [Kind.PROBES, Kind.REFUSALS]
