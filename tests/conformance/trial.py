"""The suite against a mock partner in memory: no socket, a clock of its own, nothing waits."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from hashlib import sha512

from vigil.conformance.identity import Identity, introduce, read
from vigil.conformance.partner import MockPartner
from vigil.conformance.report import Result, run
from vigil.conformance.suite import Suite
from vigil.conformance.wire import Loop, Response
from vigil.protocol import pairing
from vigil.protocol.pairing import Pairing
from vigil.protocol.signing import Signer

START = 1_800_000_000_000_000
SECOND = 1_000_000
TESTED = "01900000-0000-7000-8000-00000000000a"
SEED = b"m" * 32


class Trial:
    """A suite and the partner that it tries."""

    def __init__(self, kind: type[MockPartner] = MockPartner, many: int = 8) -> None:
        self.now = START
        numbers = itertools.count(1)
        ids = (f"{number:08d}-0000-4000-8000-000000000000" for number in itertools.count(1))
        node = Pairing(TESTED, "Mock", "http://127.0.0.1:1", Signer.from_seed(SEED).public_key, versions=(1, 2))
        file = pairing.write_file(node, Signer.from_seed(SEED))
        secret = introduce(
            "Suite", "http://127.0.0.1:2", lambda size: sha512(b"%d" % next(numbers)).digest()[:size], START, file
        )
        own = read(secret)
        self.partner = kind(
            Identity(node, own.own, SEED, SEED), Loop(self._receive), lambda: self.now, lambda: next(ids), 7
        )
        self.suite = Suite(
            own,
            Loop(self.partner.receive),
            lambda: self.now,
            lambda: next(ids),
            self._pause,
            epoch=5,
            many=many,
            patience=30,
        )

    def _receive(self, path: str, body: bytes) -> Response:
        return self.suite.receive(path, body)

    def _pause(self) -> None:
        self.now += SECOND
        self.partner.work()

    def run(self, only: Collection[str] = ()) -> Sequence[Result]:
        """What comes of the requirements."""
        return run(self.suite, only)
