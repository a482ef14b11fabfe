"""Texts with gold marks, and how much of them is found: entity recall as in the Text Anonymization Benchmark.

A gold file holds narratives, a blank line between; a mark is `[[KIND|direct|words]]`. An entity is found only if every
content word of every mention of it is masked; ranks, titles, articles, prepositions, and labels of
numbers do not count. Precision is the
share of found spans that touch a gold one.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

GOLD = Path(__file__).parent / "gold"
TAB = Path(__file__).parents[4] / "shared" / "data" / "tab" / "entity_tab_113.jsonl"

MARK = re.compile(r"\[\[([A-Z]+)\|(direct|quasi)\|([^\]]+)\]\]")
_NO_CONTENT = """
    mr mrs ms miss dr sir she he as the a an of and in on at by to for from with our my his her its their is was were it
    i had been am me officer ofc sergeant sgt deputy dep trooper tpr corporal cpl lieutenant lt captain chief
    detective det agent special commander commissioner instructor recruit dispatcher medic firefighter judge
    bailiff marshal inspector handler about around co nurse diver engineer analyst calltaker range master fire
    sro k mayor senator reverend clerk negotiator man number no plate tag serial case report record file
    ticket citation incident call event docket badge unit car vehicle vin fleet crash training booking inmate
    asset license
"""
IGNORED = frozenset(_NO_CONTENT.split())

Ranges = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Mention:
    """Where an entity is named."""

    start: int
    end: int
    kind: str
    directness: str
    entity: str


@dataclass(frozen=True)
class Story:
    """A text and its gold marks."""

    name: str
    text: str
    mentions: tuple[Mention, ...]


@dataclass
class Score:
    """Counts over stories."""

    entities: dict[str, list[int]] = field(default_factory=lambda: {"direct": [0, 0], "quasi": [0, 0]})
    """Found and all, by directness."""
    mentions: list[int] = field(default_factory=lambda: [0, 0])
    spans: list[int] = field(default_factory=lambda: [0, 0])
    missed: list[tuple[str, str, str]] = field(default_factory=list)
    """Story, kind, words."""

    def recall(self, directness: str) -> float:
        """Entity recall, between 0 and 1."""
        found, every = self.entities[directness]
        return found / every if every else 1.0

    @property
    def precision(self) -> float:
        """Share of found spans that touch a gold one."""
        return self.spans[0] / self.spans[1] if self.spans[1] else 1.0


def score(stories: Iterable[Story], finder: Callable[[str], Ranges]) -> Score:
    """How much of the stories' marks a finder masks."""
    total = Score()
    for story in stories:
        _add(total, story, finder(story.text))
    return total


def _add(total: Score, story: Story, found: Ranges) -> None:
    masked = bytearray(len(story.text))
    for start, end in found:
        masked[start:end] = b"\1" * (end - start)
    by_entity: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for mention in story.mentions:
        seen = is_masked(story.text, mention, masked)
        by_entity[mention.directness, mention.entity].append(seen)
        total.mentions[0] += seen
        total.mentions[1] += 1
        if not seen:
            total.missed.append((story.name, mention.kind, story.text[mention.start : mention.end]))
    for (directness, _entity), seen_all in by_entity.items():
        total.entities[directness][0] += all(seen_all)
        total.entities[directness][1] += 1
    gold = bytearray(len(story.text))
    for mention in story.mentions:
        gold[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
    total.spans[0] += sum(1 for start, end in found if any(gold[start:end]))
    total.spans[1] += len(found)


def is_masked(text: str, mention: Mention, masked: bytearray) -> bool:
    """Whether every content word of a mention is masked; one without any is, if all of it is."""
    words = [word for word in re.finditer(r"\w+", text[mention.start : mention.end]) if word[0].lower() not in IGNORED]
    if not words:
        return all(masked[mention.start : mention.end])
    return all(all(masked[mention.start + word.start() : mention.start + word.end()]) for word in words)


def gold_stories(folder: Path = GOLD) -> Iterator[Story]:
    """The narratives written for Vigil, file by file."""
    for file in sorted(folder.glob("*.txt")):
        for number, marked in enumerate(file.read_text(encoding="utf-8").strip().split("\n\n"), 1):
            yield read_story(f"{file.stem} {number}", marked)


def read_story(name: str, marked: str) -> Story:
    """A narrative without its marks, and where they stood."""
    text, mentions, done = "", [], 0
    for match in MARK.finditer(marked):
        text += marked[done : match.start()]
        kind, directness, words = match.groups()
        mentions.append(Mention(len(text), len(text) + len(words), kind, directness, _entity(kind, words)))
        text += words
        done = match.end()
    return Story(name, text + marked[done:], tuple(mentions))


def _entity(kind: str, words: str) -> str:
    return f"{kind} {words.lower().split()[-1] if kind == 'PERSON' else words.lower()}"


def tab_stories(*, development_only: bool = False) -> Iterator[Story]:
    """Judgments of the Text Anonymization Benchmark with their gold marks (MIT), where they lie beside the project."""
    for line in TAB.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        about = document["metadata"]
        if development_only and about["provenance"]["dataset_type"] != "dev":
            continue
        mentions = (
            Mention(one["start_offset"], one["end_offset"], one["entity_type"], kind, one["entity_id"])
            for one in document["entities"]
            if (kind := one["identifier_type"].lower()) in ("direct", "quasi")
        )
        yield Story(about["data_id"], document["text"], tuple(mentions))
