"""What nodes say about themselves and not about operations: what they can (`capabilities`), their next key (`keys`)."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from vigil.engine.operation import Mode
from vigil.protocol.canonical import JSON, canonical_bytes
from vigil.protocol.envelope import Malformed
from vigil.protocol.signing import Signer, verify

KEY_BYTES, SIGNATURE_BYTES = 32, 64


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a node can, as it tells a partner that asks by an empty `capabilities`.

    `modes` are those of the operations that it takes from this partner; `blind`: it is ready to be asked blind by this
    partner. `most_bytes` and `life_us` are its limits of a message, `now` its clock: they are shown where they differ
    from the reader's, and nothing follows from them.
    """

    versions: tuple[int, ...]
    predicates: tuple[str, ...]
    modes: tuple[Mode, ...]
    blind: bool
    most_bytes: int
    life_us: int
    now: int

    def __post_init__(self) -> None:
        _require(bool(self.versions) and bool(self.predicates), "it names no version")
        numbers = (*self.versions, self.most_bytes, self.life_us, self.now)
        _require(all(type(number) is int and number >= 0 for number in numbers), "a count is a whole number")
        _require(all(isinstance(predicate, str) for predicate in self.predicates), "a predicate's name is text")
        _require(type(self.blind) is bool, "blind is true or false")

    def content(self) -> JSON:
        """The content of the answer."""
        return {
            "versions": sorted(self.versions),
            "predicates": sorted(self.predicates),
            "modes": sorted(mode.value for mode in self.modes),
            "blind": self.blind,
            "most_bytes": self.most_bytes,
            "life_us": self.life_us,
            "now": self.now,
        }

    @classmethod
    def read(cls, content: JSON) -> Capabilities:
        """The capabilities again. Raises Malformed."""
        fields = _members(content, "versions", "predicates", "modes", "blind", "most_bytes", "life_us", "now")
        try:
            lists = {name: tuple(_list(fields[name])) for name in ("versions", "predicates")}
            return cls(**{**fields, **lists, "modes": tuple(map(Mode, _list(fields["modes"])))})
        except (TypeError, ValueError) as error:
            raise Malformed(f"The capabilities are not whole: {error}") from error


def key_news(signer: Signer, node_id: str) -> JSON:
    """The content of `keys`: the node's next partner key, proved by a signature of its own. `signer` holds it.

    The message around it is signed by the key that the partner knows, so that both have signed.
    """
    return {"key": signer.public_key.hex(), "proof": _text(signer.sign(_claim(signer.public_key, node_id)))}


def read_key_news(content: JSON, sender: str) -> bytes:
    """The next partner key of the sender. Raises Malformed, also where that key did not sign for itself."""
    fields = _members(content, "key", "proof")
    try:
        key, proof = bytes.fromhex(fields["key"]), urlsafe_b64decode(fields["proof"] + "==")
    except (TypeError, ValueError, binascii.Error) as error:
        raise Malformed("The next key is not readable.") from error
    exact = (fields["key"], fields["proof"]) == (key.hex(), _text(proof))
    _require(exact and (len(key), len(proof)) == (KEY_BYTES, SIGNATURE_BYTES), "a key has 32 bytes, its proof 64")
    _require(verify(key, _claim(key, sender), proof), "the next key has not signed for itself")
    return key


def _list(value: JSON) -> list[JSON]:
    _require(isinstance(value, list), "a list is none")
    return list(value)


def _claim(key: bytes, node_id: str) -> bytes:
    return canonical_bytes({"kind": "vigil key", "node": node_id, "key": key.hex()})


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _members(content: JSON, *names: str) -> dict[str, Any]:
    known = isinstance(content, dict) and set(content) == set(names)
    _require(known, "it has members that are not known, or lacks some")
    return dict(content)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Malformed(f"The message is not valid: {otherwise}.")
