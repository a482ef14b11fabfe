"""From the register page's flat fields to the nested input that `rules.read_plan` takes, and back with every problem
at its field. Nothing typed is lost: `RegisterForm` holds the texts exactly as they came.

A field's name is its path with dashes: `sites-0-place` is `("sites", 0, "place")`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vigil.apps.deconfliction import plan_rows
from vigil.apps.deconfliction.places import Place, Reading, read_place
from vigil.apps.deconfliction.plan import Contact, PlaceSource, Plan, PlannedSite
from vigil.apps.deconfliction.rules import region_boxes
from vigil.apps.deconfliction.wall_times import moment
from vigil.core.actor import Actor
from vigil.core.errors import Problem
from vigil.engine.geometry import to_wkt
from vigil.engine.operation import Point
from vigil.engine.types import OPERATION_TYPES, OperationType
from vigil.platform.accounts.models import User
from vigil.platform.agencies.models import Agency, Node
from vigil.platform.gazetteer import finding

SUBJECT_KINDS = (
    ("person", gettext_lazy("Person"), "SMITH, JOHN, 1980-01-31"),
    ("phone", gettext_lazy("Phone"), "(410) 555-0100"),
    ("plate", gettext_lazy("Plate"), "MD/7AB1234"),
    ("vin", gettext_lazy("VIN"), gettext_lazy("17 characters")),
    ("address", gettext_lazy("Address"), "100 Main St, Apt 2, 21201"),
    ("email", gettext_lazy("E-mail"), "name@example.org"),
    ("handle", gettext_lazy("Online account"), "platform/name"),
    ("weapon_serial", gettext_lazy("Weapon serial"), gettext_lazy("letters and digits")),
    ("ip", gettext_lazy("IP address"), "192.0.2.1"),
)
_KIND_LABELS = {kind: label for kind, label, _hint in SUBJECT_KINDS}
DISCLOSURES = (
    (
        "contact_only",
        gettext_lazy("Contact only"),
        gettext_lazy("They see your agency, the contacts' names and phones, and the flags below."),
    ),
    (
        "type_and_contact",
        gettext_lazy("Contact and type"),
        gettext_lazy("They also see what kind of operation it is."),
    ),
    (
        "silent",
        gettext_lazy("Silent"),
        gettext_lazy(
            "For internal cases. Shared subjects are told to you alone; where places meet, they read: call the watch "
            "desk."
        ),
    ),
)


def kind_label(kind: str) -> str:
    """How a kind of subject is called."""
    return str(_KIND_LABELS.get(kind, kind))


def disclosures_for(actor: Actor) -> list[tuple[str, Any, Any]]:
    """The levels that the actor may choose."""
    may_silence = actor.can("deconfliction.operation.silence")
    return [level for level in DISCLOSURES if may_silence or level[0] != "silent"]


EXTERNAL_SYSTEMS = ("RISSafe", "SAFETNet", "Case Explorer", "NDPIX")
MOST_SITES = 50
MOST_SUBJECTS = 200
_CONTROL = ("csrfmiddlewaretoken", "choose", "do", "draft", "draft_seen", "next", "revision", "shapes_file")


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`sites-0-place=…` to `{"sites": [{"place": …}]}`; numbers index lists, gaps close."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        if name in _CONTROL:
            continue
        *above, last = name.split("-")
        here = tree
        for step in above:
            here = here.setdefault(step, {})
            if not isinstance(here, dict):
                break
        else:
            here[last] = value
    return {key: _lists(value) for key, value in tree.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() and len(key) < 10 for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One problem as the page shows it: `field` is the id of the field, empty for the whole."""

    field: str
    sentence: str
    choices: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What the field is called on the page, for the summary; empty where the sentence names it itself."""
        name, *rest = self.field.split("-")
        if name in ("sites", "subjects") and rest and rest[0].isdecimal():
            said = _("Site {n}") if name == "sites" else _("Subject {n}")
            return said.format(n=int(rest[0]) + 1)
        return str(_LABELS.get(self.field, ""))


_LABELS = {
    "starts_at": gettext_lazy("Starts"),
    "ends_at": gettext_lazy("Ends"),
    "radius_m": gettext_lazy("Radius"),
    "buffer_before_min": gettext_lazy("Buffer before"),
    "buffer_after_min": gettext_lazy("Buffer after"),
    "lead_contact-name": gettext_lazy("Lead contact"),
    "lead_contact-phone": gettext_lazy("Lead contact's phone"),
    "second_contact-name": gettext_lazy("Second contact"),
    "second_contact-phone": gettext_lazy("Second contact's phone"),
    "supervisor-name": gettext_lazy("Supervisor"),
    "supervisor-phone": gettext_lazy("Supervisor's phone"),
    "case_number": gettext_lazy("Case number"),
    "personnel_band": gettext_lazy("How many officers"),
    "shapes_file": gettext_lazy("File"),
}
_OWN_EXTENT = (
    ("starts_at", gettext_lazy("This site starts")),
    ("ends_at", gettext_lazy("This site ends")),
    ("radius_m", gettext_lazy("Its radius, m")),
    ("buffer_before_min", gettext_lazy("Before, min")),
    ("buffer_after_min", gettext_lazy("After, min")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One repeated line of the form: a site, a subject or an external reference, with its problem."""

    index: int
    values: Mapping[str, str]
    problem: FieldProblem | None = None
    field: str = ""

    @property
    def number(self) -> int:
        """Counted from one, for people."""
        return self.index + 1

    @property
    def own_extent(self) -> list[tuple[str, str, str]]:
        """Times and lengths of this site alone, as name, label and value; empty where it shares the operation's."""
        return [(name, str(label), self.values[name]) for name, label in _OWN_EXTENT if self.values.get(name)]


@dataclass(frozen=True)
class RegisterForm:
    """What was typed, and what is wrong with it."""

    typed: Mapping[str, Any]
    problems: Sequence[Problem] = ()
    draft_id: str = ""
    saved_at: Any = None
    focus: str = ""
    """The id of the field to go on at; empty for the beginning."""

    @property
    def summary(self) -> list[FieldProblem]:
        """Every problem once, in the order of the page."""
        return [FieldProblem(field_of(problem.path), problem.sentence, problem.choices) for problem in self.problems]

    @property
    def at(self) -> dict[str, FieldProblem]:
        """The first problem of each field, by the field's name with `_` for `-` (for templates)."""
        found: dict[str, FieldProblem] = {}
        for problem in self.summary:
            found.setdefault(problem.field.replace("-", "_"), problem)
        return found

    @property
    def sites(self) -> list[Row]:
        """At least one, even when empty."""
        return self._rows("sites", "place", least=1)

    @property
    def subjects(self) -> list[Row]:
        """As typed."""
        return self._rows("subjects", "value", least=1)

    @property
    def external_references(self) -> list[Row]:
        """One row a known system, filled where a number was typed."""
        given = {row.get("system"): row.get("number", "") for row in self._list("external_references")}
        return [
            Row(index, {"system": name, "number": given.get(name, "")}) for index, name in enumerate(EXTERNAL_SYSTEMS)
        ]

    @property
    def chosen(self) -> OperationType | None:
        """The type picked, where one was."""
        return OPERATION_TYPES.get(str(self.typed.get("operation_type", "")))

    @property
    def open_sections(self) -> set[str]:
        """Folded sections that hold something or have a problem start open."""
        names = {problem.field.split("-")[0] for problem in self.summary}
        return names | {key for key, value in self.typed.items() if value}

    def _list(self, name: str) -> list[dict[str, str]]:
        given = self.typed.get(name)
        return [row for row in given if isinstance(row, dict)] if isinstance(given, list) else []

    def _rows(self, name: str, main: str, least: int) -> list[Row]:
        given = self._list(name) or [{}] * least
        at = self.at
        return [
            Row(index, row, at.get(f"{name}_{index}_{main}"), f"{name}-{index}-{main}")
            for index, row in enumerate(given)
        ]


_SAME_FIELD = {
    "span": "starts_at",
    "sites": "sites-0-place",
    "zone": "sites-0-place",
    "lead_contact": "lead_contact-name",
    "second_contact": "second_contact-name",
    "supervisor": "supervisor-name",
    "subjects": "subjects-0-value",
}
_OF_THE_WHOLE = ("starts_at", "ends_at", "radius_m", "buffer_before_min", "buffer_after_min")


def field_of(path: tuple[str | int, ...]) -> str:
    """The id of the field that a problem's path leads to; where the page has one field for many sites, that one."""
    if not path:
        return ""
    steps = [str(step) for step in path]
    if steps[-1] in _OF_THE_WHOLE:
        return steps[-1]
    if steps[0] == "sites" and len(steps) > 1:
        return f"sites-{steps[1]}-place"
    if steps[0] == "subjects" and len(steps) > 1:
        return f"subjects-{steps[1]}-value"
    if len(steps) == 1:
        return _SAME_FIELD.get(steps[0], steps[0])
    return "-".join(steps)


def plan_input(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What `rules.read_plan` takes: untouched lines left out, "keep from the other side" turned into "share"."""
    kept = dict(typed)
    if isinstance(kept.get("sites"), list):
        kept["sites"] = [_site_input(row) for row in kept["sites"] if isinstance(row, dict)]
    for name, main in (("subjects", "value"), ("external_references", "number")):
        rows = kept.get(name)
        if isinstance(rows, list):
            kept[name] = [row for row in rows if isinstance(row, dict) and str(row.get(main, "")).strip()]
    for flag in ("plain_clothes", "armed_and_dangerous"):
        kept[f"share_{flag}"] = "no" if kept.pop(f"withhold_{flag}", "") else "yes"
    kind = OPERATION_TYPES.get(str(kept.get("operation_type", "")))
    if kind is not None and not kind.takes_place:
        kept.pop("sites", None)
    return kept


def _site_input(row: Mapping[str, str]) -> dict[str, str]:
    """What is seen in the place field is the place: a shape is read from its text, never from beside it."""
    kept = {name: value for name, value in row.items() if name != "geometry" and str(value).strip()}
    return kept or {"place": ""}


def flat(tree: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """`nest` backwards: names with dashes and their texts."""
    pairs = tree.items() if isinstance(tree, Mapping) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in pairs:
        name = f"{above}-{step}" if above else str(step)
        if isinstance(value, Mapping | list):
            yield from flat(value, name)
        else:
            yield name, str(value)


def kept_of(plan: Plan) -> dict[str, Any]:
    """What a revision has that the page does not show, to be kept by an edit."""
    return {
        "mode": plan.mode.value,
        "joint_with": sorted(plan.joint_with),
        "participants": list(plan.participants),
        "external_id": plan.external_id,
    }


def datetime_of(instant: int) -> datetime:
    """Microseconds UTC as a datetime."""
    return plan_rows.moment(instant)


def own_contact(actor: Actor) -> dict[str, str]:
    """The person themselves as lead contact, for their first operation."""
    user = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    return {"name": user.full_name, "phone": user.phone} if user else {}


def first_view(actor: Actor) -> tuple[float, float, float, float]:
    """Where a map opens (west, south, east, north): around the agency, else the region, else the country."""
    agency = Agency.objects.filter(pk=actor.agency_id).first() if actor.agency_id else None
    if agency and agency.longitude is not None and agency.latitude is not None:
        return (agency.longitude - 0.3, agency.latitude - 0.2, agency.longitude + 0.3, agency.latitude + 0.2)
    region = region_boxes(Node.objects.values_list("region", flat=True).get(slot=1))
    if region:
        return (region[0].min_lon, region[0].min_lat, region[0].max_lon, region[0].max_lat)
    return (-125.0, 24.5, -66.9, 49.4)


def typed_of_plan(plan: Plan) -> dict[str, Any]:
    """A stored plan as the texts that the form shows, to be edited."""
    first = plan.sites[0] if plan.sites else None
    typed: dict[str, Any] = {
        "operation_type": plan.operation_type,
        "tentative": "yes" if plan.tentative else "",
        "plain_clothes": "yes" if plan.plain_clothes else "",
        "armed_and_dangerous": "yes" if plan.armed_and_dangerous else "",
        "withhold_plain_clothes": "" if plan.share_plain_clothes else "yes",
        "withhold_armed_and_dangerous": "" if plan.share_armed_and_dangerous else "yes",
        "disclosure": plan.disclosure.value,
        "case_number": plan.case_number,
        "participants": ", ".join(plan.participants),
        "objective": plan.objective,
        "personnel_band": plan.personnel_band,
        "exigent_reason": plan.exigent_reason,
        "exigent_approver": plan.exigent_approver,
        "lead_contact": _typed_contact(plan.lead_contact),
        "second_contact": _typed_contact(plan.second_contact),
        "supervisor": _typed_contact(plan.supervisor),
        "subjects": [{"kind": subject.kind, "value": subject.typed} for subject in plan.subjects],
        "external_references": [{"system": system, "number": number} for system, number in plan.external_references],
        "sites": [_typed_site(site, plan.sites[0]) for site in plan.sites],
    }
    if first is not None:
        typed |= _typed_extent(first)
    elif plan.span is not None:
        for name, at in (("starts_at", plan.span.start), ("ends_at", plan.span.end)):
            typed[name] = _wall(moment(plan_rows.moment(at), plan.span_zone).wall)
    return typed


def _wall(text: str) -> str:
    return text.replace("T", " ")


def _typed_extent(site: PlannedSite) -> dict[str, str]:
    return {
        "starts_at": _wall(site.starts_wall),
        "ends_at": _wall(site.ends_wall),
        "radius_m": f"{site.radius_m:g}",
        "buffer_before_min": f"{site.buffer_before_min:g}",
        "buffer_after_min": f"{site.buffer_after_min:g}",
    }


def _typed_contact(contact: Contact | None) -> dict[str, str]:
    if contact is None:
        return {}
    return {"name": contact.name, "phone": contact.phone, "relay": "yes" if contact.relay else ""}


def _typed_site(site: PlannedSite, first: PlannedSite) -> dict[str, str]:
    """The texts of a site. What its place's text says by itself is left out, and so changes with the text."""
    point = site.geometry
    typed = {"place": site.typed, "source": site.source.value, "label": site.label}
    if not isinstance(point, Point):
        typed["place"] = to_wkt(point)
    elif not site.typed:
        typed["place"] = f"{point.latitude!r}, {point.longitude!r}"
    read = read_place(typed["place"], (), finding.find)
    if isinstance(read, Place) and read.label == site.label:
        typed["label"] = ""
    if _says_the_same(read, site):
        typed["source"] = ""
        return typed | _own_extent(site, first)
    if site.source is PlaceSource.ADDRESS and isinstance(point, Point):
        # Other streets were imported since: an edit of something else moves nothing.
        typed["place"], typed["label"] = f"{point.latitude!r}, {point.longitude!r}", site.label
    if site.uncertainty_m:
        typed["uncertainty_m"] = f"{site.uncertainty_m:g}"
    return typed | _own_extent(site, first)


def _says_the_same(read: Reading, site: PlannedSite) -> bool:
    return isinstance(read, Place) and (
        (read.geometry, read.source, read.uncertainty_m) == (site.geometry, site.source, site.uncertainty_m)
    )


def _own_extent(site: PlannedSite, first: PlannedSite) -> dict[str, str]:
    common = _typed_extent(first)
    return {name: value for name, value in _typed_extent(site).items() if value != common[name]}
