"""Messages of partners are answered: by what is committed on the primary, after what they change is durable (I5)."""

from __future__ import annotations

from datetime import datetime

from django.db import DataError

from vigil.apps.deconfliction.federation.exchanging import exchange
from vigil.apps.deconfliction.federation.key_changes import note_signed
from vigil.apps.deconfliction.plan_rows import instant
from vigil.protocol.envelope import Malformed


class Unfit(Exception):
    """A partner's message holds what no node of ours writes, such as an id that is none: nothing was stored."""


def answer(token: bytes, now: datetime) -> bytes:
    """The signed answer.

    Raises `Malformed` where it is no signed message of a partner, and `Unfit`.
    """
    try:
        said = exchange().receive(token, instant(now))
        note_signed(token)
        return said
    except Malformed:
        raise
    except (ValueError, DataError, OverflowError) as error:
        raise Unfit(type(error).__name__) from error
