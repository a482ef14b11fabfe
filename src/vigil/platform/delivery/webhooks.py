"""Signed messages to the address of an agency's own program, named by its administrator."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Problem
from vigil.platform import clock, keys
from vigil.platform.actions import action, concerns
from vigil.platform.delivery.addresses import Address
from vigil.platform.delivery.carrier import Message, NotTaken
from vigil.platform.delivery.models import Channel, Webhook
from vigil.platform.delivery.posting import post
from vigil.platform.delivery.signing import PREFIX, sign
from vigil.platform.sealed import purpose_of

URL, SECRET = purpose_of(Webhook, "url"), purpose_of(Webhook, "secret")
GONE = 410
MOST = 10
"""An agency's webhooks (ours)."""


class Webhooks:
    """The carrier: the address of a delivery is the webhook's id."""

    def is_set_up(self) -> bool:
        """An administrator names each."""
        return True

    def carry(self, message: Message) -> None:
        """One signed POST; any 2xx is taken, 410 ends it."""
        webhook = Webhook.objects.filter(pk=message.to, removed_at=None).first()
        if webhook is None:
            raise NotTaken("removed", for_good=True)
        said = {
            "id": str(message.id),
            "type": message.kind,
            "timestamp": message.at.isoformat(timespec="seconds"),
            "data": {"text": message.text, "urgent": message.urgent, "exercise": message.exercise},
        }
        body = json.dumps(said).encode()
        headers = sign(keys.decrypt(webhook.secret, SECRET), str(message.id), body, clock.now())
        url = keys.decrypt(webhook.url, URL)
        answer = post(url, body, headers, private=settings.VIGIL_WEBHOOKS_PRIVATE)
        if not 200 <= answer.status < 300:
            raise NotTaken(f"http_{answer.status}", for_good=answer.status == GONE)


def webhooks_of(agency_id: UUID) -> list[Address]:
    """Where the agency wants to be told, for `outbox.send`."""
    ids = Webhook.objects.filter(agency_id=agency_id, removed_at=None).values_list("pk", flat=True)
    return [Address(Channel.WEBHOOK, str(one)) for one in ids]


@action("delivery.webhook.edit")
def add_webhook(actor: Actor, name: str, url: str, now: datetime) -> tuple[Webhook, str]:
    """A webhook of the actor's agency; the secret is returned once."""
    if actor.agency_id is None:
        raise NotFound
    problems: list[Problem] = []
    if not name.strip() or len(name.strip()) > 100:
        problems += Invalid.at("name", sentence=_("Give it a name of at most 100 characters.")).problems
    if not is_https(url):
        problems += Invalid.at("url", sentence=_("Give the whole address, beginning with https://.")).problems
    if own_webhooks(actor).count() >= MOST:
        sentence = _("There are {n} already. Remove one first.").format(n=MOST)
        problems += Invalid.at("name", sentence=sentence).problems
    if problems:
        raise Invalid(problems)
    secret = PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    webhook = Webhook.objects.create(
        agency_id=actor.agency_id,
        name=name.strip(),
        url=keys.encrypt(url.strip(), URL),
        secret=keys.encrypt(secret, SECRET),
        created_at=now,
    )
    concerns(webhook=webhook.pk)
    return webhook, secret


@action("delivery.webhook.edit")
def remove_webhook(actor: Actor, webhook_id: UUID, now: datetime) -> None:
    """Nothing more goes there; what waits for it is given up."""
    concerns(webhook=webhook_id)
    # Address and secret are of no more use to anybody.
    if not own_webhooks(actor).filter(pk=webhook_id).update(removed_at=now, url=b"", secret=b""):
        raise NotFound


def own_webhooks(actor: Actor) -> QuerySet[Webhook]:
    """Those of the actor's agency that were not removed."""
    actor.require("delivery.webhook.read")
    found = Webhook.objects.filter(removed_at=None)
    return found.filter(agency_id=actor.agency_id) if actor.agency_id else found.none()


def is_https(url: str) -> bool:
    """Whether it is an address that a webhook may have: HTTPS, a host, no user name in it."""
    try:
        parts = urlsplit(url.strip())
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and (parts.port or 1) > 0
    except ValueError:
        return False


def host_of(webhook: Webhook) -> str:
    """What of its address may stand on the page: the rest may hold a key."""
    return urlsplit(keys.decrypt(webhook.url, URL)).hostname or "" if webhook.url else ""
