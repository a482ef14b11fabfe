"""What a script posts to a page's small readers."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest

from vigil.core.errors import Invalid, Problem


def posted_json(request: HttpRequest) -> dict[str, Any]:
    """The posted JSON object; raises `Invalid` where it is no JSON."""
    try:
        read = json.loads(request.body)
    except ValueError:
        raise Invalid([Problem((), "The request is not JSON.")]) from None
    return read if isinstance(read, dict) else {}
