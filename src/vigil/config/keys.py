"""The secrets of a node: each a file of the folder `keys` that only its owner may read; none is in the database.

`field_key` encrypts fields, `digest_key` makes the tokens that equal words are found by, `signing_key` (Ed25519) signs
receipts, `secret_key` signs sessions and forms. `partner_key` (Ed25519) signs what this node says to partners, and
`blinding_secret` makes the exponents that subjects are compared with theirs by (ADR 11). They are drawn at set-up. Of
`field_key`, `secret_key` and `partner_key` there may be several: `field_key.2` is newer than `field_key.1`; the newest
writes, all can be read (docs/operate/keys.md). A new `partner_key` signs only when every partner has taken it.

A file holds 32 bytes in hexadecimal, or, where `VIGIL_KEY_COMMAND` names a program, what that program made of them.
"""

from __future__ import annotations

import os
import secrets
import shlex
import subprocess
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

from vigil.core.errors import Unavailable

SECRET_BYTES = 32
PARTNERS = ("partner_key", "blinding_secret")
"""Of nodes that have partners: a node of before there were any draws them when it is brought up to date."""
NAMES = ("secret_key", "field_key", "digest_key", "signing_key", *PARTNERS)
WRAPPED = "wrapped:"
COMMAND_SECONDS = 30


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read, and the change of the folder that it was read after."""

    changed: int
    keys: dict[str, tuple[bytes, ...]]


class KeyFolder:
    """The keys of a data folder as they are at the moment: read again when a key came or went, so that a running
    process writes with a new key from the next value on.

    `command` wraps and unwraps: called with `wrap` or `unwrap` as its last argument, it gets the key on standard input
    (64 hexadecimal digits; what it once gave back) and gives the other on standard output. Empty: files hold the keys.
    """

    def __init__(self, data: Path, command: str = "") -> None:
        self.path = data / "keys"
        self.command = command
        self._known = _Known(-1, {})
        self._unwrapped: dict[str, bytes] = {}

    # What the node works with

    @property
    def field(self) -> tuple[bytes, ...]:
        """The keys that fields can be read with; the first, the newest, writes."""
        return self._now("field_key")

    @property
    def digest(self) -> bytes | None:
        """The key of tokens."""
        return next(iter(self._now("digest_key")), None)

    @property
    def signing(self) -> bytes | None:
        """The seed of the Ed25519 key."""
        return next(iter(self._now("signing_key")), None)

    @property
    def partner(self) -> tuple[bytes, ...]:
        """The seeds of the Ed25519 keys towards partners, the newest first."""
        return self._now("partner_key")

    @property
    def blinding(self) -> bytes | None:
        """What the exponents for partners are made of."""
        return next(iter(self._now("blinding_secret")), None)

    @property
    def secret(self) -> tuple[bytes, ...]:
        """The keys that sessions and forms may be signed with; the first signs."""
        return self._now("secret_key")

    def _now(self, name: str) -> tuple[bytes, ...]:
        try:
            changed = os.stat(self.path).st_mtime_ns
        except FileNotFoundError:
            changed = 0
        if changed != self._known.changed:
            self._known = _Known(changed, self._read())
        return self._known.keys[name]

    def _read(self) -> dict[str, tuple[bytes, ...]]:
        while True:
            try:
                return {name: tuple(map(self.open, self.files(name))) for name in NAMES}
            except FileNotFoundError:  # removed between the look and the reading
                continue

    # The files

    def files(self, name: str) -> list[Path]:
        """The files of one kind of key, the newest first."""
        found = [file for file in self.path.glob(f"{name}*") if file.name == name or file.suffix[1:].isdecimal()]
        return sorted(found, key=_number, reverse=True)

    def every(self) -> list[Path]:
        """All files of keys."""
        return [file for name in NAMES for file in self.files(name)]

    def missing(self) -> list[str]:
        """The names of the keys that are not there. The digest key of before there was one is the field key."""
        return [name for name in NAMES if not self.files(name) and not (name == "digest_key" and self._before())]

    def _before(self) -> bool:
        # The first field key of a node of before stands without a number; later ones are numbered from 1.
        return (self.path / "field_key").exists()

    def open(self, file: Path) -> bytes:
        """The key in a file."""
        text = file.read_text(encoding="ascii").strip()
        if not text.startswith(WRAPPED):
            return bytes.fromhex(text)
        if text not in self._unwrapped:
            opened = self._ask("unwrap", b64decode(text.removeprefix(WRAPPED)))
            try:
                self._unwrapped[text] = bytes.fromhex(opened.decode("ascii").strip())
            except ValueError:
                raise Unavailable(f"VIGIL_KEY_COMMAND unwrapped {file} to what is no key of ours.") from None
        return self._unwrapped[text]

    def draw_missing(self) -> None:
        """Draw each key that is not there yet. Existing keys are never touched."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._before() and not self.files("digest_key"):
            # The tokens that are stored were made with the field key.
            self._write(self.path / "digest_key", self.open(self.path / "field_key"))
        for name in self.missing():
            self._write(self.path / (f"{name}.1" if name == "field_key" else name), secrets.token_bytes(SECRET_BYTES))

    def draw(self, name: str) -> Path:
        """Draw a newer key of one kind, which writes from now on; the older ones stay until they are removed."""
        file = self.path / f"{name}.{_number(self.files(name)[0]) + 1}"
        self._write(file, secrets.token_bytes(SECRET_BYTES))
        return file

    def is_wrapped(self, file: Path) -> bool:
        """Whether the file holds what the command made of the key."""
        return file.read_text(encoding="ascii").startswith(WRAPPED)

    def write_again(self, *, wrapped: bool) -> list[Path]:
        """Write each key as the command wraps it now, or as it is; the files that were written."""
        for file in self.every():
            self._write(file, self.open(file), wrapped=wrapped, replace=True)
        return self.every()

    def _write(self, file: Path, key: bytes, *, wrapped: bool = True, replace: bool = False) -> None:
        text = key.hex()
        if wrapped and self.command:
            text = WRAPPED + b64encode(self._ask("wrap", text.encode("ascii"))).decode("ascii")
        # Beside the folder, so that the folder changes once, when the key is whole and on disk.
        half = self.path.parent / f".{file.name}.{secrets.token_hex(4)}"
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(text + "\n")
                out.flush()
                os.fsync(out.fileno())
            if replace:
                half.replace(file)
            else:
                os.link(half, file)  # which fails where another process has drawn it meanwhile
        except FileExistsError:
            raise Unavailable(f"{file} was drawn by another command at the same time. Try again.") from None
        finally:
            half.unlink(missing_ok=True)
        _sync(self.path)

    def _ask(self, verb: str, given: bytes) -> bytes:
        if not self.command:
            raise Unavailable(
                f"The keys in {self.path} are wrapped: set VIGIL_KEY_COMMAND to the program that unwraps them."
            )
        program = [*shlex.split(self.command), verb]
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own setting
                program, input=given, capture_output=True, timeout=COMMAND_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            reason = "gave no answer" if isinstance(error, subprocess.TimeoutExpired) else str(error.strerror)
            raise Unavailable(f"VIGIL_KEY_COMMAND: {program[0]} {verb}: {reason}.") from None
        if done.returncode or not done.stdout:
            # What it says is not repeated: it may hold the key.
            raise Unavailable(f"VIGIL_KEY_COMMAND: {program[0]} {verb} ended with {done.returncode}.")
        return done.stdout


def _number(file: Path) -> int:
    return int(file.suffix[1:] or 0)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
