"""What notices of alarms say: constants without place, name, agency or case (section 7), stored in English.

What belongs to an exercise or a test says so before anything else.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from vigil.apps.deconfliction.models import ConflictSide
from vigil.apps.deconfliction.notices import CALL_THE_DESK, CALL_THE_DESK_AT, KIND, TEXTS, said
from vigil.engine.operation import Mode
from vigil.platform.agencies.models import this_node

__all__ = ("KIND", "TEXTS", "again", "in_mode", "masked", "said_in_mode")

AGAIN = gettext_noop("Nobody of your side has acknowledged a conflict yet. Open Vigil.")
NOT_TALKED = gettext_noop("Nobody has talked about a conflict yet, and the start is near. Open Vigil.")
DESK_AGAIN = gettext_noop("A side has not answered its alarm, or nobody has talked: call them. Open Vigil.")
CONNECT = gettext_noop("A contact is reached through the watch desk alone: tell them of a conflict. Open Vigil.")
EXPIRED = gettext_noop("A conflict has begun and a side never acknowledged it. Open Vigil.")
YOU_SPOKE = gettext_noop("A conflict that you spoke about stands no longer. Tell whom you spoke with. Open Vigil.")
MODES = {Mode.EXERCISE: gettext_noop("EXERCISE"), Mode.TEST: gettext_noop("TEST")}


def again(side: ConflictSide, *, acknowledged: bool) -> str:
    """What a side is told at a later step."""
    if any(other.silent for other in side.conflict.sides.all() if other.pk != side.pk):
        return in_mode(masked(), side)
    return in_mode(NOT_TALKED if acknowledged else AGAIN, side)


def masked() -> str:
    """What is said of a silent operation's place match: call the watch desk."""
    phone = this_node().deconflictor[1]
    return CALL_THE_DESK_AT.format(phone=phone) if phone else CALL_THE_DESK


def in_mode(body: str, side: ConflictSide) -> str:
    """The sentence, marked where the operation is no live one."""
    assert side.own_operation is not None
    mark = MODES.get(Mode(side.own_operation.mode))
    return f"{mark}: {body}" if mark else body


def said_in_mode(body: str) -> str:
    """A stored notice in the reader's language, its mark too."""
    mark, _colon, rest = body.partition(": ")
    return f"{_(mark)}: {said(rest)}" if mark in MODES.values() and rest else said(body)
