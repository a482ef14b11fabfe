"""Canonical subjects: the exact strings that two subjects are compared by (specification 4.3).

Promise: `canonical(kind, value)` never fails on content. It gives the canonical text, or None with a plain hint why p1
ignores the subject (the operation that names it stays). An unknown kind is the only error. Canonicalising twice
changes nothing.

A canonical subject is `kind:value`; `|` and `\\` inside the value are escaped by `\\`, so that lists joined by `|`
can be taken apart again.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from vigil.engine.phones import PhoneError, read_phone
from vigil.texts import gettext
from vigil.texts import gettext_noop as _

KINDS = ("phone", "email", "plate", "vin", "person", "address", "handle", "ip", "weapon_serial")

_STATE_CODES = """
AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI
SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI
"""
STATES = frozenset(_STATE_CODES.split())
"""Two-letter postal codes of the states, the District of Columbia and the territories."""


class SubjectError(ValueError):
    """A subject that cannot be read at all: no kind, or a kind that p1 does not know."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """What became of a subject.

    `text` is `kind:value`, or None where p1 ignores the subject; `hint` then says why. Where `text` is given, `hint`
    is a warning, or None. A hint is English and holds nothing of the subject, since it is stored beside the sealed
    one; pages say it with `gettext`.
    """

    kind: str
    text: str | None
    hint: str | None = None


def parse(text: str) -> Canonical:
    """Read one `kind:value` (its value may be escaped) and canonicalise it.

    Raises:
        SubjectError: there is no colon, or the kind is unknown.
    """
    kind, colon, value = text.partition(":")
    if not colon:
        raise SubjectError(
            gettext("'{text}' is not a subject: write kind:value, with a kind of {kinds}.").format(
                text=text, kinds=", ".join(KINDS)
            )
        )
    return canonical(kind, _unescape(value))


def canonical(kind: str, value: str = "", **parts: str) -> Canonical:
    """Canonicalise a subject given as one text or by its parts, which are joined as the canonical value is written.

    Parts: person `family`, `given`, `birth_date`; plate `state`, `number`; address `street`, `unit`, `zip`;
    handle `platform`, `name`.

    Raises:
        SubjectError: the kind is unknown.
        TypeError: parts that the kind does not have.
    """
    kind = kind.strip().lower()
    if kind not in _RULES:
        raise SubjectError(
            gettext("'{kind}' is no kind of subject: use one of {kinds}.").format(kind=kind, kinds=", ".join(KINDS))
        )
    if parts:
        value = _joined(kind, parts)
    text, hint = _RULES[kind](value.strip())
    return Canonical(kind, None if text is None else f"{kind}:{_escape(text)}", hint)


def split_subjects(text: str) -> list[str]:
    """Take apart the `|`-joined list of a file; `\\|` and `\\\\` stay escaped in each part. Empty parts vanish."""
    parts = re.findall(r"(?:[^|\\]|\\.|\\$)+", text, flags=re.DOTALL)
    return [part.strip() for part in parts if part.strip()]


def join_subjects(subjects: Iterable[str]) -> str:
    """Canonical subjects sorted and joined by `|`, as `conflicts.csv` writes them (specification 9)."""
    return "|".join(sorted(subjects))


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("|", "\\|")


def _unescape(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)


_PARTS = {
    "person": (("family", "given", "birth_date"), ","),
    "plate": (("state", "number"), "/"),
    "address": (("street", "unit", "zip"), ","),
    "handle": (("platform", "name"), "/"),
}


def _joined(kind: str, parts: dict[str, str]) -> str:
    names, mark = _PARTS.get(kind, ((), ""))
    if unknown := set(parts) - set(names):
        raise TypeError(f"a {kind} has no part {', '.join(sorted(unknown))}")
    return mark.join(parts.get(name, "").strip() for name in names)


# --- one rule a kind: the canonical value or None, and a hint --------------------------------------------------------

_Rule = Callable[[str], tuple[str | None, str | None]]


def _phone(value: str) -> tuple[str | None, str | None]:
    try:
        phone = read_phone(value)
    except PhoneError as error:
        return None, str(error)
    hint = _("The area code is missing: the number meets only numbers written without it too.")
    return phone.e164, hint if phone.local_only else None


def _email(value: str) -> tuple[str | None, str | None]:
    text = value.lower()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        return None, _("This is not an e-mail address: it needs one @ with text on both sides.")
    return text, None


def _plate(value: str) -> tuple[str | None, str | None]:
    state, slash, number = value.partition("/")
    state, number = state.strip().upper(), _letters_and_digits(number)
    if not slash or not state:
        return None, _("Give the plate's state (as in MN/ABC123): a plate without it is not compared.")
    if state not in STATES:
        return None, _("This is no two-letter state: a plate is compared only with one, as in MN/ABC123.")
    if not number:
        return None, _("The plate has no letters or digits.")
    return f"{state}/{number}", None


def _vin(value: str) -> tuple[str | None, str | None]:
    text = re.sub(r"[\s-]", "", value).upper()
    if not re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", text):
        return None, _("A VIN has 17 letters and digits, never I, O or Q.")
    if _vin_check_digit(text) != text[8]:
        return (
            text,
            _("The VIN's check digit is wrong: read it again (vehicles not made for North America may have none)."),
        )
    return text, None


_VIN_VALUES = dict(zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _vin_check_digit(vin: str) -> str:
    rest = sum(_VIN_VALUES[sign] * weight for sign, weight in zip(vin, _VIN_WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def _person(value: str) -> tuple[str | None, str | None]:
    fields = [field.strip() for field in value.split(",")]
    if len(fields) < 3 or not fields[2]:
        return None, _("Give the birth date (as in SMITH,JOHN,1980-01-31): a name without it is not compared.")
    if len(fields) > 3:
        return None, _("Write a person as family,given,birth date with no further comma.")
    family, given = _name(fields[0]), _name(fields[1])
    if not family or not given:
        return None, _("Give a family name and a given name with letters A to Z.")
    try:
        born = date.fromisoformat(fields[2])
    except ValueError:
        return None, _("This is no birth date: write it as year-month-day, as in 1980-01-31.")
    return f"{family},{given},{born.isoformat()}", None


def _name(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).upper()
    return re.sub(r"[^A-Z]", "", unicodedata.normalize("NFKD", plain))


def _address(value: str) -> tuple[str | None, str | None]:
    fields = [" ".join(re.sub(r"[^A-Z0-9 ]", " ", _upper(field)).split()) for field in value.split(",")]
    if len(fields) != 3:
        return None, _("Write an address as NUMBER STREET,UNIT,ZIP with two commas; the unit may stay empty.")
    street, unit, code = fields
    if not re.match(r"\d\S* \S", street):
        return None, _("The address needs a house number and a street.")
    # A ZIP+4 is cut to its first five digits.
    if not re.fullmatch(r"\d{5}(?: ?\d{4})?", code):
        return None, _("The address needs a ZIP code of five digits.")
    return f"{_abbreviated_street(street)},{_abbreviated_unit(unit)},{code[:5]}", None


def _upper(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).upper()
    # An apostrophe or a full stop inside a word leaves no gap: O'NEIL is ONEIL, N.W. is NW.
    return re.sub(r"['’.\u0300-\u036f]", "", plain)


def _abbreviated_street(street: str) -> str:
    words = street.split()
    last = len(words) - 1
    after_directional = last - 1 if last > 1 and words[last] in _DIRECTIONALS else last
    for place, word in enumerate(words):
        # A directional stands first after the number or last; a suffix stands last but for a directional.
        if word in _DIRECTIONALS and place in (1, last) and not (place == 1 and last == 1):
            if place == 1 and last == 2 and words[2] in _SUFFIXES:
                continue  # 12 NORTH STREET: North is the street's name
            words[place] = _DIRECTIONALS[word]
        elif word in _SUFFIXES and place == after_directional and place > 1:
            words[place] = _SUFFIXES[word]
    return " ".join(words)


def _abbreviated_unit(unit: str) -> str:
    return " ".join(_UNITS.get(word, word) for word in unit.split())


def _handle(value: str) -> tuple[str | None, str | None]:
    platform, slash, name = value.lower().partition("/")
    platform, name = platform.strip(), name.strip()
    if not slash or not platform or not name:
        return None, _("Write an account as platform/name, as in instagram/jdoe.")
    return f"{platform}/{name}", None


def _ip(value: str) -> tuple[str | None, str | None]:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None, _("This is not an IP address.")
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None, _("An IP address with a zone (after %) means something on one machine only.")
        if address.ipv4_mapped is not None:  # RFC 5952, section 5: mixed notation
            return f"::ffff:{address.ipv4_mapped}", None
    return str(address), None


def _weapon_serial(value: str) -> tuple[str | None, str | None]:
    text = _letters_and_digits(value)
    return (text, None) if text else (None, _("The serial number has no letters or digits."))


def _letters_and_digits(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())


_RULES: dict[str, _Rule] = {
    "phone": _phone,
    "email": _email,
    "plate": _plate,
    "vin": _vin,
    "person": _person,
    "address": _address,
    "handle": _handle,
    "ip": _ip,
    "weapon_serial": _weapon_serial,
}

# --- USPS Publication 28: directionals, street suffixes (appendix C1), unit designators (appendix C2) --------------

_DIRECTIONALS = {
    "NORTH": "N",
    "SOUTH": "S",
    "EAST": "E",
    "WEST": "W",
    "NORTHEAST": "NE",
    "NORTHWEST": "NW",
    "SOUTHEAST": "SE",
    "SOUTHWEST": "SW",
    "N": "N",
    "S": "S",
    "E": "E",
    "W": "W",
    "NE": "NE",
    "NW": "NW",
    "SE": "SE",
    "SW": "SW",
}

_UNITS = {
    "APARTMENT": "APT",
    "BASEMENT": "BSMT",
    "BUILDING": "BLDG",
    "DEPARTMENT": "DEPT",
    "FLOOR": "FL",
    "FRONT": "FRNT",
    "HANGAR": "HNGR",
    "LOBBY": "LBBY",
    "LOWER": "LOWR",
    "OFFICE": "OFC",
    "PENTHOUSE": "PH",
    "ROOM": "RM",
    "SPACE": "SPC",
    "SUITE": "STE",
    "TRAILER": "TRLR",
    "UPPER": "UPPR",
}

_SUFFIX_WORDS = """
ALY ALLEY ALLEE ALLY; ANX ANEX ANNEX ANNX; ARC ARCADE; AVE AV AVEN AVENU AVENUE AVN AVNUE; BYU BAYOO BAYOU; BCH BEACH;
BND BEND; BLF BLUF BLUFF; BLFS BLUFFS; BTM BOT BOTTM BOTTOM; BLVD BOUL BOULEVARD BOULV; BR BRNCH BRANCH;
BRG BRDGE BRIDGE; BRK BROOK; BRKS BROOKS; BG BURG; BGS BURGS; BYP BYPA BYPAS BYPASS BYPS; CP CAMP CMP;
CYN CANYN CANYON CNYN; CPE CAPE; CSWY CAUSEWAY CAUSWA; CTR CEN CENT CENTER CENTR CENTRE CNTER CNTR; CTRS CENTERS;
CIR CIRC CIRCL CIRCLE CRCL CRCLE; CIRS CIRCLES; CLF CLIFF; CLFS CLIFFS; CLB CLUB; CMN COMMON; CMNS COMMONS;
COR CORNER; CORS CORNERS; CRSE COURSE; CT COURT; CTS COURTS; CV COVE; CVS COVES; CRK CREEK;
CRES CRESCENT CRSENT CRSNT; CRST CREST; XING CROSSING CRSSNG; XRD CROSSROAD; XRDS CROSSROADS; CURV CURVE; DL DALE;
DM DAM; DV DIV DIVIDE DVD; DR DRIV DRIVE DRV; DRS DRIVES; EST ESTATE; ESTS ESTATES; EXPY EXP EXPR EXPRESS EXPRESSWAY
EXPW; EXT EXTENSION EXTN EXTNSN; EXTS EXTENSIONS; FALL; FLS FALLS; FRY FERRY FRRY; FLD FIELD; FLDS FIELDS; FLT FLAT;
FLTS FLATS; FRD FORD; FRDS FORDS; FRST FOREST FORESTS; FRG FORG FORGE; FRGS FORGES; FRK FORK; FRKS FORKS; FT FORT FRT;
FWY FREEWAY FREEWY FRWAY FRWY; GDN GARDEN GARDN GRDEN GRDN; GDNS GARDENS GRDNS; GTWY GATEWAY GATEWY GATWAY GTWAY;
GLN GLEN; GLNS GLENS; GRN GREEN; GRNS GREENS; GRV GROV GROVE; GRVS GROVES; HBR HARB HARBOR HARBR HRBOR; HBRS HARBORS;
HVN HAVEN; HTS HT HEIGHTS; HWY HIGHWAY HIGHWY HIWAY HIWY HWAY; HL HILL; HLS HILLS; HOLW HLLW HOLLOW HOLLOWS HOLWS;
INLT INLET; IS ISLAND ISLND; ISS ISLANDS ISLNDS; ISLE ISLES; JCT JCTION JCTN JUNCTION JUNCTN JUNCTON;
JCTS JCTNS JUNCTIONS; KY KEY; KYS KEYS; KNL KNOL KNOLL; KNLS KNOLLS; LK LAKE; LKS LAKES; LAND; LNDG LANDING LNDNG;
LN LANE; LGT LIGHT; LGTS LIGHTS; LF LOAF; LCK LOCK; LCKS LOCKS; LDG LDGE LODG LODGE; LOOP LOOPS; MALL; MNR MANOR;
MNRS MANORS; MDW MEADOW; MDWS MDW MEADOWS MEDOWS; MEWS; ML MILL; MLS MILLS; MSN MISSN MSSN MISSION; MTWY MOTORWAY;
MT MNT MOUNT; MTN MNTAIN MNTN MOUNTAIN MOUNTIN MTIN; MTNS MNTNS MOUNTAINS; NCK NECK; ORCH ORCHARD ORCHRD; OVAL OVL;
OPAS OVERPASS; PARK PRK PARKS; PKWY PARKWAY PARKWY PKWAY PKY PARKWAYS PKWYS; PASS; PSGE PASSAGE; PATH PATHS;
PIKE PIKES; PNE PINE; PNES PINES; PL PLACE; PLN PLAIN; PLNS PLAINS; PLZ PLAZA PLZA; PT POINT; PTS POINTS; PRT PORT;
PRTS PORTS; PR PRAIRIE PRR; RADL RAD RADIAL RADIEL; RAMP; RNCH RANCH RANCHES RNCHS; RPD RAPID; RPDS RAPIDS; RST REST;
RDG RDGE RIDGE; RDGS RIDGES; RIV RIVER RVR RIVR; RD ROAD; RDS ROADS; RTE ROUTE; ROW; RUE; RUN; SHL SHOAL; SHLS SHOALS;
SHR SHOAR SHORE; SHRS SHOARS SHORES; SKWY SKYWAY; SPG SPNG SPRING SPRNG; SPGS SPNGS SPRINGS SPRNGS; SPUR SPURS;
SQ SQR SQRE SQU SQUARE; SQS SQRS SQUARES; STA STATION STATN STN; STRA STRAV STRAVEN STRAVENUE STRAVN STRVN STRVNUE;
STRM STREAM STREME; ST STREET STRT STR; STS STREETS; SMT SUMIT SUMITT SUMMIT; TER TERR TERRACE; TRWY THROUGHWAY;
TRCE TRACE TRACES; TRAK TRACK TRACKS TRK TRKS; TRFY TRAFFICWAY; TRL TRAIL TRAILS TRLS; TRLR TRAILER TRLRS;
TUNL TUNEL TUNLS TUNNEL TUNNELS TUNNL; TPKE TRNPK TURNPIKE TURNPK; UPAS UNDERPASS; UN UNION; UNS UNIONS; VLY VALLEY
VALLY VLLY; VLYS VALLEYS; VIA VDCT VIADCT VIADUCT; VW VIEW; VWS VIEWS; VLG VILL VILLAG VILLAGE VILLG VILLIAGE;
VLGS VILLAGES; VL VILLE; VIS VIST VISTA VST VSTA; WALK WALKS; WALL; WAY WY; WAYS; WL WELL; WLS WELLS
"""

_SUFFIXES = {word: line.split()[0] for line in _SUFFIX_WORDS.split(";") for word in line.split()}
