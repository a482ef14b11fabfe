"""Telephone numbers as people write them: read in this one place for subjects, contacts, the directory and pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from vigil.texts import gettext_noop as _


class PhoneError(ValueError):
    """A text that is no telephone number; the message says why, in English: it is stored as a subject's hint."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One number: `e164` to compare and dial (`+14105550142`), `shown` to read (`(410) 555-0142`).

    `local_only`: the area code is missing, so that it is not known whose number it is.
    """

    e164: str
    shown: str
    local_only: bool


@lru_cache(maxsize=10_000)
def read_phone(text: str) -> Phone:
    """A number in any notation; one without a country is read as of the United States (specification 4.3).

    Raises `PhoneError` where it is none, or where no number has so many digits.
    """
    # Loaded when first needed: the predicate compares numbers that were read before.
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, ValidationResult

    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        raise PhoneError(_("This is not a phone number.")) from None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible not in (ValidationResult.IS_POSSIBLE, ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        raise PhoneError(_("No phone number has this many digits: give ten digits, or + and the country code."))
    style = PhoneNumberFormat.NATIONAL if number.country_code == 1 else PhoneNumberFormat.INTERNATIONAL
    return Phone(
        phonenumbers.format_number(number, PhoneNumberFormat.E164),
        phonenumbers.format_number(number, style),
        possible == ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
    )
