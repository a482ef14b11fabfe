"""Play random schedules of faults with the real state machine and look whether I1 to I8 hold.

What a schedule is, what is injected and what counts as held: docs/protocol/simulation.md. Exit code: 0 all held; 1 an
invariant was violated (the seed is printed), or 5,000 schedules or more left a mark unreached; 2 unusable input.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from vigil.core.errors import DomainError

if TYPE_CHECKING:
    from vigil.simulator.run import Tally

HELD, VIOLATED = 0, 1
ALONE = 300
"""Schedules that are played before another process would have started."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, from which seed, and what is broken on purpose."""
    parser.add_argument("--schedules", type=int, default=1_000, metavar="N", help="how many schedules (1000)")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="the first seed (0); each schedule has its own"
    )
    parser.add_argument("--mutant", default="", metavar="NAME", help="remove one safeguard; `list` names them")
    parser.add_argument("--jobs", type=int, metavar="J", help="processes (all cores for many schedules)")
    parser.add_argument("--real-crypto", action="store_true", help="Ed25519 and P-256 instead of cheap stand-ins")
    parser.add_argument("--verbose", action="store_true", help="tell the history of one schedule in words")
    parser.add_argument("--json", action="store_true", help="print what was done for machines")


def run(args: argparse.Namespace) -> int:
    """Play them."""
    from vigil.simulator.mutants import MUTANTS
    from vigil.simulator.run import play_many, told

    if args.mutant == "list":
        for name, mutant in MUTANTS.items():
            print(f"{name:<22} {mutant.removed}")
        return HELD
    if args.mutant and args.mutant not in MUTANTS:
        raise DomainError(f"There is no mutant {args.mutant!r}. `vigil simulate --mutant list` names them.")
    jobs = min(os.cpu_count() or 1, args.schedules // ALONE + 1) if args.jobs is None else args.jobs
    if args.schedules < 1 or jobs < 1 or args.seed < 0:
        raise DomainError("Schedules and jobs are 1 or more, a seed 0 or more.")
    if args.verbose:
        return _tell(told(args.seed, args.mutant, args.real_crypto))
    tally = play_many(args.seed, args.schedules, args.mutant, args.real_crypto, jobs, _progress)
    if args.json:
        print(json.dumps(summary(tally, args.seed), indent=2))
    else:
        _say(tally, args.mutant)
    return HELD if tally.holds else VIOLATED


def summary(tally: Tally, seed: int) -> dict[str, object]:
    """What `--json` prints."""
    first = tally.first
    return {
        "seed": seed,
        "schedules": tally.schedules,
        "steps": tally.steps,
        "messages": tally.messages,
        "pairs": tally.pairs,
        "hidden_by_liars": tally.hidden,
        "faults": dict(sorted(tally.faults.items())),
        "marks_reached": sorted(tally.marks),
        "marks_missing": list(tally.missing_marks),
        "violations": tally.violations,
        "violation": None
        if first is None
        else {"seed": first.seed, "invariant": first.invariant, "sentence": first.sentence, "events": first.events},
        "seconds": round(tally.seconds, 1),
    }


def _progress(tally: Tally) -> None:
    if sys.stderr.isatty():
        print(f"\r{tally.schedules:,} schedules", end="", file=sys.stderr, flush=True)


def _tell(history: tuple[str, ...]) -> int:
    print(*history, sep="\n")
    return VIOLATED if history[-1].startswith("VIOLATION") else HELD


def _say(tally: Tally, mutant: str) -> None:
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    print(f"schedules: {tally.schedules:,} in {tally.seconds:.1f} s")
    print(f"steps: {tally.steps:,}, messages: {tally.messages:,}")
    print(f"pairs that met: {tally.pairs:,}; hidden by a lying partner, counted apart: {tally.hidden:,}")
    print("faults injected:")
    for fault, count in sorted(tally.faults.items()):
        print(f"  {fault:<28} {count:>10,}")
    print(f"marks reached: {len(tally.marks)} of {len(tally.marks) + len(tally.missing_marks)}")
    for mark in tally.missing_marks:
        print(f"  not reached: {mark}")
    if tally.first is not None:
        print(f"the last events of seed {tally.first.seed}:")
        for event in tally.first.events:
            print(f"  {event}")
        again = f" --mutant {mutant}" if mutant else ""
        print(f"play it again: vigil simulate --seed {tally.first.seed} --schedules 1 --verbose{again}")
    print(f"violations: {tally.violations}")
