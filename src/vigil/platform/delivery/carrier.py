"""What a channel's carrier gets and promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from vigil.platform.delivery.models import Channel

TIMEOUT_SECONDS = 10.0
"""A provider that has not answered by then has not taken the message."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a carrier gets. `id` is the delivery's: a provider that sees it twice has the same message twice."""

    id: UUID
    channel: Channel
    to: str
    kind: str
    subject: str
    text: str
    urgent: bool
    exercise: bool
    at: datetime
    """When the message was written, not when it is brought."""


class NotTaken(Exception):
    """The provider did not take the message. `code` is one word, safe to store and to log.

    `for_good`: it never will take this one (no such number); else the same message is brought again, and the channel
    counts as failing until one was taken.
    """

    def __init__(self, code: str, *, for_good: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.for_good = for_good


class Carrier(Protocol):
    """One way out of the node."""

    def is_set_up(self) -> bool:
        """Whether an operator turned it on."""

    def carry(self, message: Message) -> None:
        """Hand the message over within `TIMEOUT_SECONDS` a step; returns once it was taken.

        Raises `NotTaken`; whatever else it raises counts as not taken now.
        """
