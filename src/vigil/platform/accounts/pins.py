"""The telephone PIN: how the watch desk knows somebody whose voice it does not (specification, section 6).

Kept as passwords are: hashed, and the hash sealed. Five wrong guesses in a row lock it for the account, whoever made
them, until the person sets another; it opens nothing but the question who is on the telephone.
"""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.engine.phones import PhoneError, read_phone
from vigil.platform.accounts.models import TelephonePin, User
from vigil.platform.actions import action, concerns

MOST_WRONG = 5
"""As for a login (CJIS AC-7)."""


@action("accounts.pin.edit")
def set_pin(actor: Actor, pin: str, again: str, now: datetime) -> None:
    """One's own PIN, in place of the one before; a lock ends with it.

    Raises `Invalid` at `pin` or `again`.
    """
    if actor.user_id is None:
        raise NotFound
    if not re.fullmatch(r"[0-9]{6}", pin):
        raise Invalid.at("pin", sentence=_("Give six digits and nothing else."))
    if _is_guessed_first(pin):
        raise Invalid.at("pin", sentence=_("This one is guessed first. Take digits without a row or a repeat."))
    if pin != again:
        raise Invalid.at("again", sentence=_("The two are not the same. Type the PIN again."))
    concerns(user=actor.user_id)
    TelephonePin.objects.update_or_create(
        user_id=actor.user_id, defaults={"pin": make_password(pin), "set_at": now, "failures": 0}
    )


@action("accounts.pin.edit")
def remove_pin(actor: Actor) -> None:
    """Have none any more."""
    if actor.user_id is None:
        raise NotFound
    concerns(user=actor.user_id)
    TelephonePin.objects.filter(user_id=actor.user_id).delete()


@action("accounts.pin.check")
def check_pin(actor: Actor, account: str, pin: str) -> User | None:
    """Whose PIN it is, of the account with this user name or listed telephone; None says wrong, and nothing else.

    A wrong guess counts, a locked PIN and an account without one are wrong too.
    """
    row = _pin_of(account)
    if row is None:
        make_password(pin)  # as long as a look at one takes
        return None
    concerns(user=row.user_id)
    right = check_password(pin, row.pin) and row.failures < MOST_WRONG
    # Counted where it stands: two guesses at once are two.
    found = TelephonePin.objects.filter(pk=row.pk)
    if right:
        found.update(failures=0)
        return row.user
    found.filter(failures__lt=MOST_WRONG).update(failures=F("failures") + 1)
    return None


def own_pin(actor: Actor) -> TelephonePin | None:
    """One's own, where there is one."""
    return TelephonePin.objects.filter(user_id=actor.user_id).first() if actor.user_id else None


def same_phone(one: str, other: str) -> bool:
    """Whether two texts are the same telephone number; what is none is never the same."""
    try:
        return read_phone(one).e164 == read_phone(other).e164
    except PhoneError:
        return False


def _pin_of(account: str) -> TelephonePin | None:
    """None also where the telephone is listed for more than one."""
    typed = account.strip()
    rows = list(TelephonePin.objects.filter(user__is_active=True).select_related("user"))
    named = [row for row in rows if row.user.username.casefold() == typed.casefold()]
    found = named or [row for row in rows if same_phone(row.user.phone, typed)]
    return found[0] if len(found) == 1 else None


def _is_guessed_first(pin: str) -> bool:
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    return len(steps) == 1 and steps <= {-1, 0, 1}
