"""A plan as rows and back: what is ciphertext, what is a keyed token, what the predicate gets to see.

Promise: `plan_of(revision)` gives back the plan that `save_revision` stored. Everything that tells who, where in
words, or why is sealed with the node's field key, one purpose a column.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from vigil.apps.deconfliction import models, places, wall_times
from vigil.apps.deconfliction.plan import (
    Contact,
    Disclosure,
    PlaceSource,
    Plan,
    PlannedSite,
    PlannedSubject,
)
from vigil.engine import geometry, possible, windows
from vigil.engine import operation as engine
from vigil.platform import keys
from vigil.platform.prepared import insert, new
from vigil.platform.sealed import purpose_of
from vigil.protocol import store as port
from vigil.texts import gettext as _

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

KINDS: dict[type, str] = {engine.Point: "point", engine.Line: "line", engine.Polygon: "polygon"}

SUBJECT = purpose_of(models.Subject, "sealed")
NEAR = "deconfliction.subject.near"
CONTACTS = purpose_of(models.Revision, "contacts")
OBJECTIVE = purpose_of(models.Revision, "objective")
CASE_NUMBER = purpose_of(models.Revision, "case_number")
EXTERNAL_REFERENCES = purpose_of(models.Revision, "external_references")
EXIGENT = purpose_of(models.Revision, "exigent_reason")
TYPED = purpose_of(models.Site, "typed")
LABEL = purpose_of(models.Site, "label")
DRAFT = purpose_of(models.Draft, "payload")
NOTE = purpose_of(models.ConflictEvent, "note")
PEOPLE = purpose_of(models.ConflictEvent, "people")
FOREIGN_CARD = purpose_of(models.ConflictSide, "foreign_contact")


def moment(instant: int) -> datetime:
    """Microseconds UTC as a datetime, exact."""
    return EPOCH + instant * MICROSECOND


def instant(at: datetime) -> int:
    """A datetime with a zone as microseconds UTC, exact."""
    return windows.instant_of(at)


# --- what the predicate sees -----------------------------------------------------------------------------------------


def token_of(canonical: str) -> str:
    """What a subject is found by: the same for equal canonical subjects of this node, hexadecimal."""
    return keys.keyed_token(canonical, SUBJECT).hex()


def near_token_of(subject: PlannedSubject) -> bytes | None:
    """What close subjects are found by (advice alone, never p1); None for kinds that have none.

    A purpose of its own: it cannot be compared with a subject's token.
    """
    shared = possible.key(subject.kind, subject.typed)
    return None if shared is None else keys.keyed_token(shared, NEAR)


def engine_operation(operation_id: str, plan: Plan, *, registered: bool) -> engine.Operation:
    """What the predicate compares; subjects as tokens."""
    return engine.Operation(
        operation_id,
        sites=tuple(engine_site(site) for site in plan.sites),
        subjects=frozenset(token_of(subject.canonical) for subject in plan.subjects if subject.canonical),
        span=plan.span,
        mode=plan.mode,
        joint_with=plan.joint_with,
        tentative=plan.tentative,
        registered=registered,
    )


def engine_site(site: PlannedSite) -> engine.Site:
    """The site as the engine takes it."""
    return engine.Site(
        site.geometry,
        site.radius_m,
        site.starts_at,
        site.ends_at,
        windows.minutes(site.buffer_before_min),
        windows.minutes(site.buffer_after_min),
        site.uncertainty_m,
    )


def retimed(site: PlannedSite, starts_at: int, ends_at: int) -> PlannedSite:
    """The same place at another time, with the wall times that belong to it."""
    if (starts_at, ends_at) == (site.starts_at, site.ends_at):
        return site
    return replace(
        site,
        starts_at=starts_at,
        ends_at=ends_at,
        starts_wall=wall_times.moment(moment(starts_at), site.zone).wall,
        ends_wall=wall_times.moment(moment(ends_at), site.zone).wall,
    )


def shifted(plan: Plan, by: timedelta) -> Plan:
    """The whole plan moved in time."""
    more = by // MICROSECOND
    span = plan.span and engine.Window(plan.span.start + more, plan.span.end + more)
    sites = tuple(retimed(site, site.starts_at + more, site.ends_at + more) for site in plan.sites)
    return replace(plan, sites=sites, span=span)


def carried_over(revision: port.Revision, before: Plan | None) -> Plan:
    """The plan that belongs to a revision which the protocol made by itself (an extension): contents as they were.

    A site that is not one of the plan before has no words: its place stands in figures, its times in UTC.
    """
    operation = revision.operation
    plan = before or Plan("training", operation.mode, (), Contact("", ""))
    known = {_place_key(engine_site(site)): site for site in plan.sites}
    sites = tuple(
        retimed(known[_place_key(site)], site.starts_at, site.ends_at)
        if _place_key(site) in known
        else planned_site(site, "UTC", PlaceSource.COORDINATES)
        for site in operation.sites
    )
    return replace(
        plan,
        sites=sites,
        span=operation.span,
        tentative=operation.tentative,
        joint_with=operation.joint_with,
        disclosure=Disclosure(revision.disclosure.value),
        # What the revision carries is what is shared; a flag that the owner withholds stays as it was.
        plain_clothes=revision.plain_clothes if plan.share_plain_clothes else plan.plain_clothes,
        armed_and_dangerous=(
            revision.armed_and_dangerous if plan.share_armed_and_dangerous else plan.armed_and_dangerous
        ),
    )


def _place_key(site: engine.Site) -> engine.Site:
    """All of a site but its times."""
    return replace(site, starts_at=0, ends_at=0)


def planned_site(site: engine.Site, zone: str, source: PlaceSource) -> PlannedSite:
    """The engine's site as a plan holds it, its times told on the clock of `zone`."""
    minute = engine.MICROSECONDS_PER_MINUTE
    return PlannedSite(
        geometry=site.geometry,
        radius_m=site.radius_m,
        uncertainty_m=site.uncertainty_m,
        starts_at=site.starts_at,
        ends_at=site.ends_at,
        zone=zone,
        starts_wall=wall_times.moment(moment(site.starts_at), zone).wall,
        ends_wall=wall_times.moment(moment(site.ends_at), zone).wall,
        buffer_before_min=site.buffer_before / minute,
        buffer_after_min=site.buffer_after / minute,
        source=source,
    )


# --- writing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a revision, why and when; the name is frozen with it."""

    kind: models.RevisionKind
    user_id: UUID | None
    name: str
    at: datetime
    exigent: bool = False
    identity_check: str = ""
    """How the watch desk checked who telephoned it in; empty where nobody did."""


def save_revision(revision: port.Revision, plan: Plan, author: Author) -> tuple[models.Revision, list[models.Site]]:
    """Store a revision with its sites and subjects; sites in the order of the plan."""
    row = revision_row(revision, plan, author)
    row.save(force_insert=True)
    sites = insert(site_rows(row, revision, plan))
    insert(subject_rows(row, revision, plan))
    return row, sites


def revision_row(revision: port.Revision, plan: Plan, author: Author) -> models.Revision:
    """The revision as a row, not yet stored."""
    return new(
        models.Revision,
        operation_id=UUID(revision.operation_id),
        number=revision.number,
        kind=author.kind,
        status=revision.status.value,
        author_id=author.user_id,
        author_name=author.name[:200],
        created_at=author.at,
        digest=revision.digest,
        exigent=author.exigent,
        identity_check=author.identity_check,
        extension_count=revision.extensions,
        disclosure=plan.disclosure.value,
        plain_clothes=plan.plain_clothes,
        armed_and_dangerous=plan.armed_and_dangerous,
        **_plain_columns(plan),
        **_sealed_columns(plan),
    )


def site_rows(row: models.Revision, revision: port.Revision, plan: Plan) -> list[models.Site]:
    """The sites of a stored revision as rows, in the order of the plan."""
    return [_site_row(row, ordinal, site, ordinal in revision.ended_sites) for ordinal, site in enumerate(plan.sites)]


def subject_rows(row: models.Revision, revision: port.Revision, plan: Plan) -> list[models.Subject]:
    """The subjects of a stored revision as rows."""
    # Tokens the protocol carries are the truth; the words for them come from the plan where it has them.
    known = {token_of(subject.canonical): subject for subject in plan.subjects if subject.canonical}
    wordless = [PlannedSubject("", "", None, token) for token in sorted(revision.operation.subjects - known.keys())]
    return [_subject_row(row, subject) for subject in (*plan.subjects, *wordless)]


def _plain_columns(plan: Plan) -> dict[str, Any]:
    return {
        "operation_type": plan.operation_type,
        "mode": plan.mode.value,
        "tentative": plan.tentative,
        "share_plain_clothes": plan.share_plain_clothes,
        "share_armed_and_dangerous": plan.share_armed_and_dangerous,
        "personnel_band": plan.personnel_band,
        "participants": list(plan.participants),
        "joint_with": sorted(plan.joint_with),
        "span_start": moment(plan.span.start) if plan.span else None,
        "span_end": moment(plan.span.end) if plan.span else None,
        "span_zone": plan.span_zone,
        "flags": list(plan.flags),
    }


def _sealed_columns(plan: Plan) -> dict[str, bytes | None]:
    contacts = {name: asdict(contact) for name, contact in _contacts(plan).items() if contact is not None}
    exigent = [plan.exigent_reason, plan.exigent_approver]
    references = [list(pair) for pair in plan.external_references]
    return {
        "contacts": keys.encrypt(json.dumps(contacts), CONTACTS),
        "objective": _sealed(plan.objective, OBJECTIVE),
        "case_number": _sealed(plan.case_number, CASE_NUMBER),
        "external_references": _sealed(json.dumps(references) if references else "", EXTERNAL_REFERENCES),
        "exigent_reason": _sealed(json.dumps(exigent) if any(exigent) else "", EXIGENT),
    }


def _contacts(plan: Plan) -> dict[str, Contact | None]:
    return {"lead": plan.lead_contact, "second": plan.second_contact, "supervisor": plan.supervisor}


def _site_row(revision: models.Revision, ordinal: int, site: PlannedSite, ended: bool) -> models.Site:
    return new(
        models.Site,
        revision_id=revision.pk,
        ordinal=ordinal,
        kind=KINDS[type(site.geometry)],
        geometry_wkt=geometry.to_wkt(site.geometry),
        radius_m=site.radius_m,
        uncertainty_m=site.uncertainty_m,
        starts_at=moment(site.starts_at),
        ends_at=moment(site.ends_at),
        zone=site.zone,
        starts_wall=site.starts_wall,
        ends_wall=site.ends_wall,
        buffer_before_min=site.buffer_before_min,
        buffer_after_min=site.buffer_after_min,
        source=site.source.value,
        ended=ended,
        typed=_sealed(site.typed, TYPED),
        label=_sealed(site.label, LABEL),
    )


def _subject_row(revision: models.Revision, subject: PlannedSubject) -> models.Subject:
    wordless = subject.kind == ""
    token = subject.hint if wordless else token_of(subject.canonical) if subject.canonical else None
    return new(
        models.Subject,
        revision_id=revision.pk,
        kind=subject.kind,
        token=bytes.fromhex(token) if token else None,
        near_token=near_token_of(subject),
        sealed=keys.encrypt(json.dumps([subject.typed, subject.canonical]), SUBJECT),
        hint="" if wordless else subject.hint[:300],
    )


def _sealed(text: str, purpose: str) -> bytes | None:
    return keys.encrypt(text, purpose) if text else None


# --- reading ---------------------------------------------------------------------------------------------------------


def opened(sealed: bytes | memoryview | None, purpose: str) -> str:
    """The text of a sealed column; empty where there is none."""
    return "" if sealed is None else keys.decrypt(sealed, purpose)


def names_in(sealed: bytes | memoryview | None) -> dict[str, str]:
    """The names that a line of a conflict's log is about, sealed as `PEOPLE`."""
    read: dict[str, str] = json.loads(opened(sealed, PEOPLE) or "{}")
    return read


def contacts_of(revision: models.Revision) -> Mapping[str, Contact]:
    """`lead`, and where given `second` and `supervisor`."""
    stored: dict[str, dict[str, Any]] = json.loads(opened(revision.contacts, CONTACTS))
    return {name: Contact(**fields) for name, fields in stored.items()}


def place_of(site: models.Site) -> str:
    """What a reader of the owning agency sees as the site's place: its label, else what was typed, else figures."""
    return (
        places.said(opened(site.label, LABEL))
        or opened(site.typed, TYPED)
        or _figures(geometry.parse_wkt(site.geometry_wkt))
    )


def _figures(shape: engine.Geometry) -> str:
    """Latitude and longitude of a point, as the form takes them; of a line or polygon where it begins."""
    if isinstance(shape, engine.Point):
        return f"{shape.latitude:.6f}, {shape.longitude:.6f}"
    longitude, latitude = shape.vertices[0] if isinstance(shape, engine.Line) else shape.exterior[0]
    said = _("Line from {place}") if isinstance(shape, engine.Line) else _("Polygon from {place}")
    return said.format(place=f"{latitude:.6f}, {longitude:.6f}")


def plan_of(revision: models.Revision) -> Plan:
    """The stored plan. Reads the revision's `sites` and `subjects` (prefetch them for more than one)."""
    contacts = contacts_of(revision)
    reason, approver = json.loads(opened(revision.exigent_reason, EXIGENT) or '["", ""]')
    span = None
    if revision.span_start is not None and revision.span_end is not None:
        span = engine.Window(instant(revision.span_start), instant(revision.span_end))
    return Plan(
        operation_type=revision.operation_type,
        mode=engine.Mode(revision.mode),
        sites=tuple(_planned_site(site) for site in _in_order(revision.sites.all())),
        lead_contact=contacts["lead"],
        second_contact=contacts.get("second"),
        supervisor=contacts.get("supervisor"),
        subjects=tuple(_planned_subject(subject) for subject in revision.subjects.all() if subject.kind),
        span=span,
        span_zone=revision.span_zone,
        disclosure=Disclosure(revision.disclosure),
        tentative=revision.tentative,
        plain_clothes=revision.plain_clothes,
        armed_and_dangerous=revision.armed_and_dangerous,
        share_plain_clothes=revision.share_plain_clothes,
        share_armed_and_dangerous=revision.share_armed_and_dangerous,
        personnel_band=revision.personnel_band,
        participants=tuple(revision.participants),
        case_number=opened(revision.case_number, CASE_NUMBER),
        objective=opened(revision.objective, OBJECTIVE),
        joint_with=frozenset(revision.joint_with),
        external_references=_references(revision),
        external_id=revision.operation.external_id,
        exigent_reason=reason,
        exigent_approver=approver,
        flags=tuple(revision.flags),
    )


def _references(revision: models.Revision) -> tuple[tuple[str, str], ...]:
    stored = json.loads(opened(revision.external_references, EXTERNAL_REFERENCES) or "[]")
    return tuple((system, number) for system, number in stored)


def _in_order(sites: Iterable[models.Site]) -> Sequence[models.Site]:
    return sorted(sites, key=lambda site: site.ordinal)


def _planned_site(site: models.Site) -> PlannedSite:
    return PlannedSite(
        geometry=geometry.parse_wkt(site.geometry_wkt),
        radius_m=site.radius_m,
        uncertainty_m=site.uncertainty_m,
        starts_at=instant(site.starts_at),
        ends_at=instant(site.ends_at),
        zone=site.zone,
        starts_wall=site.starts_wall,
        ends_wall=site.ends_wall,
        buffer_before_min=site.buffer_before_min,
        buffer_after_min=site.buffer_after_min,
        source=PlaceSource(site.source),
        typed=opened(site.typed, TYPED),
        label=opened(site.label, LABEL),
    )


def stored_site(site: models.Site) -> engine.Site:
    """The site as the engine takes it."""
    return engine.Site(
        geometry.parse_wkt(site.geometry_wkt),
        site.radius_m,
        instant(site.starts_at),
        instant(site.ends_at),
        windows.minutes(site.buffer_before_min),
        windows.minutes(site.buffer_after_min),
        site.uncertainty_m,
    )


def _planned_subject(subject: models.Subject) -> PlannedSubject:
    typed, canonical = json.loads(opened(subject.sealed, SUBJECT))
    return PlannedSubject(subject.kind, typed, canonical, subject.hint)


def stored_operation(revision: models.Revision) -> engine.Operation:
    """What the predicate compares, from the stored rows: as it was committed."""
    sites = tuple(stored_site(site) for site in _in_order(revision.sites.all()))
    tokens = (subject.token for subject in revision.subjects.all())
    span = None
    if revision.span_start is not None and revision.span_end is not None:
        span = engine.Window(instant(revision.span_start), instant(revision.span_end))
    return engine.Operation(
        str(revision.operation_id),
        sites=sites,
        subjects=frozenset(bytes(token).hex() for token in tokens if token is not None),
        span=span,
        mode=engine.Mode(revision.mode),
        joint_with=frozenset(revision.joint_with),
        tentative=revision.tentative,
        registered=revision.status not in (models.Status.DRAFT, models.Status.CANCELLED),
    )
