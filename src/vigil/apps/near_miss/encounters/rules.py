"""What an encounter asks in its three panels, when it is eligible, what its publication needs. Pure.

Sources: the Deadly Mix of Pinizzotto, Davis and Miller (officer, offender, and the circumstances that brought them
together: each as the other side perceived it), and the eligibility criteria of BJA's toolkit (2017). What we ask beyond
them is `OURS`, and shown apart. The banded fields are the door's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from vigil.core.errors import Problem
from vigil.core.privacy import forbidden
from vigil.door.fields import SCENE, Field, Prompt
from vigil.texts import gettext as _
from vigil.texts import gettext_noop

MOST_TEXT, MOST_TITLE, MOST_REASON = 4_000, 120, 500
FIRST_YEAR = 1950


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the three: its banded fields and its texts."""

    name: str
    title: str
    fields: tuple[Field, ...]
    prompts: tuple[Prompt, ...]


def _of_the_door(*names: str) -> tuple[Field, ...]:
    return tuple(field for name in names for field in SCENE if field.name == name)


PANELS = (
    Panel(
        "officer",
        gettext_noop("The officer"),
        _of_the_door("service", "assignment", "kit"),
        (
            Prompt(
                "officer_about",
                gettext_noop("What the officer brought along"),
                gettext_noop("Experience, training, assumptions, manner."),
            ),
            Prompt(
                "officer_seen",
                gettext_noop("What the offender saw in them"),
                gettext_noop("What was perceived of the officer, and what it meant to the offender."),
            ),
        ),
    ),
    Panel(
        "offender",
        gettext_noop("The offender"),
        _of_the_door("hazard", "subject"),
        (
            Prompt(
                "offender_about",
                gettext_noop("What the offender brought along"),
                gettext_noop("History, intent, condition."),
            ),
            Prompt(
                "offender_seen",
                gettext_noop("What the officer saw in them"),
                gettext_noop("What was perceived before the assault, and what was not."),
            ),
        ),
    ),
    Panel(
        "circumstance",
        gettext_noop("The circumstances"),
        _of_the_door("call_type", "time_band", "initiated", "officers", "backup", "location", "light", "weather"),
        (
            Prompt(
                "circumstance_about",
                gettext_noop("What brought them together"),
                gettext_noop("The call, the place, who else was there."),
            ),
            Prompt(
                "timeline",
                gettext_noop("Time line"),
                gettext_noop("Step by step, in minutes from the first contact."),
            ),
            Prompt(
                "changed",
                gettext_noop("What changed the outcome"),
                gettext_noop("What made it worse, what kept it from becoming worse."),
            ),
        ),
    ),
)
LEARNED = Prompt("learned", gettext_noop("Lessons"), gettext_noop("What officers elsewhere should take from it."))
"""Beside the panels: what the reviewers' coding begins with."""
FIELDS = tuple(field for panel in PANELS for field in panel.fields)
PROMPTS = (*(prompt for panel in PANELS for prompt in panel.prompts), LEARNED)
PARTS = {panel.name: f"## {panel.title}" for panel in PANELS} | {LEARNED.name: f"## {LEARNED.label}"}
"""The lines that part the text that is reviewed, English like the narratives."""
NEEDED = ("officer_about", "offender_about", "circumstance_about", "learned")
"""Texts without which there is nothing to review."""

TOOLKIT = {
    "interacted": gettext_noop("Officer and offender interacted before the assault."),
    "assaulted": gettext_noop(
        "The officer was assaulted with a firearm, a cutting instrument or another weapon; hands, fists and feet count."
    ),
    "convicted": gettext_noop(
        "Each offender was identified, arrested, tried, and convicted or pleaded guilty, with all appeals exhausted."
    ),
}
"""The toolkit's own criteria: all of them, or the encounter is not eligible."""
OURS = {
    "sworn": gettext_noop("The officer was sworn, had powers of arrest, and acted officially."),
    "felonious": gettext_noop("It was a felonious attack with injury, a weapon, or clear intent to kill."),
    "complete": gettext_noop("The file is complete: reports, scene, medical, training record."),
    "no_open_case": gettext_noop("No discipline or civil case is open, or counsel agrees."),
}
"""What we ask beyond the toolkit. It does not decide on eligibility: reviewers see what is not met."""


class Person(StrEnum):
    """Whose consent counts."""

    OFFICER = "officer"
    AGENCY_HEAD = "agency_head"
    OFFENDER = "offender"


class Answer(StrEnum):
    """What they said."""

    GIVEN = "given"
    REFUSED = "refused"
    NOT_NEEDED = "not_needed"


PERSONS = {
    Person.OFFICER: gettext_noop("The officer"),
    Person.AGENCY_HEAD: gettext_noop("The head of the agency"),
    Person.OFFENDER: gettext_noop("The offender, for an interview"),
}
ANSWERS = {
    Answer.GIVEN: gettext_noop("given"),
    Answer.REFUSED: gettext_noop("refused or withdrawn"),
    Answer.NOT_NEEDED: gettext_noop("not needed"),
}
WHY_NOT_NEEDED = {
    Person.OFFICER: gettext_noop("Not needed: the officer has died"),
    Person.OFFENDER: gettext_noop("Not needed: the offender was not interviewed"),
}
"""The head of the agency must always consent."""
SUFFICES = {
    Person.OFFICER: {Answer.GIVEN, Answer.NOT_NEEDED},
    Person.AGENCY_HEAD: {Answer.GIVEN},
    Person.OFFENDER: {Answer.GIVEN, Answer.NOT_NEEDED},
}


class How(StrEnum):
    """How a consent was got."""

    PAPER = "paper"
    PRESENCE = "presence"
    LETTER = "letter"


HOWS = {
    How.PAPER: gettext_noop("signed on paper"),
    How.PRESENCE: gettext_noop("said in my presence"),
    How.LETTER: gettext_noop("by letter or e-mail"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What was typed of a consent; `got_on` a day such as `2026-11-24`, `witness` the id of an account."""

    person: str
    answer: str
    how: str = ""
    got_on: str = ""
    witness: str = ""


def consent_faults(said: Said, today: date) -> list[Problem]:
    """What keeps a consent from being written down."""
    if said.person not in list(Person) or said.answer not in list(Answer):
        return [Problem(("answer",), _("Choose what the person said."))]
    if said.answer == Answer.NOT_NEEDED and Person(said.person) not in WHY_NOT_NEEDED:
        return [Problem(("answer",), _("The head of the agency must consent."))]
    found = []
    if said.answer == Answer.GIVEN:
        if said.how not in list(How):
            found.append(Problem(("how",), _("Choose how you got it.")))
        day = day_of(said.got_on)
        if day is None or day > today:
            found.append(Problem(("got_on",), _("Give the day on which you got it, as 2026-12-31, not after today.")))
    if said.answer != Answer.REFUSED and not said.witness:
        sentence = _("Choose somebody of your agency who knows it too: the officer, or who saw the paper.")
        found.append(Problem(("witness",), sentence))
    return found


def day_of(text: str) -> date | None:
    """The day; None where the text is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Encounter:
    """What was typed and ticked: texts by prompt, codes by field, criteria that are met, the year or nothing."""

    title: str
    texts: Mapping[str, str]
    answers: Mapping[str, tuple[str, ...]]
    met: tuple[str, ...]
    year: str

    def as_text(self) -> str:
        """The three panels and the lessons as one text, each under its line, as reviewers read and mask it."""
        lines = []
        for panel in PANELS:
            lines.append(PARTS[panel.name])
            lines += [f"{one.label}:\n{self.texts[one.name]}" for one in panel.prompts if self.texts.get(one.name)]
        return "\n\n".join((*lines, PARTS[LEARNED.name], self.texts.get(LEARNED.name, "")))


def faults(encounter: Encounter, today: date) -> list[Problem]:
    """What keeps an encounter from being saved: what does not belong into it, or is too long."""
    found = [
        Problem((name,), said)
        for name, text in encounter.texts.items()
        if (said := _long(text, MOST_TEXT) or " ".join(map(_, forbidden(text))))
    ]
    if said := _long(encounter.title, MOST_TITLE) or " ".join(map(_, forbidden(encounter.title))):
        found.append(Problem(("title",), said))
    year = encounter.year
    if year and not (year.isascii() and year.isdigit() and FIRST_YEAR <= int(year[:9]) <= today.year):
        said = _("Write the year with four digits, from {first} to {last}.")
        found.append(Problem(("year",), said.format(first=FIRST_YEAR, last=today.year)))
    return found


def missing(encounter: Encounter) -> list[Problem]:
    """What a submission needs beyond a draft: a title, the texts of the three panels, the toolkit's criteria."""
    found = [] if encounter.title else [Problem(("title",), _("Give it a title by which your agency knows it."))]
    said = _("Write something here: without it there is nothing to review.")
    found += [Problem((name,), said) for name in NEEDED if not encounter.texts.get(name)]
    for code in TOOLKIT:
        if code not in encounter.met:
            found.append(Problem((code,), _("Without this the encounter is not eligible. Save the draft until it is.")))
    return found


def _long(text: str, most: int) -> str:
    return _("At most {n} characters are taken here.").format(n=f"{most:,}") if len(text) > most else ""


# --- what a publication needs ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A legal hold: who set it, until which day; None: until somebody lifts it."""

    by: str
    until: date | None


def lacking(consents: Mapping[Person, Answer]) -> tuple[Person, ...]:
    """Whose consent is not there."""
    return tuple(one for one in Person if consents.get(one) not in SUFFICES[one])


def obstacles(holds: Iterable[Held], consents: Mapping[Person, Answer]) -> list[str]:
    """Why an encounter may not be published now, a sentence each; empty where it may."""
    said = [hold_words(one) for one in holds]
    said += [_("Consent is missing: {person}.").format(person=_(PERSONS[one])) for one in lacking(consents)]
    return said


def hold_words(hold: Held) -> str:
    """Who holds it, and until when."""
    if hold.until is None:
        return _("Held by {name} until the hold is lifted.").format(name=hold.by)
    return _("Held by {name} until {day}.").format(name=hold.by, day=hold.until.isoformat())


# --- the masked text -------------------------------------------------------------------------------------------------


def parts_of(text: str) -> dict[str, str] | None:
    """The text under each of `PARTS`; None where a line is missing, stands twice, or text stands before the first."""
    names = {line: name for name, line in PARTS.items()}
    found = re.split(rf"(?m)^({'|'.join(map(re.escape, names))})[ \t]*$", text)
    if found[0].strip() or [names[line] for line in found[1::2]] != list(PARTS):
        return None
    return {names[line]: body.strip() for line, body in zip(found[1::2], found[2::2], strict=True)}


def parts_problem(text: str) -> str:
    """What is wrong with a masked text's parts; empty where nothing is."""
    if parts_of(text) is not None:
        return ""
    lines = ", ".join(f"“{line}”" for line in PARTS.values())
    return _("Keep the lines {lines} as they are, in this order: they part the panels.").format(lines=lines)
