"""The demo region's operations: invented plans around the upper Chesapeake Bay, placed in time around a given instant.

Pure: `demo_plans(now)` gives inputs for `rules.read_plan`. Every agency, person and telephone number is invented
(555-01xx is reserved for fiction). Some plans meet each other on purpose; the comments say which.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from vigil.engine.windows import instant_of

ZONE = "America/New_York"
PORT, STATE, TIDE = "MD0PCP100", "MD0OLS200", "MD0TGT300"
"""The ORIs of Port Calvert Police, the Old Line State Patrol and the Tidewater Gun Task Force."""


@dataclass(frozen=True, slots=True)
class Soon:
    """So many hours after the full hour that `now` lies in."""

    hours: float


@dataclass(frozen=True, slots=True)
class Day:
    """A wall time on a day; 1 is tomorrow, -1 was yesterday."""

    days: int
    wall: str


@dataclass(frozen=True, slots=True)
class Row:
    """One operation of the table: whose, what, when, how long, where, and whatever else it has."""

    key: str
    ori: str
    officer: str
    kind: str
    start: Soon | Day
    hours: float
    where: tuple[str, ...]
    label: str = ""
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """`raw` is what `rules.read_plan` takes; `slack` is how late the operation may be before it is moved."""

    key: str
    ori: str
    officer: str
    starts_at: int
    slack: timedelta
    joint_with: str
    raw: dict[str, Any]


PEOPLE = {
    "dana.whitlock": ("Det. Dana Whitlock", "(410) 555-0112"),
    "reggie.okafor": ("Ofc. Reggie Okafor", "(410) 555-0113"),
    "lena.marsh": ("Det. Lena Marsh", "(410) 555-0114"),
    "ruth.calloway": ("Sgt. Ruth Calloway", "(410) 555-0115"),
    "tom.vasquez": ("Tpr. Tom Vasquez", "(410) 555-0131"),
    "aisha.brandt": ("Cpl. Aisha Brandt", "(410) 555-0132"),
    "jo.hensley": ("S/A Jo Hensley", "(410) 555-0151"),
    "marcus.lund": ("S/A Marcus Lund", "(410) 555-0152"),
}
"""Who registers: name as a contact, and direct telephone."""

FELLS_POINT, CANTON, HARBOR = "39.2837, -76.5937", "39.2817, -76.5747", "39.2858, -76.6131"
EVENT = "POLYGON((-76.6256 39.2820,-76.6190 39.2816,-76.6183 39.2768,-76.6240 39.2760,-76.6256 39.2820))"
SWEEP = "POLYGON((-76.5300 39.2620,-76.5080 39.2610,-76.5060 39.2440,-76.5290 39.2450,-76.5300 39.2620))"
BEACH = "POLYGON((-75.0905 38.3420,-75.0820 38.3430,-75.0850 38.3240,-75.0930 38.3240,-75.0905 38.3420))"
BELTWAY = "LINESTRING(-76.5010 39.3300,-76.5320 39.3040,-76.5500 39.2900,-76.5610 39.2760)"
PARKWAY = "LINESTRING(-76.6290 39.2480,-76.6560 39.2080,-76.6900 39.1900,-76.7740 39.1400)"
BRIDGE = "LINESTRING(-76.4280 39.0060,-76.3790 38.9930,-76.3290 38.9790,-76.2450 38.9730)"
SHORE = "LINESTRING(-76.0790 38.7750,-76.0750 38.6700,-76.0780 38.5640)"

ROWS = (
    # The next hours at Port Calvert: a warrant that an undercover meet of the task force would walk into (direct),
    # and a buy beside the State Patrol's interdiction (near).
    Row(
        "P01",
        PORT,
        "dana.whitlock",
        "search_warrant",
        Soon(3),
        3,
        (FELLS_POINT,),
        "S Ann St rowhouse",
        {
            "plain_clothes": True,
            "armed_and_dangerous": True,
            "personnel_band": "6-10",
            "subjects": ["person:MERCER,COLE,1988-04-02", "plate:MD/7EX4410"],
            "objective": "Narcotics, rear entry.",
        },
    ),
    Row(
        "T01",
        TIDE,
        "jo.hensley",
        "undercover_meet",
        Soon(3.5),
        2,
        ("39.2851, -76.5921",),
        "Corner lot",
        {"plain_clothes": True, "disclosure": "type_and_contact"},
    ),
    Row(
        "P02",
        PORT,
        "dana.whitlock",
        "controlled_buy",
        Soon(5),
        2,
        (CANTON,),
        "Canton square",
        {"plain_clothes": True, "subjects": ["phone:410-555-0171"]},
    ),
    Row(
        "S01",
        STATE,
        "tom.vasquez",
        "interdiction",
        Soon(4),
        5,
        ("LINESTRING(-76.5690 39.2870,-76.5672 39.2790,-76.5680 39.2730)",),
        "Boston St ramp",
        {"disclosure": "type_and_contact"},
    ),
    # Under way.
    Row(
        "P03",
        PORT,
        "lena.marsh",
        "fixed_surveillance",
        Soon(-3),
        20,
        ("39.2880, -76.5680",),
        "Highlandtown garage",
        {"plain_clothes": True, "subjects": ["plate:MD/3KM9021"]},
    ),
    Row(
        "S02",
        STATE,
        "aisha.brandt",
        "mobile_surveillance",
        Soon(-1),
        6,
        (PARKWAY,),
        "Parkway southbound",
        {"plain_clothes": True, "subjects": ["plate:MD/3KM9021", "vin:1HGCM82633A004352"]},
    ),
    Row(
        "T02",
        TIDE,
        "marcus.lund",
        "fixed_surveillance",
        Soon(-2),
        30,
        ("39.2240, -76.5890",),
        "Curtis Bay yard",
        {"plain_clothes": True},
    ),
    Row("P04", PORT, "reggie.okafor", "knock_and_talk", Soon(-1), 3, ("39.2290, -76.6030",), "Brooklyn", {}),
    Row("S03", STATE, "tom.vasquez", "saturation", Soon(-2), 10, (SWEEP,), "Dundalk corridor", {}),
    Row("P05", PORT, "lena.marsh", "technical_install", Soon(1), 4, ("39.2505, -76.5190",), "Pole camera", {}),
    Row(
        "T03", TIDE, "jo.hensley", "buy_bust", Soon(7), 3, ("39.3093, -76.4749",), "Essex lot", {"plain_clothes": True}
    ),
    Row("P06", PORT, "reggie.okafor", "supervision_search", Soon(8), 2, ("39.3310, -76.6350",), "Hampden", {}),
    Row(
        "S04",
        STATE,
        "aisha.brandt",
        "controlled_delivery",
        Soon(6),
        6,
        (BRIDGE,),
        "Bay Bridge eastbound",
        {"plain_clothes": True},
    ),
    Row(
        "T04",
        TIDE,
        "marcus.lund",
        "money_flash",
        Soon(9),
        2,
        (HARBOR,),
        "Harbor hotel",
        {"plain_clothes": True, "armed_and_dangerous": True},
    ),
    # Internal: its shared subject with S05 is told to Port Calvert's deconflictor and owner alone.
    Row(
        "P07",
        PORT,
        "ruth.calloway",
        "fixed_surveillance",
        Soon(3),
        30,
        ("39.4015, -76.6019",),
        "Towson lot",
        {"disclosure": "silent", "plain_clothes": True, "subjects": ["phone:410-555-0177"]},
    ),
    Row(
        "S05",
        STATE,
        "tom.vasquez",
        "arrest_warrant",
        Soon(10),
        4,
        ("39.5096, -76.1641",),
        "Aberdeen",
        {"subjects": ["phone:(410) 555-0177"], "armed_and_dangerous": True},
    ),
    # Tomorrow at dawn: six doors of one operation, one of them beside the State Patrol's warrant (direct).
    Row(
        "P08",
        PORT,
        "dana.whitlock",
        "search_warrant",
        Day(1, "05:30"),
        3,
        (
            "39.2838, -76.6330",
            "39.2861, -76.6392",
            "39.2895, -76.6421",
            "39.2812, -76.6441",
            "39.2510, -76.6260",
            "39.2705, -76.5920",
        ),
        "Six doors",
        {"armed_and_dangerous": True, "personnel_band": "26-50"},
    ),
    Row(
        "S06",
        STATE,
        "aisha.brandt",
        "arrest_warrant",
        Day(1, "06:00"),
        2,
        ("39.2868, -76.6380",),
        "Hollins St",
        {"armed_and_dangerous": True},
    ),
    # A warrant for some day this week, near the task force's meet of the day after tomorrow (tentative).
    Row(
        "P09",
        PORT,
        "reggie.okafor",
        "arrest_warrant",
        Day(1, "00:00"),
        144,
        ("39.1626, -76.6247",),
        "Glen Burnie",
        {"tentative": True},
    ),
    Row(
        "T05",
        TIDE,
        "jo.hensley",
        "undercover_meet",
        Day(2, "19:00"),
        3,
        ("39.1655, -76.6200",),
        "Diner",
        {"plain_clothes": True},
    ),
    # Run together: each names the other, so they do not alarm.
    Row(
        "S07",
        STATE,
        "tom.vasquez",
        "raid",
        Day(2, "04:30"),
        3,
        ("39.6068, -75.8333",),
        "Elkton warehouse",
        {"armed_and_dangerous": True, "joint": "T06"},
    ),
    Row(
        "T06",
        TIDE,
        "marcus.lund",
        "raid",
        Day(2, "04:30"),
        3,
        ("39.6071, -75.8329",),
        "Elkton warehouse",
        {"armed_and_dangerous": True, "joint": "S07"},
    ),
    # The same number on two targets, far apart in place.
    Row(
        "P10",
        PORT,
        "lena.marsh",
        "knock_and_talk",
        Day(1, "10:00"),
        3,
        ("39.3743, -76.7225",),
        "Pikesville",
        {"subjects": ["phone:443-555-0166"]},
    ),
    Row(
        "T07",
        TIDE,
        "jo.hensley",
        "online_only",
        Day(1, "09:00"),
        200,
        (),
        "",
        {"subjects": ["phone:(443) 555-0166", "handle:chatter/bay_arms"]},
    ),
    Row(
        "T08",
        TIDE,
        "marcus.lund",
        "online_only",
        Day(1, "08:00"),
        300,
        (),
        "",
        {"subjects": ["handle:market/tidegun", "email:orders@example.net"]},
    ),
    Row("S08", STATE, "aisha.brandt", "online_only", Day(2, "08:00"), 240, (), "", {"subjects": ["ip:198.51.100.24"]}),
    # Game day, with a meet inside the grounds (direct).
    Row(
        "P11",
        PORT,
        "reggie.okafor",
        "special_event",
        Day(3, "11:00"),
        8,
        (EVENT,),
        "Stadium grounds",
        {"personnel_band": "51+"},
    ),
    Row(
        "T09",
        TIDE,
        "jo.hensley",
        "reverse_sting",
        Day(3, "13:00"),
        2,
        ("39.2790, -76.6220",),
        "Stadium lot",
        {"plain_clothes": True},
    ),
    Row("P12", PORT, "dana.whitlock", "area_sweep", Day(4, "20:00"), 8, (SWEEP,), "Dundalk night sweep", {}),
    Row("S09", STATE, "tom.vasquez", "saturation", Day(4, "21:00"), 6, ("39.2530, -76.5150",), "Holabird Ave", {}),
    Row("S10", STATE, "aisha.brandt", "interdiction", Day(2, "14:00"), 8, (BELTWAY,), "I-95 north", {}),
    Row(
        "P13",
        PORT,
        "lena.marsh",
        "mobile_surveillance",
        Day(2, "16:00"),
        5,
        ("LINESTRING(-76.5560 39.2960,-76.5480 39.2890,-76.5400 39.2800)",),
        "East side",
        {"plain_clothes": True},
    ),
    Row(
        "T10",
        TIDE,
        "marcus.lund",
        "controlled_delivery",
        Day(3, "07:00"),
        9,
        (SHORE,),
        "Route 50",
        {"plain_clothes": True},
    ),
    # Elsewhere on the bay, on their own.
    Row("S11", STATE, "tom.vasquez", "search_warrant", Day(1, "06:00"), 4, ("38.9784, -76.4922",), "Annapolis", {}),
    Row("S12", STATE, "aisha.brandt", "search_warrant", Day(1, "07:00"), 3, ("38.3607, -75.5994",), "Salisbury", {}),
    Row("S13", STATE, "tom.vasquez", "arrest_warrant", Day(2, "06:30"), 3, ("38.7743, -76.0763",), "Easton", {}),
    Row("S14", STATE, "aisha.brandt", "knock_and_talk", Day(2, "15:00"), 3, ("38.5632, -76.0788",), "Cambridge", {}),
    Row("S15", STATE, "tom.vasquez", "special_event", Day(5, "10:00"), 10, (BEACH,), "Boardwalk", {}),
    Row(
        "S16",
        STATE,
        "aisha.brandt",
        "fixed_surveillance",
        Day(1, "18:00"),
        40,
        ("39.5493, -76.0916",),
        "Havre de Grace",
        {},
    ),
    Row("S17", STATE, "tom.vasquez", "supervision_search", Day(3, "09:00"), 4, ("39.5359, -76.3483",), "Bel Air", {}),
    Row(
        "S18",
        STATE,
        "aisha.brandt",
        "search_warrant",
        Day(4, "05:00"),
        4,
        ("38.5404, -76.5844",),
        "Prince Frederick",
        {},
    ),
    Row(
        "S19",
        STATE,
        "tom.vasquez",
        "technical_install",
        Day(5, "02:00"),
        5,
        ("38.2668, -76.4538",),
        "Lexington Park",
        {},
    ),
    Row("S20", STATE, "aisha.brandt", "training", Day(6, "09:00"), 8, ("39.2090, -76.0666",), "Chestertown range", {}),
    Row("P14", PORT, "reggie.okafor", "knock_and_talk", Day(1, "13:00"), 2, ("39.2721, -76.7319",), "Catonsville", {}),
    Row(
        "P15",
        PORT,
        "dana.whitlock",
        "buy_bust",
        Day(2, "20:30"),
        3,
        ("39.4196, -76.7803",),
        "Owings Mills",
        {"plain_clothes": True},
    ),
    Row("P16", PORT, "lena.marsh", "arrest_warrant", Day(3, "05:00"), 3, ("39.3500, -76.5800",), "Lauraville", {}),
    Row(
        "P17",
        PORT,
        "reggie.okafor",
        "supervision_search",
        Day(4, "08:00"),
        4,
        ("39.3150, -76.6900",),
        "Forest Park",
        {},
    ),
    Row(
        "P18", PORT, "dana.whitlock", "search_warrant", Day(5, "05:30"), 3, ("39.3050, -76.6500",), "Reservoir Hill", {}
    ),
    Row("P19", PORT, "lena.marsh", "dignitary", Day(6, "12:00"), 5, (HARBOR,), "Harbor visit", {}),
    Row("P20", PORT, "reggie.okafor", "training", Day(2, "09:00"), 7, ("39.3900, -76.5300",), "Academy", {}),
    Row(
        "T11",
        TIDE,
        "jo.hensley",
        "controlled_buy",
        Day(1, "17:00"),
        3,
        ("39.2037, -76.8610",),
        "Columbia",
        {"plain_clothes": True},
    ),
    Row(
        "T12",
        TIDE,
        "marcus.lund",
        "money_flash",
        Day(2, "13:00"),
        2,
        ("39.0993, -76.8483",),
        "Laurel",
        {"plain_clothes": True},
    ),
    Row(
        "T13",
        TIDE,
        "jo.hensley",
        "fixed_surveillance",
        Day(3, "16:00"),
        60,
        ("39.0068, -76.7791",),
        "Bowie",
        {"plain_clothes": True},
    ),
    Row(
        "T14",
        TIDE,
        "marcus.lund",
        "search_warrant",
        Day(4, "06:00"),
        4,
        ("38.6246, -76.9391",),
        "Waldorf",
        {"armed_and_dangerous": True},
    ),
    Row(
        "T15",
        TIDE,
        "jo.hensley",
        "undercover_meet",
        Day(5, "18:00"),
        3,
        ("38.9690, -76.3330",),
        "Kent Island",
        {"plain_clothes": True},
    ),
    Row(
        "T16",
        TIDE,
        "marcus.lund",
        "reverse_sting",
        Day(6, "19:00"),
        3,
        ("38.0757, -75.5683",),
        "Pocomoke",
        {"plain_clothes": True},
    ),
    # Exercise: meets only others of its mode.
    Row(
        "X01",
        PORT,
        "dana.whitlock",
        "raid",
        Day(1, "14:00"),
        3,
        ("39.2600, -76.5900",),
        "Exercise Anvil",
        {"mode": "exercise"},
    ),
    Row(
        "X02",
        TIDE,
        "jo.hensley",
        "buy_bust",
        Day(1, "15:00"),
        2,
        ("39.2610, -76.5880",),
        "Exercise Anvil",
        {"mode": "exercise"},
    ),
    Row(
        "X03",
        STATE,
        "tom.vasquez",
        "interdiction",
        Day(1, "14:00"),
        4,
        (BELTWAY,),
        "Exercise Anvil",
        {"mode": "exercise"},
    ),
)


def demo_plans(now: datetime) -> list[DemoPlan]:
    """Every demo operation as it should stand at `now`, in the order in which they are registered."""
    return [demo_plan(row, now) for row in ROWS]


def demo_plan(row: Row, now: datetime) -> DemoPlan:
    """One row as it should stand at `now`."""
    start = _start(row.start, now)
    name, phone = PEOPLE[row.officer]
    more = dict(row.more)
    joint_with = more.pop("joint", "")
    raw = {
        "operation_type": row.kind,
        "starts_at": start,
        "ends_at": start + timedelta(hours=row.hours),
        "zone": ZONE,
        "lead_contact": {"name": name, "phone": phone},
        "case_number": f"26-{row.key[0]}{int(row.key[1:]) * 37 % 10_000:04d}",
        "external_id": f"demo-{row.key}",
        "sites": [_site(where, row.label) for where in row.where],
        **more,
    }
    slack = timedelta(hours=2) if isinstance(row.start, Soon) else timedelta(0)
    return DemoPlan(row.key, row.ori, row.officer, instant_of(start), slack, joint_with, raw)


def _site(where: str, label: str) -> dict[str, Any]:
    return {"geometry" if where[0].isalpha() else "place": where, "label": label}


def _start(start: Soon | Day, now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(ZONE))
    if isinstance(start, Soon):
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=start.hours)
    day = local.date() + timedelta(days=start.days)
    return datetime.combine(day, time.fromisoformat(start.wall), tzinfo=ZoneInfo(ZONE))
