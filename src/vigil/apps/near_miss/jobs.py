"""What happens by itself: subscribers and door are told; raw texts go thirty days after a review with signed proof."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from vigil.apps.near_miss import access
from vigil.apps.near_miss.encounters import encounters
from vigil.apps.near_miss.learning import batches, sharing
from vigil.apps.near_miss.models import AlertDraft, Destruction, Origin, Review
from vigil.apps.near_miss.out import telling
from vigil.apps.near_miss.partners import partner_lessons
from vigil.apps.near_miss.review import seats
from vigil.apps.near_miss.rules import KEPT_DAYS
from vigil.core.actor import Actor, system
from vigil.door import drop
from vigil.door.models import Kind, Letter, LetterKey, Report, Stage
from vigil.platform import keys
from vigil.platform.actions import action, concerns
from vigil.platform.jobs.queue import periodic

PURGE = system("near-miss purge")


@periodic("near_miss.purge", every=timedelta(hours=1))
def purge(now: datetime) -> None:
    """Destroy what is due, and the work on reports that their reporters took back."""
    if access.the_door() is None:
        return
    today = now.date()
    ended = Review.objects.filter(ended_on__lte=today - timedelta(days=KEPT_DAYS)).values_list("report", flat=True)
    due = set(ended) - encounters.held_reports(today)
    left = _due(today).filter(report__in=list(due)).exclude(content=b"")
    for report in Report.objects.filter(pk__in=list(left.values_list("report", flat=True))):
        destroy(PURGE, report, today)
    gone = Report.objects.filter(stage=Stage.WITHDRAWN).values_list("pk", flat=True)
    Review.objects.filter(report__in=list(gone)).exclude(content=b"").update(content=b"", keys={})
    for sealed in (Origin, AlertDraft):
        sealed.objects.filter(review__report__in=list(gone)).delete()


@periodic("near_miss.reviewers", every=timedelta(minutes=1))
def follow(now: datetime) -> None:
    """Seal no longer to the keys of people whose account was cut off."""
    seats.follow()


@periodic("near_miss.partners", every=timedelta(minutes=10))
def hand_out(now: datetime) -> None:
    """Tell partner nodes what is published here, and take back what they are not to have any more."""
    partner_lessons.hand_out(now)


@periodic("near_miss.sharing", every=timedelta(hours=6))
def count(now: datetime) -> None:
    """Count the lessons there are enough of by now, and tell the door how many say the same."""
    batches.count_new(now.date())
    sharing.tell_door()


@periodic("near_miss.tell", every=timedelta(minutes=5))
def tell(now: datetime) -> None:
    """Tell subscribers what is due."""
    telling.tell(now)


def _due(today: date) -> QuerySet[Letter]:
    return Letter.objects.exclude(kind=Kind.DONE).filter(week__lte=drop.week_of(today - timedelta(days=KEPT_DAYS)))


@action("near_miss.report.destroy")
def destroy(actor: Actor, report: Report, today: date) -> Destruction:
    """Destroy every text of the report but what was told to the reporter, and what came in later than the days that
    reviewers have to read it: content keys first, then ciphertext.

    The proof keeps the digest of the ciphertexts, the week the report came in, and how many reviewers could read it;
    it does not say which report it was.
    """
    letters = list(_due(today).filter(report=report).order_by("number"))
    digest = hashlib.sha256(b"".join(hashlib.sha256(bytes(one.content)).digest() for one in letters))
    reviewers = (
        LetterKey.objects.filter(letter__in=letters, reviewer__isnull=False).values("reviewer").distinct().count()
    )
    said = {"digest": digest.hexdigest(), "week": report.week, "reviewers": reviewers, "on": today.isoformat()}
    body = json.dumps(said, sort_keys=True).encode()
    proof = Destruction.objects.create(body=body, signature=keys.signing_key().sign(body), destroyed_on=today)
    Review.objects.filter(report=report.pk).update(content=b"", keys={})
    AlertDraft.objects.filter(review__report=report.pk).delete()
    drop.destroy(letters)
    concerns(destruction=proof.pk)
    return proof
