"""Who stays away from a report because it may be of their own agency.

A report does not say its agency, only the band of its size where its reporter chose one. A reviewer who serves in an
agency of that band keeps away while enough others are there for a review, which takes two; one of whose agencies the
band is not said keeps away from every report that says one. What is refused so is not in the audit trail: beside the
reviewer it would say the band.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from vigil.apps.near_miss import access
from vigil.apps.near_miss.models import Seat
from vigil.apps.near_miss.review.working import Reader
from vigil.apps.near_miss.rules import is_unsaid, may_be_own
from vigil.core.errors import Invalid
from vigil.door import drop
from vigil.door.models import Kind, Report, Reviewer
from vigil.door.story import read_story


def require_other_agency(seat: Seat, report: Report, reader: Reader) -> None:
    """`Invalid` where the report may be of the reviewer's own agency, and two others can review it or it must only be
    said how large that agency is.
    """
    band = next(iter(answers(report, reader).get("agency_size", ())), "")
    if not band:
        return
    own = access.bands(seat.user)
    if is_unsaid(own):
        sentence = _(
            "This says how large its agency is, and nobody has said it of yours: ask the node's administrator."
        )
        raise Invalid.at("go", sentence=sentence)
    if may_be_own(own, band, [access.bands(one.user) for one in access.sitting() if one.pk != seat.pk]):
        raise Invalid.at("go", sentence=_("This may come from your own agency: other reviewers take it."))


def answers(report: Report, reader: Reader) -> dict[str, list[str]]:
    """What the reporter chose of the scene, question → codes; empty where the text was destroyed."""
    found: dict[str, list[str]] = _story(report, reader).get("answers", {})
    return found


def tells_encounter(report: Report, reader: Reader) -> bool:
    """Whether the text itself says that it is an encounter of an agency."""
    return "encounter" in _story(report, reader)


def _story(report: Report, reader: Reader) -> dict[str, Any]:
    letters = drop.reviewers_open(report, Reviewer.objects.get(pk=reader.number), reader.private)
    first = next((letter.text for letter in letters if letter.kind == Kind.REPORT), None)
    return read_story(first) if first else {}
