"""What one node tells another of a lesson or an alert: the content of a `publication`, written and read. Pure.

The form is docs/protocol/schemas/publication.json. Only what the library itself shows to everybody is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from vigil.apps.near_miss.rules import MOST_TEXT, MOST_TITLE
from vigil.protocol.envelope import Malformed

KIND, PATH = "publication", "publications"
MOST_ALERT = 2_000
MOST_FACTORS = 64
LARGEST = 2**31 - 1
_CODE, _MONTH = r"[a-z0-9_-]{1,40}", r"[0-9]{4}-(0[1-9]|1[0-2])"


class What(StrEnum):
    """What is published."""

    LESSON = "lesson"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Publication:
    """A lesson or an alert at one of its revisions; `said` is None where the sender has taken it back."""

    number: UUID
    revision: int
    what: What
    said: Mapping[str, Any] | None

    def content(self) -> dict[str, Any]:
        """As it stands in the message."""
        said = None if self.said is None else dict(self.said)
        return {"id": str(self.number), "revision": self.revision, "what": self.what.value, "said": said}


def read(content: Any) -> Publication:
    """The publication that a partner tells; `Malformed` where it is not whole."""
    fields = _whole(content, {"id": _is_id, "revision": _is_revision, "what": _is_what, "said": lambda value: True})
    what = What(fields["what"])
    said = fields["said"] if fields["said"] is None else _whole(fields["said"], FORMS[what])
    return Publication(UUID(fields["id"]), fields["revision"], what, said)


def _whole(value: Any, form: Mapping[str, Callable[[Any], bool]]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != form.keys():
        raise Malformed("A publication has members that are not known, or lacks some.")
    for name, fits in form.items():
        if not fits(value[name]):
            raise Malformed(f"The member {name} of a publication is none.")
    return value


def _is_text(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and least <= len(value) <= most and "\0" not in value


def _is_like(pattern: str, *, optional: bool = False) -> Callable[[Any], bool]:
    whole = re.compile(f"({pattern})?" if optional else pattern)
    return lambda value: isinstance(value, str) and whole.fullmatch(value) is not None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None


def _is_revision(value: Any) -> bool:
    return type(value) is int and 1 <= value <= LARGEST


def _is_what(value: Any) -> bool:
    return isinstance(value, str) and value in tuple(What)


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _are_codes(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_FACTORS and all(_is_like(_CODE)(one) for one in value)


FORMS: Mapping[What, Mapping[str, Callable[[Any], bool]]] = {
    What.LESSON: {
        "title": _is_text(1, MOST_TITLE),
        "text": _is_text(1, MOST_TEXT),
        "lessons": _is_text(0, MOST_TEXT),
        "call_type": _is_like(_CODE, optional=True),
        "time_band": _is_like(_CODE, optional=True),
        "month": _is_like(_MONTH, optional=True),
        "factors": _are_codes,
        "primary": _is_like(_CODE, optional=True),
        "published_on": _is_day,
    },
    What.ALERT: {"text": _is_text(1, MOST_ALERT), "published_on": _is_day},
}
"""The members of what is said, each with what fits there."""
