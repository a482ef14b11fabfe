"""Channels of the tests: they keep what they were handed, or fail as they are told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vigil.platform.delivery import channels
from vigil.platform.delivery.carrier import Message, NotTaken
from vigil.platform.delivery.models import Channel


class Fake:
    """A carrier that is always set up. `taken` is what it was handed; with `failing` it takes nothing."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.failing: NotTaken | Exception | None = None
        self.before: Callable[[Message], None] = lambda message: None

    def is_set_up(self) -> bool:
        return True

    def carry(self, message: Message) -> None:
        self.before(message)
        if self.failing is not None:
            raise self.failing
        self.taken.append(message)


def install(monkeypatch: pytest.MonkeyPatch, *use: Channel) -> dict[Channel, Fake]:
    """Fakes for these channels (else all); the others are not set up."""
    fakes = {channel: Fake() for channel in use or Channel}
    monkeypatch.setattr(channels, "CARRIERS", fakes)
    return fakes
