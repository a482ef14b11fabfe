"""Which passwords are refused, each with its reason; none for its composition."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("elevenchars", "at least 12"),
        ("1qaz2wsx3edc", "too common"),
        ("PortCalvert2026!", "calvert"),
        ("vigil-vigil-vigil", "vigil"),
        ("bay.region.bay.1", "region"),
        ("alice.arden.alice", "similar|alice"),
        ("md0000100-2026", "md0000100"),
        ("12345678-grape", "one run"),
        ("qqqqqqqqqqqqq", "one run"),
        ("mmlkjihgfedcbaxx", "one run"),
    ],
)
def test_what_everybody_would_try_is_refused_with_the_reason(people: Any, password: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=f"(?i){reason}"):
        validate_password(password, people.user("alice"))


@pytest.mark.parametrize(
    "password",
    [
        "quiet otter meadow",
        "alllowercaseletters",
        "843 719 205 663 18",
        "vigil over quiet otters",
        "Ж" * 3 + "мёд и орехи",
        "correct horse battery staple " * 8,
    ],
)
def test_words_digits_spaces_other_scripts_and_length_are_all_good(people: Any, password: str) -> None:
    validate_password(password, people.user("alice"))
