"""What a password may not be, beside Django's list of common ones: words of this place, and sequences (IA-5(1)(a)).

There is no rule of composition and no end after so many days: both make worse passwords.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from vigil.platform.agencies.models import Agency, Node

SHORTEST_WORD = 3
LEFT = 6
"""Letters that must be left of a password when the words of this place are taken out."""
LONGEST_RUN = 0.5


class WordsOfThisPlace:
    """Refuses a password that is little more than names which everybody here knows."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise `ValidationError` that names the word."""
        rest = password.casefold()
        found = [word for word in sorted(_words(user), key=len, reverse=True) if word in rest]
        for word in found:
            rest = rest.replace(word, "")
        if found and len(re.sub(r"[\W\d_]", "", rest)) < LEFT:
            raise ValidationError(
                _("Little more than “{word}”, which everybody here knows. Add two or three other words.").format(
                    word=found[0]
                ),
                code="password_of_this_place",
            )

    def get_help_text(self) -> str:
        """For who chooses one."""
        return _("Not only names of this place.")


class NoSequence:
    """Refuses a password of which half or more is one run such as `12345678`, `hgfedcba` or `aaaaaaaa`."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise `ValidationError`."""
        if _longest_run(password.casefold()) >= LONGEST_RUN * len(password):
            raise ValidationError(
                _("Half of it is one run of letters or digits. Take three or four words instead."),
                code="password_is_sequence",
            )

    def get_help_text(self) -> str:
        """For who chooses one."""
        return _("No long run of letters or digits.")


def _longest_run(text: str) -> int:
    """How many signs in a row each follow the one before by the same step of 0, 1 or -1."""
    longest = run = 1
    step = None
    for before, after in pairwise(text):
        now = ord(after) - ord(before)
        run = run + 1 if now == step and now in (-1, 0, 1) else 2 if now in (-1, 0, 1) else 1
        step = now
        longest = max(longest, run)
    return longest


def _words(user: Any) -> Iterator[str]:
    names = ["vigil", getattr(user, "username", ""), getattr(user, "full_name", "")]
    names += [name for row in Node.objects.values_list("name", "code") for name in row]
    names += [
        name for row in Agency.objects.filter(is_served=True).values_list("name", "short_name", "ori") for name in row
    ]
    for name in names:
        yield from (word for word in re.split(r"[\W_]+", name.casefold()) if len(word) >= SHORTEST_WORD)
