"""How a backup is encrypted whole: for one public key, in pieces, so that any size passes through little memory.

The node holds the public half alone: it writes backups that it cannot read. Who has the private half opens them.

    vigil-backup-2 | id of the recipient (8) | ephemeral point (33, compressed) | pieces

The pieces are AES-256-GCM of up to 1 MiB each, under a key of its own for each file: HKDF-SHA-256 of the ECDH (P-256)
of ephemeral and recipient, bound to the whole header. The nonce counts the pieces (11 bytes) and marks the last (1
byte): a changed, moved, missing or added byte is found before anything behind it is used (the STREAM construction of
Hoang, Reyhanitabar, Rogaway and Vizár, 2015, as in age).
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vigil.core.errors import Unavailable

MAGIC = b"vigil-backup-2\n"
CURVE = ec.SECP256R1()
ID_BYTES = 8
POINT_BYTES = 33
KEY_BYTES = 32
PIECE = 1 << 20
TAG_BYTES = 16
TEXT = "vigil-backup-key:"

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey


# --- the two halves of a backup key ----------------------------------------------------------------------------------


def draw() -> PrivateKey:
    """A new backup key."""
    return ec.generate_private_key(CURVE)


def written(private: PrivateKey) -> str:
    """The private half as the text of a file, short enough to be printed and typed again."""
    digits = private.private_numbers().private_value.to_bytes(KEY_BYTES, "big").hex()
    groups = " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))
    return (
        f"# Opens the backups of this node that were written for key {key_id(private.public_key())}.\n"
        "# Keep it where the backups are not, and not on this machine: printed, or on a stick in a safe.\n"
        f"{TEXT} {groups}\n"
    )


def read_private(text: str) -> PrivateKey:
    """The private half again, from its file or as somebody typed its digits."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    digits = re.sub(r"\s", "", " ".join(lines)).removeprefix(TEXT)
    try:
        value = int.from_bytes(_exactly(bytes.fromhex(digits)), "big")
        return ec.derive_private_key(value, CURVE)
    except ValueError:
        raise Unavailable("This is no backup key: it is 64 digits and letters a to f, in groups of four.") from None


def _exactly(data: bytes) -> bytes:
    if len(data) != KEY_BYTES:
        raise ValueError
    return data


def write_public(public: PublicKey) -> str:
    """The public half as the text of a file."""
    return _point(public).hex() + "\n"


def read_public(text: str) -> PublicKey:
    """The public half again."""
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, bytes.fromhex(text.strip()))


def key_id(public: PublicKey) -> str:
    """Sixteen hexadecimal digits that name a backup key."""
    return hashlib.sha256(_point(public)).digest()[:ID_BYTES].hex()


def _point(public: PublicKey) -> bytes:
    return public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


# --- the envelope ----------------------------------------------------------------------------------------------------


def is_sealed(source: Path) -> bool:
    """Whether the file begins like an encrypted backup."""
    with source.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def sealing(out: BinaryIO, recipient: PublicKey) -> Iterator[io.RawIOBase]:
    """What is written to the file that is given goes encrypted to `out`; it is whole when the block ends well."""
    ephemeral = draw()
    header = MAGIC + bytes.fromhex(key_id(recipient)) + _point(ephemeral.public_key())
    out.write(header)
    writer = _Sealing(out, _box(ephemeral.exchange(ec.ECDH(), recipient), header, recipient))
    yield writer
    writer.finish()


@contextmanager
def opening(source: Path, private: PrivateKey) -> Iterator[io.RawIOBase]:
    """The file's contents; to its very end it was checked only when reading gave nothing more.

    Raises:
        Unavailable: it was written for another key, or a piece is not as it was written.
    """
    with source.open("rb") as file:
        header = file.read(len(MAGIC) + ID_BYTES + POINT_BYTES)
        recipient = private.public_key()
        written_for = header[len(MAGIC) : len(MAGIC) + ID_BYTES].hex()
        if written_for != key_id(recipient):
            raise Unavailable(
                f"{source} was written for backup key {written_for}, and this is key {key_id(recipient)}. "
                "Give the key of that time."
            )
        try:
            ephemeral = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, header[len(MAGIC) + ID_BYTES :])
        except ValueError:
            raise _damaged(source) from None
        yield _Opening(file, _box(private.exchange(ec.ECDH(), ephemeral), header, recipient), source)


def _box(shared: bytes, header: bytes, recipient: PublicKey) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=header + _point(recipient)).derive(shared))


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _damaged(source: Path) -> Unavailable:
    return Unavailable(
        f"{source} is damaged: bytes of it were changed, or its end is missing. Nothing was restored. "
        "Fetch the file again, or take another backup."
    )


class _Sealing(io.RawIOBase):
    def __init__(self, out: BinaryIO, box: AESGCM) -> None:
        self._out, self._box = out, box
        self._number = 0
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        given = bytes(data)
        self._held += given
        while len(self._held) > PIECE:  # a piece stays back: only the end shows which is the last
            self._put(bytes(self._held[:PIECE]), is_last=False)
            del self._held[:PIECE]
        return len(given)

    def finish(self) -> None:
        self._put(bytes(self._held), is_last=True)

    def _put(self, piece: bytes, *, is_last: bool) -> None:
        self._out.write(self._box.encrypt(_nonce(self._number, is_last), piece, None))
        self._number += 1


class _Opening(io.RawIOBase):
    def __init__(self, file: BinaryIO, box: AESGCM, source: Path) -> None:
        self._file, self._box, self._source = file, box, source
        self._number = 0
        self._next = file.read(PIECE + TAG_BYTES)
        self._is_over = False
        self._open = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        target = memoryview(buffer)
        if not self._open and not self._is_over:
            self._open = self._piece()
        taken = min(len(target), len(self._open))
        target[:taken] = self._open[:taken]
        self._open = self._open[taken:]
        return taken

    def _piece(self) -> bytes:
        sealed, self._next = self._next, self._file.read(PIECE + TAG_BYTES)
        self._is_over = not self._next
        try:
            opened = self._box.decrypt(_nonce(self._number, self._is_over), sealed, None)
        except (InvalidTag, ValueError):
            raise _damaged(self._source) from None
        self._number += 1
        return opened


# --- on the node -----------------------------------------------------------------------------------------------------


def write_private(file: Path, private: PrivateKey) -> None:
    """Write the private half into a new file of its owner's alone."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(written(private))
        out.flush()
        os.fsync(out.fileno())
