"""One search against a million active operations, beside PostGIS: `python -m bench.search [--active N] [--queries N]`.

Measured is `vigil.apps.deconfliction.search.matching`, the product's own function: committed rows only, exact test
included, warm. It runs on SQLite (file on disk) and on PostgreSQL without extensions. The peer is PostGIS as a good
user would build it: `geography` + `tstzrange` in one GiST index over rows in Hilbert order, one prepared query. All
answer the same new operations, drawn from the workload of `bench.workload`; all must find the same pairs.

The index tables are filled as the product fills them, row by row through `search.file_under`; the rows they point at
(contents, contacts) are left out, for no search of a place reads them.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.workload import columns

POSTGRES = Path("/usr/lib/postgresql/15/bin")
SECOND_US = 1_000_000
GOAL_MEDIAN_MS, GOAL_P99_MS = 0.5, 5.0
LARGEST_RADIUS_M = 8_000.0


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bench.search", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--active", type=int, default=1_000_000, help="active operations (1000000)")
    parser.add_argument("--queries", type=int, default=2_000, help="new operations that are searched for (2000)")
    parser.add_argument("--part", choices=("product", "postgis"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        print(json.dumps({"product": product, "postgis": postgis}[args.part](args.active, args.queries)))
        return
    print(f"one search against {args.active:,} active operations, {args.queries:,} searches, warm")
    results = {}
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder:
        results["vigil on SQLite"] = _part("product", args, VIGIL_DATA_DIR=folder, VIGIL_DATABASE_URL="")
    missing = _missing()
    if missing:
        print(f"not measured, PostgreSQL and PostGIS: {missing}")
    else:
        with server() as url:
            with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder:
                results["vigil on PostgreSQL 15"] = _part(
                    "product", args, VIGIL_DATA_DIR=folder, VIGIL_DATABASE_URL=f"{url}/vigil"
                )
            results["PostGIS"] = _part("postgis", args, VIGIL_BENCH_URL=f"{url}/peer")
    report(results)


def report(results: dict[str, dict[str, float]]) -> None:
    """Median, 99th percentile, and each as a ratio to PostGIS."""
    peer = results.get("PostGIS")
    print(f"{'':24}{'median ms':>10}{'p99 ms':>9}{'matches':>9}{'build s':>9}" + ("  PostGIS takes" if peer else ""))
    for name, one in results.items():
        line = f"{name:24}{one['median']:10.3f}{one['p99']:9.3f}{one['matches']:9.0f}{one['build']:9.1f}"
        print(line + (f"  {peer['median'] / one['median']:5.1f} times as long" if peer and one is not peer else ""))
    ours = results["vigil on SQLite"]
    if len({one["matches"] for one in results.values()}) > 1:
        sys.exit("The engines do not agree on the matches.")
    if ours["median"] > GOAL_MEDIAN_MS or ours["p99"] > GOAL_P99_MS:
        sys.exit(f"Missed: the goal on SQLite is a median of {GOAL_MEDIAN_MS} ms and a p99 of {GOAL_P99_MS} ms.")


def _part(part: str, args: argparse.Namespace, **environment: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.search", "--part", part]
    command += ["--active", str(args.active), "--queries", str(args.queries)]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{part}: {done.stderr[-2000:]}")
    result: dict[str, float] = json.loads(done.stdout)
    return result


def timed(ask: Callable[[Any], int], questions: list[Any]) -> dict[str, float]:
    """Two rounds; the second, warm one counts."""
    for _ in range(2):
        times, matches = [], 0
        for question in questions:
            start = time.perf_counter()
            matches += ask(question)
            times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return {"median": statistics.median(times), "p99": times[len(times) * 99 // 100], "matches": matches}


# --- the product ------------------------------------------------------------------------------------------------------


def product(active: int, queries: int) -> dict[str, float]:
    """Fill the index of an empty node and search it."""
    from vigil.config import keys

    keys.KeyFolder(Path(os.environ["VIGIL_DATA_DIR"])).draw_missing()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from vigil.apps.deconfliction import search

    call_command("migrate", verbosity=0)
    start = time.perf_counter()
    _fill(active)
    build = time.perf_counter() - start
    questions = [operation(-1 - number, *row) for number, row in enumerate(workload(queries, seed=2))]
    return timed(lambda question: len(search.matching(question)), questions) | {"build": build}


def workload(count: int, seed: int) -> Iterator[tuple[float, float, float, int, int]]:
    """Longitude, latitude, radius in metres, start and end in microseconds."""
    lat, lon, radius, start, end = (column.tolist() for column in columns(count, seed))
    for row in zip(lon, lat, radius, start, end, strict=True):
        yield row[0], row[1], row[2], row[3] * SECOND_US, row[4] * SECOND_US


def operation(number: int, longitude: float, latitude: float, radius: float, start: int, end: int) -> Any:
    """An operation of one site as the engine takes it; a negative number is one that is not stored."""
    from vigil.engine.operation import Operation, Point, Site

    key = UUID(int=number % (1 << 128))
    return Operation(str(key), (Site(Point(longitude, latitude), radius, start, end),))


def _rows(active: int) -> Iterator[tuple[Any, ...]]:
    from vigil.apps.deconfliction import search

    for number, (longitude, latitude, radius, start, end) in enumerate(workload(active, seed=1), 1):
        one = operation(number, longitude, latitude, radius, start, end)
        for cell, box in search.file_under(one.sites[0]):
            yield (
                *(cell, start, end, box.min_lat, box.max_lat, box.min_lon, box.max_lon, one.operation_id, 1, "live"),
                *(number, True, longitude, latitude, radius, 0.0, start, end),
            )


COLUMNS = (
    "cell, window_start, window_end, min_lat, max_lat, min_lon, max_lon, operation_id, revision, mode, site_id, "
    "is_point, longitude, latitude, radius_m, uncertainty_m, starts_at, ends_at"
)


def _fill(active: int) -> None:
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.ensure_connection()
        raw = connection.connection
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("BEGIN")
        places = ",".join("?" * 18)
        rows = ((*row[:7], row[7].replace("-", ""), *row[8:]) for row in _rows(active))
        raw.executemany(f"INSERT INTO deconfliction_activesite ({COLUMNS}) VALUES ({places})", rows)
        raw.execute("COMMIT")
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        with cursor.cursor.copy(f"COPY deconfliction_activesite ({COLUMNS}) FROM STDIN") as copy:
            for row in _rows(active):
                copy.write_row(row)
        cursor.execute("VACUUM ANALYZE deconfliction_activesite")


# --- the peer ---------------------------------------------------------------------------------------------------------

_BUILD = """
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE UNLOGGED TABLE ops AS
  SELECT id, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography AS g, r,
    tstzrange(to_timestamp(s), to_timestamp(e)) AS w
  FROM raw ORDER BY ST_SetSRID(ST_MakePoint(lon, lat), 4326);
CREATE INDEX ON ops USING gist (g, w);
"""
_ASK = f"""
SELECT count(*) FROM ops, (SELECT ST_SetSRID(ST_MakePoint(%s, %s), 4326)::geography AS p, %s::float8 AS r) q
WHERE ops.g && _ST_Expand(q.p, q.r + {LARGEST_RADIUS_M + 0.01})
  AND ops.w && tstzrange(to_timestamp(%s), to_timestamp(%s)) AND ST_DWithin(ops.g, q.p, ops.r + q.r + 0.01)
"""


def postgis(active: int, queries: int) -> dict[str, float]:
    """The same searches as one prepared query each."""
    import psycopg

    with psycopg.connect(os.environ["VIGIL_BENCH_URL"], autocommit=True) as peer:
        start = time.perf_counter()
        peer.execute("CREATE UNLOGGED TABLE raw (id int, lon float8, lat float8, r float8, s float8, e float8)")
        with peer.cursor().copy("COPY raw FROM STDIN") as copy:
            for number, (lon, lat, r, s, e) in enumerate(workload(active, seed=1), 1):
                copy.write_row((number, lon, lat, r, s / SECOND_US, e / SECOND_US))
        peer.execute(_BUILD)
        peer.execute("VACUUM ANALYZE ops")
        build = time.perf_counter() - start

        def ask(row: tuple[float, float, float, int, int]) -> int:
            lon, lat, r, s, e = row
            answer = peer.execute(_ASK, (lon, lat, r, s / SECOND_US, e / SECOND_US), prepare=True).fetchone()
            return int(answer[0]) if answer else 0

        return timed(ask, list(workload(queries, seed=2))) | {"build": build}


def _missing() -> str:
    if not (POSTGRES / "postgres").exists():
        return "install Debian's postgresql-15 and postgresql-15-postgis-3"
    if not list(Path("/usr/share/postgresql/15/extension").glob("postgis--*.sql")):
        return "install Debian's postgresql-15-postgis-3"
    return ""


@contextmanager
def server() -> Iterator[str]:
    """A throw-away PostgreSQL 15 with the databases `vigil` and `peer`; as root it runs as the user `postgres`."""
    with tempfile.TemporaryDirectory(prefix="vigil-bench-pg-") as name:
        folder = Path(name)
        as_user: list[str] = []
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            as_user = ["runuser", "-u", "postgres", "--"]
        data, port = folder / "data", 54_000 + os.getpid() % 1_000

        def postgres(tool: str, *arguments: str) -> None:
            command = [*as_user, str(POSTGRES / tool), *arguments]
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)

        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers=512MB -c fsync=off -c jit=off"
        postgres("initdb", "-D", str(data), "-U", "vigil", "-A", "trust", "--no-sync")
        postgres("pg_ctl", "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            for database in ("vigil", "peer"):
                postgres("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "vigil", database)
            yield f"postgresql://vigil@127.0.0.1:{port}"
        finally:
            postgres("pg_ctl", "-D", str(data), "-m", "immediate", "stop")


if __name__ == "__main__":
    main()
