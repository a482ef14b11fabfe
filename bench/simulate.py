"""Schedules of the simulator, many, kept in a ledger: `python -m bench.simulate --schedules 100000 [--jobs 2]`.

A million need not be played at once: each run goes on where the last one of the same code ended and adds to its line in
docs/protocol/simulation-ledger.txt. The code is named by a hash over engine, protocol and simulator: when it changes,
the count starts at zero, so that a number always speaks of the code beside it. There is no peer.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from vigil.simulator.mutants import MUTANTS
from vigil.simulator.run import Tally, play_many, play_some

ROOT = Path(__file__).parents[1]
LEDGER = ROOT / "docs/protocol/simulation-ledger.txt"
CORE = ("engine", "protocol", "simulator")
HEAD = "# code (first 16 of SHA-256) | seeds | schedules | pairs that met | faults | violations | day\n"
TABLE = ROOT / "docs/protocol/simulation.md"
BEGIN, END = "<!-- mutants -->\n", "<!-- end of mutants -->\n"
SLICE = 20_000
"""Schedules after which the ledger is written."""
GOAL = 1_000_000
MOST_SEEDS = 1_000


@dataclass(frozen=True)
class Line:
    """What was played of one code: the seeds `first` up to `after`, which is not among them."""

    code: str
    first: int
    after: int
    pairs: int
    faults: int
    violations: int
    day: str

    @property
    def text(self) -> str:
        schedules = self.after - self.first
        seeds = f"{self.first}–{self.after - 1}"
        return f"{self.code} | {seeds} | {schedules} | {self.pairs} | {self.faults} | {self.violations} | {self.day}\n"

    @classmethod
    def read(cls, text: str) -> Line:
        code, seeds, _, pairs, faults, violations, day = (part.strip() for part in text.split("|"))
        first, last = seeds.split("–")
        return cls(code, int(first), int(last) + 1, int(pairs), int(faults), int(violations), day)

    def with_more(self, tally: Tally, day: str) -> Line:
        return replace(
            self,
            after=self.after + tally.schedules,
            pairs=self.pairs + tally.pairs,
            faults=self.faults + tally.faults.total(),
            violations=self.violations + tally.violations,
            day=day,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.simulate", description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000, help="how many more (100000)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (all cores)")
    parser.add_argument("--mutants", action="store_true", help="write the table of mutants instead")
    args = parser.parse_args()
    if args.mutants:
        write_mutants()
        return
    code = core_hash()
    lines = read_ledger()
    line = next((line for line in reversed(lines) if line.code == code), Line(code, 0, 0, 0, 0, 0, ""))
    others = [one for one in lines if one is not line]
    total = Tally()
    for done in range(0, args.schedules, SLICE):
        tally = play_many(line.after, min(SLICE, args.schedules - done), jobs=args.jobs)
        total.merge(tally)
        total.seconds += tally.seconds
        line = line.with_more(tally, datetime.now(UTC).date().isoformat())
        write_ledger([*others, line])
        print(f"{line.after:>10,} of {GOAL:,}   {total.schedules / total.seconds:6.0f} a second", flush=True)
        if tally.first is not None:
            sys.exit(f"seed {tally.first.seed}: {tally.first.sentence}")
    print(f"{total.pairs:,} pairs met, {total.faults.total():,} faults, marks not reached: {len(total.missing_marks)}")
    print(f"violations: {total.violations}")
    if not total.holds:
        sys.exit("Not reached: " + ", ".join(total.missing_marks))


def write_mutants() -> None:
    """Play each mutant from seed 0 until it is caught, and write the table of the documentation."""
    rows = [f"Of {datetime.now(UTC).date().isoformat()}, code `{core_hash()}`.\n\n"]
    rows.append("| mutant | safeguard that it lacks | caught by | after seeds |\n|---|---|---|---|\n")
    for name, mutant in MUTANTS.items():
        caught = play_some(range(MOST_SEEDS), name).first
        if caught is None:
            sys.exit(f"{name} was not caught within {MOST_SEEDS} seeds.")
        rows.append(f"| `{name}` | {mutant.removed} | {caught.invariant} | {caught.seed + 1} |\n")
        print(rows[-1], end="", flush=True)
    before, rest = TABLE.read_text("utf-8").split(BEGIN)
    TABLE.write_text(before + BEGIN + "\n" + "".join(rows) + "\n" + END + rest.split(END)[1], "utf-8")


def core_hash() -> str:
    """Of every source file of engine, protocol and simulator, by path."""
    core = hashlib.sha256()
    for folder in CORE:
        for path in sorted((ROOT / "src/vigil" / folder).rglob("*.py")):
            core.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return core.hexdigest()[:16]


def read_ledger() -> list[Line]:
    if not LEDGER.exists():
        return []
    return [Line.read(text) for text in LEDGER.read_text("utf-8").splitlines() if text and not text.startswith("#")]


def write_ledger(lines: list[Line]) -> None:
    LEDGER.write_text(HEAD + "".join(line.text for line in lines), "utf-8")


if __name__ == "__main__":
    main()
