"""The policy study of four radii beside one sweep of the same file: the claim is at most four times.

usage: python -m bench.study [--operations 1000000] [--repeats 3]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.sweep import Workload
from bench.workload import columns
from vigil.engine.formats.operations_csv import read_table
from vigil.engine.join import sweep
from vigil.engine.study import settings_of, study

RADII = (150.0, 300.0, 500.0, 800.0)


def timed(work: Callable[[], object], repeats: int) -> float:
    """Median seconds of so many runs, after one that warms up."""
    work()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def main() -> None:
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "operations.csv"
        Workload(*columns(args.operations)).write(path)
        once = timed(lambda: sweep(path), args.repeats)
        four = timed(lambda: study(read_table(path).table, settings_of(RADII, ())), args.repeats)
    print(f"sweep {once:.2f} s, study of four radii {four:.2f} s: {four / once:.2f} times one sweep")


if __name__ == "__main__":
    main()
