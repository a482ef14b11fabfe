"""The three secrets of a node, each a file of the data folder that only its owner may read.

`secret_key` signs sessions and forms, `field_key` encrypts fields, `signing_key` (Ed25519) signs receipts.
They are drawn once, at set-up, and belong into every backup: without `field_key` contacts and subjects are lost.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

SECRET_BYTES = 32
NAMES = ("secret_key", "field_key", "signing_key")


def folder(data: Path) -> Path:
    """Where the keys of a data folder are."""
    return data / "keys"


def read(data: Path, name: str) -> bytes | None:
    """The key's 32 bytes, or None where set-up has not drawn it."""
    try:
        return bytes.fromhex((folder(data) / name).read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None


def missing(data: Path) -> list[str]:
    """The names of the keys that are not there."""
    return [name for name in NAMES if not (folder(data) / name).exists()]


def draw_missing(data: Path) -> None:
    """Draw each key that is not there yet. Existing keys are never touched."""
    folder(data).mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in missing(data):
        handle = os.open(folder(data) / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
