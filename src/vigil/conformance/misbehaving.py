"""What a mock partner can do wrong, by name, and the requirement that sees it: where each is put down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from vigil.conformance.partner import MockPartner
from vigil.protocol.signing import Signer

Partner = TypeVar("Partner", bound=type[MockPartner])
STRANGER = Signer.from_seed(b"somebody else's key, 32 bytes...")


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """`seen_by` is the requirement that it breaks."""

    name: str
    sentence: str
    seen_by: str
    partner: type[MockPartner]

    def __str__(self) -> str:
        return self.name


MISBEHAVIOURS: dict[str, Misbehaviour] = {}


def misbehaves(name: str, sentence: str, seen_by: str) -> Callable[[Partner], Partner]:
    """The decorated class does this."""

    def known(partner: Partner) -> Partner:
        assert name not in MISBEHAVIOURS, name
        MISBEHAVIOURS[name] = Misbehaviour(name, sentence, f"FED-{seen_by}", partner)
        return partner

    return known
