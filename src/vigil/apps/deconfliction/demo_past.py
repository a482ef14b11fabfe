"""What the demo region has behind it: operations of the last weeks and what came of their conflicts.

Pure. Each was registered the day before it began and ended a little early. The oldest four are over the days that
their agencies keep: their places are purged at the first start, and their pairs stay for the policy study, since both
agencies opted in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vigil.apps.deconfliction.demo_plans import PORT, STATE, TIDE, Day, DemoPlan, Row, demo_plan
from vigil.platform.agencies.retention import Retention

RETENTION = {
    PORT: Retention(place_days=90, subject_days=90, keeps_history=True),
    TIDE: Retention(place_days=90, subject_days=90, keeps_history=True),
    STATE: Retention(place_days=90, subject_days=90),
}
"""By ORI: what each agency has set."""
AHEAD, SETTLED_AFTER, EARLY = timedelta(hours=20), timedelta(minutes=20), timedelta(minutes=15)
"""How long before its start each was registered; when the two sides of a conflict had spoken; how early each ended."""

PLAIN = {"plain_clothes": True}
ARMED = {"armed_and_dangerous": True}
ROWS = (
    Row("P51", PORT, "dana.whitlock", "search_warrant", Day(-3, "05:30"), 3, ("39.2969, -76.6013",), "Oliver", ARMED),
    Row("T51", TIDE, "jo.hensley", "undercover_meet", Day(-3, "06:30"), 2, ("39.2975, -76.6001",), "Oliver", PLAIN),
    Row("P52", PORT, "lena.marsh", "fixed_surveillance", Day(-8, "18:00"), 10, ("39.2790, -76.5800",), "Pier", PLAIN),
    Row("S51", STATE, "tom.vasquez", "interdiction", Day(-8, "20:00"), 4, ("39.2803, -76.5772",), "Boston St"),
    Row("P53", PORT, "dana.whitlock", "arrest_warrant", Day(-12, "05:00"), 3, ("39.3460, -76.5450",), "Belair Rd"),
    Row("S52", STATE, "aisha.brandt", "arrest_warrant", Day(-12, "05:30"), 3, ("39.3462, -76.5447",), "Belair Rd"),
    Row("T52", TIDE, "marcus.lund", "buy_bust", Day(-16, "19:00"), 3, ("39.2446, -76.6060",), "Hanover St", PLAIN),
    Row("P54", PORT, "dana.whitlock", "controlled_buy", Day(-16, "20:00"), 2, ("39.2470, -76.6046",), "Riverside"),
    Row("P55", PORT, "reggie.okafor", "knock_and_talk", Day(-21, "10:00"), 2, ("39.3120, -76.6170",), "Barclay"),
    Row("P56", PORT, "dana.whitlock", "special_event", Day(-24, "12:00"), 8, ("39.2790, -76.6220",), "Marathon"),
    Row("S53", STATE, "aisha.brandt", "saturation", Day(-27, "21:00"), 6, ("39.1880, -76.6720",), "Linthicum"),
    Row("T53", TIDE, "jo.hensley", "technical_install", Day(-33, "02:00"), 3, ("39.3000, -76.4800",), "Essex"),
    Row("P61", PORT, "lena.marsh", "buy_bust", Day(-98, "19:00"), 3, ("39.2911, -76.6410",), "Poppleton", PLAIN),
    Row("T61", TIDE, "jo.hensley", "reverse_sting", Day(-98, "19:30"), 3, ("39.2922, -76.6402",), "Poppleton", PLAIN),
    Row("P62", PORT, "reggie.okafor", "arrest_warrant", Day(-105, "06:00"), 3, ("39.3210, -76.5600",), "Clifton"),
    Row("T62", TIDE, "marcus.lund", "fixed_surveillance", Day(-105, "04:00"), 8, ("39.3236, -76.5600",), "Park Rd"),
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two of the rows that met: what both sides agreed, and what one of them noted of it."""

    one: str
    other: str
    outcome: str
    note: str


MEETINGS = (
    Meeting("P51", "T51", "joint", "Hensley's people joined our entry team."),
    Meeting("S51", "P52", "proceed", "Stop team stays south of the ramp."),
    Meeting("P53", "S52", "cancel", "Same man. Ours goes, the Patrol cancels."),
    Meeting("P54", "T52", "false_alarm", "Rail cut between the two, no line of sight."),
    Meeting("T61", "P61", "delay", "We start when Marsh has left."),
    Meeting("P62", "T62", "proceed", "They know our vehicles."),
)


def past_plans(now: datetime) -> list[DemoPlan]:
    """Every past operation as it was planned, seen from `now`."""
    return [demo_plan(row, now) for row in ROWS]
