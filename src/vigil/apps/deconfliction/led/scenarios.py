"""Whole exercises to copy and change, and whose operations an inject may register. Data; no decisions.

Every agency, name and number is invented (555-01xx is reserved for fiction).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from vigil.apps.deconfliction.exercises.scenarios import TWO_DOORS, Invented
from vigil.apps.deconfliction.led.rules import Kind, Measure, Where
from vigil.texts import gettext_noop

MILL_CREEK = Invented(
    ori="EXERCISE3",
    agency="EXERCISE Mill Creek Police Department",
    short="EXERCISE Mill Creek",
    kind="search_warrant",
    lead=("Sgt. Jamie Template", "(202) 555-0161"),
    second=("Off. Drew Dummy", "(202) 555-0162"),
    starts_in=timedelta(minutes=90),
    lasts=timedelta(hours=2),
    aside=0.0,
    says={},
)
ROLES = {"harbor_falls": TWO_DOORS.sides[0], "pine_ridge": TWO_DOORS.sides[1], "mill_creek": MILL_CREEK}
"""Whose operation an inject registers or moves."""
CALLER = Invented(
    ori="EXERCISE4",
    agency="EXERCISE Visiting Agency",
    short="EXERCISE Visitors",
    kind="knock_and_talk",
    lead=("Agt. Lee Sampleton", "(202) 555-0171"),
    second=("Agt. Kit Mockford", "(202) 555-0172"),
    starts_in=timedelta(minutes=90),
    lasts=timedelta(hours=1),
    aside=0.0,
    says={},
)
"""For whom the desk enters what is telephoned in during an exercise."""


@dataclass(frozen=True, slots=True)
class PlannedObjective:
    """What is to be shown, what evaluators look for, the target in words and, where Vigil measures it, in minutes."""

    text: str
    watched: str
    target: str
    measure: Measure | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedInject:
    """One line of the MSEL; `role`, `where` and `starts_in` belong to an operation."""

    minute: int
    kind: Kind
    text: str
    expected: str
    within: int
    role: str = ""
    where: Where | None = None
    starts_in: int | None = None


@dataclass(frozen=True, slots=True)
class LedScenario:
    """A whole exercise."""

    code: str
    title: str
    scope: str
    minutes: int
    objectives: tuple[PlannedObjective, ...]
    injects: tuple[PlannedInject, ...]


FRIDAY = LedScenario(
    code="friday",
    title=gettext_noop("Friday evening, three teams"),
    scope=gettext_noop(
        "An hour at the watch desk. Three invented agencies plan something in one street. The controller plays their "
        "people on the telephone; nobody real is called. Live conflicts come first at any time: say STOP and leave."
    ),
    minutes=60,
    objectives=(
        PlannedObjective(
            gettext_noop("Take up every conflict at once"),
            gettext_noop("Somebody presses “I take this”; one person owns it, the others know who."),
            gettext_noop("Taken up within 5 minutes of being found"),
            Measure.NOTICED,
            5,
        ),
        PlannedObjective(
            gettext_noop("Reach both sides"),
            gettext_noop("First contact, then the second; each try is logged with how it went."),
            gettext_noop("Both sides have acknowledged within 10 minutes"),
            Measure.ACKNOWLEDGED,
            10,
        ),
        PlannedObjective(
            gettext_noop("Bring both sides to talk before anybody sets out"),
            gettext_noop("They are connected, and what they agreed is logged as the outcome."),
            gettext_noop("Both sides reached by voice at least 30 minutes before the earlier start"),
            Measure.MARGIN,
            30,
        ),
        PlannedObjective(
            gettext_noop("Know who is on the line"),
            gettext_noop("Called back on the listed number, a known voice, or the PIN, before anything is said."),
            gettext_noop("Every caller, every time"),
        ),
        PlannedObjective(
            gettext_noop("Give away nothing of the other side"),
            gettext_noop("No place, type, subject or case; a name and a number alone."),
            gettext_noop("Nothing is given away, whoever asks"),
        ),
    ),
    injects=(
        PlannedInject(
            0,
            Kind.READ_OUT,
            gettext_noop(
                "EXERCISE EXERCISE EXERCISE. The exercise begins. Everything marked EXERCISE belongs to it. A live "
                "conflict comes first: say STOP. Open the desk and say who has it."
            ),
            gettext_noop("The desk screen is open, and one person says that they have it."),
            3,
        ),
        PlannedInject(
            2,
            Kind.OPERATION,
            gettext_noop("Harbor Falls registers a raid."),
            gettext_noop("Nothing yet: it meets nothing."),
            3,
            role="harbor_falls",
            where=Where.HERE,
            starts_in=100,
        ),
        PlannedInject(
            5,
            Kind.OPERATION,
            gettext_noop("Pine Ridge registers a buy-bust one street further: the first conflict."),
            gettext_noop("Somebody takes it and calls both sides. Harbor Falls answers, Pine Ridge does not."),
            5,
            role="pine_ridge",
            where=Where.NEXT_STREET,
            starts_in=115,
        ),
        PlannedInject(
            12,
            Kind.READ_OUT,
            gettext_noop(
                "As the second contact of Pine Ridge, once called: I have him on the radio, put them through. Where "
                "nobody has called you yet, wait for it."
            ),
            gettext_noop("The second contact is called, both sides are connected, the outcome is logged."),
            8,
        ),
        PlannedInject(
            20,
            Kind.TELEPHONE,
            gettext_noop(
                "Call the desk: Agent Lee Sampleton, (202) 555-0171, no account here. We knock at a door in 90 minutes "
                "for an hour, two of us in plain clothes. Can you tell me whether anybody is there?"
            ),
            gettext_noop(
                "Identity is made sure of first. The call is entered for a caller of the exercise, and the answer is "
                "read out."
            ),
            6,
            where=Where.ACROSS_TOWN,
        ),
        PlannedInject(
            28,
            Kind.OPERATION,
            gettext_noop("Mill Creek registers a search warrant at the other end of town."),
            gettext_noop("Nothing: it meets nothing there."),
            3,
            role="mill_creek",
            where=Where.OTHER_END,
            starts_in=85,
        ),
        PlannedInject(
            32,
            Kind.MOVE,
            gettext_noop("Mill Creek moves its warrant into the street and to two hours from now."),
            gettext_noop("New conflicts are taken up at once, and both teams that had talked are called again."),
            5,
            role="mill_creek",
            where=Where.HERE,
            starts_in=120,
        ),
        PlannedInject(
            40,
            Kind.READ_OUT,
            gettext_noop(
                "Call the desk: Chief Example of Harbor Falls. My people say that somebody is at our door. Who is it, "
                "and where exactly are they?"
            ),
            gettext_noop("A name and a number to call, nothing else, and who the chief is was made sure of."),
            3,
        ),
        PlannedInject(
            46,
            Kind.PARTNER,
            gettext_noop(
                "Tell the desk: the neighbouring node has not answered for twenty minutes, and a sergeant wants to "
                "hear that nobody is there."
            ),
            gettext_noop(
                "The sergeant hears that the answer is incomplete. The neighbour's desk is telephoned, and a note says "
                "whom and when."
            ),
            6,
        ),
        PlannedInject(
            52,
            Kind.READ_OUT,
            gettext_noop("Tell the desk: your shift ends in five minutes, and the next one stands behind you."),
            gettext_noop("Every open conflict is handed over by name, with what is left to do."),
            5,
        ),
        PlannedInject(
            60,
            Kind.READ_OUT,
            gettext_noop("EXERCISE EXERCISE EXERCISE. The exercise has ended. Stay for the hot wash."),
            gettext_noop("Everybody stays, and says what went well and what did not."),
            10,
        ),
    ),
)
LED_SCENARIOS = {FRIDAY.code: FRIDAY}
