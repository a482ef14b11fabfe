"""The suite and the mock partner over HTTP, by the clock of this machine."""

from __future__ import annotations

import json
import os
import secrets
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from vigil.conformance import identity as identities
from vigil.conformance.identity import Identity
from vigil.conformance.over_http import Http, Server
from vigil.conformance.partner import MockPartner
from vigil.conformance.report import Result, run
from vigil.conformance.suite import Suite

POLL_S = 0.2
PAIRING = ".pairing.json"


def introduced(file: Path, name: str, listen: str, node_file: Path | None) -> Path:
    """Draw a new partner and write its secret file; where the pairing file is that it gives to the node."""
    node = node_file.read_bytes() if node_file else b""
    secret = identities.introduce(name, f"http://{listen}", secrets.token_bytes, now(), node)
    with open(file, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        out.write(secret)
    told = file.with_name(file.name.removesuffix(".json") + PAIRING)
    told.write_bytes(identities.pairing_file(secret))
    return told


def opened(file: Path, node_file: Path | None) -> Identity:
    """Who a secret file says that we are, and whom we try. Raises Unpaired."""
    return identities.read(file.read_bytes(), node_file.read_bytes() if node_file else b"")


def listening(own: Identity) -> str:
    """`HOST:PORT` of the address that the partner was introduced with."""
    return urlsplit(own.own.address).netloc


def checked(
    own: Identity,
    address: str,
    listen: str,
    only: Collection[str] = (),
    told: Callable[[Result], None] = lambda result: None,
    patience: float = 60.0,
    late: float = 20.0,
) -> list[Result]:
    """Check the node at the address, which reaches the suite at `listen`."""
    suite = Suite(
        own,
        Http(address),
        now,
        new_id,
        lambda: time.sleep(POLL_S),
        secrets.randbits(62),
        patience=patience,
        late=late,
        spot=(secrets.randbelow(300) - 150.0, 20.0),
    )
    with Server(listen, suite.receive):
        suite.learn_clock()
        return run(suite, only, told)


def served(own: Identity, listen: str, kind: type[MockPartner], until: Callable[[], bool]) -> None:
    """Be a mock partner until told otherwise."""
    partner = kind(own, Http(own.partner.address), now, new_id, secrets.randbits(62))
    with Server(listen, partner.receive):
        while not until():
            partner.work()
            time.sleep(POLL_S)


def as_json(results: Sequence[Result], address: str) -> str:
    """The whole report for programs."""
    rows = [
        {
            "id": one.id,
            "outcome": one.outcome.value,
            "requirement": one.sentence,
            **({"sent": one.sent, "came": one.came, "expected": one.expected} if one.expected else {}),
        }
        for one in results
    ]
    kept = not any(one.expected for one in results)
    return json.dumps({"address": address, "conforms": kept, "results": rows}, indent=1, ensure_ascii=False)


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def new_id() -> str:
    """A random UUID."""
    return str(uuid.uuid4())
