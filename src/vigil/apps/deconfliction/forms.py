"""From the register page's flat fields to the nested input that `rules.read_plan` takes, and back with every problem
at its field. Nothing typed is lost: `RegisterForm` holds the texts exactly as they came.

A field's name is its path with dashes: `sites-0-place` is `("sites", 0, "place")`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vigil.core.errors import Problem
from vigil.engine.types import OPERATION_TYPES, OperationType

SUBJECT_KINDS = (
    ("person", "Person", "SMITH, JOHN, 1980-01-31"),
    ("phone", "Phone", "(410) 555-0100"),
    ("plate", "Plate", "MD/7AB1234"),
    ("vin", "VIN", "17 characters"),
    ("address", "Address", "100 Main St, Apt 2, 21201"),
    ("email", "E-mail", "name@example.org"),
    ("handle", "Online account", "platform/name"),
    ("weapon_serial", "Weapon serial", "letters and digits"),
    ("ip", "IP address", "192.0.2.1"),
)
DISCLOSURES = (
    ("contact_only", "Contact only", "They see your agency, name and phone."),
    ("type_and_contact", "Contact and type", "They also see what kind of operation it is."),
    (
        "silent",
        "Silent",
        "For internal cases. Shared subjects are told to you alone; a place match goes through the desk.",
    ),
)
EXTERNAL_SYSTEMS = ("RISSafe", "SAFETNet", "Case Explorer", "NDPIX")
MOST_SITES = 50
MOST_SUBJECTS = 200
_CONTROL = ("csrfmiddlewaretoken", "choose", "do", "draft", "next", "revision")


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
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One problem as the page shows it: `field` is the id of the field, empty for the whole."""

    field: str
    sentence: str
    choices: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class RegisterForm:
    """What was typed, and what is wrong with it."""

    typed: Mapping[str, Any]
    problems: Sequence[Problem] = ()
    draft_id: str = ""
    saved_at: Any = None
    types: Sequence[OperationType] = field(default_factory=lambda: tuple(OPERATION_TYPES.values()))

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
        given = self._list(name) or [{} for _ in range(least)]
        at = self.at
        return [
            Row(index, row, at.get(f"{name}_{index}_{main}"), f"{name}-{index}-{main}") for index, row in enumerate(given)
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
