"""Who the suite or the mock partner is: a node of its own, with its keys, and the node it is paired with. One file.

The file is secret: it holds the partner key's seed. What the tested node's administrators are given is the pairing file
that is made with it; they take it in for tests only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from vigil.engine.predicate import PREDICATE
from vigil.protocol import pairing
from vigil.protocol.blinding import PartnerBlinder
from vigil.protocol.envelope import SPOKEN
from vigil.protocol.pairing import Pairing, Unpaired
from vigil.protocol.signing import Signer

KIND, VERSION = "vigil test partner", 1


@dataclass(frozen=True)
class Identity:
    """`own` is what this partner says of itself, `partner` what the node to be tested says; 32 secret bytes each."""

    own: Pairing
    partner: Pairing
    seed: bytes
    secret: bytes

    @cached_property
    def signer(self) -> Signer:
        """The partner key."""
        return Signer.from_seed(self.seed)

    @cached_property
    def blinder(self) -> PartnerBlinder:
        """The secret exponents."""
        return PartnerBlinder(self.secret, self.own.node_id)


def introduce(name: str, address: str, random: Callable[[int], bytes], now: int, node: bytes = b"") -> bytes:
    """The secret file of a new partner, reached at the address. `random` gives so many secret random bytes; `node` is
    the pairing file of the node that it is for, which may also be given later.

    Raises:
        Unpaired: `node` is none.
    """
    if node:
        pairing.read(node)
    seed, secret = random(32), random(32)
    own = Pairing(
        node_id=_uuid(random(16)),
        name=name,
        address=address,
        key=Signer.from_seed(seed).public_key,
        desk_name=name,
        versions=SPOKEN,
        predicates=(PREDICATE,),
        made_at=now,
    )
    said = {
        "kind": KIND,
        "version": VERSION,
        "seed": seed.hex(),
        "secret": secret.hex(),
        "own": pairing.write_file(own, Signer.from_seed(seed)).decode(),
        "node": node.decode(),
    }
    return json.dumps(said, indent=1).encode() + b"\n"


def pairing_file(data: bytes) -> bytes:
    """What the administrators of the node to be tested take in, of a secret file. Raises Unpaired."""
    return str(_said(data)["own"]).encode()


def read(data: bytes, node: bytes = b"") -> Identity:
    """The identity of a secret file; `node` is the other node's pairing file, where the file holds none or an old one.

    Raises:
        Unpaired: it is none; the message is a sentence for people.
    """
    said = _said(data)
    given = node or str(said["node"]).encode()
    if not given:
        raise Unpaired("It is not known which node is to be tried: give its pairing file with --node.")
    return Identity(
        pairing.read(str(said["own"]).encode()),
        pairing.read(given),
        bytes.fromhex(said["seed"]),
        bytes.fromhex(said["secret"]),
    )


def _said(data: bytes) -> dict[str, str]:
    try:
        said = json.loads(data)
    except ValueError:
        said = None
    if not isinstance(said, dict) or (said.get("kind"), said.get("version")) != (KIND, VERSION):
        raise Unpaired("This is no file of a test partner: make one with --introduce.")
    return said


def _uuid(data: bytes) -> str:
    """A random UUID (version 4)."""
    number = int.from_bytes(data) & ~(0xF000 << 64) & ~(0b11 << 62) | 0x4000 << 64 | 0b10 << 62
    text = f"{number:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
