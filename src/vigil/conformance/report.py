"""Runs the checks of a suite and says what came of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vigil.conformance import answering, asking, frames
from vigil.conformance.requirements import REQUIREMENTS, Requirement
from vigil.conformance.suite import Check, Failed, Suite, Until
from vigil.conformance.wire import NoAnswer
from vigil.protocol.envelope import Malformed

CHECKS = (frames, answering, asking)
"""The modules that know a check for each requirement."""
LAST = "FED-254"
"""Judges everything that was heard."""


class Outcome(StrEnum):
    """Of one requirement."""

    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one requirement; where it failed: what was sent last, what came, what was expected."""

    id: str
    sentence: str
    outcome: Outcome
    expected: str = ""
    came: str = ""
    sent: str = ""


@dataclass
class _Running:
    requirement: Requirement
    check: Check
    awaited: Until
    until: int


def run(suite: Suite, only: Collection[str] = (), told: Callable[[Result], None] = lambda result: None) -> list[Result]:
    """Check every requirement (or `only` some ids), in the order of their ids; `told` hears each result as it comes."""
    chosen = [one for number, one in sorted(REQUIREMENTS.items()) if not only or number in only]
    results: dict[str, Result] = {}

    def settle(requirement: Requirement, failed: Failed | None = None) -> None:
        outcome = Outcome.PASSED if failed is None else Outcome.FAILED
        said = ("", "", "") if failed is None else (failed.expected, failed.came, failed.sent)
        results[requirement.id] = Result(requirement.id, requirement.sentence, outcome, *said)
        told(results[requirement.id])

    _run_together([one for one in chosen if not one.alone and one.id != LAST], suite, settle)
    for requirement in (one for one in chosen if one.alone):
        _run_together([requirement], suite, settle)
    _run_together([one for one in chosen if one.id == LAST], suite, settle)
    suite.tidy()
    return [results[one.id] for one in chosen]


def _run_together(
    requirements: Sequence[Requirement], suite: Suite, settle: Callable[[Requirement, Failed | None], None]
) -> None:
    """Begin every check, then go on with each whose condition holds, until all are through or out of patience."""
    running: list[_Running] = []
    for requirement in requirements:
        _begin(requirement, suite, running, settle)
    while running:
        suite.pause()
        for one in list(running):
            if not _goes_on(one, suite, settle):
                running.remove(one)


def _begin(
    requirement: Requirement,
    suite: Suite,
    running: list[_Running],
    settle: Callable[[Requirement, Failed | None], None],
) -> None:
    try:
        check = requirement.check(suite)
        awaited = None if check is None else next(check, None)
    except (Failed, NoAnswer, Malformed) as error:
        settle(requirement, _told(error, suite))
        return
    if check is None or awaited is None:
        settle(requirement, None)
    else:
        running.append(_Running(requirement, check, awaited, _patience(suite)))


def _goes_on(one: _Running, suite: Suite, settle: Callable[[Requirement, Failed | None], None]) -> bool:
    """Go on as far as conditions hold; whether the check is still running afterwards."""
    try:
        while one.awaited.holds():
            awaited = next(one.check, None)
            if awaited is None:
                settle(one.requirement, None)
                return False
            one.awaited, one.until = awaited, _patience(suite)
        if suite.now() < one.until:
            return True
        raise suite.failed(one.awaited.expected, f"nothing of it within {suite.patience:g} s")
    except (Failed, NoAnswer, Malformed) as error:
        settle(one.requirement, _told(error, suite))
        return False


def _patience(suite: Suite) -> int:
    return suite.now() + int(suite.patience * 1_000_000)


def _told(error: Failed | NoAnswer | Malformed, suite: Suite) -> Failed:
    if isinstance(error, Failed):
        return error
    expected = "a whole signed message" if isinstance(error, Malformed) else "an answer"
    return suite.failed(expected, str(error))


def as_text(result: Result) -> str:
    """One result for people; three lines more where it failed."""
    lines = [f"{result.outcome:<6}  {result.id}  {result.sentence}"]
    if result.outcome is Outcome.FAILED:
        said = (("sent:", result.sent), ("came:", result.came), ("expected:", result.expected))
        lines += [f"{'':17}{name:<9} {text}" for name, text in said if text]
    return "\n".join(lines)


def summary(results: Sequence[Result]) -> str:
    """How many requirements were kept."""
    failed = [result.id for result in results if result.outcome is Outcome.FAILED]
    kept = f"{len(results) - len(failed)} of {len(results)} requirements kept"
    return kept + (f"; failed: {', '.join(failed)}" if failed else "")
