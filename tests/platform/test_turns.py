"""Writers take turns, and whoever has committed holds nobody up."""

from __future__ import annotations

import pytest
from django.db import transaction

from vigil.platform import turns

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]


def free() -> bool:
    if not turns._turn.acquire(blocking=False):
        return False
    turns._turn.release()
    return True


def test_the_turn_has_passed_on_before_what_follows_the_commit() -> None:
    seen: list[bool] = []
    with turns.writing():
        transaction.on_commit(lambda: seen.append(free()))
    assert seen == [True]


def test_a_failed_write_passes_its_turn_on() -> None:
    with pytest.raises(LookupError), turns.writing():
        raise LookupError
    assert free()


def test_a_write_within_a_write_needs_no_second_turn() -> None:
    with turns.writing(), turns.writing():
        pass
    assert free()
