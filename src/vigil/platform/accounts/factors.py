"""Second factors: passkeys, code apps and recovery codes, over the tables and ceremonies of allauth (ADR 7).

Figures: CJIS Security Policy 5.9.5, IA-5(1)(b) recovery codes, (d) one-time codes, (e) cryptographic authenticators.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.platform.accounts.access import factors_of
from vigil.platform.accounts.models import User
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Node
from vigil.platform.keys import decrypt, encrypt, keyed_token

PURPOSE = "accounts.factor"
STEP_SECONDS = 30
STEPS_AROUND = (-1, 0, 1)
"""A telephone's clock may be half a minute off."""
CODES = 10
CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH = 10
"""Ten of 31 letters: 49 random bits; the figure asks for 20."""
MOST_PASSKEYS = 10
NEW_SECRET = "new_totp"  # noqa: S105 - where a session keeps it, encrypted, until it is confirmed


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """What allauth asks about this node: names, and how secrets are kept."""

    def encrypt(self, text: str) -> str:
        """Under the node's field key."""
        return b64encode(encrypt(text, PURPOSE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text again."""
        return decrypt(b64decode(encrypted_text), PURPOSE)

    def _get_site_name(self) -> str:
        node = Node.objects.filter(slot=1).first()
        return " ".join(("Vigil", node.name)) if node else "Vigil"

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.username)


@dataclass(frozen=True, slots=True)
class Factor:
    """One of a person's passkeys, or their code app, as its owner sees it."""

    id: int
    is_passkey: bool
    name: str
    created_at: datetime
    last_used_at: datetime | None


def own_factors(user: User) -> list[Factor]:
    """The person's passkeys and code app, oldest first."""
    return [
        Factor(row.pk, _is_passkey(row), row.data.get("name", ""), row.created_at, row.last_used_at)
        for row in factors_of(user)
    ]


def codes_left(user: User) -> int:
    """How many recovery codes are still good."""
    row = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(row.data["codes"]) if row else 0


# Passkeys


def options_to_add(user: User) -> Mapping[str, Any]:
    """What the browser needs to make a passkey; the challenge is kept in the session.

    It must stay on the device as a discoverable key and check its holder: only so it is two factors.
    """
    options: Mapping[str, Any] = webauthn.begin_registration(user, True)
    return options


def options_to_log_in(user: User | None) -> Mapping[str, Any]:
    """What the browser needs to use a passkey: one of the user's, or, for nobody yet, whichever it holds."""
    options: Mapping[str, Any] = webauthn.begin_authentication(user)
    return options


@action("accounts.factor.add")
def add_passkey(actor: Actor, name: str, answer: str) -> None:
    """Bind a new passkey to the actor's own account; `answer` is the browser's, as JSON.

    Raises:
        Invalid: it is no answer to our question, or a passkey that is copied between devices.
    """
    user = _own(actor)
    if factors_of(user).count() >= MOST_PASSKEYS:
        raise Invalid.at("passkey", sentence=_("You have ten already. Remove one that you no longer use."))
    credential = _json(answer)
    try:
        bound = webauthn.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError):
        raise Invalid.at("passkey", sentence=NOT_TAKEN()) from None
    if not bound.is_user_verified():
        raise Invalid.at("passkey", sentence=NOT_TAKEN())
    if bound.is_backup_eligible() and not settings.VIGIL_SYNCED_PASSKEYS:
        raise Invalid.at(
            "passkey",
            sentence=_(
                "This passkey would be copied to other devices by its maker, which this node does not allow. "
                "Use a security key, a passkey that stays on this device, or a code app."
            ),
        )
    name = name.strip()[:60] or _("Passkey")
    added = webauthn.WebAuthn.add(user, name, credential)
    concerns(user=user.pk, factor=added.instance.pk)
    detail(kind="passkey", synced=bound.is_backup_eligible())


def NOT_TAKEN() -> str:  # noqa: N802 - a sentence, translated when it is said
    """What is said of every answer that does not fit."""
    return _("That passkey could not be checked. Try again.")


def user_of_passkey(answer: str, expected: User | None = None) -> User:
    """Whose passkey answered the question kept in the session, with its holder checked by the device.

    Raises:
        Invalid: nobody's, somebody else's than expected, or a copy of a key that has answered since.
    """
    try:
        credential = _json(answer)
        user = webauthn.extract_user_from_response(credential) if expected is None else expected
        row = webauthn.complete_authentication(user, credential)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, ImmediateHttpResponse):
        webauthn.clear_state()  # one question, one answer
        raise Invalid.at("passkey", sentence=NOT_TAKEN()) from None
    _note_counter(row, credential)
    return User.objects.get(pk=row.user_id)


def _note_counter(row: Any, credential: Mapping[str, Any]) -> None:
    # A key that counts must count on: a lower number is a copy's (WebAuthn, section 6.1.1).
    counter = webauthn.parse_authentication_response(credential).response.authenticator_data.counter
    if counter and counter <= row.data.get("counter", 0):
        raise Invalid.at("passkey", sentence=NOT_TAKEN())
    row.data["counter"] = counter
    row.save(update_fields=["data"])
    row.record_usage()


# Code apps


def new_app_secret(request: HttpRequest) -> str:
    """The secret that is being set up, drawn once a session."""
    kept = request.session.get(NEW_SECRET)
    if kept:
        return Adapter().decrypt(kept)
    secret: str = totp.generate_totp_secret()
    request.session[NEW_SECRET] = Adapter().encrypt(secret)
    return secret


def app_picture(user: User, secret: str) -> str:
    """The secret as a QR code, an SVG document."""
    adapter = Adapter()
    picture: str = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    return picture


@action("accounts.factor.add")
def add_app(actor: Actor, secret: str, code: str, now: datetime) -> None:
    """Bind a code app to the actor's own account, shown to work by its first code.

    Raises:
        Invalid: the code is not the secret's.
    """
    user = _own(actor)
    step = _step_of(secret, code, now)
    if step is None:
        raise Invalid.at("code", sentence=_("This is not the present code. Wait for the next one and type it."))
    Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).delete()
    row = Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.TOTP,
        data={"secret": Adapter().encrypt(secret), "step": step},
        created_at=now,
    )
    concerns(user=user.pk, factor=row.pk)
    detail(kind="app")


def takes_app_code(user: User, code: str, now: datetime) -> bool:
    """Whether it is a code of the person's app that was not used yet; it is used then, and every earlier one with it.

    Within the caller's transaction.
    """
    row = Authenticator.objects.select_for_update().filter(user_id=user.pk, type=Authenticator.Type.TOTP).first()
    step = _step_of(Adapter().decrypt(row.data["secret"]), code, now) if row else None
    if row is None or step is None or step <= row.data["step"]:
        return False
    row.data["step"], row.last_used_at = step, now
    row.save(update_fields=["data", "last_used_at"])
    return True


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    typed = "".join(code.split())
    present = int(now.timestamp()) // STEP_SECONDS
    for step in (present + around for around in STEPS_AROUND):
        expected = totp.format_hotp_value(totp.hotp_value(secret, step))
        if secrets.compare_digest(typed.encode(), expected.encode()):
            return step
    return None


# Recovery codes


@action("accounts.factor.add")
def draw_codes(actor: Actor, now: datetime) -> Sequence[str]:
    """New recovery codes for the actor's own account, told this once; the old ones stop working."""
    user = _own(actor)
    codes = ["".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    salt = secrets.token_hex(16)
    data = {"salt": salt, "codes": [_hash(code, salt) for code in codes]}
    Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).delete()
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data=data, created_at=now)
    concerns(user=user.pk)
    detail(kind="codes")
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def takes_recovery_code(user: User, code: str, now: datetime) -> bool:
    """Whether it is one of the person's recovery codes; it is used up then. Within the caller's transaction."""
    rows = Authenticator.objects.select_for_update()
    row = rows.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    typed = "".join(letter for letter in code.lower() if letter in CODE_LETTERS)
    if row is None or len(typed) != CODE_LENGTH or _hash(typed, row.data["salt"]) not in row.data["codes"]:
        return False
    row.data["codes"].remove(_hash(typed, row.data["salt"]))
    row.last_used_at = now
    row.save(update_fields=["data", "last_used_at"])
    return True


def _hash(code: str, salt: str) -> str:
    # Keyed by a secret outside the database: 49 bits could be tried out against a plain hash.
    return keyed_token(f"{salt}:{code}", "accounts.recovery").hex()


# One's own factors


@action("accounts.factor.remove")
def remove_factor(actor: Actor, factor_id: int) -> None:
    """Take a passkey or the code app from the actor's own account; the last one stays."""
    user = _own(actor)
    row = factors_of(user).select_for_update().filter(pk=factor_id).first()
    if row is None:
        raise NotFound
    if factors_of(user).count() < 2:
        raise Invalid.at("factor", sentence=_("This is your last second factor. Add another one first."))
    concerns(user=user.pk, factor=row.pk)
    row.delete()


def _own(actor: Actor) -> User:
    user = User.objects.select_for_update().filter(pk__in=[actor.user_id]).first()
    if user is None:
        raise NotFound
    return user


def _is_passkey(row: Any) -> bool:
    return bool(row.type == Authenticator.Type.WEBAUTHN)


def _json(answer: str) -> dict[str, Any]:
    try:
        read = json.loads(answer)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise Invalid.at("passkey", sentence=NOT_TAKEN())
    return read
