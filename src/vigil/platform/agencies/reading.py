"""The set-up pages of agency and node as typed: texts in, columns out, every fault at its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vigil.core.errors import Invalid, Problem
from vigil.platform.agencies import desk
from vigil.platform.agencies.notice import LONGEST, SHIPPED
from vigil.platform.agencies.region import read_region

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Guam",
)
"""Offered first; any zone of the IANA database is taken."""
PHONE_SENTENCE = gettext_lazy("This is not a telephone number: give ten digits, or + and the country's number.")


def read_desk(typed: Mapping[str, str]) -> dict[str, Any]:
    """Columns of `Node` for the watch desk; name and telephone are needed.

    Raises:
        Invalid: with every fault at its field.
    """
    names = ("watch_desk_name", "watch_desk_phone", "desk_holidays", "outside_name", "outside_phone")
    read: dict[str, Any] = {name: typed.get(name, "").strip() for name in names}
    problems = _too_long(read, dict.fromkeys(names, 200))
    if not read["watch_desk_name"]:
        problems.append(Problem(("watch_desk_name",), _("The desk needs a name, e.g. Bay Region watch desk.")))
    if not is_phone(read["watch_desk_phone"]):
        problems.append(Problem(("watch_desk_phone",), str(PHONE_SENTENCE)))
    if read["outside_phone"] and not is_phone(read["outside_phone"]):
        problems.append(Problem(("outside_phone",), str(PHONE_SENTENCE)))
    if read["outside_name"] and not read["outside_phone"]:
        problems.append(Problem(("outside_phone",), _("Give the telephone of who answers outside the hours.")))
    week, wrong_days = desk.read_week(typed)
    problems += wrong_days
    if problems:
        raise Invalid(problems)
    return read | {"desk_week": week}


def read_node(typed: Mapping[str, str]) -> dict[str, Any]:
    """Columns of `Node` for name and region.

    Raises:
        Invalid: with every fault at its field.
    """
    name, place = typed.get("name", "").strip(), typed.get("region", "").strip()
    notice = typed.get("notice", "").strip()
    problems = _too_long({"name": name, "notice": notice}, {"name": 200, "notice": LONGEST})
    if not name:
        problems.append(Problem(("name",), _("The node needs a name, e.g. Bay Region.")))
    boxes: list[list[float]] = []
    try:
        boxes = [list(box) for box in read_region(place)]
    except Invalid as refused:
        problems += refused.problems
    if problems:
        raise Invalid(problems)
    return {"name": name, "place": place, "region": boxes or None, "notice": "" if notice == str(SHIPPED) else notice}


def read_agency(typed: Mapping[str, str]) -> dict[str, Any]:
    """Columns of `Agency` for its own page; the ORI is not among them.

    Raises:
        Invalid: with every fault at its field.
    """
    longest = {"name": 200, "short_name": 60, "county": 100}
    names = (*longest, "state", "time_zone", "watch_desk_phone")
    read: dict[str, Any] = {name: typed.get(name, "").strip() for name in names}
    read["state"] = read["state"].upper()
    problems = _too_long(read, longest)
    if not read["name"]:
        problems.append(Problem(("name",), _("The agency needs a name.")))
    if read["state"]:
        try:
            read_region(read["state"])
        except Invalid:
            problems.append(Problem(("state",), _("A state is two letters, e.g. MD.")))
    if read["time_zone"] and read["time_zone"] not in available_timezones():
        problems.append(Problem(("time_zone",), _("Choose a time zone, e.g. America/New_York."), ZONES[:3]))
    if read["watch_desk_phone"] and not is_phone(read["watch_desk_phone"]):
        problems.append(Problem(("watch_desk_phone",), str(PHONE_SENTENCE)))
    if problems:
        raise Invalid(problems)
    return read


def is_phone(text: str) -> bool:
    """Whether the text is a telephone number that could exist, of the United States unless it says otherwise."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return False
    return len(text) <= 32 and phonenumbers.is_possible_number(number)


def _too_long(read: Mapping[str, str], longest: Mapping[str, int]) -> list[Problem]:
    return [
        Problem((name,), _("Longer than {n} characters.").format(n=most))
        for name, most in longest.items()
        if len(read[name]) > most
    ]
