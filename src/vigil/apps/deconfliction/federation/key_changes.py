"""A new partner key, taken by every partner before it signs anything; and theirs, taken here (ADR 11).

Drawn, it is named to each partner in a `keys` message, signed by the old key and by itself. Until all have taken it the
old one signs. Then the old one is removed, and whoever sees a message signed by the new one forgets the old.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from vigil.apps.deconfliction.models import Outgoing
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.store import DatabaseStore
from vigil.core.actor import Actor
from vigil.core.errors import Conflict
from vigil.platform.actions import action, concerns
from vigil.platform.agencies.models import this_node
from vigil.platform.partners.models import Partner
from vigil.platform.partners.roster import next_signer, not_yet_taken
from vigil.protocol import store as port
from vigil.protocol.canonical import JSON, canonical_bytes, from_base64url
from vigil.protocol.envelope import Message
from vigil.protocol.node import END_OF_TIME
from vigil.protocol.nodes import key_news, read_key_news
from vigil.protocol.signing import fingerprint
from vigil.protocol.store import Transaction

KIND = "keys"


@action("partners.key.rotate")
def rotate(actor: Actor, now: datetime) -> Path:
    """Draw the next partner key and name it to every partner; the file of it.

    Raises `Conflict` while an earlier one is still on its way.
    """
    if next_signer() is not None:
        raise Conflict(_("A new key is on its way already. It signs when every partner has taken it."))
    file: Path = settings.VIGIL_KEYS.draw("partner_key")
    concerns(key=file.name)
    tell_next(now)
    return file


@action("partners.key.rotate")
def drop_old(actor: Actor) -> list[Partner]:
    """Let the new key sign at once, though not all have taken it: those who have not, who must be paired again.

    Raises `Conflict` where there is no new one.
    """
    if next_signer() is None:
        raise Conflict(_("There is no new key: draw one first."))
    behind = not_yet_taken()
    concerns(partners=[one.pk for one in behind])
    _forget_old()
    return behind


def switch() -> bool:
    """Let the new key sign where every partner has taken it; whether it does so from now on. Safe to repeat."""
    if next_signer() is None or not_yet_taken():
        return False
    _forget_old()
    return True


def _forget_old() -> None:
    for file in settings.VIGIL_KEYS.files("partner_key")[1:]:
        file.unlink()


def tell_next(now: datetime) -> None:
    """Name the next key to each partner that has not taken it and was not told yet. Safe to repeat."""
    signer = next_signer()
    if signer is None:
        return
    content = canonical_bytes(key_news(signer, str(this_node().pk)))
    with DatabaseStore().transaction() as tx:
        for one in not_yet_taken():
            key = _key_of(one.pk, signer.fingerprint)
            if not Outgoing.objects.filter(pk=key).exists():
                tx.put_outgoing(port.Outgoing(key, str(one.pk), KIND, content, instant(now), END_OF_TIME))


def _key_of(partner_id: UUID, mark: str) -> str:
    return f"{KIND}:{partner_id}:{mark}"


def note_taken(outgoing: port.Outgoing) -> None:
    """The partner has taken the key that this row named to it."""
    _, partner_id, mark = outgoing.key.split(":")
    Partner.objects.filter(pk=UUID(partner_id)).update(known_key=mark)
    switch()


def take(tx: Transaction, message: Message, now: int) -> JSON:
    """Answer a partner that names its next key: from now on its messages may be signed by that one too."""
    key = read_key_news(message.content, message.sender)
    Partner.objects.filter(pk=UUID(message.sender)).exclude(public_key=key).update(next_key=key)
    return {"key": fingerprint(key)}


def note_signed(token: bytes) -> None:
    """A message of a partner was taken in: where its next key signed it, the one before is forgotten."""
    waiting = list(Partner.objects.annotate(length=Length("next_key")).filter(length__gt=0))
    if not waiting:
        return
    head = token.partition(b".")[0]
    mark = json.loads(from_base64url(head)).get("kid")
    for one in waiting:
        if fingerprint(bytes(one.next_key)) == mark:
            one.public_key, one.next_key = one.next_key, b""
            one.save(update_fields=["public_key", "next_key"])
