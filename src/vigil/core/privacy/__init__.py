"""De-identification of narratives, and suppression of small counts, shared by door, review and export.

`recognise(text)` finds what may point at a person, `surrogates(text, spans, choices)` writes the masked text,
`forbidden` says what must not be sent at all, `suppressed_together` hides small counts, `generalised` cuts what few
records say. It proposes and people decide: never promise anonymity by machine.
"""

from vigil.core.privacy.forbidden import forbidden
from vigil.core.privacy.generalising import generalised
from vigil.core.privacy.model import Model, ModelFailed, spacy_model
from vigil.core.privacy.recognise import recognise, recognise_together
from vigil.core.privacy.spans import Kind, Span
from vigil.core.privacy.suppression import Shown, suppressed, suppressed_line, suppressed_together
from vigil.core.privacy.surrogates import KEEP, REPLACE, Choice, surrogates

__all__ = [
    "KEEP",
    "REPLACE",
    "Choice",
    "Kind",
    "Model",
    "ModelFailed",
    "Shown",
    "Span",
    "forbidden",
    "generalised",
    "recognise",
    "recognise_together",
    "spacy_model",
    "suppressed",
    "suppressed_line",
    "suppressed_together",
    "surrogates",
]
