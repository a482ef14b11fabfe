"""Names of people, animals, agencies, and places: by titles, word lists, what stands around them, and again in the whole text.

A capitalised word in the middle of a sentence that no list knows is taken for a name: showing one word too many costs
the reader a look, one too few may cost the reporter the job.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from vigil.core.privacy.lexicons import lexicon, lowered
from vigil.core.privacy.moments import MONTHS
from vigil.core.privacy.patterns import STREET, STREET_TYPE
from vigil.core.privacy.spans import Find, Kind

RANKS: dict[str, str] = {
    "Officer": r"officers?|ofc|off|ofcr|deputy|deputies|dep|trooper|troopers|tpr|patrolman|patrolwoman|patrol officer|ptl|ptlm|ptlmn|police officer|p\.?o|constable|marshal|ranger|agent in charge|cadet|recruit|rookie|bailiff|jailer|correctional officer|c\.?o|corrections officer|guard|probation officer|parole officer|warden|fto|sro|handler|instructor|trainer|range master|negotiator|sniper|reserve",
    "Supervisor": r"sergeants?|sgts?|sarge|corporals?|cpl|lieutenants?|lt|ltc|captains?|capt|majors?|maj|commanders?|cmdr|inspectors?|insp|chiefs?|deputy chief|assistant chief|sheriffs?|undersheriff|colonel|col|superintendent|supt|commissioner|watch commander|master sergeant|staff sergeant",
    "Detective": r"detectives?|dets?|investigators?|inv|special agents?|agents?|s\.?a|task force officer|tfo",
    "Medic": r"paramedics?|medics?|emt|firefighters?|ff|nurse|dr|doctor|battalion chief|fire marshal|fire chief|diver",
    "Dispatcher": r"dispatchers?|call-?taker",
    "Person": r"mr|mrs|ms|miss|mister|judge|justice|magistrate|prosecutor|attorney|ada|da|councilman|councilwoman|mayor|governor|senator|rev|reverend|father|pastor|coach|principal|professor|prof|sir|madam|clerk|engineer|analyst",
}
"""What stands before a name, by what it becomes."""

_RANK = "|".join(sorted((rank for ranks in RANKS.values() for rank in ranks.split("|")), key=len, reverse=True))
TITLED = re.compile(
    rf"(?i)(?<![\w-])(?:(?:\w+[-/])?(?:{_RANK})(?:\.|\b)[,:]?(?:\s\(?(?:ret|retired|badge #?\d+)\)?)?\s)+"
)
CUE = re.compile(
    r"(?i)\b(?:suspect|subject|victim|witness|complainant|offender|inmate|prisoner|driver|passenger|informant|owner|wife|husband|son|father|mother|brother|named|name is|name was|called himself|known as|aka|a\.k\.a\.?|alias|nicknamed|street name),?\s"
)
"""What also stands before a name, and stays."""
ABBREVIATED = re.compile(
    r"(?i)(?:ofc|ofcr|dep|tpr|ptl|sgt|cpl|lt|capt|det|inv|cmdr|co|po|ff|dispatcher|sro|chief|mr|mrs|ms|officer|deputy|trooper|sergeant|detective|corporal|lieutenant)s?\.?\s$"
)
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?|\d+")
PARTICLES = frozenset("de la del van von der den di da le st. bin al el ter dos san mac o".split())
NICKNAME = re.compile(r"[\"“'‘]([A-Z][\w'’-]*(?:\s[A-Z][\w'’-]*)?)[\"”'’]")

AGENCY_WORD = (
    r"(?:Police|Sheriff['’]?s?|Sheriffs|PD|P\.D\.|SO|S\.O\.|SD|HP|DPS|Marshals?(?:['’]s?)?|Constable['’]?s?|Troopers|Highway Patrol|State Patrol|State Police|"
    r"Department|Dept\.?|Bureau|Agency|Division|Task Force|Fire(?: Rescue| Department)?|EMS|Corrections|Probation|Parole|Academy|Tribal|Patrol|Rangers|Commission|Ministry|Company|Inc\.?|Corp\.?|LLC|Association|Union|Committee|Council|Agency|Institute|Foundation|Party|Office|Administration|Services?|Security|Railroad|Railway|Gas|Electric|Power|Transit|Works|Tactical|Towing|Ambulance|Authority|Board|Bank|Newspaper|Times|Gazette|Herald|Tribune|News|Lodge)"
)
AGENCY_TAIL = r"(?:\s(?:(?:City|County|Town|Township|Village|Borough|Parish|State|Metro|Metropolitan|Regional|Campus|Transit|Tribal|Housing|Airport|Port|School|University|Railroad|Park)\s)?)"
_CAP = r"(?!The\b|Our\b|My\b|His\b|Her\b|A\b|An\b|When\b|While\b|After\b|Before\b|As\b|And\b|But\b|I\b|We\b|Two\b|If\b|In\b|On\b|At\b)(?:(?:[A-Z]|St|Ft|Mt)\.|[A-Z][\w'’&-]{0,40})"
AGENCY = re.compile(
    rf"""\b(?:the\s|The\s)?{_CAP}(?:\s(?:and|&|of|the|for)?\s?{_CAP}){{0,4}}?\s(?:(?i:county|city|town|township|village|borough|parish|state|metro|metropolitan|regional|campus|transit|tribal|housing|airport|port|school|university|railroad|park)\s)?(?i:police(?:\sdepartment|\sdept\.?)?|sheriff['’]?s?\s(?:office|department|dept\.?)|sheriff['’]s|pd|so|sd|hp|dps|highway\spatrol|state\spatrol|state\spolice|department\sof\s[a-z]+(?:\s[a-z]+)?|marshals?(?:\sservice|\soffice)|constable['’]?s\soffice|fire(?:\sdepartment|\srescue|\sdistrict)|ems|task\sforce|police\sacademy|probation|parole|corrections|dispatch|communications|comm\scenter|911(?:\scenter)?|deput(?:y|ies)|officers?|troopers?|cops?|unit|units|k-?9|swat|detectives?|sergeant|game\swarden)\b"""
    rf"""|\b(?:Department|Bureau|Office|Division|Ministry|Court|Board|Commission|University|College|Bank|Institute|Republic|Government|Council|Federation|Union|District|City|County|Town|Village|Borough|Parish|Province|Sheriff|Chamber|Faculty|Directorate)\sof\s(?:the\s)?{_CAP}(?:\s(?:and\s|of\s|for\s|the\s)?{_CAP}){{0,4}}"""
    rf"""|\b(?:the\s)?(?:{_CAP}\s){{1,4}}(?:(?:and|of|for|the)\s(?:{_CAP}\s){{0,3}})?{AGENCY_WORD}(?!\w)(?:\s(?:of|for|and)(?:\sthe)?(?:\s{_CAP}){{1,3}})?(?:\s{_CAP}){{0,3}}"""
)
INITIALS = re.compile(
    r"\b[A-Z]{1,5}(?:PD|SO|SP|HP|SD|FD|DPS|CSO|MPD|TF|DTF|COG|ISD)\b|\b(?:FBI|DEA|ATF|ICE|CBP|USMS|HSI|NYPD|LAPD|CHP|OSP|MSP|PSP|DPS|DOC|BOP|TSA|FEMA|USSS|BLM|NPS|DNR|FWC|ABC|CPS|DCF|DHS|DOJ|NCIS|CID|BIA|USFS|ASPCA|ACLU|FOP|PBA)\b|\b(?:[A-Z]\.){2,4}(?:P\.?D\.?|S\.?O\.?)\b"
)

PLACE_NOUNS: dict[str, str] = {
    "an industrial building": "cold storage|pump house|cannery|warehouse|factory|mill|plant|foundry|brewery|refinery|depot|shipyard|yard|yards|sawmill|tannery|works|terminal|hangar|silo|elevator|quarry|pit|mine|kiln|distillery|bottling plant|lumberyard|grainery|granary|gin|packing house|smokehouse|landfill|power station|substation|parking garage|garage|storage|tower|fire tower|water tower|bunker|armory",
    "a school": "school|elementary|middle school|high school|high|academy|college|university|campus|kindergarten|seminary",
    "a hospital": "hospital|medical center|clinic|infirmary|day care|nursing home|er|emergency room|care center|rehab|hospice|memorial|general",
    "a jail": "police station|jail|prison|penitentiary|correctional facility|correctional center|detention center|detention|lockup|justice center|work camp|reformatory|juvenile hall",
    "a court": "court|courthouse|courtroom|court of appeals|tribunal",
    "a church": "church|chapel|temple|mosque|synagogue|cathedral|parish|tabernacle|mission|monastery",
    "a bar": "bar|tavern|saloon|pub|lounge|grill|taproom|roadhouse|nightclub|club|cantina|brewpub|alehouse",
    "a place to eat": "diner|restaurant|cafe|café|pizzeria|kitchen|bakery|steakhouse|barbecue|bbq|deli|coffee",
    "a shop": "store|mart|market|mall|shop|outlet|pharmacy|drugs|hardware|supply|pawn|plaza|liquors|liquor|grocery|supermarket|dollar|gas|station|gas station|truck stop|travel center|car wash|salon|laundromat|auto|motors|dealership|tire|garage|bank|credit union|jewelers|feed|nursery|tackle|gun shop|florist",
    "a hotel": "motel|hotel|inn|lodge|suites|resort|hostel|motor court",
    "a housing complex": "apartments|apartment complex|projects|homes|towers|manor|estates|villas|condos|trailer park|mobile home park|courts|terrace|gardens|village|house|heights|subdivision|commons|trailer court|shelter|ranch|farm|mansion|dorm|hall",
    "a park": "park|playground|field|fields|stadium|arena|fairgrounds|gym|rink|pool|zoo|preserve|forest|woods|campground|cemetery|trail|trailhead|garden|golf course|reservation|racetrack|speedway|ballpark|bowling alley|lanes|theater|theatre|museum|statehouse|capitol|ballroom|monument|lookout|library|center|centre|casino|amphitheater|marina|pier|dock|docks|wharf|landing|boatyard|harbor|beach|boardwalk|ferry",
    "a body of water": "river|lake|creek|bay|pond|reservoir|canal|bayou|brook|slough|inlet|sound|falls|dam|spillway|levee|lagoon|gulch|arroyo|cove",
    "a bridge": "bridge|overpass|underpass|viaduct|tunnel|trestle|interchange|crossing|culvert|toll plaza|rest area|weigh station|checkpoint",
    "open country": "mountain|hill|ridge|canyon|valley|peak|pass|hollow|island|point|meadow|mesa|butte|bluff|cliffs|gap|flats|bottoms|swamp|marsh|desert|grove|acres|orchard|springs|junction|corners|prairie|cut|bend",
    "an airport": "airport|airfield|airstrip|bus station|train station|bus terminal|transit center|metro|depot",
    "a town": "county|city|town|township|village|borough|parish|neighborhood|district|quarter|ward",
}
_PLACE_NOUN = "|".join(
    sorted((noun for nouns in PLACE_NOUNS.values() for noun in nouns.split("|")), key=len, reverse=True)
)
PLACE = re.compile(
    rf"""\b(?:(?:the|The|an?|our)\s)?(?:(?:old|abandoned|former|vacant|empty|closed|shuttered|new|derelict|burned-out|historic|condemned|big|little|downtown|local|Old)\s){{0,4}}"""
    rf"""(?:{_CAP}(?:\s(?:of\s|and\s|&\s|the\s|on\s)?{_CAP}){{0,3}}\s)(?:(?:fish|paper|steel|grain|cotton|bus|train|rail|truck|freight|salvage|lumber|textile|shoe|furniture|cement|sugar|city|county|state|federal|municipal|elementary|middle|high|regional|district|superior|circuit|community|memorial|public|apartment|housing|boat|motor|self|storage|power|water|mobile|trailer|hardware|feed|pump|fire|cold|fuel|pipe|chemical|milk|ice|toy|book|shoe|drug|gun|fruit|chicken|tire|rental|senior|day|rest|bottling)\s){{0,2}}(?i:{_PLACE_NOUN})\b(?:\s(?:Center|Complex|Building|Unit|Annex|Facility|basement|lobby|parking lot|lot|entrance|boat ramp|ramp|gate|dock|roof|north|south|east|west|wing|branch)){{0,3}}"""
    rf"""(?:\s(?:on|at|off|near|by|in|along)\s(?:the\s)?(?:{STREET}|{_CAP}(?:\s{_CAP}){{0,3}}))?"""
    rf"""|\b(?:Dock|Gate|Pier|Bay|Hangar|Building|Bldg|Terminal|Warehouse|Tower|Ward|Wing|Cell|Mile|Door|Platform|Slip|Berth|Field|Lot)\s(?:\d{{1,4}}[A-Z]?|[A-Z]\d{{0,3}}(?![a-z'’]))(?:,?\s(?:of\s|at\s|in\s)?(?:the\s)?{_CAP}(?:\s{_CAP}){{0,3}}(?:\s(?:{_PLACE_NOUN}))?)?"""
    rf"""|\b(?:Lake|Mount|Mt\.|Fort|Ft\.|Camp|Port|Saint|St\.|Point|Cape|Isle|Hotel|Café|Cafe|Club|Casa|El|La|Las|Los|San|Santa|Del|Rancho)\s{_CAP}(?:\s{_CAP}){{0,3}}"""
)
EMPTY = re.compile(r"(?i)\b(?:old|abandoned|former|vacant|empty|closed|shuttered|derelict|burned-out|condemned)\b")
CHAINS = re.compile(
    r"\b(?:Walmart|Wal-Mart|Target|Kroger|Safeway|Costco|Walgreens|CVS|Wawa|Sheetz|QuikTrip|7-Eleven|Circle K|Speedway|Shell|Exxon|Chevron|Texaco|Citgo|Sunoco|BP|Marathon|Waffle House|McDonald['’]?s|Burger King|Wendy['’]?s|Denny['’]?s|IHOP|Taco Bell|KFC|Subway|Starbucks|Dunkin['’]?(?: Donuts)?|Home Depot|Lowe['’]?s|Dollar General|Family Dollar|Dollar Tree|Motel 6|Super 8|Days Inn|Holiday Inn|Best Western|Hilton|Marriott|Ramada|Chase Bank|Wells Fargo|Kmart|Sears|Best Buy|Pilot|Love['’]s|Flying J)\b(?:\s(?:store|parking lot|lot|gas station))?(?:\s(?:on|at|off|near|by|in)\s(?:the\s)?"
    + STREET
    + r")?"
)
PLACE_BEFORE = re.compile(
    r"(?i)\b(?:in|into|at|near|from|toward|towards|outside|around|through|across|downtown|north of|south of|east of|west of|leaving|on|off|behind|of|to|along|past)\s(?:the\s)?$"
)
PERSON_AFTER = re.compile(
    r"(?i)(?:['’]s)?,?\s(?:and (?:I|me)\b|said|told|asked|yelled|shouted|was|had|has|is|took|went|saw|pulled|drew|grabbed|fired|ran|stepped|moved|held|got|came|called|radioed|covered|hit|kept|put|tackled|opened|who|stood|stayed|heard|noticed|tried|started|jumped|fell|slipped|turned|looked|knew|cuffed|drove|arrived|walked|climbed|crawled)\b"
)
PERSON_BEFORE = re.compile(
    r"(?i)\b(?:with|told|asked|and|by|for|behind|beside|partner|my partner,|trainee|trainee,|my sergeant,|my fto|brother|wife|husband|son|daughter|cousin|named|name,?|is|was|called|that|thank|thanks|when|as|while|because|if|but|so|then|until|saw|heard|let|had|hey|yelled|shouted|suspect|from)\s$"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the text and how it stands there."""

    text: str
    start: int
    end: int
    capital: bool
    first: bool
    """Whether it begins a sentence."""

    @property
    def bare(self) -> str:
        return re.sub(r"['’]s?$|\.$", "", self.text)

    @property
    def bare_end(self) -> int:
        return self.start + len(self.bare)


def tokens_of(text: str) -> list[Token]:
    """The words, numbers among them, in order."""
    found: list[Token] = []
    first = True
    last_end = 0
    for match in WORD.finditer(text):
        gap = text[last_end : match.start()]
        begins = first or bool(re.search(r"[.!?:;\n•\"“(]", gap))
        word = match[0]
        if word.endswith(".") and not _abbreviation(word, text, match.end()):
            word = word[:-1]
            first = True
        else:
            first = False
        last_end = match.start() + len(word)
        found.append(Token(word, match.start(), last_end, word[0].isupper(), begins))
    return found


def _abbreviation(word: str, text: str, end: int) -> bool:
    """Whether a full stop belongs to the word: an initial, or a title."""
    return (
        len(word) == 2
        or re.fullmatch(
            r"(?i)(?:ofc|ofcr|off|dep|tpr|ptl|sgt|cpl|lt|capt|det|inv|cmdr|maj|col|insp|supt|mr|mrs|ms|dr|jr|sr|st|rev|prof|ft|mt|no|nos|vs)\.",
            word,
        )
        is not None
    )


@cache
def common_words() -> frozenset[str]:
    """Words, in lower case, that are no names by themselves."""
    return lowered("common_words") | lowered("kept_names") | frozenset(MONTHS) | lowered("demographics")


def in_small_letters(text: str) -> str:
    """A text in capitals with small letters, and capitals where a name may stand; of the same length. Others as they are."""
    letters = [character for character in text if character.isalpha()]
    if sum(character.isupper() for character in letters) < 0.7 * len(letters):
        return text
    return re.sub(r"[A-Z][A-Z'’]+", lambda word: _small(word[0]), text)


def _small(word: str) -> str:
    capital = re.fullmatch(STREET_TYPE, word.capitalize()) or not is_common(word)
    return word.capitalize() if capital else word.lower()


@cache
def _given() -> frozenset[str]:
    return lexicon("given_names") - lexicon("ambiguous_names")


@cache
def _name_words() -> frozenset[str]:
    return lowered("given_names") | lowered("surnames")


@cache
def places_known() -> re.Pattern[str]:
    """States and large places, longest first."""
    names = sorted(lexicon("places"), key=len, reverse=True)
    return re.compile(
        r"\b(?:"
        + "|".join(map(re.escape, names))
        + r")\b(?:,\s(?:[A-Z]{2}\b|"
        + "|".join(map(re.escape, names))
        + r"))?"
    )


def is_common(word: str) -> bool:
    """Whether a word is no name by itself, also as a plural, a possessive, or parts joined by hyphens."""
    low = word.lower().rstrip(".").replace("’", "'")
    if low in common_words():
        return True
    if "'" in low:
        return is_common(low.split("'")[0]) or low in (
            "i'm",
            "i'd",
            "i'll",
            "i've",
            "o'clock",
            "y'all",
            "ma'am",
            "it's",
        )
    if "-" in low:
        if len(re.findall(r"(?:^|-)[A-Z]", word)) > 1 and not word.isupper():  # Gas-N-Go, Landry-Pike
            return False
        return all(is_common(part) or len(part) < 3 for part in low.split("-"))
    return low.endswith("s") and low[:-1] in common_words()


def _derived(word: str) -> bool:
    """Whether a word ends like one that is no name: counts where its capital tells nothing."""
    return word.endswith(("ing", "ed", "ly")) and len(word) > 5


def titled(text: str, tokens: Sequence[Token]) -> Iterator[Find]:
    """Names after a rank or title, whatever their case."""
    at = {token.start: index for index, token in enumerate(tokens)}
    for match in TITLED.finditer(text):
        index = at.get(match.end())
        if index is None:
            continue
        surely = bool(ABBREVIATED.search(match[0]))
        expected = match[0][0].isupper() and (surely or not match[0].endswith(". "))
        taken = _name_run(text, tokens, index, surely=surely, after_name=0 if expected else -1)
        if taken:
            yield Find(match.start(), taken, Kind.PERSON)
            second = _second_name(text, tokens, at, taken)
            if second:
                yield Find(*second, Kind.PERSON)
    for match in CUE.finditer(text):
        index = at.get(match.end())
        taken = _name_run(text, tokens, index) if index is not None else 0
        if taken:
            yield Find(match.end(), taken, Kind.PERSON)


def _second_name(text: str, tokens: Sequence[Token], at: dict[int, int], end: int) -> tuple[int, int] | None:
    """The other name of "Officers Brandt and Kowal"."""
    joint = re.compile(r",?\s(?:and|&)\s").match(text, end)
    index = at.get(joint.end()) if joint else None
    if index is None:
        return None
    taken = _name_run(text, tokens, index)
    return (tokens[index].start, taken) if taken else None


def _name_run(text: str, tokens: Sequence[Token], index: int, *, surely: bool = False, after_name: int = -1) -> int:
    """The end of the name that begins at a token, or 0.

    `surely`: small letters may be a name too. `after_name`: at that place an ordinary word with a capital is one.
    """
    end, whole = 0, False
    for place in range(index, min(index + 5, len(tokens))):
        token = tokens[place]
        if place > index and text[tokens[place - 1].end : token.start] not in (" ", ""):
            break
        if token.text.lower() in PARTICLES and _leads_to_name(tokens, place + 1):
            continue
        if place == index and not token.capital:
            return token.bare_end if surely and _lower_name(token) else 0
        initial = len(token.bare) == 1 and token.capital and token.text != "I"
        named = token.bare in lexicon("surnames") or token.bare in lexicon("given_names")
        named = named or (place == index + after_name and _may_be_name(token))
        if not token.capital or token.text.isdigit() or (is_common(token.bare) and not initial and not named):
            break
        end, whole = token.bare_end, whole or not initial
        if token.text != token.bare and not initial:
            break
    return end if whole else 0


NO_NAME = frozenset(
    (
        "a the and or but who was is had said says on in at to of for with from by as i he she we they it this that my our "
        "safety down involved survival training discretion bureau division unit academy association memorial number "
        "general major chief one two three needs assist"
    ).split()
)
"""Words that have a capital after a title and yet are no name."""


def _may_be_name(token: Token) -> bool:
    """Whether an ordinary word may be a name where one is expected: Officer Stone, James Sparks."""
    low = token.bare.lower()
    ordinary = low in NO_NAME or low in MONTHS or low in lowered("kept_names") or TITLED.match(f"{token.bare} ")
    return token.capital and not token.bare.isupper() and not ordinary


def _leads_to_name(tokens: Sequence[Token], place: int) -> bool:
    """Whether a particle stands before a name, perhaps after another particle."""
    for token in tokens[place : place + 2]:
        if token.text.lower() not in PARTICLES:
            return token.capital and not is_common(token.bare)
    return False


def _lower_name(token: Token) -> bool:
    """Whether a word in small letters after a rank is a name: a list has it, or it is no word that we know."""
    low = token.bare.lower()
    if low in PARTICLES or low.isdigit() or len(low) < 3:
        return False
    return (low in _name_words() and low not in lowered("common_words")) or not _ordinary(low)


def listed(text: str, tokens: Sequence[Token]) -> Iterator[Find]:
    """Names that stand in the lists, with what follows them."""
    for index, token in enumerate(tokens):
        if not token.capital:
            continue
        word = token.bare if not token.bare.isupper() else token.bare.capitalize()
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        near = following is not None and following.capital and text[token.end : following.start] == " "
        named_after = (
            near
            and following is not None
            and (
                following.bare in lexicon("surnames")
                or not is_common(following.bare)
                or re.fullmatch(r"[A-Z]\.", following.text)
            )
        )
        if (word in _given() and not token.bare.isupper()) or (word in lexicon("given_names") and named_after):
            end = _name_run(text, tokens, index, after_name=1)
            yield Find(token.start, end or token.bare_end, Kind.PERSON)
        elif (word in lexicon("surnames") or word in lexicon("given_names")) and (
            not is_common(word)
            or (
                not token.first and not token.bare.isupper() and word.lower() not in lowered("kept_names") | set(MONTHS)
            )
        ):
            yield Find(token.start, token.bare_end, Kind.PERSON)


def unknown(text: str, tokens: Sequence[Token]) -> Iterator[Find]:
    """Capitalised words that no list knows: a person, a place, or an agency by what stands around them."""
    seen_small = {token.bare.lower() for token in tokens if not token.capital}
    index = 0
    while index < len(tokens):
        if not _strange(tokens[index], seen_small):
            index += 1
            continue
        last = index
        while (
            last + 1 < len(tokens)
            and text[tokens[last].end : tokens[last + 1].start] in (" ", "")
            and (_strange(tokens[last + 1], seen_small, inside=True) or _bridges(text, tokens, last + 1, seen_small))
        ):
            last += 1
        begin = index
        if index and _calls(text, tokens[index - 1], tokens[index]):
            begin -= 1
        end = _with_number(text, tokens, last)
        if end:
            yield Find(tokens[begin].start, end, Kind.UNIT)
        else:
            yield _classed(text, tokens[begin].start, tokens[last].bare_end)
        index = last + 1


def _calls(text: str, before: Token, name: Token) -> bool:
    """Whether an ordinary word with a capital belongs to the name after it: Big Lou."""
    return (
        before.capital and not before.first and before.bare not in ("I", "A") and text[before.end : name.start] == " "
    )


def _with_number(text: str, tokens: Sequence[Token], last: int) -> int:
    """The end of a call sign made of a name and a number: Raven 4; else 0."""
    match = re.compile(r"[ -]\d{1,3}\b(?![:.,]?\d|\s(?:feet|yards|minutes|years|officers|people|miles))").match(
        text, tokens[last].end
    )
    return match.end() if match else 0


def _strange(token: Token, seen_small: set[str], *, inside: bool = False) -> bool:
    if not token.capital or token.text.isdigit() or (len(token.bare) < 2 and not inside):
        return False
    if token.bare.isupper() and len(token.bare) <= 1:
        return inside and token.text.endswith(".")
    if token.bare in ("I", "A"):
        return False
    word = token.bare
    if is_common(word):
        return False
    return not (token.first and (word.lower() in seen_small or _derived(word)))


def _bridges(text: str, tokens: Sequence[Token], index: int, seen_small: set[str]) -> bool:
    """Whether a small word joins two parts of one name."""
    if tokens[index].text.lower() not in PARTICLES or index + 1 >= len(tokens):
        return False
    return text[tokens[index].end : tokens[index + 1].start] == " " and _strange(
        tokens[index + 1], seen_small, inside=True
    )


def _classed(text: str, start: int, end: int) -> Find:
    words = text[start:end]
    if words.isupper() and len(words) <= 6:
        return Find(start, end, Kind.AGENCY, sure=False)
    before, after = text[max(0, start - 30) : start], text[end : end + 30]
    if (
        PLACE_BEFORE.search(before)
        and not PERSON_AFTER.match(after)
        and not re.search(r"(?i)\b(?:to|of|from|behind|on)\s$", before)
    ):
        return Find(start, end, Kind.PLACE, sure=False)
    if re.search(r"(?i)\b(?:city|town|county|village) of $", before):
        return Find(start, end, Kind.PLACE, sure=False)
    return Find(start, end, Kind.PERSON, sure=False)


_BEFORE_ANIMAL = r"(?:K-?9s?|(?i:canine|(?:police|patrol|tracking|my|his|her|the) dog|bloodhound|(?:police|my|his|her|the) horse|my mount),?)"
_AFTER_ANIMAL = r"(?:(?:my|our|his|her|the|a)\s(?:K-?9\b|police dog|dog|canine|patrol dog|horse|mount\b))"
ANIMALS = (
    re.compile(
        rf"\b{_BEFORE_ANIMAL}\s(?:is |was |named |called |partner,? )?([A-Z][a-z]+)\b(?!\s(?:Unit|Officer|Handler|Sergeant|Deputy))"
    ),
    re.compile(rf"\b([A-Z][a-z]+),?\s(?:(?:is|was)\s)?{_AFTER_ANIMAL}"),
    re.compile(r"\b([A-Z][a-z]+)(?:,|\sand)\s(?:his|her)\shandler\b"),
)


def animals(text: str) -> Iterator[Find]:
    """Names of dogs and horses of the service."""
    for pattern in ANIMALS:
        for match in pattern.finditer(text):
            if match[1].lower() not in lowered("common_words") or "handler" in match[0]:
                animal = "the horse" if re.search(r"(?i)horse|mount", match[0]) else "the dog"
                yield Find(match.start(1), match.end(1), Kind.ANIMAL, animal)


SMALL_PLACE = re.compile(
    rf"\b(?:at|in|into|behind|near|by|outside|inside|from|past|across from|of) (?:the )?((?:old )?[a-z][a-z'’-]+(?: [a-z]+)?) (?:{_PLACE_NOUN})\b"
)
PEOPLE = re.compile(
    r"(?i)\b(?:dispatch|deput(?:y|ies)|officers?|troopers?|cops?|units?|k-?9|swat|detectives?|sergeant)$"
)
SMALL_STREET = re.compile(
    r"\b([a-z]{3,}) (?:street|avenue|ave|road|lane|boulevard|blvd|court|drive|terrace|parkway|hwy|pike)\b"
)
SMALL_AGENCY = re.compile(
    r"(?i)\b(?:the )?(?:regional|county|city|state|town|township|village|tribal|campus|transit|university|federal|park|local|neighboring) (?:police|sheriff['’]?s?|communications|dispatch|corrections|patrol|troopers|marshals?|probation|parole|narcotics|bomb squad|swat|drug task force|fire marshal|coroner|medical examiner|attorney|prosecutor|jail|hospital)(?: (?:board|center|department|office|unit|officers?|deput(?:y|ies)))?\b"
)


def agencies(text: str) -> Iterator[Find]:
    """Agencies, companies, and public bodies."""
    for match in AGENCY.finditer(text):
        if _named(match[0]) or not PEOPLE.search(match[0]):
            yield Find(match.start(), match.end(), Kind.AGENCY)
    for pattern in (INITIALS, SMALL_AGENCY):
        for match in pattern.finditer(text):
            yield Find(match.start(), match.end(), Kind.AGENCY)


def places(text: str) -> Iterator[Find]:
    """Named places and streets, with capitals or without."""
    for match in PLACE.finditer(text):
        if _named(match[0]):
            yield Find(match.start(), match.end(), Kind.PLACE, place_type(match[0]))
    for match in SMALL_PLACE.finditer(text):
        if not _ordinary(match[1].split()[0]):
            yield Find(match.start(1), match.end(), Kind.PLACE, place_type(match[0]))
    for match in SMALL_STREET.finditer(text):
        if not _ordinary(match[1]):
            yield Find(match.start(1), match.end(), Kind.ADDRESS, "a street")
    for match in CHAINS.finditer(text):
        yield Find(match.start(), match.end(), Kind.PLACE, "a shop")
    for match in places_known().finditer(text):
        yield Find(match.start(), match.end(), Kind.PLACE, "ZZZ")


def _ordinary(word: str) -> bool:
    """Whether a word in small letters is no name."""
    return is_common(word) or _derived(word)


def _named(words: str) -> bool:
    """Whether a place has a name: one capitalised word at least that is no ordinary one."""
    return bool(re.search(r"[A-Z]?\d|\b[A-Z]\b", words)) or any(
        not is_common(word) or word in lexicon("surnames") for word in re.findall(r"\b[A-Z][\w'’-]*", words)
    )


def place_type(words: str) -> str:
    """What kind of place it is, in general words."""
    nouns = re.split(r"\s(?:on|at|off|near|by|in|along)\s", words.lower())[0]
    for type_name, listed_nouns in PLACE_NOUNS.items():
        if re.search(rf"\b(?:{listed_nouns})$", nouns):
            empty = EMPTY.search(words) and type_name.startswith(("a ", "an "))
            return f"an empty {type_name.split(' ', 1)[1]}" if empty else type_name
    return "ZZZ"


def nicknames(text: str) -> Iterator[Find]:
    """A capitalised word in quotation marks that is no word."""
    for match in NICKNAME.finditer(text):
        if not all(is_common(word) for word in match[1].split()):
            yield Find(match.start(1), match.end(1), Kind.PERSON)


NAMED_KINDS = (Kind.PERSON, Kind.ANIMAL, Kind.AGENCY, Kind.PLACE, Kind.ADDRESS)


def name_words(name: str) -> list[str]:
    """The words of a name without title and possessive, as they are written."""
    return [re.sub(r"['’]s?$", "", word) for word in re.findall(r"[^\W\d_][\w'’-]+", TITLED.sub("", name, count=1))]


def again(text: str, tokens: Sequence[Token], finds: Sequence[Find]) -> Iterator[Find]:
    """Every word of a name that was found, wherever else it stands, in any case and with any ending.

    An ordinary word that was somebody's name counts where it has a capital.
    """
    known: dict[str, Kind] = {}
    for find in sorted(finds, key=lambda find: not find.sure):
        if find.kind in NAMED_KINDS:
            person = find.kind == Kind.PERSON
            for word in name_words(text[find.start : find.end]):
                named = word[0].isupper() or person
                if named and len(word) > 2 and (not is_common(word) or (person and find.sure and word[0].isupper())):
                    known.setdefault(word.lower(), find.kind)
    for token in tokens:
        low = token.bare.lower()
        kind = known.get(low) or (known.get(low[:-1]) if low.endswith("s") else None)
        small = kind in (Kind.PERSON, Kind.ANIMAL) and not is_common(low)
        if kind and (token.capital or small):
            yield Find(token.start, token.bare_end, kind)
