"""What is encrypted can be rotated: whoever seals does so for a column that says so by its class, or is named here."""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps

from vigil.platform import rotation
from vigil.platform.sealed import SealedField, SealedRows

SOURCE = Path(__file__).parents[2] / "src" / "vigil"

ELSEWHERE = {
    "platform/accounts/factors.py": "the secret of a code app in allauth's table (accounts.apps), and in a session",
    "platform/kept_files.py": "files that wait, a day at most (rotation.WAITING)",
    "apps/deconfliction/imports/importing.py": "files that wait, a day at most (rotation.WAITING)",
    "apps/near_miss/review/unlocking.py": "a reviewer's key for half an hour, under a key of the cookie",
    "apps/deconfliction/study/studies.py": "files that wait, a day at most (rotation.WAITING)",
}
"""Modules that seal what is not a column of a sealed class, and where it lies."""
OWN = {
    "door/sealing.py",
    "platform/keys.py",
    "platform/sealed.py",
    "config/envelope.py",
    "platform/accounts/hashing.py",
}


def test_whoever_seals_does_it_for_a_column_that_a_rotation_finds() -> None:
    sealing = {
        str(file.relative_to(SOURCE)): file.read_text(encoding="utf-8")
        for file in SOURCE.rglob("*.py")
        if "migrations" not in file.parts and re.search(r"\bencrypt\(", file.read_text(encoding="utf-8"))
    }
    named = {name for name, text in sealing.items() if "purpose_of(" in text or "plan_rows." in text}
    assert sealing.keys() - OWN - named - ELSEWHERE.keys() == set(), "name the column's purpose by `purpose_of`"


def test_a_rotation_finds_every_sealed_column_and_no_two_share_a_purpose() -> None:
    fields = [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, SealedField | SealedRows)
    ]
    found = {(holder.model, column) for holder in rotation.holders() for column in holder.columns}
    assert {(field.model, field.attname) for field in fields} <= found
    assert ("mfa_authenticator", "data") in {(model._meta.db_table, column) for model, column in found}
    purposes = [field.purpose for field in fields]
    assert len(purposes) > 12
    assert len(set(purposes)) == len(purposes)
    assert all(purposes)
