"""Hashes of passwords are sealed: who has the database cannot try them out, and none of before is locked out."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from vigil.config import settings as product
from vigil.platform import keys
from vigil.platform.accounts import hashing
from vigil.platform.accounts.models import User


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The product's hashers, with little work."""
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    monkeypatch.setattr(Argon2PasswordHasher, "memory_cost", 64)
    monkeypatch.setattr(Argon2PasswordHasher, "time_cost", 1)


def test_a_hash_shows_nothing_and_opens_only_with_the_nodes_key(drawn_keys: Any) -> None:
    stored = make_password("harbor-lantern-42")
    assert len(stored) < 255
    assert "argon2id" not in stored
    assert check_password("harbor-lantern-42", stored)
    assert not check_password("harbor-lantern-43", stored)
    assert "argon2$argon2id$" in keys.decrypt(hashing._bytes(stored), hashing.PURPOSE)
    drawn_keys.draw("field_key")
    assert check_password("harbor-lantern-42", stored), "the key of before still reads"
    drawn_keys.files("field_key")[1].unlink()
    assert not check_password("harbor-lantern-42", stored)


def test_a_hash_of_before_is_taken_and_sealed_at_the_login_or_by_a_rotation(drawn_keys: Any) -> None:
    before = Argon2PasswordHasher().encode("harbor-lantern-42", "0123456789abcdef")
    kept: list[str] = []
    assert check_password("harbor-lantern-42", before, setter=kept.append)
    assert kept == ["harbor-lantern-42"], "Django sets the password again, sealed"
    column: Any = User._meta.get_field("password")
    sealed = column.again(before, keys.again)
    assert sealed.startswith("sealed_argon2$")
    assert check_password("harbor-lantern-42", sealed)
    drawn_keys.draw("field_key")
    rotated = column.again(sealed, keys.again)
    drawn_keys.files("field_key")[1].unlink()
    assert check_password("harbor-lantern-42", rotated)
    assert column.again("!unusable", keys.again) == "!unusable"
