"""A reviewer's key while they work: in the session, under a key that only the reviewer's cookie has (ADR 12).

Whoever has the database has no cookie, whoever has the cookie has no session; after half an hour both are useless.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from vigil.apps.near_miss.models import Seat
from vigil.apps.near_miss.review.working import Reader

OPEN_FOR = timedelta(minutes=30)
COOKIE = f"{settings.VIGIL_COOKIE_PREFIX}vigil_review"
HELD = "near_miss_key"
NONCE = 12


def unlock(request: HttpRequest, response: HttpResponse, seat: Seat, private: bytes, now: datetime) -> None:
    """Hold the private key for half an hour."""
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, private, _about(seat))
    until = now + OPEN_FOR
    request.session[HELD] = {"sealed": sealed.hex(), "until": until.timestamp()}
    response.set_cookie(
        COOKIE,
        key.hex(),
        max_age=int(OPEN_FOR.total_seconds()),
        httponly=True,
        samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def lock(request: HttpRequest, response: HttpResponse) -> None:
    """Forget it."""
    request.session.pop(HELD, None)
    response.delete_cookie(COOKIE, samesite="Strict")


def reader(request: HttpRequest, seat: Seat, now: datetime) -> Reader | None:
    """The reviewer at work, or None where the key is locked."""
    held: dict[str, Any] = request.session.get(HELD) or {}
    if seat.number is None or held.get("until", 0) <= now.timestamp():
        return None
    try:
        key, sealed = bytes.fromhex(request.COOKIES.get(COOKIE, "")), bytes.fromhex(held["sealed"])
        return Reader(seat.number, AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], _about(seat)))
    except (InvalidTag, ValueError):
        return None


def _about(seat: Seat) -> bytes:
    return f"vigil.near_miss/unlocked/{seat.pk}/{seat.number}".encode()
