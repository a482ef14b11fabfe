"""What is refused, flagged or defaulted when an operation is entered (specification, section 3).

Promise: `read_plan` is the one judge of input. The page form, the API and the import hand it the same nested mapping of
texts or JSON values and get a `Plan` that is complete, or `Invalid` with *every* fault, each at its field. Pure: the
present instant and the agency's own values are passed in.

The input, every key but the marked ones optional:

    operation_type*  mode  tentative  disclosure  plain_clothes  armed_and_dangerous  share_plain_clothes
    share_armed_and_dangerous  personnel_band  participants[]  case_number  objective  joint_with[]  external_id
    external_references[{system, number}]  exigent_reason  exigent_approver
    lead_contact*{name, phone, relay}  second_contact{...}  supervisor{...}
    subjects[{kind, value}] or ["kind:value"]
    starts_at  ends_at  zone  radius_m  buffer_before_min  buffer_after_min      for every site that has none of its own
    sites[{place | latitude, longitude | geometry, source, label, uncertainty_m, starts_at, ends_at, zone, radius_m,
           buffer_before_min, buffer_after_min}]

`place` is a text for `places.read_place`, which takes WKT and GeoJSON too; `geometry` is WKT or GeoJSON (Point,
LineString, Polygon) alone. Times without an offset are the site's local time. An operation without sites takes
`starts_at`, `ends_at` as its own span.
"""

from __future__ import annotations

import math
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from vigil.apps.deconfliction import places
from vigil.apps.deconfliction.plan import Contact, Disclosure, PlaceSource, Plan, PlannedSite, PlannedSubject
from vigil.apps.deconfliction.wall_times import Moment, TimeError, is_zone, moment, read_time
from vigil.core.errors import Invalid, Problem
from vigil.engine import geometry as shapes
from vigil.engine import phones, types, windows
from vigil.engine import subjects as subject_rules
from vigil.engine.formats.shape_files import from_geojson, read_shape
from vigil.engine.geometry import Box, GeometryError
from vigil.engine.operation import Geometry, Mode, Point, Window
from vigil.engine.types import OPERATION_TYPES, OperationType
from vigil.texts import gettext as _
from vigil.texts import ngettext

MOST_SITES = 50
MOST_SUBJECTS = 200
PIN_WANTED_M = 250.0
"""Above this uncertainty a pin is asked for (specification 3)."""
DEFAULT_LEAD_TIME = timedelta(minutes=120)

LONGEST = {"objective": 4_000, "geometry": 1_000_000, "place": 1_000_000}
LONGEST_TEXT = 200
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what is not seen or makes a text read in another order than it is stored: two texts that look
the same would differ."""
FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by category, and not seen."""


class PlanFlag(StrEnum):
    """Flags of a plan beside those of `engine.types.Flag`: warnings to the submitter, never a refusal."""

    OUTSIDE_REGION = "outside_region"
    PIN_WANTED = "pin_wanted"
    SUBJECT_IGNORED = "subject"
    NO_SUBJECT = "no_subject"
    EXIGENT = "exigent"


@dataclass(frozen=True, slots=True)
class PlanContext:
    """What a plan is read against.

    `zone` is the agency's, for a span without a place; `types` carry the agency's own radii and buffers
    (`agency_types`); an empty `region` means that no place is outside it; `mode` is taken where the input names none;
    without `streets` an address asks for a pin.
    """

    now: datetime
    zone: str = "UTC"
    lead_time: timedelta = DEFAULT_LEAD_TIME
    types: Mapping[str, OperationType] = field(default_factory=lambda: OPERATION_TYPES)
    region: tuple[Box, ...] = ()
    mode: Mode = Mode.LIVE
    streets: places.Streets | None = None


def agency_types(own: Mapping[str, Any]) -> Mapping[str, OperationType]:
    """The table of types with an agency's own values, `{"types": {"raid": {"radius_m": 400}}}`."""
    changes = own.get("types", {})
    if not changes:
        return OPERATION_TYPES
    allowed = ("radius_m", "buffer_before_min", "buffer_after_min")
    return {
        code: replace(kind, **{key: value for key, value in changes.get(code, {}).items() if key in allowed})
        for code, kind in OPERATION_TYPES.items()
    }


def region_boxes(region: Iterable[Sequence[float]] | None) -> tuple[Box, ...]:
    """A node's region as stored, `[[west, south, east, north], ...]`, as boxes."""
    return tuple(Box(*map(float, box)) for box in region or ())


def read_plan(raw: Mapping[str, Any], context: PlanContext) -> Plan:
    """Check and complete what a person or a program handed in.

    Raises:
        Invalid: with every fault at its field, the choices beside it where there are some.
    """
    fields = _Fields(raw)
    kind = _operation_type(fields, context)
    span = _default_span(fields, context)
    sites = _sites(fields, kind, context, span)
    subjects = _subjects(fields)
    plan = _rest(fields, kind, sites, subjects, context)
    if not sites:
        plan = replace(plan, span=_own_span(fields, kind, span, context), span_zone=span.zone or context.zone)
    fields.refuse_unknown(_KNOWN)
    if fields.problems:
        # Sites that share the operation's times or radius find the same fault at the same field.
        raise Invalid(list(dict.fromkeys(fields.problems)))
    return replace(plan, flags=plan_flags(plan, context))


# --- fields --------------------------------------------------------------------------------------------------------

E = TypeVar("E", bound=StrEnum)

_EVERY_SITE = ("starts_at", "ends_at", "zone", "radius_m", "buffer_before_min", "buffer_after_min")
_KNOWN_OF_SITE = frozenset(
    (*_EVERY_SITE, "place", "latitude", "longitude", "geometry", "source", "label", "uncertainty_m")
)
_KNOWN = frozenset(
    (
        *_EVERY_SITE,
        *("operation_type", "mode", "sites", "subjects", "lead_contact", "second_contact", "supervisor", "joint_with"),
        *("disclosure", "tentative", "plain_clothes", "armed_and_dangerous", "share_plain_clothes"),
        *("share_armed_and_dangerous", "personnel_band", "participants", "case_number", "objective"),
        *("external_id", "external_references", "exigent_reason", "exigent_approver"),
    )
)
_KNOWN_OF_CONTACT = frozenset(("name", "phone", "relay"))
_TRUE, _FALSE = ("true", "on", "yes", "1"), ("false", "off", "no", "0", "")


def _unseen(letter: str) -> bool:
    return letter in FILLERS or (unicodedata.category(letter) in UNSEEN and letter not in "\n\r\t")


class _Fields:
    """One level of the input: reads a field, or notes what is wrong with it at its path."""

    def __init__(self, raw: Any, path: tuple[str | int, ...] = (), problems: list[Problem] | None = None) -> None:
        self.path = path
        self.problems: list[Problem] = [] if problems is None else problems
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            self.note(sentence=_("This must be an object with named fields."))

    def note(self, *name: str | int, sentence: str, choices: Sequence[str] = ()) -> None:
        self.problems.append(Problem((*self.path, *name), sentence, tuple(choices)))

    def has(self, name: str) -> bool:
        return self.raw.get(name) not in (None, "")

    def below(self, *name: str | int, raw: Any) -> _Fields:
        return _Fields(raw, (*self.path, *name), self.problems)

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.note(name, sentence=_("This must be a text."))
            return ""
        text = str(value).strip()
        self.check(name, text=text, limit=LONGEST.get(name, LONGEST_TEXT))
        return text

    def check(self, *name: str | int, text: str, limit: int = LONGEST_TEXT) -> None:
        if len(text) > limit:
            sentence = _("This is too long: at most {most} characters are kept.")
            self.note(*name, sentence=sentence.format(most=f"{limit:,}"))
        if any(_unseen(letter) for letter in text):
            self.note(*name, sentence=_("This holds a character that cannot be seen. Type it again."))

    def number(self, name: str, default: float, least: float | None = 0.0) -> float:
        if not self.has(name):
            return float(default)
        value = self.raw[name]
        try:
            number = float(value) if not isinstance(value, bool) else math.nan
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.note(name, sentence=_("This must be a number."))
            return float(default)
        if least is not None and number < least:
            self.note(name, sentence=_("This must not be negative."))
            return float(default)
        if abs(number) > types.LARGEST_LENGTH:
            self.note(name, sentence=_("This is more than the whole Earth or a lifetime takes: check the unit."))
            return float(default)
        return number

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.raw.get(name)
        if value is None:
            return default
        if str(value).casefold() in _TRUE:
            return True
        if str(value).casefold() not in _FALSE:
            self.note(name, sentence=_("This must be yes or no."), choices=("true", "false"))
        return False

    def one_of(self, name: str, values: type[E], default: E) -> E:
        text = self.text(name)
        if not text:
            return default
        try:
            return values(text)
        except ValueError:
            allowed = tuple(value.value for value in values)
            sentence = _("This must be one of {values}.").format(values=", ".join(allowed))
            self.note(name, sentence=sentence, choices=allowed)
            return default

    def items(self, name: str, most: int) -> list[Any]:
        value = self.raw.get(name)
        if value in (None, ""):
            return []
        if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
            self.note(name, sentence=_("This must be a list."))
            return []
        listed = list(value)
        if len(listed) > most:
            sentence = ngettext(
                "There is {n}; at most {most} are taken. Split the operation in two.",
                "There are {n}; at most {most} are taken. Split the operation in two.",
                len(listed),
            )
            self.note(name, sentence=sentence.format(n=len(listed), most=most))
            return []
        return listed

    def refuse_unknown(self, known: frozenset[str]) -> None:
        for name in self.raw:
            if name not in known:
                self.note(str(name), sentence=_("There is no field of this name. Check its spelling, or leave it out."))


def _operation_type(fields: _Fields, context: PlanContext) -> OperationType:
    code = fields.text("operation_type")
    if code in context.types:
        return context.types[code]
    sentence = _("Pick the type of operation.")
    if code:
        sentence = _('There is no operation type "{code}". Pick one of the list.').format(code=code[:40])
    fields.note("operation_type", sentence=sentence, choices=tuple(context.types))
    return OPERATION_TYPES["training"]


# --- windows -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Span:
    """Where times come from: the fields that hold them, and the zone when one was named."""

    fields: _Fields
    zone: str


def _default_span(fields: _Fields, context: PlanContext) -> _Span:
    return _Span(fields, _named_zone(fields))


def _named_zone(fields: _Fields) -> str:
    zone = fields.text("zone")
    if zone and not is_zone(zone):
        fields.note(
            "zone", sentence=_("This is no IANA time zone. Give one such as America/New_York, or leave it out.")
        )
        return ""
    return zone


def _window(span: _Span, zone: str, context: PlanContext) -> tuple[Moment, Moment] | None:
    """Start and end read in the zone, noted where they cannot be."""
    start = _time(span.fields, "starts_at", zone, context.now, None)
    end = _time(span.fields, "ends_at", zone, context.now, start)
    if start is None or end is None:
        return None
    if end.instant <= start.instant:
        sentence = _("The end lies before the start. Check the day of both.")
        if end.instant == start.instant:
            sentence = _("The end lies at the start. Check the day of both.")
        span.fields.note("ends_at", sentence=sentence)
        return None
    return start, end


def _time(fields: _Fields, name: str, zone: str, now: datetime, after: Moment | None) -> Moment | None:
    value = fields.raw.get(name)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return moment(value, zone)
    text = fields.text(name)
    if not text:
        fields.note(name, sentence=_("Give the start.") if name == "starts_at" else _("Give the end."))
        return None
    if after is None and name == "ends_at" and text.startswith("+"):
        return None  # counts from a start that was itself at fault
    start = None if after is None else windows.wall_time(after.instant, zone)
    try:
        return read_time(text, zone, now, start)
    except TimeError as error:
        fields.note(name, sentence=error.sentence, choices=error.choices)
        return None


def _own_span(fields: _Fields, kind: OperationType, span: _Span, context: PlanContext) -> Window | None:
    if kind.takes_place:
        return None
    window = _window(span, span.zone or context.zone, context)
    return window and Window(window[0].instant, window[1].instant)


# --- sites ---------------------------------------------------------------------------------------------------------


def _sites(fields: _Fields, kind: OperationType, context: PlanContext, span: _Span) -> tuple[PlannedSite, ...]:
    given = fields.items("sites", MOST_SITES)
    if given and not kind.takes_place:
        sentence = _("{type} takes subjects and a time only: leave the place out or pick another type.")
        fields.note("sites", sentence=sentence.format(type=_(kind.label)))
        return ()
    if not given and kind.takes_place and not any(problem.path[:1] == ("sites",) for problem in fields.problems):
        sentence = _("Give at least one place: only {type} has none.")
        fields.note("sites", sentence=sentence.format(type=_(OPERATION_TYPES["online_only"].label)))
    found = (_site(raw, index, fields, kind, context, span) for index, raw in enumerate(given))
    return tuple([site for site in found if site is not None])


@dataclass(frozen=True, slots=True)
class _Where:
    """A place read from one of the three ways to give it."""

    geometry: Geometry
    source: PlaceSource
    uncertainty_m: float = 0.0
    typed: str = ""
    label: str = ""


def _site(
    raw: Any, index: int, whole: _Fields, kind: OperationType, context: PlanContext, span: _Span
) -> PlannedSite | None:
    site = whole.below("sites", index, raw=raw)
    if not site.raw:
        if raw == {}:
            site.note("place", sentence=_(places.EMPTY))
        return None
    where = _where(site, context)
    zone = _named_zone(site) or span.zone
    own = site if site.has("starts_at") or site.has("ends_at") else None
    if where is not None and not zone:
        zone = zone_at(where.geometry)
    # Without its place a site has no local time; the times are then judged in the agency's.
    window = _window(_Span(own or span.fields, zone), zone or context.zone, context)
    radius = site.number("radius_m", whole.number("radius_m", kind.radius_m))
    before = site.number("buffer_before_min", whole.number("buffer_before_min", kind.buffer_before_min))
    after = site.number("buffer_after_min", whole.number("buffer_after_min", kind.buffer_after_min))
    label = site.text("label")
    site.refuse_unknown(_KNOWN_OF_SITE)
    if where is None or window is None:
        return None
    start, end = window
    return PlannedSite(
        geometry=where.geometry,
        radius_m=radius,
        uncertainty_m=site.number("uncertainty_m", where.uncertainty_m),
        starts_at=start.instant,
        ends_at=end.instant,
        zone=zone,
        starts_wall=start.wall,
        ends_wall=end.wall,
        buffer_before_min=before,
        buffer_after_min=after,
        source=_source(site, where),
        typed=where.typed,
        label=label or where.label,
    )


def _source(site: _Fields, where: _Where) -> PlaceSource:
    """As given; what was read as a ZIP code, a town or an address is one, whatever stands beside it."""
    given = site.one_of("source", PlaceSource, where.source)
    return where.source if where.source in (PlaceSource.ZIP, PlaceSource.TOWN, PlaceSource.ADDRESS) else given


def _where(site: _Fields, context: PlanContext) -> _Where | None:
    if site.has("geometry"):
        return _drawn(site)
    if site.has("latitude") or site.has("longitude"):
        return _numbers(site, context)
    reading = places.read_place(site.text("place"), context.region, context.streets)
    return _settled(site, "place", reading, site.text("place"))


def _numbers(site: _Fields, context: PlanContext) -> _Where | None:
    noted = len(site.problems)
    latitude = site.number("latitude", math.nan, least=None)
    longitude = site.number("longitude", math.nan, least=None)
    if len(site.problems) > noted:
        return None
    if math.isnan(latitude):
        site.note("latitude", sentence=_("Give the latitude as well."))
        return None
    if math.isnan(longitude):
        site.note("longitude", sentence=_("Give the longitude as well."))
        return None
    typed = site.text("place") or f"{latitude}, {longitude}"
    if site.text("source") in (PlaceSource.PIN, PlaceSource.DEVICE):
        # Somebody saw the pin, or stood there: nothing to second-guess.
        return _drawn_at(site, Point(longitude, latitude), typed)
    return _settled(site, "latitude", places.coordinates(latitude, longitude, context.region), typed)


def _drawn_at(site: _Fields, point: Point, typed: str) -> _Where | None:
    try:
        return _Where(shapes.validate(point), PlaceSource.PIN, typed=typed)
    except GeometryError as error:
        site.note("latitude", sentence=error.reason)
    return None


def _settled(site: _Fields, name: str, reading: places.Reading, typed: str) -> _Where | None:
    if isinstance(reading, places.Place):
        # A shape's own text is stored with it; what was typed around it is not kept a second time.
        typed = "" if reading.drawn else typed[:LONGEST_TEXT]
        return _Where(reading.geometry, reading.source, reading.uncertainty_m, typed, reading.label)
    choices = tuple(place.text for place in reading.places) if isinstance(reading, places.Choices) else ()
    sentence = reading.sentence
    if name != "place" and choices:
        as_text = _("Give it as the text `place`, which takes letters for north, south, east and west.")
        sentence = f"{sentence} {as_text}"
    site.note(name, sentence=sentence, choices=choices)
    return None


def _drawn(site: _Fields) -> _Where | None:
    value = site.raw["geometry"]
    try:
        read = read_shape(value) if isinstance(value, str) else from_geojson(value)
        return _Where(shapes.validate(read), PlaceSource.DRAWN)
    except GeometryError as error:
        site.note("geometry", sentence=error.reason)
    return None


def zone_at(geometry: Geometry) -> str:
    """The IANA zone of a site: that of its first vertex."""
    return places.zone_of(*places.vertices_of(geometry)[0])


# --- contacts and subjects -----------------------------------------------------------------------------------------


def read_phone(text: str) -> str | None:
    """A telephone number as contacts keep it, `(410) 555-0142`; None where it is none."""
    try:
        return phones.read_phone(text).shown
    except phones.PhoneError:
        return None


def _contact(fields: _Fields, name: str, *, required: bool) -> Contact | None:
    if not fields.has(name):
        if required:
            fields.note(name, sentence=_("Give the lead contact: a name and a direct telephone number."))
        return None
    contact = fields.below(name, raw=fields.raw[name])
    who, typed, relay = contact.text("name"), contact.text("phone"), contact.flag("relay")
    contact.refuse_unknown(_KNOWN_OF_CONTACT)
    if not (who or typed or required):
        return None
    if not who:
        contact.note("name", sentence=_("Give the name of the person to ask for."))
    phone = read_phone(typed) or ""
    if typed and not phone:
        contact.note("phone", sentence=_("This is not a telephone number. Give ten digits, such as 410-555-0142."))
    elif not phone and required and not relay:
        contact.note("phone", sentence=_("Give a direct telephone number, or let the watch desk relay calls."))
    return Contact(who, phone, relay)


def _subjects(fields: _Fields) -> tuple[PlannedSubject, ...]:
    given = fields.items("subjects", MOST_SUBJECTS)
    found = (_subject(fields, index, raw) for index, raw in enumerate(given))
    return tuple(dict.fromkeys(subject for subject in found if subject is not None))


def _subject(fields: _Fields, index: int, raw: Any) -> PlannedSubject | None:
    path: tuple[str | int, ...] = ("subjects", index)
    if isinstance(raw, str):
        fields.check(*path, text=raw)
        return _canonical(fields, path, lambda: subject_rules.parse(raw), raw.partition(":")[2])
    given = fields.below(*path, raw=raw)
    kind, value = given.text("kind"), given.text("value")
    given.refuse_unknown(frozenset(("kind", "value")))
    if given.raw and not value:
        given.note("value", sentence=_("Give the subject itself, or remove this line."))
    if not value:
        return None
    return _canonical(fields, (*path, "kind"), lambda: subject_rules.canonical(kind, value), value)


def _canonical(
    fields: _Fields, path: tuple[str | int, ...], read: Callable[[], subject_rules.Canonical], typed: str
) -> PlannedSubject | None:
    try:
        found = read()
    except subject_rules.SubjectError as error:
        fields.note(*path, sentence=str(error), choices=subject_rules.KINDS)
        return None
    return PlannedSubject(found.kind, typed, found.text, found.hint or "")


# --- the rest ------------------------------------------------------------------------------------------------------


def _rest(
    fields: _Fields,
    kind: OperationType,
    sites: tuple[PlannedSite, ...],
    subjects: tuple[PlannedSubject, ...],
    context: PlanContext,
) -> Plan:
    lead = _contact(fields, "lead_contact", required=True)
    return Plan(
        operation_type=kind.code,
        mode=fields.one_of("mode", Mode, context.mode),
        sites=sites,
        lead_contact=lead or Contact("", ""),
        second_contact=_contact(fields, "second_contact", required=False),
        supervisor=_contact(fields, "supervisor", required=False),
        subjects=subjects,
        disclosure=fields.one_of("disclosure", Disclosure, Disclosure.CONTACT_ONLY),
        tentative=fields.flag("tentative"),
        plain_clothes=fields.flag("plain_clothes"),
        armed_and_dangerous=fields.flag("armed_and_dangerous"),
        share_plain_clothes=fields.flag("share_plain_clothes", default=True),
        share_armed_and_dangerous=fields.flag("share_armed_and_dangerous", default=True),
        personnel_band=fields.text("personnel_band"),
        participants=_participants(fields),
        case_number=fields.text("case_number"),
        objective=fields.text("objective"),
        joint_with=_joint_with(fields),
        external_references=_external_references(fields),
        external_id=fields.text("external_id"),
        exigent_reason=fields.text("exigent_reason"),
        exigent_approver=fields.text("exigent_approver"),
    )


def _participants(fields: _Fields) -> tuple[str, ...]:
    value = fields.raw.get("participants")
    listed = value.split(",") if isinstance(value, str) else fields.items("participants", 50)
    named = [str(name).strip() for name in listed]
    for index, name in enumerate(named):
        fields.check("participants", index, text=name)
    return tuple(dict.fromkeys(name for name in named if name))


def _joint_with(fields: _Fields) -> frozenset[str]:
    found = set()
    for index, value in enumerate(fields.items("joint_with", 50)):
        try:
            found.add(str(uuid.UUID(str(value))))
        except ValueError:
            fields.note(
                "joint_with", index, sentence=_("This is no operation id. Copy it from the other operation's page.")
            )
    return frozenset(found)


def _external_references(fields: _Fields) -> tuple[tuple[str, str], ...]:
    found = []
    for index, raw in enumerate(fields.items("external_references", 20)):
        reference = fields.below("external_references", index, raw=raw)
        system, number = reference.text("system"), reference.text("number")
        reference.refuse_unknown(frozenset(("system", "number")))
        if number and not system:
            reference.note("system", sentence=_("Name the system that gave this number, such as RISSafe."))
        if number:
            found.append((system, number))
    return tuple(found)


def plan_flags(plan: Plan, context: PlanContext) -> tuple[str, ...]:
    """What is registered and flagged of a complete plan, sorted (specification 3)."""
    starts = [site.starts_at for site in plan.sites] + ([plan.span.start] if plan.span else [])
    ends = [site.ends_at for site in plan.sites] + ([plan.span.end] if plan.span else [])
    found: set[str] = {
        flag.value
        for flag in types.flags(
            context.types[plan.operation_type],
            span=timedelta(microseconds=max(ends) - min(starts)),
            radii_m=[site.radius_m for site in plan.sites],
            areas_km2=[shapes.area_km2(site.geometry, site.radius_m) for site in plan.sites],
            tentative=plan.tentative,
        )
    }
    now = windows.instant_of(context.now)
    lead = context.lead_time // timedelta(microseconds=1)
    raised = {
        PlanFlag.OUTSIDE_REGION: any(_is_outside(site.geometry, context.region) for site in plan.sites),
        PlanFlag.PIN_WANTED: any(site.uncertainty_m > PIN_WANTED_M for site in plan.sites),
        PlanFlag.SUBJECT_IGNORED: any(subject.canonical is None for subject in plan.subjects),
        PlanFlag.NO_SUBJECT: not plan.sites and not any(subject.canonical for subject in plan.subjects),
        PlanFlag.EXIGENT: min(starts) < now + lead and max(ends) > now,
    }
    return tuple(sorted(found | {flag.value for flag, is_raised in raised.items() if is_raised}))


def _is_outside(geometry: Geometry, region: tuple[Box, ...]) -> bool:
    if not region:
        return False
    return not all(
        any(box.touches(Box(longitude, latitude, longitude, latitude)) for box in region)
        for longitude, latitude in places.vertices_of(geometry)
    )
