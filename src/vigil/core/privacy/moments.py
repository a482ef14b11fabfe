"""Days and hours in police language, and what they become: the month, weekday or weekend, a six-hour band."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vigil.core.privacy.spans import Find, Kind

MONTHS = "january february march april may june july august september october november december".split()
MONTH = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
WEEKDAY = r"(?:Mon|Tues?|Wednes|Thurs?|Fri|Satur|Sun)days?\b|(?:Mon|Tues?|Wed|Thurs?|Fri|Sat|Sun)\b\.?(?=,? (?:the |\d|night|morning|at ))"
YEAR = r"(?:19|20)\d\d"
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
ORDINAL = DAY + r"(?:st|nd|rd|th)"
CLOCK = r"(?:[01]?\d|2[0-4])"
HOUR_WORD = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
HALVES = r"[ap]\.?\s?m\b\.?"
ZONE = r"(?:\s?(?:hours|hrs|hr|h|[ECMP][SD]?T|local|zulu)\b\.?)"

DATES = re.compile(
    rf"""(?ix)
    (?P<date> \b{YEAR}-\d\d?-\d\d?\b
    | \b\d\d?[/.-]\d\d?[/.-](?:\d{{4}}|\d\d)\b
    | \b(?:0?[1-9]|1[0-2])/(?:{DAY})\b(?!/|\s?(?:of|inch|"|oz))
    | \b{MONTH}\s(?:the\s)?(?:{ORDINAL}|{DAY})\b(?!:)(?:,?\s{YEAR}\b)?
    | \b(?:the\s)?(?:{ORDINAL}|{DAY})\s(?:of\s)?{MONTH}(?:,?\s{YEAR}\b)?
    | \b(?:on|since|until|by|before|after|(?:night|morning|evening|afternoon|day|early|hours)\sof)\sthe\s{ORDINAL}\b(?!\s(?:street|st\b|ave|floor|district|precinct|time|day|block))
    | \bnew\syear'?s(?:\s(?:eve|day))?\b | \bchristmas(?:\s(?:eve|day))\b | \b(?:thanksgiving|halloween|labor\sday|memorial\sday|easter\ssunday|super\sbowl\ssunday|mother's\sday|father's\sday|veterans\sday|(?:the\s)?(?:4th|fourth)\sof\sjuly|independence\sday|st\.?\spatrick's\sday|mardi\sgras)\b
    | (?:\b(?:last|this|next)\s)?\b(?:{WEEKDAY})
    | \b(?:for\s)?(?:two|three|four|five|six|\d{1, 2})\s(?:nights|days|mornings|weekends)\b(?:\s(?:in\sa\srow|running|straight|ago|before|earlier))?
    | \b(?:yesterday|last\snight|this\smorning|(?:the\s)?night\sbefore(?:\slast)?|two\snights\sago|last\sweek(?:end)?)\b
    )""",
)
HOURS = re.compile(
    rf"""(?ix)
    (?P<time> (?<![\d:/.-]){CLOCK}:[0-5]\d(?::[0-5]\d)?(?:\s?{HALVES})?{ZONE}?(?![\d:])
    | (?<![\d/$.-])[0-2]\d[0-5]\d{ZONE}
    | (?<=at\s)[0-2]\d[0-5]\d\b(?!\s(?-i:(?:[NSEW]\.?\s)?[A-Z][a-z])|\sblock|-)
    | (?:(?<=from\s)|(?<=between\s)|(?<=\d\d\d\d\sto\s)|(?<=\d\d\d\d\sand\s)|(?<=around\s)|(?<=about\s)|(?<=roughly\s)|(?<=before\s)|(?<=after\s)|(?<=until\s)|(?<=nearly\s)|(?<=by\s)|(?<=approximately\s)|(?<=approx\s)|(?<=approx\.\s))
      (?:[01]\d[0-5]\d|2[0-3][0-5]\d)\b(?!\s(?-i:(?:[NSEW]\.?\s)?[A-Z][a-z])|\s(?:block|rounds|feet|yards|pounds|people|miles|dollars|square))
    | (?<![\d:.$-])\b{CLOCK}\s?{HALVES}
    | \b{HOUR_WORD}\s?{HALVES}
    | \b(?:{HOUR_WORD}|{CLOCK})\so['’]clock(?:\sin\sthe\s(?:morning|afternoon|evening)|\sat\snight)?
    | \b(?:half\spast|quarter\s(?:to|past|of|after)|(?:five|ten|twenty)\s(?:to|past|of|after))\s(?:{HOUR_WORD}|{CLOCK}\b)(?:\sin\sthe\s(?:morning|afternoon|evening)|\sat\snight)?
    | \b(?:{HOUR_WORD}(?:[\s-](?:thirty|fifteen|forty-five))?|{CLOCK})\s(?:in\sthe\s(?:morning|afternoon|evening)|at\snight)\b
    | \b{HOUR_WORD}[\s-](?:thirty|fifteen|forty-five|twenty|forty|ten|fifty)\b(?=[\s,.](?:$|[a-z\s]))(?!\s(?:feet|yards|rounds|people|seconds|minutes|miles|pounds|of))
    | \b(?:midnight|noon)\b(?!\sshift)
    )""",
)
LEAD = re.compile(
    r"(?i)(?:\b(?:at|on|in|by|around|about|approximately|approx\.?|roughly|shortly|just|right|a\slittle|a\sfew\sminutes|before|after|past|the\s(?:night|morning|evening|afternoon|day)\sof|early|late|the)\s)+$"
)
TAIL = re.compile(
    r"(?i)(?:\s(?:night|morning|evening|afternoon)s?\b|\s(?:in\sthe\s(?:morning|afternoon|evening)|at\snight)\b|\s(?:hours|hrs)\b)"
)
JOINT = re.compile(
    r"(?i)(?:,?\s(?:at|on|around|about|approximately|approx\.?|roughly|of|shortly\s(?:before|after)|just\s(?:before|after|past)|between|and|the|to)\b)*,?\s?(?:[-–]\s?)?"
)
BANDS = ("at night", "in the morning", "in the afternoon", "in the evening")
"""Six hours each, the first from 00:01 to 06:00."""


def moments(text: str) -> Iterator[Find]:
    """Days and hours, each with the prepositions before it, and what stands side by side as one."""
    parts = sorted(
        (match.start(), match.end(), match.lastgroup or "") for match in (*DATES.finditer(text), *HOURS.finditer(text))
    )
    groups: list[list[tuple[int, int]]] = []
    for start, end, _ in parts:
        tail = TAIL.match(text, end)
        end = tail.end() if tail else end
        if groups and start < groups[-1][-1][1]:
            groups[-1][-1] = (groups[-1][-1][0], max(end, groups[-1][-1][1]))
        elif groups and JOINT.fullmatch(text, groups[-1][-1][1], start):
            groups[-1].append((start, end))
        else:
            groups.append([(start, end)])
    for group in groups:
        start, end = group[0][0], group[-1][1]
        before = LEAD.search(text, max(0, start - 40), start)
        start = before.start() if before else start
        yield Find(start, end, Kind.WHEN, banded(text[start:end]))


def banded(words: str) -> str:
    """What a day, an hour, or both become."""
    pieces = [piece for piece in (hour_band(words), week_part(words), month(words)) if piece]
    return ", ".join(pieces) or "that day"


def hour_band(words: str) -> str:
    """The six-hour band of the first hour named, or nothing."""
    found = HOURS.search(words)
    if found is None:
        part = re.search(r"(?i)\b(night|morning|afternoon|evening)s?\b", words)
        if part:
            return {"night": BANDS[0], "morning": BANDS[1], "afternoon": BANDS[2], "evening": BANDS[3]}[part[1].lower()]
        return ""
    minutes = _minutes(found["time"].lower(), words.lower())
    return BANDS[((minutes - 1) % 1440) // 360]


def _minutes(hour: str, words: str) -> int:
    if hour in ("midnight", "noon"):
        return 0 if hour == "midnight" else 720
    digits = re.match(r"(\d{1,2}):(\d\d)|(\d\d)(\d\d)\b|(\d{1,2})", hour)
    if digits:
        hours, minutes = int(digits[1] or digits[3] or digits[5]), int(digits[2] or digits[4] or 0)
    else:
        named = re.search(rf"\b{HOUR_WORD}\b(?!\s(?:to|past|of|after))", hour)
        names = "one two three four five six seven eight nine ten eleven twelve".split()
        hours, minutes = (names.index(named[0]) + 1 if named else 0), 1
    afternoon = re.search(r"\d\s?p\.?\s?m|[a-z]\sp\.?\s?m|afternoon|evening", words)
    at_night = "night" in words and hours >= 6
    if hours <= 12 and (afternoon or at_night):
        hours = hours % 12 + 12
    elif hours == 12 and re.search(r"a\.?\s?m|morning|night", words):
        hours = 0
    return hours * 60 + minutes


def week_part(words: str) -> str:
    """Weekday or weekend, if a day of the week is named."""
    day = re.search(r"(?i)\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*", words)
    if day is None or not re.search(rf"(?i){WEEKDAY}|\b(?:sat|sun)\b", words):
        return ""
    return "on a weekend" if day[1].lower() in ("sat", "sun") else "on a weekday"


def month(words: str) -> str:
    """The month, and the year where it is given."""
    year = re.search(rf"\b{YEAR}\b", HOURS.sub("", words))
    tail = f" {year[0]}" if year else ""
    named = re.search(rf"(?i)\b{MONTH}", words)
    if named:
        return f"in {_month_named(named[0])}{tail}"
    numbers = re.search(rf"\b{YEAR}-(\d\d?)-\d\d?\b|\b(\d\d?)[/.-]\d\d?(?:[/.-](\d{{4}}|\d\d))?\b", words)
    if numbers and 1 <= int(numbers[1] or numbers[2]) <= 12:
        short = numbers[3] or ""
        tail = tail or (f" 20{short}" if len(short) == 2 else "")
        return f"in {MONTHS[int(numbers[1] or numbers[2]) - 1].capitalize()}{tail}"
    return ""


def _month_named(word: str) -> str:
    return next(name for name in MONTHS if name.startswith(word.lower().strip(".")[:3])).capitalize()
