"""Possible matches: subjects that may be the same though they are not equal (specification 4.3, last paragraph). Pure.

They are advice to an owner on the own node: no predicate, determination, answer to a partner or `conflicts.csv` knows
of them. Two kinds have them: a person whose name is close in spelling, and a plate whose state one side does not know.

Promise: where `reason(a, b)` says something, `key(a) == key(b)`; so whoever finds by the key alone loses none.
The key is no subject: it is stored only as a keyed token. What counts as close is this document's own.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from vigil.engine.subjects import Canonical, canonical
from vigil.texts import gettext as _

LEAST_PLATE = 4
"""A shorter plate number says too little without its state."""

_CLASSES = ("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R")
"""Soundex's classes (US National Archives, "The Soundex Indexing System"); here the first letter has one too."""
_SOUNDS = {letter: number for number, letters in enumerate(_CLASSES, 1) for letter in letters}


def key(kind: str, value: str) -> str | None:
    """What close subjects share: how a family name sounds, or the signs of a plate; None where there is no such kind.

    `value` is as typed or as in the canonical subject.
    """
    if kind == "person":
        family, given, _born = _person(value)
        return f"person:{sound(family)}" if family and given else None
    if kind == "plate":
        _state, number = _plate(value)
        return f"plate:{number}" if len(number) >= LEAST_PLATE else None
    return None


def reason(kind: str, a: str, b: str) -> str:
    """Why two subjects of one kind may be the same, as a sentence; empty where they are equal or not close."""
    first, second = canonical(kind, a), canonical(kind, b)
    if key(kind, a) is None or key(kind, a) != key(kind, b) or _equal(first, second):
        return ""
    return _persons(a, b) if kind == "person" else _plates(a, b)


def _equal(a: Canonical, b: Canonical) -> bool:
    """Then p1 finds them."""
    return a.text is not None and a.text == b.text


def sound(name: str) -> str:
    """The consonants of a name as classes of like sound, the first letter's included: SMITH and SMYTH are both 253.

    Vowels, H, W and Y have none; neighbours of one class count once.
    """
    classes = [_SOUNDS.get(letter, 0) for letter in _letters(name)]
    kept = [sign for place, sign in enumerate(classes) if sign and (place == 0 or classes[place - 1] != sign)]
    return "".join(map(str, kept)) or "0"


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).upper())
    return re.sub(r"[^A-Z]", "", plain)


def _person(value: str) -> tuple[str, str, str]:
    parts = [part.strip() for part in value.split(",")]
    family, given, born = (*parts, "", "", "")[:3]
    return _letters(family), _letters(given), born


def _plate(value: str) -> tuple[str, str]:
    state, slash, number = value.partition("/")
    if not slash:
        state, number = "", value
    return state.strip().upper(), re.sub(r"[^A-Z0-9]", "", number.upper())


def _plates(a: str, b: str) -> str:
    (one, number), (other, _number) = _plate(a), _plate(b)
    if one and other:
        # Two states with one number are two plates; p1 compares what both sides know.
        return ""
    if one or other:
        return _("The plate number {number} is the same; one side does not know its state.").format(number=number)
    return _("The plate number {number} is the same; both sides do not know its state.").format(number=number)


def _persons(a: str, b: str) -> str:
    (family, given, born), (family_b, given_b, born_b) = _person(a), _person(b)
    if not (close(family, family_b) and close(given, given_b)):
        return ""
    days = (_day(born), _day(born_b))
    if all(days) and not _near_day(born, born_b):
        return ""
    same = (family, given) == (family_b, given_b)
    names = _("The name is the same") if same else _("The name is close in spelling")
    if not all(days):
        one_side = _("{names}; one side does not know the birth date.")
        sentence = one_side if any(days) else _("{names}; both sides do not know the birth date.")
    elif days[0] == days[1]:
        sentence = _("{names}; the birth date is the same.")
    else:
        sentence = _("{names}; the birth date is close.")
    return sentence.format(names=names)


def close(a: str, b: str) -> bool:
    """Whether two names differ by at most one letter in five, at least one; or one is the beginning of the other."""
    if min(len(a), len(b)) >= 3 and (a.startswith(b) or b.startswith(a)):
        return True
    return _distance(a, b) <= max(1, max(len(a), len(b)) // 5)


def _distance(a: str, b: str) -> int:
    """Letters to be put in, left out, changed or swapped with their neighbour."""
    rows = [list(range(len(b) + 1))]
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            least = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                least = min(least, rows[-2][j - 2] + 1)
            row.append(least)
        rows.append(row)
    return rows[-1][-1]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _near_day(a: str, b: str) -> bool:
    """One sign differs, or day and month are exchanged."""
    swapped = f"{b[:4]}-{b[8:]}-{b[5:7]}"
    return a == swapped or sum(x != y for x, y in zip(a, b, strict=False)) <= 1
