"""What reviewers write before a lesson is published: one JSON object, sealed to every reviewer's key."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from vigil.apps.near_miss.models import Review
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
    close_reason: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reviewer at work: the number of their key, and its private half."""

    number: int
    private: bytes


def about(review: Review) -> bytes:
    """What the seal is bound to."""
    return f"vigil.near_miss/review/{review.pk}".encode()


def put(review: Review, work: Work) -> None:
    """Seal the work anew to the reviewers of today; the caller saves the row."""
    active = Reviewer.objects.filter(is_active=True).values_list("pk", "public")
    readers = {number: bytes(public) for number, public in active}
    sealed = sealing.seal(json.dumps(asdict(work)), readers, about(review))
    review.content = sealed.content
    review.keys = {str(number): handed.hex() for number, handed in sealed.keys.items()}


def read(review: Review, reader: Reader) -> Work:
    """The work; empty where there is none. `sealing.Unreadable` for whom it was not sealed."""
    if not review.content:
        return Work()
    found = json.loads(sealing.open_content(bytes(review.content), _key(review, reader), about(review)))
    return Work(**found | {"factors": tuple(found["factors"])})


def let_read(review: Review, reader: Reader, other: Reviewer) -> bool:
    """Hand the content key to another reviewer; whether there was one to hand over. The caller saves the row."""
    if not review.content or str(other.pk) in review.keys or str(reader.number) not in review.keys:
        return False
    given = sealing.hand_over(_key(review, reader), bytes(other.public), about(review))
    review.keys = review.keys | {str(other.pk): given.hex()}
    return True


def _key(review: Review, reader: Reader) -> bytes:
    handed = review.keys.get(str(reader.number))
    if handed is None:
        raise sealing.Unreadable
    return sealing.take_over(bytes.fromhex(handed), reader.private, about(review))
