"""The text of the policy from the settings, and what differs between two texts.

The policy is English in every language of the pages: it is adopted, signed and compared word by word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vigil.engine.types import OPERATION_TYPES
from vigil.texts import gettext

Section = tuple[str, Sequence[str]]
"""Heading and sentences."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the policy takes from the node. `rules` are the agency's own radii and buffers as stored."""

    agency: str
    lead_time_minutes: int
    rules: Mapping[str, Any]
    desk_name: str
    desk_phone: str
    desk_hours: str
    desk_holidays: str
    outside: str
    """Who answers outside the desk's hours; empty: nobody is named."""
    place_days: int
    subject_days: int
    keeps_history: bool
    deconflictor: str


def sections(given: Settings) -> list[Section]:
    """The whole policy."""
    said = (given.desk_name, given.desk_phone, given.desk_hours, given.desk_holidays)
    desk = ", ".join(filter(None, said)) or "none is named yet"
    outside = [f"Outside the desk's hours {given.outside} answers."] if given.outside else []
    return [
        (
            "Which operations",
            ["These operations are registered before they start:", *(_type(code, given) for code in OPERATION_TYPES)],
        ),
        (
            "How early",
            [
                f"At least {given.lead_time_minutes} minutes before the start.",
                "A change of place, time or people is registered as soon as it is known.",
            ],
        ),
        (
            "By whom",
            [
                f"The lead of the operation at {given.agency}, or somebody the lead names.",
                f"Who cannot use the system calls the watch desk: {desk}.",
                *outside,
            ],
        ),
        (
            "What on a conflict",
            [
                "Each side calls the other before the start. No operation goes on until both have spoken.",
                "What was agreed is recorded: proceed, run together, delay, move, stand down or cancel.",
                "Whoever cannot reach the other side calls the watch desk.",
                f"Where an operation is silent, both call the named deconflictor: {given.deconflictor or desk}.",
            ],
        ),
        (
            "When there is no time",
            [
                f"An operation that starts within {given.lead_time_minutes} minutes of its registration is exigent. "
                "It is registered all the same, before the start where possible.",
                "The reason and who approved it are recorded.",
            ],
        ),
        ("How long data are kept", _retention(given)),
        (
            "What an answer does not prove",
            [
                "No known conflict means that nothing registered, on the nodes that were asked, meets the operation.",
                "It does not mean that nobody is there: others may not have registered, or may be on no node.",
                "A receipt proves that the agency asked, when, and whom. It is no approval.",
            ],
        ),
    ]


def _retention(given: Settings) -> list[str]:
    history = "are kept for the study of this policy" if given.keeps_history else "are not kept"
    return [
        f"Places and plans are removed {_days(given.place_days)} after the end of the operation's window.",
        f"Subjects are removed {_days(given.subject_days)} after they stop matching, which is 72 hours after the end.",
        "Contacts, names and times go when both are over.",
        "Nothing is removed while a conflict is open, a question is unanswered or a legal hold is set.",
        f"Distances, spans and outcomes without places {history}. Receipts and counts stay, without content.",
    ]


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _type(code: str, given: Settings) -> str:
    kind = OPERATION_TYPES[code]
    own = given.rules.get("types", {}).get(code, {})
    if not kind.takes_place:
        return f"{kind.label}: subjects only."
    radius = own.get("radius_m", kind.radius_m)
    before = own.get("buffer_before_min", kind.buffer_before_min)
    after = own.get("buffer_after_min", kind.buffer_after_min)
    return f"{kind.label}: {radius:g} m around the place, {before:g} minutes before and {after:g} after."


def differences(adopted: Sequence[Section], now: Sequence[Section]) -> list[str]:
    """What differs, in words; empty where nothing does."""
    before, after = ({heading: list(lines) for heading, lines in one} for one in (adopted, now))
    said = []
    for heading in dict.fromkeys([*before, *after]):
        old, new = before.get(heading, []), after.get(heading, [])
        gone, come = (line for line in old if line not in new), (line for line in new if line not in old)
        sentence = gettext("{heading}: the policy says “{line}”, the settings no longer do.")
        said += [sentence.format(heading=heading, line=line) for line in gone]
        sentence = gettext("{heading}: the settings now say “{line}”.")
        said += [sentence.format(heading=heading, line=line) for line in come]
    return said
