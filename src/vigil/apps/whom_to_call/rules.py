"""What an entry must say, and which entries serve a place. No telephone stands without who checked it when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from vigil.core.errors import Invalid, Problem
from vigil.engine import phones
from vigil.texts import gettext as _

COLUMNS = ("kind", "system", "name", "states", "counties", "source", "phone", "hours", "checked_on", "checked_by")
LONGEST = {"system": 60, "name": 200, "states": 240, "counties": 1000, "source": 300, "hours": 120, "checked_by": 120}
KINDS = ("watch_desk", "partner_node", "national_system")
_STATES = (
    "AL=Alabama;AK=Alaska;AZ=Arizona;AR=Arkansas;CA=California;CO=Colorado;CT=Connecticut;DE=Delaware;"
    "DC=District of Columbia;FL=Florida;GA=Georgia;HI=Hawaii;ID=Idaho;IL=Illinois;IN=Indiana;IA=Iowa;KS=Kansas;"
    "KY=Kentucky;LA=Louisiana;ME=Maine;MD=Maryland;MA=Massachusetts;MI=Michigan;MN=Minnesota;MS=Mississippi;"
    "MO=Missouri;MT=Montana;NE=Nebraska;NV=Nevada;NH=New Hampshire;NJ=New Jersey;NM=New Mexico;NY=New York;"
    "NC=North Carolina;ND=North Dakota;OH=Ohio;OK=Oklahoma;OR=Oregon;PA=Pennsylvania;PR=Puerto Rico;"
    "RI=Rhode Island;SC=South Carolina;SD=South Dakota;TN=Tennessee;TX=Texas;UT=Utah;VT=Vermont;VA=Virginia;"
    "WA=Washington;WV=West Virginia;WI=Wisconsin;WY=Wyoming;GU=Guam;VI=U.S. Virgin Islands"
)
STATES = dict(pair.split("=") for pair in _STATES.split(";"))
STALE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody asks for; `county` is empty where only the state is known."""

    state: str
    county: str = ""


def read_entry(raw: Mapping[str, str], today: date) -> dict[str, str | date | None]:
    """The columns of an entry from texts.

    Raises:
        Invalid: with every fault at its field.
    """
    given = {name: str(raw.get(name, "") or "").strip() for name in COLUMNS}
    problems = [
        Problem((name,), _("Longer than {n} characters.").format(n=longest))
        for name, longest in LONGEST.items()
        if len(given[name]) > longest
    ]
    # A spreadsheet would take such a cell for a formula.
    problems += [
        Problem((name,), _("Must not begin with = + - or @."))
        for name in ("system", "name", "counties", "source", "hours", "checked_by")
        if given[name][:1] in ("=", "+", "-", "@") and given[name]
    ]
    if given["kind"] not in KINDS:
        problems.append(Problem(("kind",), _("Choose one of {kinds}.").format(kinds=", ".join(KINDS))))
    if not given["name"]:
        problems.append(Problem(("name",), _("A name is needed.")))
    states = re.split(r"[\s,;]+", given["states"].upper()) if given["states"] else []
    unknown = [state for state in states if state not in STATES]
    if unknown:
        problems.append(Problem(("states",), _("States are two-letter codes with spaces between, e.g. MD VA.")))
    phone = _phone(given["phone"])
    if given["phone"] and not phone:
        problems.append(Problem(("phone",), _("This is not a telephone number: give ten digits.")))
    checked = _date(given["checked_on"])
    if given["checked_on"] and (checked is None or checked > today):
        problems.append(Problem(("checked_on",), _("Give the date as 2026-01-31, not in the future.")))
    if phone and not (checked and given["checked_by"]):
        problems.append(Problem(("checked_on",), _("Say when the telephone was last checked, and by whom.")))
    if problems:
        raise Invalid(problems)
    return {**given, "states": " ".join(states), "phone": phone or "", "checked_on": checked}


def serves(states: str, counties: str, place: Place) -> bool:
    """Whether an entry of these states and counties may serve the place; what is not known excludes nothing."""
    if states and place.state not in states.split():
        return False
    named = {_plain(county) for county in counties.split(";") if county.strip()}
    return not named or not place.county or _plain(place.county) in named


def is_stale(checked_on: date | None, today: date) -> bool:
    """Whether the last check is more than a year ago."""
    return checked_on is not None and today - checked_on > STALE


def _plain(county: str) -> str:
    return re.sub(r"\s+(county|parish)$", "", county.strip().casefold())


def _phone(text: str) -> str | None:
    try:
        return phones.read_phone(text).e164
    except phones.PhoneError:
        return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
