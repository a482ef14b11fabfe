"""`vigil audit verify` of a long trail beside plain hashing: `python -m bench.audit [--records 1000000]`.

A node of its own gets records and links, made of the product's own bytes (`sealer.linked`); the command walks them as
an auditor would run it, start-up included. Peer in the same run: SHA-256 (hashlib) of the very bytes under the links,
one after the other, from memory. Processor time stands beside elapsed time: a busy machine stretches the latter.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

GOAL_SECONDS = 60.0
AT_ONCE = 20_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.audit", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="records of the trail (1000000)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as folder:
        os.environ |= {"VIGIL_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "vigil.config.settings"}
        vigil = [sys.executable, "-m", "vigil.cli.main"]
        subprocess.run([*vigil, "setup", "--demo", "--data", folder], check=True, stdout=subprocess.DEVNULL)
        hashed = _fill(args.records)
        size = sum(file.stat().st_size for file in Path(folder).glob("vigil.sqlite3*"))
        plain, total = _plain(hashed)
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run([*vigil, "audit", "verify", "--data", folder], capture_output=True, text=True)
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{args.records:,} records, database {size / 1e6:.0f} MB, {total / 1e6:.0f} MB under the hashes")
    print(f"vigil audit verify        {seconds:8.1f} s   processor {cpu:6.1f} s   exit {done.returncode}")
    print(f"hashlib, the same bytes   {plain:8.2f} s   {seconds / plain:6.1f} times")
    print(done.stdout.splitlines()[0] if done.stdout else done.stderr)
    if done.returncode or seconds > GOAL_SECONDS:
        sys.exit(f"Missed: {GOAL_SECONDS:.0f} s, exit 0.")


def _fill(count: int) -> list[bytes]:
    """The records with their links; the bytes that were hashed."""
    import django

    django.setup()
    from django.db import transaction

    from vigil.platform.audit import sealer
    from vigil.platform.audit.models import AuditRecord, AuditSeal

    end, hashed = sealer.head(), list[bytes]()
    first = max([0, *AuditSeal.objects.order_by("-record_id").values_list("record_id", flat=True)[:1]]) + 1
    for begin in range(0, count, AT_ONCE):
        rows = [AuditRecord(pk=first + n, **_columns(n)) for n in range(begin, min(count, begin + AT_ONCE))]
        seals = []
        for row in rows:
            data = sealer.linked(end.digest, row)
            hashed.append(data)
            before, end = end, sealer.Head(end.position + 1, hashlib.sha256(data).hexdigest())
            seals.append(
                AuditSeal(
                    position=end.position,
                    record_id=row.pk,
                    previous=before.digest,
                    digest=end.digest,
                    sealed_at=BEGAN,
                )
            )
        with transaction.atomic():
            AuditRecord.objects.bulk_create(rows, batch_size=2_000)
            AuditSeal.objects.bulk_create(seals, batch_size=2_000)
    return hashed


def _columns(number: int) -> dict[str, Any]:
    return {
        "at": BEGAN + timedelta(seconds=number * 20),
        "actor_id": UUID(int=number % 300),
        "actor_name": f"Officer {number % 300}",
        "agency_id": UUID(int=number % 20),
        "via": "page",
        "verb": "deconfliction.operation.read",
        "outcome": "done",
        "object_ids": {"operation": str(UUID(int=number))},
        "details_digest": hashlib.sha256(str(number).encode()).hexdigest(),
        "request_id": f"{number:012x}",
        "source": "192.0.2.7",
    }


def _plain(hashed: list[bytes]) -> tuple[float, int]:
    """Seconds and bytes of hashing all that by hashlib alone."""
    began = time.perf_counter()
    for data in hashed:
        hashlib.sha256(data).hexdigest()
    return time.perf_counter() - began, sum(map(len, hashed))


if __name__ == "__main__":
    main()
