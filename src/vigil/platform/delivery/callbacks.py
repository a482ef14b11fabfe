"""What the gateway tells: a message arrived, a call was answered or not, somebody sent a code back.

Every message of it is signed and is taken once. A code ends an alarm only if it comes from the number that it was sent
to, is the first use of it, and is not an old one. Wrong number, wrong code, used code, old code are answered alike, and
recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.platform.actions import action, concerns, detail
from vigil.platform.delivery import addresses as reading
from vigil.platform.delivery.kinds import handlers_of
from vigil.platform.delivery.models import Callback, Channel, Delivery, DeliveryEvent, Reply
from vigil.platform.delivery.outbox import STATE, STEP, step
from vigil.platform.prepared import insert, new

EVENTS: Mapping[str, tuple[DeliveryEvent.Step, Delivery.State | None]] = {
    "delivered": (STEP.DELIVERED, STATE.DELIVERED),
    "answered": (STEP.ANSWERED, STATE.ANSWERED),
    "not_answered": (STEP.NOT_ANSWERED, None),
    "undeliverable": (STEP.UNDELIVERABLE, STATE.GAVE_UP),
}
"""What a gateway may say of a message: the step it is, and the state it leads to; none: it stays handed over."""
CODE = re.compile(rf"(?<!\d)\d{{{reading.CODE_DIGITS}}}(?!\d)")
WRONG_IN = timedelta(minutes=15)
MOST_WRONG = 5
"""So many refused codes of one number in so long, and no code of it is looked at (as for logins, CJIS AC-7)."""
OPEN = (STATE.WAITING, STATE.HANDED_OVER, STATE.DELIVERED, STATE.ANSWERED)


@action("delivery.callback.receive")
def receive(actor: Actor, message_id: str, said: Mapping[str, Any], at: datetime) -> dict[str, bool]:
    """Take one verified message of the gateway; what is answered to it, `{"taken": …}`.

    A message that was received before is answered as taken and changes nothing.

    Raises:
        Invalid: it is no message of the protocol.
    """
    event = str(said.get("event", ""))
    # The names of the protocol are known; nothing else of the message comes into the trail.
    detail(event=event if event == "reply" or event in EVENTS else "")
    if event != "reply" and event not in EVENTS:
        raise Invalid.at("event", sentence=_("Say what happened: {events} or reply.").format(events=", ".join(EVENTS)))
    is_new = Callback.objects.get_or_create(pk=message_id, defaults={"at": at})[1]
    if not is_new:
        return {"taken": True}
    return {"taken": _reply(said, at) if event == "reply" else _happened(event, str(said.get("id", "")), at)}


def _happened(event: str, delivery_id: str, at: datetime) -> bool:
    what, state = EVENTS[event]
    try:
        found = Delivery.objects.filter(pk=UUID(delivery_id), channel__in=(Channel.SMS, Channel.VOICE)).first()
    except ValueError:
        found = None
    if found is None:
        return False
    concerns(delivery=found.pk)
    insert([step(found.pk, what, at)])
    # It may be told before the sender has written down that it was taken; a reply already stands higher.
    if state is not None and found.replied_at is None:
        changes = {"ended_at": at} if state is STATE.GAVE_UP else {}
        Delivery.objects.filter(pk=found.pk, state__in=OPEN).update(state=state, **changes)
    return True


def _reply(said: Mapping[str, Any], at: datetime) -> bool:
    """Whether the code was taken."""
    number = reading.canonical(Channel.SMS, str(said.get("from", "")))
    sender = reading.same(Channel.SMS, number or "")
    delivery, refused = _meant(number, str(said.get("text", "")), sender, at)
    row = new(Reply, at=at, sender=sender, refused=refused, delivery_id=delivery.pk if delivery else None)
    insert([row])
    detail(refused=refused)
    if delivery is None:
        return False
    concerns(delivery=delivery.pk)
    if refused:
        return False
    Delivery.objects.filter(pk=delivery.pk).update(replied_at=at, state=STATE.ANSWERED, ended_at=at)
    insert([step(delivery.pk, STEP.REPLIED, at)])
    delivery.refresh_from_db()
    for handler in handlers_of(delivery.kind):
        handler(delivery, at)
    return True


def _meant(number: str | None, text: str, sender: str, at: datetime) -> tuple[Delivery | None, str]:
    """The delivery whose code this is, and why it does not count; empty: it does."""
    codes = CODE.findall(text)
    wrong = Q(refused__gt="", at__gt=at - WRONG_IN)
    if Reply.objects.filter(wrong, sender=sender).count() >= MOST_WRONG:
        return None, "too_many"
    if number is None or len(codes) != 1:
        return None, "no_code"
    token = reading.reply_token(number, codes[0])
    found = Delivery.objects.select_for_update().filter(reply_token=token).first()
    if found is None:
        return None, "unknown"
    if found.replied_at is not None:
        return found, "used"
    if found.reply_until is None or at >= found.reply_until or found.state not in OPEN:
        return found, "old"
    return found, ""
