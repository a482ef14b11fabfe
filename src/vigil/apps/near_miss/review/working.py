"""What reviewers write before a lesson is published: one JSON object, sealed to every reviewer's key.

Rows that are sealed so have `content` and, by the number of a reviewer's key, `keys`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from vigil.apps.near_miss.models import AlertDraft, Origin, Review
from vigil.door import sealing
from vigil.door.models import Reviewer


@dataclass(frozen=True, slots=True)
class Work:
    """The texts and codes on the way to a lesson."""

    alert_reason: str = ""
    text: str = ""
    back_reason: str = ""
    title: str = ""
    lessons: str = ""
    factors: tuple[str, ...] = ()
    primary: str = ""
    links: tuple[str, ...] = ()
    """Ids of published lessons that are like it."""
    few_reason: str = ""
    close_reason: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reviewer at work: the number of their key, and its private half."""

    number: int
    private: bytes


Sealed = Review | Origin | AlertDraft


def put(review: Review, work: Work) -> None:
    """Seal the work anew to the reviewers of today; the caller saves the row."""
    seal(review, json.dumps(asdict(work)))


def read(review: Review, reader: Reader) -> Work:
    """The work; empty where there is none. `sealing.Unreadable` for whom it was not sealed."""
    if not review.content:
        return Work()
    found = json.loads(unseal(review, reader))
    return Work(**found | {name: tuple(found[name]) for name in ("factors", "links") if name in found})


def seal(row: Sealed, text: str) -> None:
    """Seal a text anew to the reviewers of today; the caller saves the row."""
    active = Reviewer.objects.filter(is_active=True).values_list("pk", "public")
    readers = {number: bytes(public) for number, public in active}
    sealed = sealing.seal(text, readers, _about(row))
    row.content = sealed.content
    row.keys = {str(number): handed.hex() for number, handed in sealed.keys.items()}


def unseal(row: Sealed, reader: Reader) -> str:
    """The text; `sealing.Unreadable` for whom it was not sealed."""
    return sealing.open_content(bytes(row.content), _key(row, reader), _about(row))


def let_read(row: Sealed, reader: Reader, other: Reviewer) -> bool:
    """Hand the content key to another reviewer; whether there was one to hand over. The caller saves the row."""
    if not row.content or str(other.pk) in row.keys or str(reader.number) not in row.keys:
        return False
    given = sealing.hand_over(_key(row, reader), bytes(other.public), _about(row))
    row.keys = row.keys | {str(other.pk): given.hex()}
    return True


def _key(row: Sealed, reader: Reader) -> bytes:
    handed = row.keys.get(str(reader.number))
    if handed is None:
        raise sealing.Unreadable
    return sealing.take_over(bytes.fromhex(handed), reader.private, _about(row))


def _about(row: Sealed) -> bytes:
    """What the seal is bound to."""
    return f"vigil.near_miss/{row._meta.model_name}/{row.pk}".encode()
