"""Many schedules: played in parallel, counted, and the first violation told so that it can be played again."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context

from vigil.simulator.invariants import Violation
from vigil.simulator.marks import ENOUGH, MARKS
from vigil.simulator.mutants import MUTANTS, UNCHANGED
from vigil.simulator.stand_ins import Crypto
from vigil.simulator.world import Outcome, World

CHUNK = 100
"""Schedules that a process plays before it reports."""
LAST_EVENTS = 25


@dataclass(frozen=True)
class Broken:
    """A violation, with the seed that plays it again and the last things that happened."""

    seed: int
    invariant: str
    sentence: str
    events: tuple[str, ...]


@dataclass
class Tally:
    """What many schedules did."""

    schedules: int = 0
    steps: int = 0
    messages: int = 0
    pairs: int = 0
    hidden: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    marks: set[str] = field(default_factory=set)
    violations: int = 0
    first: Broken | None = None

    def add(self, outcome: Outcome) -> None:
        self.schedules += 1
        self.steps += outcome.steps
        self.messages += outcome.messages
        self.pairs += outcome.pairs
        self.hidden += outcome.hidden
        self.faults += outcome.faults
        self.marks |= outcome.marks

    def merge(self, other: Tally) -> None:
        for name in ("schedules", "steps", "messages", "pairs", "hidden", "violations"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        self.marks |= other.marks
        if other.first is not None and (self.first is None or other.first.seed < self.first.seed):
            self.first = other.first

    @property
    def missing_marks(self) -> Sequence[str]:
        """Marks that this run has not reached."""
        return sorted(MARKS - self.marks)

    @property
    def holds(self) -> bool:
        """No violation, and where there were enough schedules every mark reached."""
        return not self.violations and (self.schedules < ENOUGH or not self.missing_marks)


def play(seed: int, mutant: str = "", real_crypto: bool = False, history: list[str] | None = None) -> Outcome:
    """One schedule. Raises Violation; `history` takes what happened, in words."""
    broken = MUTANTS[mutant] if mutant else UNCHANGED
    crypto = Crypto(real_crypto)
    with crypto.at_work(), broken.at_work():
        try:
            return World(seed, broken.cast, crypto, history).play()
        except Violation:
            raise
        except Exception as error:
            raise Violation("I8", f"unexpected: {error!r}") from error


def play_some(seeds: range, mutant: str = "", real_crypto: bool = False) -> Tally:
    """These seeds, one after another; stops at the first violation."""
    tally = Tally()
    for seed in seeds:
        try:
            tally.add(play(seed, mutant, real_crypto))
        except Violation as violation:
            tally.schedules += 1
            tally.violations = 1
            tally.first = Broken(
                seed, violation.invariant, str(violation), told(seed, mutant, real_crypto)[-LAST_EVENTS:]
            )
            break
    return tally


def told(seed: int, mutant: str = "", real_crypto: bool = False) -> tuple[str, ...]:
    """The history of one schedule in words, up to its end or its violation."""
    history: list[str] = []
    try:
        outcome = play(seed, mutant, real_crypto, history)
        history.append(f"{outcome.steps} steps, {outcome.messages} messages, {outcome.pairs} pairs met, violations: 0")
    except Violation as violation:
        history.append(f"VIOLATION {violation}")
    return tuple(history)


def play_many(
    first: int,
    schedules: int,
    mutant: str = "",
    real_crypto: bool = False,
    jobs: int = 1,
    progress: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Seeds `first`, `first + 1`, …; stops soon after a violation, and reports the lowest seed it met."""
    began = time.perf_counter()
    chunks = (range(n, min(n + CHUNK, first + schedules)) for n in range(first, first + schedules, CHUNK))
    total = Tally()
    for tally in _played(chunks, mutant, real_crypto, jobs):
        total.merge(tally)
        total.seconds = time.perf_counter() - began
        progress(total)
    return total


def _collect_rarely() -> None:
    """The collector finds nothing in a world that is thrown away whole."""
    gc.set_threshold(200_000)


def _played(chunks: Iterator[range], mutant: str, real_crypto: bool, jobs: int) -> Iterator[Tally]:
    if jobs == 1:
        for chunk in chunks:
            tally = play_some(chunk, mutant, real_crypto)
            yield tally
            if tally.violations:
                return
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _collect_rarely) as pool:
        waiting = [pool.submit(play_some, chunk, mutant, real_crypto) for chunk in islice(chunks, 2 * jobs)]
        while waiting:
            tally = waiting.pop(0).result()
            yield tally
            following = None if tally.violations else next(chunks, None)
            if following is not None:
                waiting.append(pool.submit(play_some, following, mutant, real_crypto))
            if tally.violations:
                chunks = iter(())
