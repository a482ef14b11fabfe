"""Pairing files: what a node says of itself before it is anybody's partner, signed by the partner key that it names.

    {"kind": "vigil pairing", "version": 1, "body": "<base64>", "signature": "<base64>"}
    VIGILPAIR1:<base32 of the zlib-compressed signature and body, without padding>

The second is the same as text, for a QR code. The signature shows that the file is whole and that its maker holds the
key; whose key it is, two administrators settle by reading the fingerprint aloud.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from vigil.protocol.canonical import JSON, canonical_bytes, number_text
from vigil.protocol.envelope import Malformed
from vigil.protocol.signing import Signer, fingerprint, verify
from vigil.texts import gettext as _

KIND, VERSION = "vigil pairing", 1
CODE_PREFIX = "VIGILPAIR1:"
KEY_BYTES, SIGNATURE_BYTES = 32, 64
MOST_BYTES = 500_000
"""A longer file is no pairing file; a code may not unpack to more either."""
MOST_SERVED, MOST_BOXES = 5_000, 100
ORI = re.compile(r"[A-Z0-9]{9}")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
GROUPS, GROUP = 8, 4
"""What is read aloud: the first 128 bits of the fingerprint. Who wants to stand between two nodes would need another
key with the same ones, which takes 2^128 tries.
"""

Box = tuple[float, float, float, float]


class Unpaired(ValueError):
    """This is no pairing file that can be used; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """What a pairing file says. `area` are boxes (west, south, east, north) in degrees, `served` ORIs with states,
    `made_at` microseconds UTC, `address` where the node is reached, `https://host`.
    """

    node_id: str
    name: str
    address: str
    key: bytes
    desk_name: str = ""
    desk_phone: str = ""
    desk_hours: str = ""
    served: tuple[tuple[str, str], ...] = ()
    area: tuple[Box, ...] = ()
    versions: tuple[int, ...] = ()
    predicates: tuple[str, ...] = ()
    made_at: int = 0

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key, hexadecimal."""
        return fingerprint(self.key)


def write_file(pairing: Pairing, signer: Signer) -> bytes:
    """The file. The signer must hold the key that the pairing names."""
    body, signature = _signed(pairing, signer)
    said = {"kind": KIND, "version": VERSION, "body": _text(body), "signature": _text(signature)}
    return json.dumps(said, indent=1).encode() + b"\n"


def write_code(pairing: Pairing, signer: Signer) -> str:
    """The same as text for a QR code."""
    body, signature = _signed(pairing, signer)
    return CODE_PREFIX + base64.b32encode(zlib.compress(signature + body, 9)).decode().rstrip("=")


def _signed(pairing: Pairing, signer: Signer) -> tuple[bytes, bytes]:
    if signer.public_key != pairing.key:
        raise ValueError("A pairing file is signed by the key that it names.")
    body = canonical_bytes(
        {
            "kind": KIND,
            "node": pairing.node_id,
            "name": pairing.name,
            "address": pairing.address,
            "key": pairing.key.hex(),
            "desk": {"name": pairing.desk_name, "phone": pairing.desk_phone, "hours": pairing.desk_hours},
            "served": [list(one) for one in pairing.served],
            "area": [[number_text(degrees) for degrees in box] for box in pairing.area],
            "versions": list(pairing.versions),
            "predicates": list(pairing.predicates),
            "made_at": pairing.made_at,
        }
    )
    return body, signer.sign(body)


def read(data: bytes) -> Pairing:
    """The pairing of a file or of the text of a QR code: whole, and signed by the key that it names.

    Raises:
        Unpaired: it is neither, of another version, or a byte was changed.
    """
    if len(data) > MOST_BYTES:
        raise Unpaired(_("The file is larger than {n} kB: it is no pairing file.").format(n=MOST_BYTES // 1000))
    text = data.decode("utf-8-sig", errors="replace").strip()
    coded = text[: len(CODE_PREFIX)].upper() == CODE_PREFIX
    body, signature = _of_code(text) if coded else _of_file(text)
    pairing = _read_body(body)
    if not verify(pairing.key, body, signature):
        raise Unpaired(_("This pairing file was changed after it was made. Let the other node make it again."))
    return pairing


def news(pairing: Pairing, signer: Signer) -> JSON:
    """The content of a `pairing` message: the newest file, for a partner that is paired already."""
    return {"file": write_file(pairing, signer).decode()}


def read_news(content: JSON, sender: str, keys: Collection[bytes]) -> str:
    """The text of the file in a `pairing` message. Raises Malformed, also where it is another node's than the sender's
    or signed by none of the keys that are known of it.
    """
    if not isinstance(content, dict) or set(content) != {"file"} or not isinstance(content["file"], str):
        raise Malformed("The message is not valid: it holds a pairing file and nothing else.")
    try:
        told = read(content["file"].encode())
    except Unpaired as wrong:
        raise Malformed("The message is not valid: its pairing file is not whole.") from wrong
    if told.node_id != sender or told.key not in keys:
        raise Malformed("The message is not valid: its pairing file is another node's, or of a key that is not known.")
    return content["file"]


def _of_file(text: str) -> tuple[bytes, bytes]:
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("kind") != KIND:
        raise Unpaired(_("This is no pairing file. The other node gives its own on its page Partners."))
    if said.get("version") != VERSION:
        raise Unpaired(_("This pairing file is of another version of Vigil. Bring both nodes up to date."))
    try:
        return (
            base64.b64decode(said["body"], validate=True),
            base64.b64decode(said["signature"], validate=True),
        )
    except (KeyError, TypeError, ValueError):
        raise Unpaired(_("This pairing file is not whole. Let the other node make it again.")) from None


def _of_code(text: str) -> tuple[bytes, bytes]:
    packed = re.sub(r"\s", "", text)[len(CODE_PREFIX) :].upper()
    try:
        unpacker = zlib.decompressobj()
        whole = unpacker.decompress(base64.b32decode(packed + "=" * (-len(packed) % 8)), MOST_BYTES)
    except (binascii.Error, zlib.error):
        whole = b""
    if not whole or not unpacker.eof or len(whole) <= SIGNATURE_BYTES:
        raise Unpaired(_("The text of the code is cut off or has wrong characters. Scan it again."))
    return whole[SIGNATURE_BYTES:], whole[:SIGNATURE_BYTES]


def _read_body(body: bytes) -> Pairing:
    try:
        said = json.loads(body)
        if said["kind"] != KIND:
            raise ValueError(said["kind"])
        desk = said["desk"]
        pairing = Pairing(
            node_id=str(UUID(said["node"])),
            name=_line(said["name"], 200),
            address=said["address"],
            key=bytes.fromhex(said["key"]),
            desk_name=_line(desk["name"], 200, least=0),
            desk_phone=_line(desk["phone"], 32, least=0),
            desk_hours=_line(desk["hours"], 200, least=0),
            served=_served(said["served"]),
            area=tuple(_box(box) for box in _few(said["area"], MOST_BOXES)),
            versions=tuple(_whole(one) for one in _few(said["versions"], 20)),
            predicates=tuple(_line(one, 10) for one in _few(said["predicates"], 20)),
            made_at=_whole(said["made_at"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unpaired(
            _("A field of this pairing file is missing or wrong. Let the other node make it again.")
        ) from None
    if len(pairing.key) != KEY_BYTES:
        raise Unpaired(_("The key in this pairing file is none. Let the other node make it again."))
    check_address(pairing.address, plain=True)
    return pairing


def _served(value: JSON) -> tuple[tuple[str, str], ...]:
    served = [(ori, _line(state, 2, least=0)) for ori, state in _few(value, MOST_SERVED)]
    if not all(ORI.fullmatch(ori) for ori, _state in served):
        raise ValueError("ORI")
    return tuple(served)


def _few(value: JSON, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise ValueError("list")
    return value


def _line(value: JSON, most: int, *, least: int = 1) -> str:
    if not isinstance(value, str) or not least <= len(value) <= most or not value.isprintable():
        raise ValueError("text")
    return value


def _whole(value: JSON) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("number")
    return value


def _box(value: JSON) -> Box:
    west, south, east, north = (float(degrees) for degrees in value)
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90):
        raise ValueError("box")
    return west, south, east, north


def check_address(address: object, *, plain: bool = False) -> str:
    """The address, if a node can be reached at one like it: `https://host` or `https://host:port`, a path where the
    node stands under one; `http` on one machine alone, and elsewhere where it may be `plain`.

    Raises:
        Unpaired: with what to mend.
    """
    example = _("Give it as https://vigil.example.gov")
    if not isinstance(address, str) or len(address) > 300 or not address.isascii() or not address.isprintable():
        raise Unpaired(_("The node's address is not one. {example}.").format(example=example))
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.query or parts.fragment or "@" in parts.netloc or address.endswith("/") or " " in address:
        raise Unpaired(
            _("The node's address {address} is not one. {example}.").format(address=address, example=example)
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and (plain or host in LOOPBACK)):
        sentence = _("The node's address {address} does not begin with https://: messages would go in the open.")
        raise Unpaired(sentence.format(address=address))
    return address


def groups(mark: str) -> list[str]:
    """The groups of a fingerprint that are read aloud."""
    return [mark[at : at + GROUP] for at in range(0, GROUPS * GROUP, GROUP)]


def is_heard(typed: str, mark: str) -> bool:
    """Whether what somebody typed while it was read aloud is the fingerprint: its groups, or the whole of it."""
    heard = re.sub(r"[\s\-–.,]", "", typed).casefold()
    return heard in ("".join(groups(mark)), mark)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
