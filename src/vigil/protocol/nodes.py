"""What nodes say about themselves and not about operations: what they can (`capabilities`), their next key (`keys`)."""

from __future__ import annotations

from dataclasses import dataclass

from vigil.engine.operation import Mode
from vigil.protocol.canonical import JSON, base64url, canonical_bytes, from_base64url
from vigil.protocol.envelope import Malformed
from vigil.protocol.reading import counts, flags, ids, instants, listed, members, reading, require
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
        require(bool(self.versions) and bool(self.predicates), "it names no version")
        counts(*self.versions, self.most_bytes, self.life_us)
        ids(*self.predicates)
        flags(self.blind)
        instants(self.now)

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
        fields = members(content, "versions", "predicates", "modes", "blind", "most_bytes", "life_us", "now")
        lists = {name: tuple(listed(fields[name])) for name in ("versions", "predicates", "modes")}
        modes = reading("capabilities", lambda: tuple(map(Mode, lists["modes"])))
        return cls(**{**fields, **lists, "modes": modes})


def key_news(signer: Signer, node_id: str) -> JSON:
    """The content of `keys`: the node's next partner key, proved by a signature of its own. `signer` holds it.

    The message around it is signed by the key that the partner knows, so that both have signed.
    """
    return {"key": signer.public_key.hex(), "proof": _text(signer.sign(_claim(signer.public_key, node_id)))}


def read_key_news(content: JSON, sender: str) -> bytes:
    """The next partner key of the sender. Raises Malformed, also where that key did not sign for itself."""
    fields = members(content, "key", "proof")
    try:
        key, proof = bytes.fromhex(fields["key"]), from_base64url(fields["proof"].encode())
    except (AttributeError, TypeError, ValueError) as error:
        raise Malformed("The next key is not readable.") from error
    exact = (fields["key"], fields["proof"]) == (key.hex(), _text(proof))
    require(exact and (len(key), len(proof)) == (KEY_BYTES, SIGNATURE_BYTES), "a key has 32 bytes, its proof 64")
    require(verify(key, _claim(key, sender), proof), "the next key has not signed for itself")
    return key


def _claim(key: bytes, node_id: str) -> bytes:
    return canonical_bytes({"kind": "vigil key", "node": node_id, "key": key.hex()})


def _text(data: bytes) -> str:
    return base64url(data).decode()
