"""What only one officer is or did, ages, figures, and origin: quasi-identifiers that are no names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

from vigil.core.privacy.lexicons import lexicon
from vigil.core.privacy.spans import Find, Kind

ROLE = (
    r"(?:K-?9|canine|dog|mounted|horse|marine|boat|bike|bicycle|motor(?:cycle)?|traffic|school resource|SRO|DARE|dive|bomb|EOD|sniper|marksman|negotiator|"
    r"pilot|drone|helicopter|air|gang|narcotics|detective|investigator|sergeant|lieutenant|corporal|captain|chief|sheriff|supervisor|trooper|deputy|officer|"
    r"officers|deputies|female|woman|women|male|man|black|white|asian|latina|latino|hispanic|native|gay|lesbian|muslim|sikh|unit|car|cruiser|paramedic|medic|"
    r"dispatcher|handler|translator|interpreter|instructor|certified|armorer|recruit|trainee|rookie|reserve|reservist|civilian|bilingual|spanish|one|person|two|three|four|five|drug)"
)
WHO = r"(?:officer|deputy|trooper|sergeant|detective|lieutenant|captain|chief|corporal|investigator|supervisor|agent|recruit|trainee|cop|handler|dispatcher|instructor|sheriff|marshal|medic|negotiator|sniper|pilot|commander)"
STOP = (
    r"(?=[,.;:!?\n)]|\s(?:and|but|so|who|I|we|he|she|they|when|because|while|had|was|were|is|could|took|went|saw)\b|$)"
)
REST = r"(?:\s(?!(?:and|but|so|I|we|he|she|they|when|because|while|had|was|were|is|could|took|went|saw|got|came)\b)[\w'’-]+){0,6}?"


def _generic_role(words: str) -> str:
    """The role without what makes it single."""
    low = words.lower()
    for key, general in (
        ("k-9", "the dog handler"),
        ("k9", "the dog handler"),
        ("canine", "the dog handler"),
        ("mounted", "an officer on special duty"),
        ("horse", "an officer on special duty"),
        ("sergeant", "a supervisor"),
        ("supervisor", "a supervisor"),
        ("lieutenant", "a supervisor"),
        ("captain", "a supervisor"),
        ("chief", "a supervisor"),
        ("detective", "a detective"),
        ("investigator", "a detective"),
        ("medic", "a medic"),
        ("dispatcher", "a dispatcher"),
        (WHO, "an officer"),  # before what they belong to: "the only diver in the unit"
        ("car", "a unit"),
        ("cruiser", "a unit"),
        ("unit", "a unit"),
    ):
        if re.search(rf"\b{key}s?\b", low):
            return general
    return "an officer"


_SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()


def _number_in(words: str) -> int | None:
    """The first number in a text, in figures or in words below a hundred."""
    figures = re.search(r"\d[\d,]*", words)
    if figures:
        return int(figures[0].replace(",", ""))
    total = None
    for word in re.findall(r"[a-z]+", words.lower()):
        if word in _TENS[2:]:
            total = _TENS.index(word) * 10
        elif word in _SMALL:
            return (total or 0) + _SMALL.index(word)
        elif total is not None:
            break
    return total


def _age_band(words: str) -> str:
    """A child, a teenager, or the decade; with the article that was there."""
    age = _number_in(words)
    band = "child" if age is None or age < 13 else "teenager" if age < 20 else f"{_TENS[min(age // 10, 9)]}-something"
    article = re.match(r"(?i)(?:the|my|his|her|their|our)\s", words)
    return f"{article[0]}{band}" if article else f"a {band}"


def _service_band(words: str) -> str:
    """Years of service in the form's bands."""
    years = _number_in(words) or 0
    for most, band in (
        (1, "up to one year"),
        (4, "two to four years"),
        (9, "five to nine years"),
        (19, "ten to nineteen years"),
    ):
        if years <= most:
            return f"{band} of service"
    return "twenty years of service or more"


def _rounded(words: str) -> str:
    """One figure that counts, and the unit."""
    number = _number_in(words)
    if number is None:
        return "some amount"
    size = 10 ** (len(str(number)) - 1)
    about = round(number / size) * size
    if re.search(r"(?i)mph|miles|in an? \d", words):
        return f"about {about} mph"
    if "$" in words or re.search(r"(?i)dollar|bucks", words):
        return f"about ${about:,}"
    noun = re.search(r"\d (times|people|officers)$", words)
    return f"about {about:,}{f' {noun[1]}' if noun else ''}"


def _several(words: str) -> str:
    return f"several {words.split()[-1]}"


def _background(words: str) -> str:
    return "a person" if re.search(r"(?i)[a-z]\s[a-z]", words) else "a feature"


_RULES: tuple[tuple[Kind, str | Callable[[str], str], str], ...] = (
    (
        Kind.CIRCUMSTANCE,
        _generic_role,
        rf"\b(?:the|our|my department'?s|our department'?s|the department'?s|the county'?s|the city'?s|the agency'?s|their|its|this county'?s)\s(?:only|sole|lone|single|one and only|last|newest|oldest|youngest|tallest|smallest|longest[- ]serving|most senior|first(?:[- ]ever)?)\s(?:other\s)?(?:(?:[\w'’-]+\s){{0,3}}?)?{ROLE}\b(?:\s(?:we|they) (?:have|had|got)\b|{REST}{STOP})?",
    ),
    (
        Kind.CIRCUMSTANCE,
        "one of few",
        r"\b(?:the|an?)?\s?only (?:one|two|three|four|five|\d+)(?: of us)?(?: (?:officers?|deputies|troopers?|units?|cars?|people))?(?: (?:on|working|in|for|who|that|with)\b[^,.;]{0,40})?",
    ),
    (
        Kind.CIRCUMSTANCE,
        "early in my service",
        r"\b(?:(?:on|during|in|it was|this was)\s)?(?:my|his|her)\s(?:very\s)?(?:first|second|third|1st|2nd|3rd)\s(?:solo\s|full\s|ever\s)?(?:day|night|week|shift|call|month|tour|weekend|traffic stop|arrest|foot chase|pursuit|assignment|homicide|patrol|winter|summer|snow|year|ride|raid|entry)\b(?:\s(?:on|of|with|as|in|off|out of|back|alone|after|since)\b[^,.;]{0,40}?(?=[,.;]|\s(?:and|I|we|when)\b))?",
    ),
    (
        Kind.CIRCUMSTANCE,
        "early in my service",
        r"(?:^|(?<=[.!?] ))(?:it was the )?(?:very )?(?:first|second|third)\s(?:day|night|week|shift|month|tour|snow|winter|call)\b(?:\s(?:on|of|with|as|in|off|out of|back|alone|after|since|and)\b[^,.;]{0,40}?(?=[,.;]|\s(?:I|we|when)\b))?",
    ),
    (
        Kind.QUANTITY,
        "some time",
        r"\b(?:an? |the (?:last|past) )?(?:\d{1,2}|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?)[- ](?:and a half )?(?:years?|months?)\b(?! old|[- ]old)|\b(?:\d\d|nine|ten|eleven|twelve|\w+teen|twenty) (?:straight )?(?:days|nights|shifts|weeks|hours)(?: straight| in a row)?\b",
    ),
    (
        Kind.QUANTITY,
        _rounded,
        r"(?<![\w.$/#-])(?<!code )(?<!in a )(?<!Glock )(?<!Model )(?:\d{1,3}(?:,\d{3})+|(?!(?:19|20)\d\d\b)[1-9]\d{1,3})(?: times\b)?(?!(?:st|nd|rd|th)|[\w/-]|[.,:]\d| ?(?:feet|foot|ft|yards?|yds?|inch(?:es)?|meters?|metres?|minutes?|mins?|seconds?|secs?|percent|gauge|cal|caliber|mm|degrees|volts?|watts?)\b| ?%)",
    ),
    (
        Kind.CIRCUMSTANCE,
        "near the end of service",
        r"\b(?:(?:on|during|in|it was|this was)\s)?(?:my|his|her)\s(?:very\s)?(?:last|final)\s(?:day|night|week|shift|call|month|tour)\b(?:\s(?:on|of|with|before|as|in)\b[^,.;]{0,40}?(?=[,.;]|\s(?:and|I|we|when)\b))?",
    ),
    (
        Kind.CIRCUMSTANCE,
        "early in my service",
        r"\b(?:(?:\w+\s)?(?:day|days|week|weeks|month|months|shift|shifts)\s(?:out of|off|after|from|past|since)\s(?:the\s|my\s|his\s|her\s)?(?:police\s)?(?:academy|field training|FTO|probation|graduation)|fresh (?:out of|from|off) (?:the )?(?:academy|field training|fto|probation)|(?:right|just|straight) out of (?:the )?academy|still on probation|in (?:phase|week) (?:one|two|three|four|\d+) of (?:field training|fto|the fto program))\b",
    ),
    (
        Kind.CIRCUMSTANCE,
        "near the end of service",
        r"\b(?:\w+\s(?:days?|weeks?|months?|shifts?)\s(?:from|before|short of|until|away from)\s(?:my\s|his\s|her\s)?(?:retirement|retiring|pension)|about to retire|who (?:has since|later|just) retired)\b",
    ),
    (
        Kind.CIRCUMSTANCE,
        "an officer",
        rf"\b(?:an?|the|our|my|one|another|two|both)\s(?:[\w-]+\s)?(?:female|woman|male|black|african[- ]american|white|asian|latina|latino|hispanic|native american|gay|lesbian|transgender|muslim|sikh|jewish|pregnant|left-handed|deaf|bilingual|spanish-speaking|one-armed|mounted)\s(?:\w+\s)?{WHO}s?\b",
    ),
    (
        Kind.CIRCUMSTANCE,
        "an officer",
        rf"\b{WHO}\s(?:is|was)\s(?:(?:\w+\s)?months\s)?pregnant\b|\b(?:I was|I am|she was|being|while)\s(?:(?:\w+\s)?(?:months|weeks)\s)?pregnant\b",
    ),
    (
        Kind.CIRCUMSTANCE,
        "after some time away",
        r"\b(?:(?:my|his|her)\s)?(?:(?:first|second|third)\s(?:day|night|week|shift)\s)?(?:just\s)?(?:back|returned|returning)\s(?:from|off|after)\s(?:(?:my|his|her|a|an|\w+)\s){0,3}(?:leave|deployment|surgery|suspension|injury|honeymoon|vacation|light duty|desk duty|military duty|cancer|maternity|paternity|the army|the guard|the reserves)(?:\s(?:leave|duty))?\b",
    ),
    (
        Kind.CIRCUMSTANCE,
        "an earlier event",
        r"\b(?:(?:since|after|before|when)\s)?(?:I|he|she|my partner|the officer|our sergeant)\s(?:was|had been|got)\s(?:shot|stabbed|sued|suspended|demoted|fired|promoted|indicted|transferred|injured|hurt|stabbed)\s(?:in|on|by|during|last|two|three|the|a)\b[^,.;]{0,40}",
    ),
    (
        Kind.CIRCUMSTANCE,
        "which became known",
        r"\b(?:it |this |the video |the footage |the story |which )?(?:made|was (?:on|all over|in)|ended up on|hit|ran on|went) (?:the )?(?:(?:local|national|evening|front|six o'clock|late) )*(?:news(?:paper)?s?|front page|headlines|viral|channel \d+|tv|youtube|facebook)\b",
    ),
    (
        Kind.CIRCUMSTANCE,
        "a commendation",
        r"\b(?:won|received|awarded|got|earned|given)\s(?:a|the|my|his|her|our)\s(?:[\w'’-]+\s){0,3}(?:medal|commendation|award|officer of the (?:year|month)|purple heart|life-?saving award)\b(?:\s(?:for|of)\s[\w\s]{0,25}?(?=[,.;]))?",
    ),
    (
        Kind.CIRCUMSTANCE,
        "an officer",
        r"\bofficer of the (?:year|month)\b|\b(?:the|our) union (?:president|rep(?:resentative)?|steward|treasurer)\b|\b(?:the |our )?(?:chief|sheriff|mayor|sergeant|captain|lieutenant|judge)['’]s (?:son|daughter|wife|husband|brother|nephew|niece|cousin|sister|father)\b|\bmy (?:twin|brother|sister|wife|husband|father|dad|son|daughter|cousin|uncle|ex-wife|ex-husband|father-in-law|brother-in-law|fianc[eé]e?)(?:,? (?:who )?(?:is|was|also|works|worked|serves|served) (?:an?|the|in|on|for|as|at|with)\b[^,.;]{0,40}?(?=[,.;]))",
    ),
    (
        Kind.CIRCUMSTANCE,
        "a smaller team",
        r"\b(?:a|our|my|the|we are a|we're a)\s(?:\w+|\d+)[- ](?:man|officer|person|deputy|member|car)\s(?:department|agency|team|unit|squad|shift|force|office|post|town|detachment|detail)\b|\bour (?:new|interim|acting) (?:chief|sheriff|captain|sergeant|lieutenant)\b|\bthe whole (?:county|town|city|department) (?:knows|knew|heard)\b",
    ),
    (
        Kind.CIRCUMSTANCE,
        "an officer",
        rf"\b(?:the|our)\s(?:new|night|day|evening|midnight|graveyard|weekend|only)\s(?:shift\s)?(?:K-?9|mounted|school resource|marine|dive|bike|motor|D\.?A\.?R\.?E\.?|canine|SRO)\s?(?:{WHO}|unit|team)?\b",
    ),
    (
        Kind.AGE,
        _age_band,
        r"\b(?:about |around )?(?:(?:an?|the|my|his|her|their|our) )?\d{1,3}[- ]?(?:year|yr)s?[- ]old\b(?: (?:boy|girl|man|woman|male|female|kid|child|teen|teenager|juvenile)\b)?|\b(?:boy|girl|man|woman|kid|child|teen|teenager|male|female|guy|person|driver|student) (?:of|aged?) (?:about |around )?\d{1,2}\b(?: years old)?|(?:(?<=child, )|(?<=boy, )|(?<=girl, )|(?<=kid, )|(?<=son, )|(?<=daughter, ))\d\b|(?<=[a-z], )(?:about )?[1-9]\d(?=[,.;]| and (?:\d\d\b|a\b|drunk|high|alone))(?: and \d\d\b)?|\b(?:aged?|age of) \d{1,3}\b|\b\d{1,3}[ -]?(?:yoa|y/o|yo|y\.o\.|yom|yof|years of age)\b|\b(?:I am|I'm|I was|he is|he was|she is|she was|who was|who is|just|turned|turning) \d{2}\b(?: years old\b|(?=[,.;]| (?:and|at the time|then|when)))|\b\d{1,3}(?: years old)\b|\b(?:W|B|H|A)/?[MF](?:,| ) ?\d{2}\b|\b(?:a |an )?(?:[a-z]+teen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|eleven|twelve|ten|nine|eight|seven|six|five|four|three|two)[- ]year[s]?[- ]old\b",
    ),
    (
        Kind.QUANTITY,
        _service_band,
        r"\b(?:an?\s)?(?:\d{1,2}|[a-z]+teen|ten|eleven|twelve|twenty(?:[- ][a-z]+)?|thirty(?:[- ][a-z]+)?|two|three|four|five|six|seven|eight|nine|one)[- ](?:and a half\s)?years?(?:['’])?(?:[- ](?:veteran|vet\b)|\s(?:on the (?:job|force|department|road|street|streets)|of service|of experience|in law enforcement|as an? (?:\w+\s){0,2}(?:officer|deputy|trooper|detective|sergeant|cop|handler)|on patrol|in patrol|on nights|with (?:the|this|my) (?:department|agency|office|force)|in (?:uniform|narcotics|homicide|K-?9|SWAT)|working (?:nights|patrol)))",
    ),
    (
        Kind.QUANTITY,
        _rounded,
        r"\$\s?\d+(?:,\d{3})*(?:\.\d+)?(?:\s?(?:million|thousand|k|billion|m)\b)?|\b(?:EUR|USD|GBP|euros?|€|£)\s?\d[\d,.]*|\b\d[\d,]*(?:\.\d+)?\s?(?:dollars|bucks|euros|pounds of (?:meth|cocaine|marijuana|weed|heroin)|kilos?|kilograms?|kg|grams?|ounces?|pills|tablets|bricks)\b(?:\sof\s(?:meth(?:amphetamine)?|cocaine|heroin|fentanyl|marijuana|weed|crack))?",
    ),
    (
        Kind.QUANTITY,
        _rounded,
        r"\b(?:\d{2,3}|(?:\w+ty(?:[- ]\w+)?)|a hundred(?: and \w+)?)\s?(?:mph|miles (?:an|per) hour|miles per hour|MPH)\b|\b\d{1,3} in an? \d{1,2}\b",
    ),
    (
        Kind.QUANTITY,
        _several,
        r"\b(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?\s(?:rounds|shots|stitches|staples|bullets|shell casings|casings|hostages|victims|fatalities|stab wounds|gunshot wounds|arrests|marijuana plants|plants|dogs|cats|horses|cows|cattle|head of cattle|vehicles|cars|guns|rifles|firearms|pistols|officers|people|kids|times)\b(?!\s(?:back|ahead|away|behind|length))",
    ),
    (
        Kind.QUANTITY,
        "a large one",
        r"\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen|twenty|thirty)[- ](?:car|vehicle|alarm|story|acre|mile|hour|day|victim|county|foot|round|unit)s?[- ](?:pile-?up|crash|wreck|fire|building|blaze|farm|chase|pursuit|standoff|siege|search|shootout|tower|boat|manhunt|ranch|property)\b",
    ),
)


@cache
def _compiled() -> tuple[tuple[Kind, str | Callable[[str], str], re.Pattern[str]], ...]:
    # With the first text, as the patterns.
    return tuple((kind, proposal, re.compile(pattern, re.IGNORECASE)) for kind, proposal, pattern in _RULES)


@cache
def _described() -> re.Pattern[str]:
    words = sorted(lexicon("demographics"), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, words)) + r")(?:s|-born|-speaking)?\b", re.IGNORECASE)


DESCRIBED = re.compile(
    r"(?i)\b(?:black|white|hispanic|asian|latino|latina|native american|middle[- ]eastern|biracial|mixed-race|light-skinned|dark-skinned)\s(?:male|female|man|woman|men|women|kid|boy|girl|teen|teenager|adult|juvenile|guy|lady|couple|family|youth|driver|suspect|subject)s?\b|(?-i:\b[WBHA]/?[MF]\b)|\b(?:five|six|[4-7])(?:['’]|[\s-](?:foot|feet|ft)\b\s?)\s?\d{0,2}[\"”]?(?:\s?(?:tall\b|and\b|,){0,2}\s?\d{2,3}\s?(?:lbs?|pounds?)\b)?|\b(?:\d{3})[- ](?:lbs?|pounds?)\b|\b(?:tattoo|tattoos|scar|birthmark|prosthetic|limp|wheelchair|lisp|stutter|glass eye|gold teeth|gold tooth|accent|diabetic|epileptic|schizophrenic|bipolar|autistic|HIV|hepatitis|deaf|blind in one eye)\b"
)


def circumstances(text: str) -> Iterator[Find]:
    """What the rules above find."""
    for kind, proposal, pattern in _compiled():
        for match in pattern.finditer(text):
            said = proposal if isinstance(proposal, str) else proposal(match[0])
            yield Find(match.start(), match.end(), kind, said)
    for match in _described().finditer(text):
        if match[0][0].isupper() or match[0].lower() in (
            "gay",
            "lesbian",
            "transgender",
            "bisexual",
            "hispanic",
            "latino",
            "latina",
            "african-american",
            "asian",
            "muslim",
            "jewish",
        ):
            attributive = re.match(r"\s(?!(?:and|or|but|is|was|who)\b)[a-z]", text[match.end() :])
            said = "certain" if attributive else "of some background"
            yield Find(match.start(), match.end(), Kind.DEMOGRAPHIC, said)
    for match in DESCRIBED.finditer(text):
        yield Find(
            match.start(),
            match.end(),
            Kind.DEMOGRAPHIC,
            _background(match[0]),
        )
