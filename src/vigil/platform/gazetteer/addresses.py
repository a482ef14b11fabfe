"""What a typed address says: number, block or crossing, street names, ZIP code, town. Pure; nothing is looked up.

Words are made equal by the tables of USPS Publication 28, *Postal Addressing Standards*: directions (section 233),
street suffixes (appendix C1), secondary units (appendix C2). The tables serve typed text and imported names alike, each
word wherever it stands: both sides of a comparison change in the same way, so "Court Street" still meets "COURT ST".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

Near = tuple[float, float]
"""Latitude and longitude in degrees."""


@dataclass(frozen=True, slots=True)
class Number:
    """A house number: 12-34 is value 34 with prefix "12-"; `text` is the whole, with 1200A and 1200 1/2 as written."""

    text: str
    prefix: str
    value: int


@dataclass(frozen=True, slots=True)
class Address:
    """One typed address. `streets` has two names at a crossing; the last name may still have the town behind it."""

    streets: tuple[str, ...]
    number: Number | None = None
    block: int | None = None
    """The first number of a block of a hundred."""
    zip_code: str = ""
    tail: str = ""
    """Town and state as typed behind a comma."""
    near: Near | None = None
    """Which of several of the same name, as in "Main St near 39.28660, -76.60000"."""


_NEAR = re.compile(r"\s+NEAR\s+(-?\d{1,2}\.\d+)\s*,\s*(-?\d{1,3}\.\d+)$")
_ZIP = re.compile(r"(?:^|[\s,]+)(\d{5})(?:-\d{4})?$")
_BLOCK = re.compile(r"^(?:(\d{1,6})|UNIT)\s*(?:HUNDRED\s+)?(?:BLOCK|BLK)\s+(?:OF\s+)?(.+)$")
_BLOCK_BEHIND = re.compile(r"^(.+?)[\s,]+(\d{1,6})\s*(?:HUNDRED\s+)?(?:BLOCK|BLK)$")
_NUMBER = r"(?:[A-Z]\d{1,4}[A-Z])?(?:\d{1,6}-)?\d{1,6}(?:-?[A-Z])?(?:\s+\d/\d)?"
_NUMBERED = re.compile(rf"^({_NUMBER})\s+(.*[A-Z].*)$")
_CROSSING = re.compile(r"\s*(?:&|@|(?<!\d)/|/(?!\d)|\bAND\b|\bAT\b)\s*")
_CORNER = re.compile(r"^(?:THE\s+)?(?:CORNER|INTERSECTION)\s+(?:OF\s+)?")
_UNIT = re.compile(
    r"[\s,]+(?:(?:APARTMENT|APT|BUILDING|BLDG|DEPARTMENT|DEPT|FLOOR|FL|HANGAR|HNGR|LOT|PIER|ROOM|RM|SLIP|SPACE|SPC|STOP|"
    r"SUITE|STE|TRAILER|TRLR|UNIT)\s+#?\s*(?:[A-Z]?-?\d+-?[A-Z]?|[A-Z])|#\s*[A-Z0-9-]+)(?=,|$)"
)


def read_address(text: str) -> Address:
    """Take a text apart. Everything is read; whether such a street exists is for `finding`."""
    rest, near = _plain(text), None
    if found := _NEAR.search(rest):
        near = (float(found[1]), float(found[2]))
        rest = rest[: found.start()]
    zip_code = ""
    # Five digits at the end are a ZIP code; alone, or first, they are a house number.
    if (found := _ZIP.search(rest)) and found.start() > 0:
        zip_code, rest = found[1], rest[: found.start()]
    rest = re.sub(r"[\s,]+(?:USA|UNITED STATES)$", "", _UNIT.sub("", rest))
    head, _, tail = (part.strip() for part in rest.partition(","))
    number, block, streets = _head(head)
    return Address(streets, number, block, zip_code, tail.strip(", "), near)


def _head(head: str) -> tuple[Number | None, int | None, tuple[str, ...]]:
    if found := _BLOCK.match(head):
        return None, int(found[1] or 0) // 100 * 100, (found[2],)
    if found := _BLOCK_BEHIND.match(head):
        return None, int(found[2]) // 100 * 100, (found[1],)
    crossing = [name for name in _CROSSING.split(_CORNER.sub("", head)) if name]
    if len(crossing) == 2 and not _NUMBERED.match(crossing[0]):
        return None, None, (crossing[0], crossing[1])
    if (found := _NUMBERED.match(head)) and (number := read_number(found[1])):
        return number, None, (found[2],)
    return None, None, (head,)


def read_number(text: str) -> Number | None:
    """A house number as a file or a person writes it; None where it is none."""
    text = " ".join(text.upper().split())
    if not re.fullmatch(_NUMBER, text):
        return None
    whole = re.match(r"(.*?)(\d+)(?:-?[A-Z])?(?:\s\d/\d)?$", text)
    return Number(text, whole[1], int(whole[2])) if whole else None


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.upper())
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[.'’‘]", "", re.sub(r"\.(?=\d)", "\0", text)).replace("\0", ".").split())


@lru_cache(maxsize=10_000)
def key_of(name: str) -> str:
    """Equal for names that mean the same street."""
    return " ".join(words_of(name))


def words_of(name: str) -> list[str]:
    """A street's name as comparable words: "East Pratt Street" and "E. PRATT ST" are E, PRATT, ST."""
    words = re.sub(r"[^A-Z0-9 ]", " ", _plain(name)).split()
    return [WORDS.get(word, word) for word in words]


def core_of(words: list[str]) -> list[str]:
    """The words that are neither direction nor suffix; all of them where none would be left."""
    return [word for word in words if word not in LIGHT] or words


def _table(lines: str) -> dict[str, str]:
    """`AVE: AVENUE AV` and so on: each spelling to the one before the colon."""
    pairs = (line.split(":") for line in lines.split(";"))
    return {other: short.strip() for short, others in pairs for other in others.split()}


DIRECTIONS = _table("N: NORTH; S: SOUTH; E: EAST; W: WEST; NE: NORTHEAST; NW: NORTHWEST; SE: SOUTHEAST; SW: SOUTHWEST")

SUFFIXES = _table(
    "ALY: ALLEY ALLEE ALLY; ANX: ANNEX ANNEX ANEX; ARC: ARCADE; AVE: AVENUE AV AVEN AVENU AVN AVNUE; "
    "BYU: BAYOU BAYOO; BCH: BEACH; BND: BEND; BLF: BLUFF BLUF; BLFS: BLUFFS; BTM: BOTTOM BOT BOTTM; "
    "BLVD: BOULEVARD BOUL BOULV; BR: BRANCH BRNCH; BRG: BRIDGE BRDGE; BRK: BROOK; BRKS: BROOKS; BG: BURG; "
    "BGS: BURGS; BYP: BYPASS BYPA BYPAS BYPS; CP: CAMP CMP; CYN: CANYON CANYN CNYN; CPE: CAPE; "
    "CSWY: CAUSEWAY CAUSWA; CTR: CENTER CEN CENT CENTR CENTRE CNTER CNTR; CTRS: CENTERS; "
    "CIR: CIRCLE CIRC CIRCL CRCL CRCLE; CIRS: CIRCLES; CLF: CLIFF; CLFS: CLIFFS; CLB: CLUB; CMN: COMMON; "
    "CMNS: COMMONS; COR: CORNER; CORS: CORNERS; CRSE: COURSE; CT: COURT; CTS: COURTS; CV: COVE; CVS: COVES; "
    "CRK: CREEK; CRES: CRESCENT CRSENT CRSNT; CRST: CREST; XING: CROSSING CRSSNG; XRD: CROSSROAD; "
    "XRDS: CROSSROADS; CURV: CURVE; DL: DALE; DM: DAM; DV: DIVIDE DIV DVD; DR: DRIVE DRIV DRV; DRS: DRIVES; "
    "EST: ESTATE; ESTS: ESTATES; EXPY: EXPRESSWAY EXP EXPR EXPRESS EXPW; EXT: EXTENSION EXTN EXTNSN; "
    "EXTS: EXTENSIONS; FLS: FALLS; FRY: FERRY FRRY; FLD: FIELD; FLDS: FIELDS; FLT: FLAT; FLTS: FLATS; FRD: FORD; "
    "FRDS: FORDS; FRST: FOREST FORESTS; FRG: FORGE FORG; FRGS: FORGES; FRK: FORK; FRKS: FORKS; FT: FORT FRT; "
    "FWY: FREEWAY FREEWY FRWAY FRWY; GDN: GARDEN GARDN GRDEN GRDN; GDNS: GARDENS GRDNS; "
    "GTWY: GATEWAY GATEWY GATWAY GTWAY; GLN: GLEN; GLNS: GLENS; GRN: GREEN; GRNS: GREENS; GRV: GROVE GROV; "
    "GRVS: GROVES; HBR: HARBOR HARB HARBR HRBOR; HBRS: HARBORS; HVN: HAVEN; HTS: HEIGHTS HT; "
    "HWY: HIGHWAY HIGHWY HIWAY HIWY HWAY; HL: HILL; HLS: HILLS; HOLW: HOLLOW HLLW HOLLOWS HOLWS; INLT: INLET; "
    "IS: ISLAND ISLND; ISS: ISLANDS ISLNDS; ISLE: ISLES; JCT: JUNCTION JCTION JCTN JUNCTN JUNCTON; "
    "JCTS: JUNCTIONS JCTNS; KY: KEY; KYS: KEYS; KNL: KNOLL KNOL; KNLS: KNOLLS; LK: LAKE; LKS: LAKES; "
    "LNDG: LANDING LNDNG; LN: LANE LANES; LGT: LIGHT; LGTS: LIGHTS; LF: LOAF; LCK: LOCK; LCKS: LOCKS; "
    "LDG: LODGE LDGE LODG; LOOP: LOOPS; MNR: MANOR; MNRS: MANORS; MDW: MEADOW; MDWS: MEADOWS MEDOWS; ML: MILL; "
    "MLS: MILLS; MSN: MISSION MISSN MSSN; MTWY: MOTORWAY; MT: MOUNT MNT; MTN: MOUNTAIN MNTAIN MNTN MOUNTIN MTIN; "
    "MTNS: MOUNTAINS MNTNS; NCK: NECK; ORCH: ORCHARD ORCHRD; OVAL: OVL; OPAS: OVERPASS; PARK: PRK PARKS; "
    "PKWY: PARKWAY PARKWY PKWAY PKY PARKWAYS PKWYS; PSGE: PASSAGE; PATH: PATHS; PIKE: PIKES; PNE: PINE; "
    "PNES: PINES; PL: PLACE; PLN: PLAIN; PLNS: PLAINS; PLZ: PLAZA PLZA; PT: POINT; PTS: POINTS; PRT: PORT; "
    "PRTS: PORTS; PR: PRAIRIE PRR; RADL: RADIAL RAD RADIEL; RNCH: RANCH RANCHES RNCHS; RPD: RAPID; RPDS: RAPIDS; "
    "RST: REST; RDG: RIDGE RDGE; RDGS: RIDGES; RIV: RIVER RVR RIVR; RD: ROAD; RDS: ROADS; RTE: ROUTE RT; "
    "SHL: SHOAL; SHLS: SHOALS; SHR: SHORE SHOAR; SHRS: SHORES SHOARS; SKWY: SKYWAY; SPG: SPRING SPNG SPRNG; "
    "SPGS: SPRINGS SPNGS SPRNGS; SPUR: SPURS; SQ: SQUARE SQR SQRE SQU; SQS: SQUARES SQRS; "
    "STA: STATION STATN STN; STRA: STRAVENUE STRAV STRAVEN STRAVN; STRM: STREAM STREME; ST: STREET STRT STR; "
    "STS: STREETS; SMT: SUMMIT SUMIT SUMITT; TER: TERRACE TERR; TRWY: THROUGHWAY; TRCE: TRACE TRACES; "
    "TRAK: TRACK TRACKS TRK TRKS; TRFY: TRAFFICWAY; TRL: TRAIL TRAILS TRLS; TUNL: TUNNEL TUNEL TUNNELS; "
    "TPKE: TURNPIKE TRNPK TURNPK; UPAS: UNDERPASS; UN: UNION; UNS: UNIONS; VLY: VALLEY VALLY VLLY; "
    "VLYS: VALLEYS; VIA: VIADUCT VDCT VIADCT; VW: VIEW; VWS: VIEWS; VLG: VILLAGE VILL VILLAG VILLG; "
    "VLGS: VILLAGES; VL: VILLE; VIS: VISTA VIST VST VSTA; WALK: WALKS; WAY: WY; WAYS: WYS; WL: WELL; WLS: WELLS"
)

_NAMES = _table(
    "1ST: FIRST; 2ND: SECOND; 3RD: THIRD; 4TH: FOURTH; 5TH: FIFTH; 6TH: SIXTH; 7TH: SEVENTH; 8TH: EIGHTH; 9TH: NINTH;"
    "10TH: TENTH; 11TH: ELEVENTH; 12TH: TWELFTH; ST: SAINT; I: INTERSTATE; COUNTY: CO CNTY"
)

WORDS = SUFFIXES | DIRECTIONS | _NAMES

LIGHT = frozenset(WORDS.values()) - frozenset(_NAMES.values()) | {"ST"}
"""Directions and suffixes."""
