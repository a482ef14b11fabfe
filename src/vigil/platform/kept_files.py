"""Files that people sent, kept encrypted in the data folder between a check and what they decide: a day at most.

A kept file belongs to the person who sent it and is read by nobody else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import NotFound
from vigil.core.identifiers import uuid7
from vigil.platform import keys

KEPT_SECONDS = 86_400


def keep(actor: Actor, purpose: str, parts: Sequence[str], file_id: UUID | None = None) -> UUID:
    """Keep a file, as texts that belong together (or others under its id); forgets those older than a day."""
    kept = file_id or uuid7()
    path = path_of(kept)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    forget_old()
    path.write_bytes(keys.encrypt(json.dumps([str(actor.user_id), *parts]), purpose))
    return kept


def get(actor: Actor, purpose: str, file_id: UUID) -> list[str]:
    """The texts of the person's own kept file; `NotFound` where there is none of that purpose."""
    path = path_of(file_id)
    owner: str | None = None
    parts: list[str] = []
    with suppress(FileNotFoundError, InvalidTag):
        owner, *parts = json.loads(keys.decrypt(path.read_bytes(), purpose))
    if owner != str(actor.user_id):
        raise NotFound(_("The checked file is no longer here. Send it again."))
    return parts


def forget(file_id: UUID) -> None:
    """Drop it."""
    path_of(file_id).unlink(missing_ok=True)


def forget_old() -> None:
    """Drop what nobody has decided about for a day."""
    for old in _folder().glob("*.upload"):
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            old.unlink(missing_ok=True)


def path_of(file_id: UUID) -> Path:
    """Where it lies."""
    return _folder() / f"{file_id}.upload"


def _folder() -> Path:
    return Path(settings.VIGIL_DATA_DIR) / "uploads"
