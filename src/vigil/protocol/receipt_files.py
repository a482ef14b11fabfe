"""Receipts outside the node: a file of one or a run of them, and the text that the QR code on paper holds.

Both carry the exact signed bytes, so that anybody with the node's public key can check them without the node.

    {"kind": "vigil receipts", "version": 1, "receipts": [{"number": 7, "body": "<base64>", …}, …]}
    VIGIL1:<base32 of the zlib-compressed signature and body, without padding>

A file of codes holds one a line. Base32 keeps to the letters and digits that a QR code packs best.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from vigil.protocol.canonical import digest
from vigil.protocol.receipts import ChainReport, verify_chain
from vigil.protocol.store import StoredReceipt
from vigil.texts import gettext as _

KIND, VERSION = "vigil receipts", 1
CODE_PREFIX = "VIGIL1:"
SIGNATURE_BYTES = 64
KEY_BYTES = 32
MOST_BYTES = 64_000_000
"""A longer file is not read: it is no run of receipts that a person took out."""
MOST_BODY = 1_000_000
"""Bytes of one unpacked code: a small code may not unpack to more than memory."""


class Unreadable(ValueError):
    """This is no receipt, no run of receipts or no public key; the message is a sentence for people."""


def write_file(receipts: Iterable[StoredReceipt]) -> bytes:
    """The file of these receipts, in the order given. A purged one keeps its link and has no body."""
    rows = [
        {
            "number": one.number,
            "operation": one.operation_id,
            "revision": one.revision,
            "body": _text(one.body) if one.body else None,
            "signature": _text(one.signature),
            "digest": one.digest,
            "previous": one.previous,
            "supersedes": one.supersedes,
        }
        for one in receipts
    ]
    return json.dumps({"kind": KIND, "version": VERSION, "receipts": rows}, indent=1).encode() + b"\n"


def code_of(receipt: StoredReceipt) -> str:
    """The text for the QR code. The receipt must still have its body."""
    packed = zlib.compress(receipt.signature + receipt.body, 9)
    return CODE_PREFIX + base64.b32encode(packed).decode().rstrip("=")


def read(data: bytes) -> list[StoredReceipt]:
    """The receipts of a file or of lines of codes, as they stand there: nothing is checked but the form.

    Raises:
        Unreadable: it is neither, or is cut off.
    """
    if len(data) > MOST_BYTES:
        raise Unreadable(
            _("The file is larger than {n} MB: it is no file of receipts.").format(n=MOST_BYTES // 1_000_000)
        )
    text = data.decode("utf-8-sig", errors="replace").strip()
    if text[: len(CODE_PREFIX)].upper() == CODE_PREFIX:
        return [_of_code(line.strip(), number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    try:
        said = json.loads(text)
    except ValueError:
        raise Unreadable(_("This is no receipt: give the file that Vigil made, or the text of the QR code.")) from None
    if not isinstance(said, dict) or said.get("kind") != KIND or not isinstance(said.get("receipts"), list):
        raise Unreadable(_("This file holds something other than receipts of Vigil."))
    if said.get("version") != VERSION:
        raise Unreadable(
            _("This file is of another version; this program reads version {version}.").format(version=VERSION)
        )
    if not said["receipts"]:
        raise Unreadable(_("This file holds no receipt."))
    return [_of_row(row, number) for number, row in enumerate(said["receipts"], 1)]


def read_key(text: str) -> bytes:
    """The 32 bytes of a public key, from hexadecimal or base64 text.

    Raises:
        Unreadable: it is none.
    """
    text = text.strip()
    for read_text in (bytes.fromhex, lambda one: base64.b64decode(one, validate=True)):
        try:
            key: bytes = read_text(text)
        except ValueError:  # binascii.Error too
            continue
        if len(key) == KEY_BYTES:
            return key
    raise Unreadable(_("A public key is 64 hexadecimal digits: the page that checks receipts shows it."))


def verify_run(receipts: Sequence[StoredReceipt], public_key: bytes) -> ChainReport:
    """Check one receipt or a run: each signature, and that each follows on the one before.

    What was before the first is not known here, so its own link is taken as it stands, unless it is number 1.
    """
    first = receipts[0]
    before = None if first.number == 1 else replace(first, number=first.number - 1, digest=first.previous)
    return verify_chain(receipts, public_key, before)


def _of_code(line: str, number: int) -> StoredReceipt:
    packed = line[len(CODE_PREFIX) :].upper()
    if line[: len(CODE_PREFIX)].upper() != CODE_PREFIX:
        raise Unreadable(
            _("Line {n} is no code of a receipt: each begins with {prefix}").format(n=number, prefix=CODE_PREFIX)
        )
    try:
        unpacker = zlib.decompressobj()
        whole = unpacker.decompress(base64.b32decode(packed + "=" * (-len(packed) % 8)), MOST_BODY)
    except (binascii.Error, zlib.error):
        raise Unreadable(
            _("The code of line {n} cannot be read: characters are missing or wrong. Scan it again.").format(n=number)
        ) from None
    if not unpacker.eof or len(whole) <= SIGNATURE_BYTES:
        raise Unreadable(_("The code of line {n} is cut off. Scan it again.").format(n=number))
    signature, body = whole[:SIGNATURE_BYTES], whole[SIGNATURE_BYTES:]
    said = _said(body)
    return StoredReceipt(
        number=_whole(said.get("number")),
        operation_id=str(said.get("operation")),
        revision=_whole(said.get("revision")),
        body=body,
        signature=signature,
        digest=digest(body),
        previous=str(said.get("previous")),
    )


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _of_row(row: Any, number: int) -> StoredReceipt:
    try:
        body = row["body"]
        return StoredReceipt(
            number=_whole(row["number"]),
            operation_id=str(row["operation"]),
            revision=_whole(row["revision"]),
            body=b"" if body is None else base64.b64decode(body, validate=True),
            signature=base64.b64decode(row["signature"], validate=True),
            digest=str(row["digest"]),
            previous=str(row["previous"]),
            supersedes=row.get("supersedes"),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Unreadable(
            _("Receipt {n} of the file is not whole: a field is missing or wrong.").format(n=number)
        ) from None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
