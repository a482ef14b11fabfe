"""What an identity provider says of the browser before it, whichever protocol it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from vigil.core.errors import Invalid
from vigil.platform.keys import keyed_token

LASTS = timedelta(minutes=10)
"""How long somebody may take at the provider."""
LEEWAY_SECONDS = 60
"""By how much its clock and the node's may differ."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Whom the provider says that it has before it; `at`: when they showed it, None where it does not say so.

    `digest`: of issuer and subject. `two_factors`: it says that it asked for two.
    """

    digest: str
    at: datetime | None
    two_factors: bool


def digest_of(issuer: str, subject: str) -> str:
    """What is kept of a subject."""
    return keyed_token(f"{issuer}\n{subject}", "sso.identity").hex()


def begun(kept: Mapping[str, Any] | None, now: datetime) -> Mapping[str, Any]:
    """What the session kept of the login that it began.

    Raises:
        Invalid: it began none, or too long ago.
    """
    if kept is None or now - datetime.fromtimestamp(kept["at"], UTC) > LASTS:
        raise begun_elsewhere()
    return kept


def begun_elsewhere() -> Invalid:
    """An answer to somebody else's question, or to one of long ago."""
    return Invalid.at("state", sentence=_("This login was begun elsewhere, or too long ago. Begin again."))
