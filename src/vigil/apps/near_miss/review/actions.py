"""What reviewers do to a report, each step one action. The drop is written inside the node's transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from vigil.apps.near_miss import access, rules
from vigil.apps.near_miss.encounters import encounters
from vigil.apps.near_miss.followup import origins
from vigil.apps.near_miss.learning.rules import QUASI, SCENE_KEPT, sharing
from vigil.apps.near_miss.models import AlertDraft, CaseStudy, Lesson, Origin, Review, Seat
from vigil.apps.near_miss.queries import Opened, open_report
from vigil.apps.near_miss.review import alerts, working
from vigil.apps.near_miss.review.independence import answers, require_other_agency
from vigil.apps.near_miss.review.working import Reader, Work
from vigil.apps.near_miss.rules import State, Step, given
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.core.privacy.suppression import K
from vigil.door import drop, sealing
from vigil.door.fields import FACTORS
from vigil.door.models import Kind, Report, Reviewer, Stage
from vigil.platform.actions import action, concerns


@action("near_miss.key.unlock")
def unwrap(actor: Actor, passphrase: str) -> bytes:
    """The actor's private key; `Invalid` where the passphrase is another."""
    seat = access.seat_of(actor)
    concerns(seat=seat.pk)
    if seat.waiting:
        raise Invalid.at("passphrase", sentence=_("Another reviewer must confirm your key first."))
    try:
        return sealing.unwrap(bytes(seat.wrapped), passphrase)
    except sealing.Unreadable:
        said = _("This is not the passphrase. Nobody can reset it; with a new key you read what comes from then on.")
        raise Invalid.at("passphrase", sentence=said) from None


@action("near_miss.key.hand_over")
def let_read(actor: Actor, seat_id: UUID, reader: Reader) -> int:
    """Let another reviewer read everything that the actor can read; how many reports that added something to."""
    own = access.seat_of(actor)
    other = next((one for one in access.sitting() if one.pk == seat_id != own.pk), None)
    if other is None or other.number is None:
        raise NotFound
    concerns(seat=own.pk, other=other.pk)
    mine, theirs = Reviewer.objects.get(pk=reader.number), Reviewer.objects.get(pk=other.number)
    for review in Review.objects.select_for_update().exclude(content=b""):
        if working.let_read(review, reader, theirs):
            review.save(update_fields=("keys",))
    rows: list[Origin | AlertDraft] = [*Origin.objects.select_for_update(), *AlertDraft.objects.select_for_update()]
    for row in rows:
        if working.let_read(row, reader, theirs):
            row.save(update_fields=("keys",))
    return sum(bool(drop.let_read(report, mine, reader.private, theirs)) for report in Report.objects.all())


@action("near_miss.report.open")
def opened(actor: Actor, report: UUID, reader: Reader) -> Opened:
    """The report as the reviewer reads it; the trail has who opened which."""
    concerns(report=report)
    require_other_agency(access.seat_of(actor), access.report_of(report), reader)
    return open_report(actor, report, reader)


@action("near_miss.report.triage")
def triage(actor: Actor, report: UUID, revision: int, reader: Reader, is_alert: bool | None, reason: str) -> None:
    """First of all: is there a hazard that others must hear of now? With the reason."""
    if is_alert is None:
        raise Invalid.at("alert", sentence=_("Say whether others must hear of it now."))
    reason = given("reason", reason)
    seat, found, review = _begin(actor, report, revision, Step.TRIAGE, reader)
    if not is_alert and AlertDraft.objects.filter(review=review, released_by__isnull=False).exists():
        raise Invalid.at("alert", sentence=_("An alert about it was released: it cannot be taken back."))
    review.is_alert, review.triaged_by = is_alert, seat
    _save(review, reader, lambda work: replace(work, alert_reason=reason))
    drop.move_on(found, Stage.IN_REVIEW)
    if is_alert:
        alerts.tell_others(review, seat)


@action("near_miss.report.mask")
def mask(actor: Actor, report: UUID, revision: int, reader: Reader, text: str) -> None:
    """The first reviewer's masked text."""
    text = given("text", text, rules.MOST_TEXT)
    seat, found, review = _begin(actor, report, revision, Step.MASK, reader)
    if encounters.of_report(found.pk) is not None:
        encounters.refuse_panels(text)
    review.masked_by = seat
    _save(review, reader, lambda work: replace(work, text=text, back_reason=""))


@action("near_miss.report.agree")
def agree(actor: Actor, report: UUID, revision: int, reader: Reader) -> None:
    """The second reviewer agrees with the masked text as it is at this revision."""
    seat, _found, review = _begin(actor, report, revision, Step.AGREE, reader)
    review.agreed_by = seat
    review.save()


@action("near_miss.report.send_back")
def send_back(actor: Actor, report: UUID, revision: int, reader: Reader, reason: str) -> None:
    """Back to masking, with what is to be mended."""
    reason = given("reason", reason)
    _seat, _found, review = _begin(actor, report, revision, Step.SEND_BACK, reader)
    review.masked_by = review.agreed_by = review.coded_by = None
    _save(review, reader, lambda work: replace(work, back_reason=reason))


@action("near_miss.report.code")
def code(
    actor: Actor,
    report: UUID,
    revision: int,
    reader: Reader,
    title: str,
    lessons: str,
    factors: tuple[str, ...],
    primary: str,
    links: tuple[UUID, ...] = (),
) -> None:
    """Title, lessons learned, contributing factors and the primary one; `links` are lessons that are like it."""
    factors = tuple(one for one in factors if one in FACTORS)
    title, lessons = title.strip(), lessons.replace("\r\n", "\n").strip()
    rules.coding_problems(title, lessons, factors, primary)
    known = sorted(str(one) for one in access.lessons(actor).filter(pk__in=links).values_list("pk", flat=True))
    if len(known) < len(set(links)):
        raise Invalid.at("link", sentence=_("There is no lesson at this address. Copy it from the lesson's page."))
    seat, _found, review = _begin(actor, report, revision, Step.CODE, reader)
    review.coded_by = seat
    coded = Work(title=title, lessons=lessons, factors=factors, primary=primary, links=tuple(known))
    _save(review, reader, lambda work: replace(coded, alert_reason=work.alert_reason, text=work.text))


@action("near_miss.report.publish")
def publish(
    actor: Actor,
    report: UUID,
    revision: int,
    reader: Reader,
    today: date,
    left_out: tuple[str, ...] = (),
    few_reason: str = "",
) -> Lesson | CaseStudy:
    """Publish, by another than who coded. Neither row nor trail leads from the lesson back to the report;
    what reviewers need to tell the reporter of outcomes is sealed to their keys.

    `left_out` are what of `QUASI` the lesson does not say; a reason is needed where fewer than k lessons say the same.
    """
    seat, found, review = _begin(actor, report, revision, Step.PUBLISH, reader)
    work, said, few_reason = working.read(review, reader), answers(found, reader), few_reason.strip()
    encounter = encounters.to_publish(found, reader)
    published: Lesson | CaseStudy
    if encounter is not None:
        published = encounters.publish(encounter, work, said, today)
    else:
        published = _lesson(actor, work, said, left_out, few_reason, today)
        origins.begin(review, published)
    review.published_by, review.ended_on = seat, today
    _save(review, reader, lambda work: Work(alert_reason=work.alert_reason, few_reason=few_reason))
    drop.move_on(found, Stage.PUBLISHED)
    return published


def _lesson(
    actor: Actor, work: Work, said: dict[str, list[str]], left_out: tuple[str, ...], few_reason: str, today: date
) -> Lesson:
    quasi = {name: next(iter(said.get(name, ())), "") for name in QUASI if name not in left_out}
    if sharing(quasi, access.lessons(actor).values(*QUASI)) < K and not few_reason:
        sentence = _("Fewer than {k} lessons would say the same. Leave something out, or say why it may be published.")
        raise Invalid.at("few_reason", sentence=sentence.format(k=K))
    lesson = Lesson.objects.create(
        title=work.title,
        text=work.text,
        lessons=work.lessons,
        factors=list(work.factors),
        primary=work.primary,
        scene={name: said[name] for name in SCENE_KEPT if said.get(name)},
        published_on=today,
        **quasi,
    )
    lesson.linked.set(access.lessons(actor).filter(pk__in=work.links))
    return lesson


@action("near_miss.report.close")
def close(actor: Actor, report: UUID, revision: int, reader: Reader, reason: str, today: date) -> None:
    """End the review without a lesson, with the reason."""
    reason = given("reason", reason)
    _seat, found, review = _begin(actor, report, revision, Step.CLOSE, reader)
    review.ended_on = today
    _save(review, reader, lambda work: Work(alert_reason=work.alert_reason, close_reason=reason))
    drop.move_on(found, Stage.CLOSED)


@action("near_miss.report.ask")
def ask(actor: Actor, report: UUID, reader: Reader, text: str, today: date) -> None:
    """A question to the reporter, sealed to the receipt's half."""
    _write(actor, report, reader, Kind.QUESTION, text, today)


@action("near_miss.report.tell")
def tell(actor: Actor, report: UUID, reader: Reader, text: str, today: date) -> None:
    """Tell the reporter what was done."""
    _write(actor, report, reader, Kind.DONE, text, today)


def _write(actor: Actor, report: UUID, reader: Reader, kind: Kind, text: str, today: date) -> None:
    seat, found = access.seat_of(actor), access.report_of(report)
    concerns(report=report)
    require_other_agency(seat, found, reader)
    if encounters.of_report(found.pk) is not None:
        raise Invalid.at("text", sentence=_("This is an encounter: ask who submitted it, nobody has its receipt."))
    drop.reviewers_write(found, kind, given("text", text), today)


def _begin(actor: Actor, report: UUID, revision: int, step: Step, reader: Reader) -> tuple[Seat, Report, Review]:
    """The review, locked, with the step taken; `Conflict` where the form showed an older revision."""
    seat, found = access.seat_of(actor), access.report_of(report)
    concerns(report=report)
    require_other_agency(seat, found, reader)
    review, _made = Review.objects.select_for_update().get_or_create(report=found.pk)
    if review.revision != revision:
        raise Conflict
    encounter = encounters.of_report(found.pk)
    if encounter is not None:
        encounters.refuse_writer(encounter, actor)
    done_by = {Step.MASK: review.masked_by_id, Step.CODE: review.coded_by_id}
    review.state = rules.after(State(review.state), step, seat.pk, done_by)
    review.revision += 1
    return seat, found, review


def _save(review: Review, reader: Reader, change: Callable[[Work], Work]) -> None:
    working.put(review, change(working.read(review, reader)))
    review.save()
