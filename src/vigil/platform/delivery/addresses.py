"""Where a message goes, sealed in the database; and the reply code, which is stored nowhere."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from uuid import UUID

from vigil.engine.phones import PhoneError, read_phone
from vigil.platform import keys
from vigil.platform.delivery.models import Channel, Delivery
from vigil.platform.delivery.push import subscription
from vigil.platform.sealed import purpose_of

SEALED = purpose_of(Delivery, "address")
SAME, REPLY, CODE = "delivery.same", "delivery.reply", "delivery.code"
CODE_DIGITS = 6
EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,190}")


@dataclass(frozen=True, slots=True)
class Address:
    """A telephone number (any notation), an e-mail address, or the id of a webhook; whose it is, where known."""

    channel: Channel
    to: str
    name: str = ""
    user_id: UUID | None = None


def canonical(channel: Channel, to: str) -> str | None:
    """The address as the channel uses it, telephones as E.164; None where it is none that the channel can reach."""
    to = to.strip()
    if channel in (Channel.SMS, Channel.VOICE):
        try:
            phone = read_phone(to)
        except PhoneError:
            return None
        return None if phone.local_only else phone.e164
    if channel is Channel.EMAIL:
        return to if EMAIL.fullmatch(to) else None
    if channel is Channel.PUSH:
        return subscription(to)
    try:
        return str(UUID(to))
    except ValueError:
        return None


def lane(channel: Channel, to: str | None) -> str:
    """What fails and is slow by itself: each webhook, else the channel."""
    return f"{channel.value}:{to}" if channel is Channel.WEBHOOK else channel.value


def sealed(to: str, name: str) -> bytes:
    """For the column `address`."""
    return keys.encrypt(json.dumps({"to": to, "name": name}), SEALED)


def opened(delivery: Delivery) -> tuple[str, str]:
    """Address and name; both empty once they were forgotten."""
    if not delivery.address:
        return "", ""
    read = json.loads(keys.decrypt(delivery.address, SEALED))
    return read["to"], read["name"]


def same(channel: Channel, to: str) -> str:
    """Sixteen hex digits that are equal for equal addresses of this node, and say nothing else."""
    return keys.keyed_token(f"{channel}:{to.casefold()}", SAME).hex()[:16]


def reply_code(delivery_id: UUID) -> str:
    """The six digits that end this delivery's alarm, made again from its id whenever they are needed."""
    drawn = int.from_bytes(keys.keyed_token(str(delivery_id), CODE))
    return f"{drawn % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def reply_token(to: str, code: str) -> bytes:
    """By which the delivery is found when the code comes back from the number."""
    return keys.keyed_token(f"{to}:{code}", REPLY)
