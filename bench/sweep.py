"""Many against many: the join beside PostGIS, the whole command beside the csv module, start, memory, growth.

usage: python -m bench.sweep [--operations 1000000] [--repeats 5] [--grow] [--no-postgis]
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.postgis import Database, MissingPostgis, postgis
from bench.workload import FIRST_START, columns
from vigil.engine import kernel
from vigil.engine.formats.mapping import COLUMNS
from vigil.engine.join import balls_of
from vigil.engine.predicate import site_match
from vigil.engine.table import NO_REFERENCE, OperationTable

READ_ONLY = (
    "import csv, sys\nwith open(sys.argv[1], newline='', encoding='utf-8') as f:\n    for row in csv.reader(f): pass"
)


EXPECTED = {10_000: 115, 100_000: 11_080, 1_000_000: 1_109_802}
"""Pairs for seed 1, found alike by PostGIS and by an independent implementation."""
TYPES = ("search_warrant", "arrest_warrant", "raid", "controlled_buy", "undercover_meet", "fixed_surveillance")
OFFSETS = {"-05:00": -5, "-06:00": -6, "-07:00": -7, "-08:00": -8, "+00:00": 0, "Z": 0}
CONTACTS = ("Smith J.", "Lopez, Ana", 'R. "Bo" Chen', "Müller K", "O'Neil P")


@dataclass(frozen=True)
class Workload:
    """Columns of the operations: degrees, metres, whole seconds since 1970 (UTC)."""

    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def spread(self, times: int) -> Workload:
        """The same operations over so many times the days."""
        later = (self.start - FIRST_START) * (times - 1)
        return Workload(self.latitude, self.longitude, self.radius_m, self.start + later, self.end + later)

    def table(self) -> OperationTable:
        """The operations as the sweep takes them."""
        n = len(self)
        return OperationTable(
            ids=[f"op-{k:08d}" for k in range(n)],
            mode=np.zeros(n, np.int8),
            reference=np.full(n, NO_REFERENCE, np.int32),
            operation=np.arange(n, dtype=np.int32),
            longitude=self.longitude,
            latitude=self.latitude,
            radius_m=self.radius_m,
            uncertainty_m=np.zeros(n),
            start=self.start * 1_000_000,
            end=self.end * 1_000_000,
        )

    def write(self, path: Path) -> None:
        """Write operations.csv: mixed time offsets, quoted and non-ASCII names, a phone on every fiftieth."""
        rng, n = np.random.default_rng(2), len(self)
        offset, kind, contact = (rng.integers(0, len(choice), n).tolist() for choice in (OFFSETS, TYPES, CONTACTS))
        ori, case = rng.integers(0, 10**7, n).tolist(), rng.integers(0, 10**6, n).tolist()
        shift, zones = np.array(list(OFFSETS.values()))[offset] * 3600, list(OFFSETS)
        starts, ends = (
            np.datetime_as_string((instants + shift).astype("datetime64[s]")).tolist()
            for instants in (self.start, self.end)
        )
        places = zip(self.latitude.tolist(), self.longitude.tolist(), self.radius_m.tolist(), strict=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(COLUMNS)
            for k, (latitude, longitude, radius) in enumerate(places):
                zone = zones[offset[k]]
                site = (f"{latitude:.7f}", f"{longitude:.7f}", "", f"{radius:.1f}", 0, 0, 0)
                phone = f"phone:+1410{2_000_000 + k // 50:07d}" if k % 50 == 0 else ""
                what = (f"op-{k:08d}", f"TX{ori[k]:07d}", TYPES[kind[k]], starts[k] + zone, ends[k] + zone)
                who = (phone, "live", "", f"C27-{case[k]:06d}", CONTACTS[contact[k]], f"+14105550{k % 1000:03d}")
                out.writerow((*what, *site, *who))


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median seconds, and the last result."""
    seconds, result = [], None
    for _ in range(repeats):
        began = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - began)
    return median(seconds), result


def pairs_of(table: OperationTable) -> int:
    """The join alone: from coordinates to the number of pairs, decided exactly on the ellipsoid."""
    found = kernel.join(balls_of(table))
    doubtful = np.flatnonzero(~found.certain).tolist()
    decided = (site_match(table.site(int(found.first[n])), table.site(int(found.second[n]))) for n in doubtful)
    return int(found.certain.sum()) + sum(match is not None for match in decided)


def process(*command: str | Path) -> tuple[float, float, int]:
    """Run a command as an installed program runs, with its bytecode kept: seconds, peak memory in GB, exit code."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(Path(tempfile.gettempdir()) / f"bench-bytecode-{os.getuid()}")
    began = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - began, usage.ru_maxrss / 1e6, child.returncode


def postgis_join(database: Database, load: Workload, repeats: int) -> tuple[float, float, int]:
    """Seconds to prepare (rows in Hilbert order, index, statistics), seconds of the join, pairs."""
    raw = database.folder / "raw.csv"
    rows = np.column_stack((np.arange(len(load)), load.longitude, load.latitude, load.radius_m, load.start, load.end))
    np.savetxt(raw, rows, fmt=["%d", "%.7f", "%.7f", "%.1f", "%d", "%d"], delimiter=",")
    raw.chmod(0o644)
    database.run(
        "create unlogged table raw (id int, lon float8, lat float8, r float8, s bigint, e bigint);"
        f"copy raw from '{raw}' csv;"
    )
    prepare = """
        create unlogged table ops as
          select id, st_setsrid(st_makepoint(lon, lat), 4326)::geography g, r,
            tstzrange(to_timestamp(s), to_timestamp(e)) w
          from raw order by st_setsrid(st_makepoint(lon, lat), 4326);
        create index on ops using gist (g, w);
        vacuum analyze ops;
        alter table ops set (parallel_workers = 2);"""
    prepared, _ = timed(lambda: [database.run(statement) for statement in prepare.split(";") if statement.strip()], 1)
    query = f"""
        select count(*) from ops a join ops b on a.id < b.id
          and b.g && _st_expand(a.g, a.r + {load.radius_m.max() + 0.01}) and a.w && b.w
          and st_dwithin(a.g, b.g, a.r + b.r + 0.01);"""
    joined, count = timed(lambda: int(database.run(query)), repeats)
    return prepared, joined, count


def bench_join(load: Workload, repeats: int, with_postgis: bool) -> None:
    """The join beside PostGIS, by turns."""
    table = load.table()
    _, pairs = timed(lambda: pairs_of(table), 2)  # compiles, or loads what was compiled
    before, pairs = timed(lambda: pairs_of(table), repeats)
    expected = EXPECTED.get(len(load), pairs)
    print(f"join of {len(load):,}: {before:.3f} s, {pairs:,} pairs ({'as expected' if pairs == expected else 'WRONG'})")
    if not with_postgis:
        return
    try:
        with postgis() as database:
            prepared, theirs, count = postgis_join(database, load, 1)
    except MissingPostgis as missing:
        print(f"  peer left out: {missing}")
        return
    after, _ = timed(lambda: pairs_of(table), repeats)
    ours = median((before, after))
    print(f"  PostGIS, Hilbert-ordered: {theirs:.1f} s (+ {prepared:.1f} s to load and index), {count:,} pairs")
    print(f"  ours {ours:.3f} s, PostGIS / ours = {theirs / ours:.0f}  (goal: at least 90)")
    if count != pairs:
        print(f"  the counts differ by {abs(count - pairs)}")


def bench_command(load: Workload, folder: Path, repeats: int) -> None:
    """The whole command beside the csv module's reading of the same file, by turns; and its memory."""
    path, out = folder / "operations.csv", folder / "conflicts.csv"
    load.write(path)
    vigil = Path(sys.executable).with_name("vigil")
    process(vigil, "sweep", path, "--out", out)
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(process(vigil, "sweep", path, "--out", out))
        theirs.append(process(sys.executable, "-c", READ_ONLY, path))
    seconds, read = median(run[0] for run in ours), median(run[0] for run in theirs)
    print(f"whole command on {len(load):,} rows: {seconds:.2f} s; csv module, reading only: {read:.2f} s")
    print(f"  ours / csv = {seconds / read:.2f}  (goal: at most 2)")
    print(f"  peak memory {max(run[1] for run in ours):.2f} GB  (goal: at most 1 at 1,000,000)")


def bench_start(folder: Path, repeats: int) -> None:
    """Ten rows."""
    path = folder / "ten.csv"
    Workload(*columns(10)).write(path)
    vigil = Path(sys.executable).with_name("vigil")
    runs = [process(vigil, "sweep", path, "--out", folder / "out.csv")[0] for _ in range(repeats + 1)]
    print(f"ten rows: {median(runs[1:]):.2f} s  (goal: at most 0.6)")


def bench_growth(operations: int, repeats: int) -> None:
    """Ten times the operations over ten times the days: the same density."""
    small, large = Workload(*columns(operations)).table(), Workload(*columns(10 * operations)).spread(10).table()
    pairs_of(small)
    before, _ = timed(lambda: pairs_of(small), repeats)
    grown, pairs = timed(lambda: pairs_of(large), 2)
    after, _ = timed(lambda: pairs_of(small), repeats)
    base = median((before, after))
    print(f"join of {10 * operations:,}: {grown:.2f} s, {pairs:,} pairs; {operations:,}: {base:.3f} s")
    print(f"  growth {grown / base:.1f} times  (goal: at most 16)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--grow", action="store_true", help="also ten times the operations at the same density")
    parser.add_argument("--no-postgis", action="store_true")
    args = parser.parse_args()
    load = Workload(*columns(args.operations))
    bench_join(load, args.repeats, not args.no_postgis)
    with tempfile.TemporaryDirectory() as folder:
        bench_start(Path(folder), args.repeats)
        bench_command(load, Path(folder), args.repeats)
    if args.grow:
        bench_growth(args.operations, args.repeats)


if __name__ == "__main__":
    main()
