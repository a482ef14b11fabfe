"""What does not belong in a report at all: other people's files. The door says so instead of taking it."""

from __future__ import annotations

from vigil.core.privacy.patterns import BIRTH, CARD, RECORD, SOCIAL_SECURITY
from vigil.texts import gettext_noop as _

NO_SOCIAL_SECURITY = _(
    "There is a Social Security number in the text. Take it out: a near miss needs no personal numbers."
)
NO_BIRTH_DATE = _("There is a date of birth in the text. Take it out; an age band is enough.")
NO_RECORD = _(
    "This looks like a criminal history or a printout of a record. Do not send it: it may not leave the system it "
    "comes from. Tell in your own words what happened."
)
NO_CARD = _("There is a bank card number in the text. Take it out.")


def forbidden(text: str) -> tuple[str, ...]:
    """What must not be sent, a sentence each for `gettext`; empty where nothing is."""
    said = []
    if SOCIAL_SECURITY.search(text):
        said.append(NO_SOCIAL_SECURITY)
    if BIRTH.search(text):
        said.append(NO_BIRTH_DATE)
    if CARD.search(text):
        said.append(NO_CARD)
    if _is_record(text):
        said.append(NO_RECORD)
    return tuple(said)


def _is_record(text: str) -> bool:
    """Whether several different words of a printout stand close together: one of them alone stands in many a story."""
    places = [(match.start(), match[0].lower()) for match in RECORD.finditer(text)]
    for index, (start, _word) in enumerate(places):
        near = {word for place, word in places[index:] if place - start < 600}
        if len(near) >= 4:
            return True
    return False
