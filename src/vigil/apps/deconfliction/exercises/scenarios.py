"""What is practised, as data: two invented agencies whose plans meet, and what their people say on the telephone.

Every agency, name and number is invented (555-01xx is reserved for fiction). No decisions here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from vigil.texts import gettext_noop


@dataclass(frozen=True, slots=True)
class Invented:
    """One side: its agency, whom to call, what is planned, and how its lead answers.

    `starts_in` counts from the beginning of the practice; `aside` is how far in degrees of latitude it lies from the
    scenario's place. `says` is by what came of a call (`alarms.lifecycle.RESULTS`).
    """

    ori: str
    agency: str
    short: str
    kind: str
    lead: tuple[str, str]
    second: tuple[str, str]
    starts_in: timedelta
    lasts: timedelta
    aside: float
    says: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Two sides, A first, what the player is told before, and what both say once they have talked."""

    code: str
    title: str
    situation: str
    sides: tuple[Invented, Invented]
    talked: str


TWO_DOORS = Scenario(
    code="two_doors",
    title=gettext_noop("Two teams, one street"),
    situation=gettext_noop(
        "Two invented agencies plan something in the same street in two hours. Neither knows of the other. Nobody "
        "real is called: dial nothing, say the sentence aloud, press how the call went, and read what the other side "
        "says."
    ),
    sides=(
        Invented(
            ori="EXERCISE1",
            agency="EXERCISE Harbor Falls Police Department",
            short="EXERCISE Harbor Falls",
            kind="raid",
            lead=("Det. Robin Example", "(202) 555-0141"),
            second=("Sgt. Casey Sample", "(202) 555-0142"),
            starts_in=timedelta(minutes=105),
            lasts=timedelta(hours=2),
            aside=0.0,
            says={
                "answered": gettext_noop(
                    "Yes, that is ours. Thank you for calling back on the number in the plan. We hold at the corner "
                    "until we have talked to them."
                ),
                "no_answer": gettext_noop("It rings eight times. Nobody picks up. The second contact is on the card."),
                "message": gettext_noop("I have just heard your message. Who is this, and how do I know it?"),
                "wrong_number": gettext_noop("You have reached a bakery. Look at the number again."),
            },
        ),
        Invented(
            ori="EXERCISE2",
            agency="EXERCISE Pine Ridge Sheriff's Office",
            short="EXERCISE Pine Ridge",
            kind="buy_bust",
            lead=("Dep. Alex Specimen", "(202) 555-0151"),
            second=("Lt. Sam Placeholder", "(202) 555-0152"),
            starts_in=timedelta(minutes=120),
            lasts=timedelta(hours=1),
            aside=0.002,
            says={
                "answered": gettext_noop(
                    "I am in plain clothes and cannot talk long. Do not tell me what theirs is: give me the name and "
                    "the number, and put us through."
                ),
                "no_answer": gettext_noop("Voice mail. You may leave your name and number, and nothing else."),
                "message": gettext_noop("I heard it. My PIN is the one on your list; ask me for it."),
                "wrong_number": gettext_noop("Nobody of that name works here."),
            },
        ),
    ),
    talked=gettext_noop("We have talked. Pine Ridge waits until Harbor Falls has left. Log it: one side waits."),
)
SCENARIOS = {TWO_DOORS.code: TWO_DOORS}
