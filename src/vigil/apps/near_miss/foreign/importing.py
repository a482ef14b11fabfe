"""A file of another service brought in by the page: checked once, kept until its sender says so, taken in."""

from __future__ import annotations

import json
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.near_miss.foreign import lessons
from vigil.apps.near_miss.foreign.lessons import Checked
from vigil.apps.near_miss.foreign.mapping import ASRS, FIREFIGHTER, SOURCES
from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.platform import kept_files
from vigil.platform.actions import action, concerns, detail

IMPORT = "near_miss.foreign.import"
PURPOSE = "near_miss.foreign.checked"
OFFERED = (ASRS, FIREFIGHTER)
"""The sources that a page takes; the made-up ones come by `vigil near-miss demo`."""
MOST = 4_000_000
"""Bytes (ours): twice the sample of 926 reports, through which the masking check takes a third of a minute."""


@action(IMPORT)
def keep(actor: Actor, source: str, content: bytes, today: date) -> tuple[UUID | None, Checked]:
    """Check a file and keep it with what the masking check marked; not kept (None) where a row is bad.

    Raises:
        Invalid: no such source, or more than the page takes.
    """
    if source not in OFFERED:
        raise Invalid.at("source", sentence=_("Choose whose export it is."))
    if len(content) > MOST:
        said = _("The page takes at most {n} MB. Import it at the machine: vigil near-miss import.")
        raise Invalid.at("file", sentence=said.format(n=MOST // 10**6))
    checked = lessons.check(content, SOURCES[source], today)
    detail(source=source, size=len(content))
    if checked.bad_rows:
        return None, checked
    looked = {one.number: one.flags for one in (*checked.new, *checked.changed)}
    kept = kept_files.keep(actor, PURPOSE, [source, json.dumps(looked), content.decode("latin-1")])
    concerns(upload=kept)
    return kept, checked


def kept(actor: Actor, upload_id: UUID, today: date) -> tuple[Checked, int]:
    """What the actor's kept file would do now, and its bytes; `NotFound` where it is no longer here."""
    actor.require(IMPORT)
    source, looked, text = kept_files.get(actor, PURPOSE, upload_id)
    content = text.encode("latin-1")
    return lessons.check(content, SOURCES[source], today, looked=json.loads(looked)), len(content)


def take_in(actor: Actor, upload_id: UUID, today: date) -> Checked:
    """Store the kept file, whole or not at all, and forget it."""
    checked, size = kept(actor, upload_id, today)
    lessons.take_in(actor, checked, size)
    kept_files.forget(upload_id)
    return checked
