"""What a find becomes: a letter for each entity, a band, a type of place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vigil.core.privacy.names import RANKS, name_words
from vigil.core.privacy.spans import DIRECT, REASONS, Find, Kind, Span

KEPT = re.compile(
    r"\b(?:Officer|Supervisor|Detective|Medic|Dispatcher|Person|Agency|Unit) [A-Z]{1,2}\b|\bZZZ\b"
    r"|\b(?:10|11)-\d{1,3}[A-Z]?\b|\bten-(?:four|\w+ty|\w+)\b"
    r"|\b(?i:code|signal|priority|phase|level|category|class) ?[- ]?(?:\d{1,3}|one|two|three|four)\b"
    r"|\b(?i:at night|in the (?:morning|afternoon|evening)|on a (?:weekday|weekend)|that day)\b"
)
"""Ten-codes, and what `surrogates` puts in."""

GENERIC = {
    Kind.ANIMAL: "the dog",
    Kind.PLACE: "ZZZ",
    Kind.WHEN: "that day",
    Kind.DEMOGRAPHIC: "of some background",
    Kind.QUANTITY: "some",
    Kind.OTHER: "something",
    Kind.CIRCUMSTANCE: "an officer",
    Kind.AGE: "a person",
}
LETTERED = {Kind.PERSON: "Person", Kind.AGENCY: "Agency", Kind.UNIT: "Unit"}
_RANK_OF = {role: re.compile(rf"(?i)^(?:{ranks})\b\.?") for role, ranks in RANKS.items()}


def proposed(text: str, finds: Sequence[Find]) -> tuple[Span, ...]:
    """The finds as spans: things numbered, letters given in the order of first mention."""
    things = _Things(text, finds)
    return tuple(things.span(find) for find in finds)


class _Things:
    """Which finds are mentions of one thing, and its name in the masked text."""

    def __init__(self, text: str, finds: Sequence[Find]) -> None:
        self.text = text
        self.numbers: dict[tuple[Kind, str], int] = {}
        self.names: dict[tuple[Kind, str], str] = {}
        self.counts: dict[str, int] = {}
        self.aliases = self._aliases(finds)
        self.partner = self._partner(finds)

    def _aliases(self, finds: Sequence[Find]) -> dict[str, str]:
        """For every word of a person's name the key of the person: the longest name that holds it."""
        found: dict[str, str] = {}
        names = [_words(self.text[find.start : find.end]) for find in finds if find.kind == Kind.PERSON]
        for words in sorted(names, key=len, reverse=True):
            key = next((found[word] for word in reversed(words) if word in found), " ".join(words))
            for word in words:
                found.setdefault(word, key)
        return found

    def _partner(self, finds: Sequence[Find]) -> str:
        """The key of the one person whom the text calls "my partner", or who stands beside "and I" first."""
        for find in finds:
            if find.kind != Kind.PERSON or not self._words_of(find):
                continue
            before = self.text[max(0, find.start - 30) : find.start]
            after = self.text[find.end : find.end + 8]
            if re.search(r"(?i)\bmy partner,? (?:for the night,? |that night,? )?$", before) or re.match(
                r",? and I\b", after
            ):
                return self.key(find)[1]
        return ""

    def _words_of(self, find: Find) -> list[str]:
        return _words(self.text[find.start : find.end])

    def key(self, find: Find) -> tuple[Kind, str]:
        """What makes two finds mentions of one thing."""
        words = self.text[find.start : find.end]
        if find.kind == Kind.PERSON:
            names = _words(words)
            return find.kind, next(
                (self.aliases[name] for name in reversed(names) if name in self.aliases), words.lower()
            )
        if find.kind == Kind.WHEN:
            return find.kind, re.sub(
                r"(?i)^(?:at|on|in|by|around|about|approximately|the|shortly|just|before|after|\s)+", "", words
            ).lower()
        return find.kind, re.sub(r"(?i)^(?:the|a|an)\s|['’]s$|[^\w]", "", words).lower()

    def span(self, find: Find) -> Span:
        key = self.key(find)
        thing = self.numbers.setdefault(key, len(self.numbers))
        proposal = self._cased(find, self._proposal(find, key))
        directness = "direct" if find.kind in DIRECT else "quasi"
        return Span(find.start, find.end, find.kind, directness, REASONS[find.kind], proposal, thing)  # type: ignore[arg-type]

    def _proposal(self, find: Find, key: tuple[Kind, str]) -> str:
        if key[0] == Kind.PERSON and key[1] == self.partner:
            return "my partner"
        if find.kind in LETTERED and not find.proposal:
            if key not in self.names:
                role = self._role(find)
                letter = self.counts[role] = self.counts.get(role, -1) + 1
                self.names[key] = f"{role} {_letter(letter)}"
            return self.names[key]
        if find.kind == Kind.ANIMAL:
            return self.names.setdefault(key, find.proposal or GENERIC[Kind.ANIMAL])
        return find.proposal or GENERIC.get(find.kind, "something")

    def _role(self, find: Find) -> str:
        if find.kind != Kind.PERSON:
            return LETTERED[find.kind]
        words = self.text[find.start : find.end]
        for role, pattern in _RANK_OF.items():
            if pattern.match(words):
                return role
        return "Person"

    def _cased(self, find: Find, proposal: str) -> str:
        """With a capital where a sentence begins."""
        before = self.text[max(0, find.start - 40) : find.start].rstrip(" \t\"“'(")
        begins = not before or before[-1] in ".!?\n\f"
        return proposal[:1].upper() + proposal[1:] if begins else proposal


def _words(name: str) -> list[str]:
    """The words of a person's name without rank, call sign, and possessive, in small letters."""
    return [word.lower() for word in name_words(name)]


def _letter(index: int) -> str:
    """A to Z, then AA, AB …"""
    first, second = divmod(index, 26)
    return (chr(64 + first) if first else "") + chr(65 + second)
