"""What may be said, and who hears of replies: both registered by the apps in their `deliveries.py`.

    CONFLICT = kind("deconfliction.conflict", _("Open Vigil now. Somebody must speak with you."))

    @on_reply("deconfliction.")
    def acknowledged(delivery: Delivery, at: datetime) -> None: ...

A text is one constant sentence: what a telephone shows while it is locked, and what every provider on the way may read,
says nothing of agency, place, name, count or case (specification, section 7).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from vigil.platform.delivery.models import Delivery

ReplyHandler = Callable[["Delivery", datetime], None]
"""Called inside the transaction that records the reply; what it raises undoes both."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message; its texts are `gettext_lazy`.

    `coded` is what is said where there is a code, with the gaps `{text}` and `{code}`; with `always_coded` there is one
    even where nobody asked for a reply.
    """

    code: str
    text: str | _StrPromise
    coded: str | _StrPromise
    always_coded: bool = False


KINDS: dict[str, Kind] = {}
REPLY_HANDLERS: dict[str, ReplyHandler] = {}


REPLY = gettext_lazy("{text} If you are on it, reply {code}.")


def kind(code: str, text: str | _StrPromise, coded: str | _StrPromise = REPLY, *, always_coded: bool = False) -> str:
    """Register the text of a kind, named `app.noun`; returns the code."""
    KINDS[code] = Kind(code, text, coded, always_coded)
    return code


def on_reply(prefix: str) -> Callable[[ReplyHandler], ReplyHandler]:
    """Register who hears of a reply to any kind whose code begins so."""

    def register(handler: ReplyHandler) -> ReplyHandler:
        REPLY_HANDLERS[prefix] = handler
        return handler

    return register


def handlers_of(code: str) -> list[ReplyHandler]:
    """Who hears of a reply to this kind."""
    return [handler for prefix, handler in REPLY_HANDLERS.items() if code.startswith(prefix)]


def said(code: str, *, exercise: bool, reply_code: str = "") -> str:
    """The whole text of a message. An exercise says so before anything else, and again at the end."""
    text = str(KINDS[code].text)
    if reply_code:
        text = str(KINDS[code].coded).format(text=text, code=reply_code)
    return _("EXERCISE: {text} This is only an EXERCISE.").format(text=text) if exercise else text


def subject(*, exercise: bool) -> str:
    """The subject of an e-mail: one for everything, and one for exercises."""
    return _("EXERCISE: Vigil: please open it") if exercise else _("Vigil: please open it")
