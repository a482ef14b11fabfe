"""Sentences of the pure libraries in the reader's language: Django's `gettext` and `ngettext`, without Django.

Promise: English as written until the server hands over its own translation at start-up (`translate_with`); then the
language of the request. What is compared, signed or stored is never passed through here: only what a person reads.
"""

from __future__ import annotations

from collections.abc import Callable


def _english(sentence: str) -> str:
    return sentence


def _english_count(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


_one: Callable[[str], str] = _english
_count: Callable[[str, str, int], str] = _english_count


def translate_with(one: Callable[[str], str], count: Callable[[str, str, int], str]) -> None:
    """From now on sentences come from these two."""
    global _one, _count
    _one, _count = one, count


def gettext(sentence: str) -> str:
    """The sentence in the reader's language; values are put in afterwards: `gettext("{n} rows.").format(n=3)`."""
    return _one(sentence)


def ngettext(one: str, many: str, number: int) -> str:
    """The singular or the plural in the reader's language, as the number asks for."""
    return _count(one, many, number)


def gettext_noop(sentence: str) -> str:
    """The sentence unchanged; marks for the translator what a table holds and `gettext` says later."""
    return sentence
