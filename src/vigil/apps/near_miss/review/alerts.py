"""Alerts: what others must hear of before a lesson can be written (NASA ASRS: alert messages).

One reviewer writes the text of a report that was triaged "alert now", another releases it; until then it is sealed to
the reviewers, and the others are told at once that it waits: the moment is that of a reviewer's step, which the trail
has too, and says nothing of when the report came. It goes out at the next fixed hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from vigil.apps.near_miss import access, deliveries
from vigil.apps.near_miss.encounters import encounters
from vigil.apps.near_miss.models import Alert, AlertDraft, Review, Seat
from vigil.apps.near_miss.review import working
from vigil.apps.near_miss.review.independence import require_other_agency
from vigil.apps.near_miss.review.working import Reader
from vigil.apps.near_miss.rules import OPEN, given
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.platform import clock
from vigil.platform.actions import action, concerns
from vigil.platform.delivery.outbox import send
from vigil.platform.delivery.personal import personal_ways
from vigil.platform.notices.board import notify
from vigil.texts import gettext_noop

BAND = timedelta(hours=6)
"""Alerts go out at 0, 6, 12 and 18 h UTC: as fine as the time that a report itself keeps (ADR 12)."""
MOST = 2_000
"""Characters (ours): what is longer is a lesson."""
SHOWN = timedelta(days=30)
"""So long an alert stands above the library (ours); later in its month's digest."""
LATE = timedelta(days=1)
"""So long a way that is down is tried to say that an alert waits (ours)."""
WAITS = gettext_noop("An alert of the near misses waits for another reviewer. Open Review.")


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert on its way, as a reviewer reads it; no text once it was released."""

    text: str
    revision: int
    is_own: bool
    is_released: bool


def next_hour(now: datetime) -> datetime:
    """The first fixed hour after the instant."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + BAND * ((now - midnight) // BAND + 1)


def out(actor: Actor, now: datetime) -> QuerySet[Alert]:
    """The alerts that went out, the latest first."""
    actor.require("near_miss.alert.read")
    return Alert.objects.filter(goes_out_at__lte=now)


def draft_of(actor: Actor, report: UUID, reader: Reader) -> Draft | None:
    """The alert that is being written about a report; `sealing.Unreadable` for whom it was not sealed."""
    seat = access.seat_of(actor)
    row = AlertDraft.objects.filter(review__report=access.report_of(report).pk).first()
    if row is None:
        return None
    text = working.unseal(row, reader) if row.content else ""
    return Draft(text, row.revision, row.written_by_id == seat.pk, row.released_by_id is not None)


@action("near_miss.alert.write")
def write(actor: Actor, report: UUID, revision: int, reader: Reader, text: str) -> None:
    """The text of the alert, anew where there was one; another reviewer releases it."""
    text = given("text", text, MOST)
    seat, review, row = _begin(actor, report, revision, reader)
    row = row or AlertDraft(review=review)
    row.written_by, row.revision = seat, row.revision + 1
    working.seal(row, text)
    row.save()
    tell_others(review, seat)


@action("near_miss.alert.release")
def release(actor: Actor, report: UUID, revision: int, reader: Reader, now: datetime) -> Alert:
    """Let it go out at the next fixed hour, as it is at this revision; by another than who wrote it.

    Of an encounter nothing goes out while a hold or a missing consent forbids its publication.
    """
    seat, _review, row = _begin(actor, report, revision, reader)
    if row is None:
        raise NotFound
    if row.written_by_id == seat.pk:
        raise Invalid.at("go", sentence=_("Another reviewer must do this step: the one before it was yours."))
    encounter = encounters.to_publish(access.report_of(report), reader)
    if encounter is not None:
        encounters.refuse_unready(encounter, now.date())
    # Neither row nor trail leads from the alert back: the trail has the report alone.
    alert = Alert.objects.create(text=working.unseal(row, reader), goes_out_at=next_hour(now))
    row.released_by, row.content, row.keys = seat, b"", {}
    row.save()
    return alert


def tell_others(review: Review, seat: Seat) -> None:
    """Tell every other reviewer that an alert waits, inside the action of the one who triaged it or wrote its text."""
    now, message = clock.now(), deliveries.ALERT_WAITS
    written = AlertDraft.objects.filter(review=review).values_list("revision", flat=True).first()
    key = f"{message}:{review.pk}:{review.revision}:{written or 0}"
    people = [one.user_id for one in access.sitting() if one.pk != seat.pk]
    notify(people, message, WAITS, objects={"page": "near_miss:queue"}, key=key, at=now)
    ways = [way for person in people for way in personal_ways(person, urgent=False)]
    send(ways, message, key=key, about=review.pk, at=now, until=now + LATE)


def _begin(actor: Actor, report: UUID, revision: int, reader: Reader) -> tuple[Seat, Review, AlertDraft | None]:
    """The review, locked, and its draft; `Conflict` where nothing is to be told now or the form showed another text."""
    seat, found = access.seat_of(actor), access.report_of(report)
    concerns(report=report)
    require_other_agency(seat, found, reader)
    encounter = encounters.of_report(found.pk)
    if encounter is not None:
        encounters.refuse_writer(encounter, actor)
    review = Review.objects.select_for_update().filter(report=found.pk).first()
    if review is None or not review.is_alert or review.state not in OPEN:
        raise Conflict
    row = AlertDraft.objects.select_for_update().filter(review=review).first()
    if (row.revision if row else 0) != revision or (row is not None and row.released_by_id is not None):
        raise Conflict
    return seat, review, row
