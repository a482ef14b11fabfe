"""Lessons and alerts between partner nodes: handed out to those that the administrator chose, taken back with them,
and shown here, read only, under the name of the partner that published them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db.models import QuerySet

from vigil.apps.near_miss import access
from vigil.apps.near_miss.learning.rules import QUASI
from vigil.apps.near_miss.leaves import Leaf, leaf_of
from vigil.apps.near_miss.models import Alert, HandedOut, Lesson, PartnerChoice, PartnerPublication
from vigil.apps.near_miss.out import exports, telling
from vigil.apps.near_miss.partners.publications import KIND, Publication, What
from vigil.apps.near_miss.queries import Facets, Said, Shown, fits, shown, with_words
from vigil.apps.near_miss.review import alerts
from vigil.core.actor import Actor, system
from vigil.core.errors import NotFound
from vigil.platform.actions import action, concerns, detail
from vigil.platform.partners.letters import Letter, tell
from vigil.platform.partners.models import Partner
from vigil.platform.partners.roster import partners
from vigil.protocol.canonical import canonical_bytes

SENDER, TAKER = system("near-miss partners"), system("partner")
MATTERS = timedelta(days=30)
"""So long a partner that does not take it is told again (ours)."""
Wanted = dict[UUID, Publication]


@dataclass(frozen=True, slots=True)
class Line:
    """A partner, and what was chosen for it."""

    partner: Partner
    sends: bool
    shows: bool


@dataclass(frozen=True, slots=True)
class FromPartner:
    """Something that a partner published."""

    partner: str
    shown: Shown


def chosen(actor: Actor) -> list[Line]:
    """Every live partner, by name."""
    actor.require("near_miss.partner.choose")
    rows = {row.partner_id: row for row in PartnerChoice.objects.all()}
    lines = ((one, rows.get(one.pk) or PartnerChoice()) for one in _live())
    return [Line(one, row.sends, row.shows) for one, row in lines]


@action("near_miss.partner.choose")
def choose(actor: Actor, partner_id: UUID, sends: bool, shows: bool) -> None:
    """Send it what is published here, or take all of that back; show what it publishes, or do not."""
    if partner_id not in {one.pk for one in _live()}:
        raise NotFound
    PartnerChoice.objects.update_or_create(partner_id=partner_id, defaults={"sends": sends, "shows": shows})
    concerns(partner=partner_id)
    detail(sends=sends, shows=shows)


def lessons(actor: Actor, facets: Facets, page: str = "") -> Leaf[FromPartner]:
    """The lessons of partners that are shown here, narrowed like our own, the newest first."""
    every = access.partner_publications(actor).filter(what=What.LESSON)
    found = with_words(every, facets).values_list("pk", "factors", *QUASI)
    pks = [pk for pk, factors, *of in found if fits(facets, Said(*of), factors)]
    leaf = leaf_of(pks, page)
    rows = every.filter(pk__in=leaf.shown)
    return leaf.holding(FromPartner(one.partner.name, shown(one, _said(one))) for one in rows)


def _said(one: PartnerPublication) -> Said:
    """As its own node says it."""
    return Said(one.call_type, one.time_band, one.month)


def current_alerts(actor: Actor, now: datetime) -> list[PartnerPublication]:
    """The alerts of partners that are as fresh as ours that are shown."""
    since = (now - alerts.SHOWN).date()
    return list(access.partner_publications(actor).filter(what=What.ALERT, published_on__gt=since))


def hand_out(now: datetime) -> None:
    """Tell each partner what it has not been told yet, and take back what it is not to have. Safe to repeat.

    No lesson changes once it is published; what it may say of its call does, with another one (`queries.said`). So
    nothing is read while every partner has just the lessons and alerts that it is to have.
    """
    sends = set(PartnerChoice.objects.filter(sends=True).values_list("partner_id", flat=True))
    behind = [partner for partner in _live() if _is_behind(partner, partner.pk in sends, now)]
    publications = {one.number: one for one in _published(now)} if sends and behind else {}
    for partner in behind:
        _bring(partner, publications if partner.pk in sends else {}, now)


def _is_behind(partner: Partner, is_sent: bool, now: datetime) -> bool:
    """Whether something is to be told to the partner, or taken back from it."""
    has = HandedOut.objects.filter(partner=partner).exclude(digest="")
    if not is_sent:
        return has.exists()
    gone = has.exclude(number__in=_lessons(now).values("pk")).exclude(number__in=_alerts(now).values("pk"))
    return any(wanted.exclude(pk__in=has.values("number")).exists() for wanted in (_lessons(now), _alerts(now))) or (
        gone.exists()
    )


def _bring(partner: Partner, wanted: Wanted, now: datetime) -> None:
    told = {row.number: row for row in HandedOut.objects.filter(partner=partner)}
    fresh = [one for number, one in wanted.items() if number not in told or told[number].digest != _digest(one)]
    gone = [row for number, row in told.items() if row.digest and number not in wanted]
    news = [*fresh, *(Publication(row.number, 1, What(row.what), None) for row in gone)]
    if news:
        _send(SENDER, partner, news, now)


@action("near_miss.publication.send")
def _send(actor: Actor, partner: Partner, news: list[Publication], now: datetime) -> None:
    concerns(partner=partner.pk)
    detail(count=len(news))
    for one in news:
        row = HandedOut.objects.filter(partner=partner, number=one.number).first()
        row = row or HandedOut(partner=partner, number=one.number, revision=0)
        row.what, row.revision, row.digest = one.what.value, row.revision + 1, _digest(one)
        row.save()
        content = Publication(one.number, row.revision, one.what, one.said).content()
        key = f"{KIND}:{partner.pk}:{one.number}:{row.revision}"
        tell(Letter(partner.pk, KIND, key, content, now + MATTERS), now)


def _published(now: datetime) -> Iterator[Publication]:
    """What people here were told of: lessons as they leave the node as files too, and the alerts that are shown."""
    told = set(_lessons(now).values_list("pk", flat=True))
    for row in exports.rows(SENDER):
        if row.lesson.pk not in told:
            continue
        said = {column.name: column.of(row) for column in exports.COLUMNS if column.name != "id"}
        yield Publication(row.lesson.pk, 1, What.LESSON, said)
    for alert in _alerts(now):
        said = {"text": alert.text, "published_on": alert.goes_out_at.date().isoformat()}
        yield Publication(alert.pk, 1, What.ALERT, said)


def _lessons(now: datetime) -> QuerySet[Lesson]:
    """Those that people here were told of."""
    yesterday = now.date() - timedelta(days=1)
    last = yesterday if telling.noon_after(yesterday) <= now else yesterday - timedelta(days=1)
    return access.lessons(SENDER).filter(published_on__lte=last).order_by()


def _alerts(now: datetime) -> QuerySet[Alert]:
    """Those that are shown here."""
    return alerts.out(SENDER, now).filter(goes_out_at__gt=now - alerts.SHOWN).order_by()


def _digest(one: Publication) -> str:
    return "" if one.said is None else sha256(canonical_bytes(dict(one.said))).hexdigest()


@action("near_miss.publication.receive")
def take(actor: Actor, partner_id: UUID, told: Publication) -> bool:
    """Keep what a partner publishes or takes back; False where it is one for tests, or this is no news."""
    concerns(partner=partner_id, publication=told.number)
    detail(revision=told.revision, withdrawn=told.said is None)
    if partner_id not in {one.pk for one in _live()}:
        return False
    known = PartnerPublication.objects.filter(partner_id=partner_id, number=told.number)
    if known.filter(revision__gte=told.revision).exists():
        return False
    known.delete()
    row = PartnerPublication(partner_id=partner_id, number=told.number, what=told.what.value, revision=told.revision)
    row.is_withdrawn = told.said is None
    for name, value in (told.said or {}).items():
        setattr(row, name, date.fromisoformat(value) if name == "published_on" else value)
    row.save()
    return True


def _live() -> list[Partner]:
    return [one for one in partners() if one.purpose == Partner.Purpose.LIVE]
