"""What is posted to pages beside a form's own texts: a script's questions, numbers of revisions and lines."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from vigil.core.errors import Invalid, Problem


def posted_json(request: HttpRequest) -> dict[str, Any]:
    """The posted JSON object; raises `Invalid` where it is no JSON."""
    try:
        # Every number as a float: one of four hundred digits becomes infinite instead of failing later.
        read = json.loads(request.body, parse_int=float)
    except (ValueError, RecursionError):
        raise Invalid([Problem((), _("The request is not JSON."))]) from None
    return read if isinstance(read, dict) else {}


def uuid_of(text: str | None) -> UUID | None:
    """The id that was sent; None for what is none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def whole(text: str) -> int:
    """The number of a revision or of a line; 0 for what is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0
