"""Whether somebody watches the desk, and when its silence is told. Pure: the clock is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BEAT_SECONDS = 10
"""How often a desk screen that is seen and connected says so (ours)."""
SILENCE = timedelta(seconds=60)
"""Without any heartbeat for so long nobody watches (ours)."""
REPEAT = timedelta(minutes=10)
"""The silence is told again after so long, while something waits (ours)."""


class Watch(StrEnum):
    """How the desk is watched."""

    ATTENDED = "attended"
    UNATTENDED = "unattended"
    CLOSED = "closed"
    """Outside its hours, and nothing waits."""


@dataclass(frozen=True, slots=True)
class Silence:
    """The present silence: since when, and when it was told last. Both None while somebody watches."""

    since: datetime | None = None
    told_at: datetime | None = None


def watch(last_beat: datetime | None, staffed: bool, waiting: int, now: datetime) -> Watch:
    """`staffed`: the desk's hours say that somebody sits there; `waiting`: incidents that are not settled."""
    if last_beat is not None and now - SILENCE < last_beat <= now + SILENCE:
        return Watch.ATTENDED
    return Watch.UNATTENDED if staffed or waiting else Watch.CLOSED


def heard(before: Silence, state: Watch, waiting: int, now: datetime) -> tuple[Silence, bool]:
    """The silence as it is now, and whether it is to be told now: at its beginning, and again while something waits.

    A clock that stepped back tells nothing twice: `told_at` in the future counts as just told.
    """
    if state is not Watch.UNATTENDED:
        return Silence(), False
    since = before.since or now
    if before.told_at is None:
        return Silence(since, now), True
    if waiting and now - before.told_at >= REPEAT:
        return Silence(since, now), True
    return Silence(since, before.told_at), False
