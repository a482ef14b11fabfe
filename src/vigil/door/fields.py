"""What a report asks: four prompts, banded fields, factors. Nothing that identifies; each but the story may stay empty.

Sources: facts of LEO Near Miss, Firefighter Near Miss and NASA ASRS; call types and assignments after LEOKA, places
after NIBRS element 9, the families after the Deadly Mix (officer, offender, circumstance), and the organisation.
Sentences are for `gettext`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from vigil.texts import gettext_noop as _

MOST_CHARACTERS = 10_000
"""Of one prompt: five pages."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One free text."""

    name: str
    label: str
    hint: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question with bands: code → words. `is_many`: several may be ticked."""

    name: str
    label: str
    choices: dict[str, str]
    is_many: bool = False


PROMPTS = (
    Prompt(
        "happened", _("What happened?"), _("From the call to the moment it was over. Names and places are not needed.")
    ),
    Prompt("right", _("What went right?"), _("What broke the chain: a partner, distance, equipment, luck.")),
    Prompt("tell", _("What would you tell others?"), _("The one thing the next shift should know.")),
    Prompt("change", _("What could the agency change?"), _("Policy, training, equipment, staffing, dispatch.")),
)

TIME_BANDS = {
    "0001-0600": _("Night, 00:01 to 06:00"),
    "0601-1200": _("Morning, 06:01 to 12:00"),
    "1201-1800": _("Afternoon, 12:01 to 18:00"),
    "1801-2400": _("Evening, 18:01 to 24:00"),
}

EVENT = (
    Field("time_band", _("Time of day"), TIME_BANDS),
    Field(
        "call_type",
        _("Kind of call"),
        {
            "disturbance": _("Disturbance, family or other"),
            "burglary": _("Burglary in progress, or pursuing a suspect"),
            "robbery": _("Robbery in progress, or pursuing a suspect"),
            "arrest": _("Another arrest"),
            "civil_disorder": _("Civil disorder"),
            "custody": _("Handling, moving or holding prisoners"),
            "suspicious": _("Suspicious person or circumstance"),
            "ambush": _("Ambush"),
            "mental_illness": _("Person in a mental crisis"),
            "traffic": _("Traffic stop or pursuit"),
            "alarm": _("Alarm call"),
            "driving": _("Crash, or driving to a call"),
            "training": _("Training"),
            "equipment": _("Equipment"),
            "other": _("Another"),
        },
    ),
    Field(
        "initiated",
        _("How it began"),
        {
            "dispatched": _("Dispatched"),
            "self": _("I saw it myself"),
            "planned": _("Planned operation"),
            "off_duty": _("Off duty"),
        },
    ),
    Field("officers", _("Officers there"), {"1": _("1"), "2": _("2"), "3-4": _("3 or 4"), "5+": _("5 or more")}),
    Field(
        "backup",
        _("Backup"),
        {
            "present": _("There from the start"),
            "on_way": _("On the way"),
            "requested": _("Asked for, none near"),
            "none": _("None asked for"),
        },
    ),
    Field(
        "location",
        _("Kind of place"),
        {
            "road": _("Road, street, highway"),
            "home": _("Home"),
            "shop": _("Shop, bank, restaurant, bar"),
            "industrial": _("Industrial, storage, empty building"),
            "public": _("School, church, government building"),
            "medical": _("Hospital or clinic"),
            "custody": _("Jail or station"),
            "parking": _("Parking lot or garage"),
            "open": _("Field, woods, water, park"),
            "other": _("Another"),
        },
    ),
    Field("indoors", _("Indoors or outdoors"), {"in": _("Indoors"), "out": _("Outdoors"), "both": _("Both")}),
    Field(
        "light",
        _("Light"),
        {"day": _("Daylight"), "dusk": _("Dawn or dusk"), "lit": _("Dark, lit"), "dark": _("Dark, unlit")},
    ),
    Field(
        "weather",
        _("Weather"),
        {
            "dry": _("Dry"),
            "rain": _("Rain"),
            "snow": _("Snow or ice"),
            "fog": _("Fog or smoke"),
            "wind": _("Strong wind"),
            "heat": _("Great heat"),
        },
    ),
    Field("road", _("Road surface"), {"dry": _("Dry"), "wet": _("Wet"), "ice": _("Snow or ice"), "loose": _("Loose")}),
    Field(
        "hazard",
        _("Weapon or hazard"),
        {
            "handgun": _("Handgun"),
            "long_gun": _("Rifle or shotgun"),
            "knife": _("Knife or edged weapon"),
            "other_weapon": _("Another weapon"),
            "hands": _("Hands, fists, feet"),
            "vehicle": _("Vehicle"),
            "crossfire": _("Another officer's weapon"),
            "animal": _("Animal"),
            "traffic": _("Passing traffic"),
            "substance": _("Drugs, fumes, fire"),
            "fall": _("Fall or structure"),
            "none": _("None"),
        },
    ),
    Field(
        "subject",
        _("The other person"),
        {
            "impaired": _("Impaired"),
            "crisis": _("In a mental crisis"),
            "armed": _("Armed"),
            "fleeing": _("Fleeing"),
        },
        is_many=True,
    ),
    Field(
        "kit",
        _("Protective kit in use"),
        {"armor": _("Body armor"), "belt": _("Seat belt"), "hi_vis": _("High-visibility vest"), "lights": _("Lights")},
        is_many=True,
    ),
    Field(
        "broke",
        _("What broke the chain"),
        {
            "skill": _("Skill"),
            "partner": _("A partner"),
            "equipment": _("Equipment that worked"),
            "distance": _("Distance or cover"),
            "luck": _("Luck"),
        },
    ),
    Field(
        "outcome",
        _("What came of it"),
        {"none": _("Nothing"), "first_aid": _("First aid"), "property": _("Damage to property")},
    ),
    Field(
        "worst",
        _("The worst it could have been"),
        {
            "minor": _("Minor injury"),
            "serious": _("Serious injury"),
            "lasting": _("Lasting injury"),
            "fatal": _("Death"),
        },
    ),
    Field(
        "again",
        _("How likely it happens again"),
        {"rare": _("Rarely"), "some": _("Now and then"), "often": _("Often")},
    ),
)

REPORTER = (
    Field(
        "role",
        _("Your role"),
        {
            "patrol": _("Patrol officer or deputy"),
            "investigator": _("Investigator"),
            "supervisor": _("Supervisor"),
            "corrections": _("Corrections or court"),
            "dispatch": _("Dispatch"),
            "other": _("Another"),
        },
    ),
    Field(
        "service",
        _("Years of service"),
        {"0-1": _("Up to 1"), "2-4": _("2 to 4"), "5-9": _("5 to 9"), "10-19": _("10 to 19"), "20+": _("20 or more")},
    ),
    Field(
        "agency_size",
        _("Size of your agency"),
        {
            "1-9": _("Up to 9 officers"),
            "10-49": _("10 to 49"),
            "50-249": _("50 to 249"),
            "250+": _("250 or more"),
        },
    ),
    Field(
        "assignment",
        _("Assignment"),
        {
            "two": _("Two-officer vehicle"),
            "one_alone": _("One-officer vehicle, alone"),
            "one_assisted": _("One-officer vehicle, assisted"),
            "special_alone": _("Detective or special assignment, alone"),
            "special_assisted": _("Detective or special assignment, assisted"),
            "other_alone": _("Another, alone"),
            "other_assisted": _("Another, assisted"),
        },
    ),
    Field(
        "involvement",
        _("How you know of it"),
        {
            "involved": _("It happened to me"),
            "witnessed": _("I saw it"),
            "supervised": _("I supervised"),
            "heard": _("I heard of it"),
        },
    ),
    Field("shift", _("Part of the shift"), {"first": _("First third"), "middle": _("Middle"), "last": _("Last third")}),
    Field(
        "awake",
        _("Hours awake"),
        {"0-8": _("Up to 8"), "9-12": _("9 to 12"), "13-16": _("13 to 16"), "17+": _("17 or more")},
    ),
)

FAMILIES = (
    (
        _("The officer"),
        {
            "fatigue": _("Fatigue"),
            "perception": _("Perception: not seen, not heard"),
            "decision": _("Decision"),
            "skill": _("Skill"),
            "talk_partner": _("Communication with a partner"),
            "talk_dispatch": _("Communication with dispatch"),
            "talk_subject": _("Communication with the other person"),
            "search_missed": _("Search missed something"),
            "positioning": _("Position, approach, cover"),
            "tunnel_vision": _("Tunnel vision"),
        },
    ),
    (
        _("The other person"),
        {
            "concealed_weapon": _("Hidden weapon"),
            "sudden_attack": _("Sudden attack"),
            "flight": _("Flight"),
            "impairment": _("Drugs, alcohol, mental crisis"),
        },
    ),
    (
        _("The circumstances"),
        {
            "light": _("Light or sight"),
            "traffic": _("Traffic"),
            "crowd": _("Crowd"),
            "terrain": _("Terrain, building, weather"),
            "animals": _("Animals"),
        },
    ),
    (
        _("The organisation"),
        {
            "policy_gap": _("Policy missing or unclear"),
            "staffing": _("Staffing"),
            "training": _("Training"),
            "equipment_fault": _("Equipment fault"),
            "dispatch_information": _("Information from dispatch or others"),
            "supervision": _("Supervision"),
        },
    ),
)
FACTORS: dict[str, str] = {code: words for _family, codes in FAMILIES for code, words in codes.items()}
SCENE = (*EVENT, *REPORTER)


def months(today: date) -> tuple[str, ...]:
    """The months a report may be of: this one and eleven before, `2026-11`; the day is never asked."""
    count = today.year * 12 + today.month - 1
    return tuple(f"{(count - back) // 12}-{(count - back) % 12 + 1:02}" for back in range(12))
