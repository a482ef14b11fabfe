"""Patterns of American police language: one line a thing, and what it becomes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from vigil.core.privacy.spans import Find, Kind

NUMBER_WORD = r"(?:no|nos|num|number|numbers|nbr|#)\b?\.?"
STREET_TYPE = (
    r"(?:Street|St|Avenue|Ave|Av|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Circle|Cir|Place|Pl|Way|Terrace|Ter|"
    r"Parkway|Pkwy|Pike|Highway|Hwy|Trail|Trl|Alley|Loop|Row|Turnpike|Expressway|Freeway|Bypass|Causeway|Esplanade|Run|Path|Crossing|Plaza|Square|Spur|Wharf)\b\.?"
)
CAP = r"[A-Z][\w'’-]{0,40}"
STREET = rf"(?:(?:North|South|East|West|N|S|E|W|NE|NW|SE|SW)\b\.?\s)?(?:(?:{CAP}\s){{1,3}}{STREET_TYPE}|\d{{1,3}}(?:st|nd|rd|th)\s{STREET_TYPE})(?:\s(?:NE|NW|SE|SW|[NSEW])\b)?"
STREET_NAME = rf"(?:{STREET}|\d{{1,3}}(?:st|nd|rd|th)|{CAP}(?:\s{CAP})?)"
SAID_LETTER = (
    r"(?:Adam|Boy|Charles|David|Edward|Frank|George|Henry|Ida|John|King|Lincoln|Mary|Nora|Ocean|Paul|Queen|Robert|Sam|Tom|Union|Victor|William|X-?ray|Young|Zebra|"
    r"Alpha|Bravo|Charlie|Delta|Echo|Foxtrot|Golf|Hotel|India|Juliett?|Kilo|Lima|Mike|November|Oscar|Papa|Quebec|Romeo|Sierra|Tango|Uniform|Whiskey|Yankee|Zulu|Baker|Easy|Fox|Nancy|Roger|Sugar|Ocean)"
)
DIGIT_WORD = r"(?:one|two|three|four|five|six|seven|eight|nine|zero|niner|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
QUALIFIED = r"(?:\s?[-:#.]\s?|\s(?:is|was|of)\s|\s(?:no|number|num)\b\.?:?\s?#?|\s)"


def _rule(kind: Kind, proposal: str, pattern: str, flags: int = re.IGNORECASE) -> tuple[Kind, str, str, int]:
    return kind, proposal, pattern, flags


RULES = (
    # personal numbers
    _rule(Kind.IDENTITY, "a Social Security number", r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])"),
    _rule(
        Kind.IDENTITY,
        "a Social Security number",
        r"\b(?:SSN|SS#|social(?: security)?)(?: (?:no|number)\b\.?)?(?: is| was)?[ :#]{1,3}(?:\d{9}|[xX*]{3}-?[xX*]{2}-?\d{4})\b",
    ),
    _rule(
        Kind.IDENTITY,
        "a driver license number",
        r"\b(?:OLN|DLN|DL|OL|CDL|driver'?s'? licen[sc]e|operator'?s'? licen[sc]e)(?: (?:no|number|is|was)\b\.?){0,2}[ :#]{1,3}(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{4,15}\b",
    ),
    _rule(
        Kind.IDENTITY,
        "an identity number",
        r"\b(?:SID|FBI|PDID|DOC|inmate|booking|passport|alien|registration|detainee|prisoner)(?: (?:no|number|id)\b\.?| ?#)[ :#]{0,3}(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{3,14}\b",
    ),
    _rule(
        Kind.IDENTITY,
        "a birth date",
        r"\b(?:DOB|D\.O\.B\.|date of birth|born(?: on)?)[ :]{1,3}(?:\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2},? \d{4})",
    ),
    # ways to reach somebody
    _rule(Kind.CONTACT, "an e-mail address", r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}\b"),
    _rule(Kind.CONTACT, "a web address", r"\b(?:https?://|www\.)[^\s<>\"]+[\w/]"),
    _rule(
        Kind.CONTACT,
        "a web address",
        r"(?<![\w.-])[a-z0-9-]{2,63}(?:\.[a-z0-9-]{1,63}){0,5}\.(?:com|org|net|gov|us|info|edu|mil)\b(?:/[^\s,;)]*)?",
    ),
    _rule(Kind.CONTACT, "a media account", r"(?<![\w@.])@[A-Za-z_][\w.]{1,29}\b"),
    _rule(
        Kind.CONTACT,
        "a media account",
        r"\b(?:r/|u/|fb\.com/|insta(?:gram)? (?:handle |account )?|snapchat (?:name |handle |account )|username )[A-Za-z_][\w.]{2,29}\b",
    ),
    _rule(
        Kind.CONTACT,
        "a phone number",
        r"(?<![\w-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3,4}[ .-]\d{4}(?:,? ?(?:x|ext\.?|extension) ?\d{1,6})?\b",
    ),
    _rule(Kind.CONTACT, "a phone number", r"(?<![\w-])\d{3}-\d{4}\b(?!-)"),
    _rule(Kind.CONTACT, "a phone extension", r"\b(?:ext|extension)\b\.? ?\d{2,6}\b"),
    _rule(
        Kind.CONTACT,
        "a phone number",
        r"(?<![\w+])\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,6}\b|(?<![\w-])0\d{1,4}(?:[ .-]\d{2,4}){2,4}\b",
    ),
    _rule(Kind.CONTACT, "a network address", r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"),
    # vehicles
    _rule(Kind.VEHICLE, "a vehicle number", r"\b(?=[A-HJ-NPR-Z0-9]*\d)(?=\d*[A-HJ-NPR-Z])[A-HJ-NPR-Z0-9]{17}\b"),
    _rule(
        Kind.VEHICLE,
        "a vehicle number",
        r"\bVIN(?: (?:ending|ends)(?: in)?| number| no\.?| is| was){0,2}[ :#]{1,3}[A-HJ-NPR-Z0-9]{4,17}\b",
    ),
    _rule(
        Kind.VEHICLE,
        "a plate number",
        r"\b(?:licen[sc]e )?(?:plates?|tags?|registration|reg|LP|LIC)(?: (?:no|number|of|was|is|came back|reading|read|ending in|that read))*[ :#]{1,3}(?:[A-Z]{2} )?(?=[A-Z0-9 -]*\d)(?:[A-Z0-9]{1,4}[ -·]?[A-Z0-9]{2,5}|[A-Z0-9]{5,8})\b",
    ),
    _rule(
        Kind.VEHICLE,
        "a plate number",
        r"\b(?:[A-Z]{3}[- ]?\d{3,4}|\d{3,4}[- ]?[A-Z]{3}|\d[A-Z]{3}\d{3}|[A-Z]{2}\d[- ]?\d{3}[A-Z]?|[A-Z]{3} \d[A-Z]\d{2})\b(?=,? (?:plate|tag|out of|registered|on (?:the|a) (?:plate|tag)))",
        0,
    ),
    _rule(
        Kind.VEHICLE,
        "a plate number",
        r"\b(?<![-/])(?!UNIT|CODE|ZONE|BEAT|POST)(?:\d[A-Z]{3}\d{3}|[A-Z]{3}[- ]\d{4}|[A-Z]{3}\d{4}|[A-Z]{2}\d-\d{3}[A-Z]?|[A-Z]{3}-\d{3})\b(?!-)",
        0,
    ),
    # cases
    _rule(
        Kind.CASE,
        "a case number",
        r"\b(?:CAD|incident|case|event|call|report|complaint|citation|ticket|docket|warrant|run|log|CR|IR|DR|RD|OCA|IA|file|offense|summons|cause|reference|ref|application|claim|grievance|job)s?(?: (?:no|nos|num|number|id|report|file)\b\.?)*[ :#]{1,3}(?:was |is )?#? ?(?=[A-Z0-9/-]*\d)(?:[A-Z]{1,5}[-/]?)?\d[A-Z0-9]*(?:[-/:][A-Z0-9]+)*(?<=[A-Z0-9]{3})\b(?! (?:hours|hrs|feet|block))",
    ),
    _rule(
        Kind.CASE, "a case number", r"(?<![\w/$.-])(?!20[0-4]\d-\d\d?-\d\d?\b)(?:\d{2}|\d{4})-\d{4,8}(?:-\d{1,4})?\b"
    ),
    _rule(
        Kind.CASE,
        "a case number",
        r"(?<![\w/-])(?:[A-Z]{1,5}-?)\d{2,4}-\d{3,8}\b|(?<![\w/-])(?:CR|CV|TR|CF|CM|PD|SO|SP|IR|DR|RD|IA|P|F|C|H|T|CA|MC|SW)-?\d{5,10}\b",
        0,
    ),
    _rule(
        Kind.CASE, "a case number", r"\b\d{1,2}:\d{2}-[a-z]{2}-\d{3,6}\b|\b\d{2,4}-?(?:CR|CV|CF|MJ|TR|PC|GS)-?\d{3,8}\b"
    ),
    _rule(Kind.CASE, "a case number", r"(?<![\d/.,-])\d{3,6}/(?:\d{2}|(?:19|20)\d{2})(?![\d/-])"),
    _rule(Kind.CASE, "a case number", r"\b(?:nos?\.|number) ?[A-Z]{0,4}[ -]?\d+(?:[/-]\d+)+[A-Z]?\b"),
    _rule(Kind.CASE, "a number", r"(?<![\w.,$-])\d{5,20}(?![\w-]|[.,]\d)"),
    _rule(
        Kind.CASE, "a number", r"(?<![\w-])(?=[A-Z0-9-]{0,24}[A-Z])(?=(?:[A-Z-]{0,8}\d){4})[A-Z0-9-]{6,24}(?![\w-])", 0
    ),
    _rule(Kind.IDENTITY, "an account number", r"\b[A-Z]{2}\d{2}[A-Z0-9]{10,30}\b"),
    _rule(
        Kind.ORI,
        "an agency number",
        r"\b(?:ORI[ :#]{1,3})?[A-Z]{2}\d{5}[A-Z0-9]{2}\b|\bORI(?: is| was| number)?[ :#]{1,3}[A-Z0-9]{7,9}\b",
        0,
    ),
    # badges and serials
    _rule(
        Kind.BADGE,
        "a badge number",
        r"\b(?:badge|shield|star|ID|P#|serial|employee|payroll|personnel|IBM|DSN|PIN|vest|asset|property|rifle|shotgun|pistol|taser|radio|camera|body ?cam)(?: (?:no|num|number|id|serial|tag|ending in|is|was)\b\.?)*[ :#]{1,3}(?=[A-Z0-9-]*\d)(?!(?:19|20)\d\d\b|9\d\dS?\b)(?=[A-Z0-9-]*\d[A-Z-]*\d)[A-Z0-9][A-Z0-9-]+\b(?! (?:hours|hrs|feet|seconds|minutes|block|yards|officers|rounds))",
    ),
    _rule(Kind.BADGE, "a badge number", r"(?<=[a-z] )\(?#\d{2,6}\)?(?!\w)"),
    # call signs and units
    _rule(Kind.UNIT, "", rf"\b\d{{1,3}}[- ]?{SAID_LETTER}[- ]?(?:\d{{1,3}}|{DIGIT_WORD}(?:[- ]{DIGIT_WORD})*)\b"),
    _rule(Kind.UNIT, "", rf"\b{DIGIT_WORD}[- ]{SAID_LETTER}[- ](?:\d{{1,3}}|{DIGIT_WORD}(?:[- ]{DIGIT_WORD})*)\b"),
    _rule(
        Kind.UNIT,
        "",
        rf"\b(?!November (?:19|20)\d\d\b){SAID_LETTER}[- ](?:\d{{1,4}}|{DIGIT_WORD}(?:[- ]{DIGIT_WORD})*)\b(?! (?:hours|feet|of|minutes|seconds|years|officers|rounds|shots|times|and I\b))",
        0,
    ),
    _rule(
        Kind.UNIT,
        "",
        rf"\b{SAID_LETTER}[- ](?i:{DIGIT_WORD})(?:[- ](?i:{DIGIT_WORD}))*\b(?! (?:hours|feet|of|minutes|seconds|years|officers|rounds|shots|times))",
        0,
    ),
    _rule(
        Kind.UNIT,
        "",
        r"\b(?:unit|car|squad|cruiser|engine|truck|medic|ambulance|ladder|rescue|battalion|wagon|air|eagle|marine|boat|transport|traffic|patrol|van|bus|sam|k-?9|canine|command|chase|tac|swat|motor|adam|team|post|rescue|helo|hawk|falcon|ranger|metro|detail|crew|shop|fleet|vehicle)[- ]#?(?:number )?\d{1,5}(?:-?[A-Z])?\d{0,2}\b(?! ?(?:hours|hrs|feet|minutes|seconds|years|yards|miles|officers|people|rounds|of |percent|%|mph|other|more|suspects|times|deep|high|door|man\b|person))",
    ),
    _rule(
        Kind.UNIT,
        "",
        r"(?<![\w/$.#-])(?:\d{1,3}[A-Z]{1,2}\d{1,3}|\d{1,2}-[A-Z]{1,2}-?\d{1,3}|[A-Z]{1,2}-?\d{2,3}|[A-Z]\d{1,2}[A-Z]\d{0,2}|\d{1,2}[A-Z]{1,2}-\d{1,3}|[A-Z]-\d|\d{3,4}[A-Z])\b(?!-\d|['’]s? (?:rifle|pistol))",
        0,
    ),
    _rule(
        Kind.UNIT,
        "",
        rf"\b(?:unit|car|squad|cruiser|call ?sign)(?: (?:is|was|of))? (?:{DIGIT_WORD}(?:[- ]{DIGIT_WORD})*|{SAID_LETTER})\b(?! (?:of|more|cars?|units?|officers?|blocks?|feet|times|times|minutes))",
    ),
    _rule(
        Kind.UNIT,
        "a radio channel",
        r"\b(?:channel|tac|talkgroup|talk group|main|ops|zone|north|south|east|west|metro|county|city) ?(?:channel )?(?:\d{1,2}|[A-G])\b(?= (?:channel|frequency|was|is|on the radio))|\b(?:channel|TAC|talk ?group|OPS)[- ]?\d{1,3}\b",
    ),
    # beats
    _rule(
        Kind.BEAT,
        "a beat",
        r"\b(?:the )?(?:\d{1,3}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|north|south|east|west|central|northeast|northwest|southeast|southwest|northern|southern|eastern|western|midtown|downtown|harbor) (?:precinct|district|division|sector|ward|substation|area command|patrol division)\b",
    ),
    _rule(
        Kind.BEAT,
        "a beat",
        r"\b(?:beat|sector|precinct|zone|district|division|reporting area|RA|grid|post|region|troop|area|PSA|ward|barracks|sub-?station|tour)[ -]#?(?:(?:no|number)\.? )?(?:\d{1,4}[A-Z]?|[A-Z]\d{0,3}\b|[A-Z]{2})\b(?! (?:feet|officers|people|of us))",
        0,
    ),
    _rule(
        Kind.BEAT,
        "a beat",
        r"\b(?:beat|sector|precinct|zone|district|troop|reporting area|grid) #?(?:\d{1,4}[A-Z]?|[A-HJ-Z]\d{0,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|adam|boy|charles|david|edward|alpha|bravo|charlie|delta|echo)\b(?!['’])",
    ),
    # addresses
    _rule(
        Kind.ADDRESS,
        "a block",
        rf"\b(?:(?:the|in the|on the) )?\d{{1,5}} (?:block|blk|hundred block|hundred)(?: of)? (?:{STREET}|(?:[NSEW]\.? )?{CAP}(?:\s{CAP})*)",
        0,
    ),
    _rule(
        Kind.ADDRESS,
        "a block",
        rf"\b(?:the )?(?:\d{{1,5}}|{DIGIT_WORD}[ -]hundred|unit|one hundred) (?:block|blk)\b(?: of (?:\w+\s){{1,3}}{STREET_TYPE})?",
    ),
    _rule(
        Kind.ADDRESS,
        "a street address",
        rf"(?<![\w$.])\d{{1,5}}(?:-\d{{1,4}})?(?:[A-Z]| ?½| 1/2)?\s{STREET}(?:,? (?i:apartment|apt|unit|suite|ste|lot|room|rm|#)\.? ?#?\w{{1,5}}\b)?",
        0,
    ),
    _rule(
        Kind.ADDRESS,
        "a street address",
        r"(?<![\w$.])\d{2,5} (?:[nsew]\.? )?[a-z]{3,} (?:street|st|avenue|ave|road|rd|drive|dr|lane|ln|boulevard|blvd|court|ct|terrace|parkway|pkwy|pike)\b\.?",
    ),
    _rule(Kind.ADDRESS, "a street address", rf"(?:(?<=at )|(?<=of )|(?<=to )|(?<=on ))\d{{1,5}} {CAP}(?: {CAP})?", 0),
    _rule(
        Kind.ADDRESS,
        "an intersection",
        rf"\b(?:the )?(?:corner|intersection) of (?:{STREET_NAME}) (?:and|&|at) (?:{STREET_NAME})",
        0,
    ),
    _rule(Kind.ADDRESS, "an intersection", rf"\b{STREET} (?:and|&|at|@|/|near|off) (?:{STREET_NAME})", 0),
    _rule(Kind.ADDRESS, "an intersection", rf"\b(?:\d{{1,3}}(?:st|nd|rd|th)|{CAP}) (?:and|&|@|/) (?:{STREET})", 0),
    _rule(
        Kind.ADDRESS,
        "an intersection",
        rf"\b(?:\d{{1,3}}(?:st|nd|rd|th)) (?:and|&|@) (?:{STREET_NAME}|[a-z]{{3,12}}\b)",
        0,
    ),
    _rule(Kind.ADDRESS, "an intersection", rf"\b{CAP} ?(?:&|@|/) ?(?:\d{{1,3}}(?:st|nd|rd|th)|{CAP})\b", 0),
    _rule(
        Kind.ADDRESS,
        "an intersection",
        r"\b(?:\d{1,3}(?:st|nd|rd|th)) and [A-Z][a-z]+\b|\b[A-Z][a-z]+ (?:and|&|at) \d{1,3}(?:st|nd|rd|th)\b",
        0,
    ),
    _rule(Kind.ADDRESS, "a street", rf"\b{STREET}", 0),
    _rule(
        Kind.ADDRESS,
        "an apartment",
        r"\b(?:apartment|apt|suite|ste|lot|room|rm|cell|pod|dorm|cellblock)\b\.? ?#?(?:\d{1,5}[A-Z]?|[A-Z]-?\d{1,4}|[A-H])\b(?!['’])(?! (?:feet|people|officers))",
    ),
    _rule(
        Kind.ADDRESS,
        "a highway",
        r"\b(?:(?:mile ?(?:marker|post)|MM|MP|milepost) ?#?\d{1,3}(?:\.\d{1,2})?(?: (?:on|of|along) )?)?(?:\b(?:I|US|SR|CR|FM|RR|SH|Rte|RT|State Route|State Road|State Highway|County Road|County Highway|US Highway|U\.S\.|Interstate|Route|Highway|Hwy|Farm Road|Loop)[ -]?\d{1,4}[A-Z]?\b)(?:,? (?:north|south|east|west)(?:bound)?)?(?:,? (?:at|near|by|and|just past|past|before|around)? ?(?:the )?(?:exit|mile ?(?:marker|post)|MM|MP) ?#?\d{1,3}(?:\.\d{1,2})?[A-Z]?)?",
    ),
    _rule(
        Kind.ADDRESS,
        "a highway",
        r"\b(?:mile ?(?:marker|post)|MM|MP|milepost|exit)[ -]?#?\d{1,3}(?:\.\d{1,2})?[A-Z]?\b",
    ),
    _rule(Kind.ADDRESS, "coordinates", r"[-+]?\d{1,2}\.\d{3,8},\s?[-+]?\d{1,3}\.\d{3,8}"),
    _rule(Kind.ADDRESS, "a town", r"\b[A-Z]{2} \d{5}(?:-\d{4})?\b|\bZIP(?: code)?[ :]\d{5}\b", 0),
)


@cache
def _compiled() -> tuple[tuple[Kind, str, re.Pattern[str]], ...]:
    # With the first text: most processes never see one, and start sooner.
    return tuple((kind, proposal, re.compile(pattern, flags)) for kind, proposal, pattern, flags in RULES)


def patterned(text: str) -> Iterator[Find]:
    """What the rules above find."""
    for kind, proposal, pattern in _compiled():
        for match in pattern.finditer(text):
            yield Find(match.start(), match.end(), kind, proposal)


# What does not belong in a report at all (forbidden.py).
SOCIAL_SECURITY = re.compile(
    r"(?<![\d-])(?!000|666|9\d\d)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?![\d-])|\b(?:SSN|SS#|social security)\W{0,3}(?:no\.?|number|is|was)?\W{0,3}\d{9}\b",
    re.IGNORECASE,
)
BIRTH = re.compile(
    r"\b(?:DOB|D\.O\.B\.?|date of birth|born)\W{0,3}(?:on\s)?(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d\d-\d\d|[a-z]{3,9}\.?\s\d{1,2},?\s(?:19|20)\d\d)",
    re.IGNORECASE,
)
RECORD = re.compile(
    r"\b(?:NCIC|III|triple I|FBI (?:no|number|#)|SID|state id(?:entification)? (?:no|number)|rap sheet|criminal history|cycle \d+|arrest date|arresting agency|charge (?:no|literal|\d)|disposition|"
    r"convicted|sentence[ds]?|date of arrest|arrested[ :]\d|ORI[ :#]|statute|felony|misdemeanor|court case|CII|fingerprint class|aliases|also known as|attention[ :]|purpose code)\b",
    re.IGNORECASE,
)
CARD = re.compile(r"(?<![\d-])(?:\d{4}[- ]){3}\d{4}(?!\d)")
