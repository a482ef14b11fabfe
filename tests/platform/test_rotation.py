"""Rotation of field keys: all is sealed again, whatever breaks it off; old keys go when nothing needs them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from tests.conftest import NOON, app_code, give_app

from vigil.apps.deconfliction.imports import uploads
from vigil.apps.deconfliction.models import Draft, ImportBatch
from vigil.config.keys import KeyFolder
from vigil.core.actor import system
from vigil.engine.formats.tabular import BadRow
from vigil.platform import keys, rotation
from vigil.platform.accounts.factors import takes_app_code
from vigil.platform.jobs.jobs import remove_old_keys

DRAFTS = 5


def age(own: KeyFolder, at: datetime) -> None:
    for file in own.every():
        os.utime(file, (at.timestamp(), at.timestamp()))


def of_before(text: str, purpose: str) -> bytes:
    """As values were sealed before keys had ids."""
    return keys.encrypt(text, purpose)[keys.ID_BYTES :]


def draft(people: Any, text: str) -> Draft:
    return Draft.objects.create(
        user=people.user("alice"),
        agency=people.port_calvert,
        payload=of_before(text, "deconfliction.draft"),
        saved_at=NOON,
    )


def test_a_value_names_its_key_and_values_of_before_are_read_with_every_key(drawn_keys: KeyFolder) -> None:
    sealed, before = keys.encrypt("harbor", "a"), of_before("lantern", "a")
    drawn_keys.draw("field_key")
    assert [keys.decrypt(one, "a") for one in (sealed, before)] == ["harbor", "lantern"]
    assert not keys.is_newest(sealed)
    assert keys.is_newest(keys.again(sealed, "a"))
    with pytest.raises(InvalidTag):
        keys.decrypt(sealed, "b")
    drawn_keys.files("field_key")[1].unlink()
    with pytest.raises(InvalidTag):
        keys.decrypt(sealed, "a")


@pytest.mark.django_db
@pytest.mark.db
def test_rotation_goes_on_where_it_was_broken_off_and_the_old_key_goes_last(
    drawn_keys: KeyFolder, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    give_app(people.user("alice"))
    for number in range(DRAFTS):
        draft(people, f"plan {number}")
    rows = uploads.sealed_rows([BadRow(3, "starts_at", "never is no time")])
    batch = ImportBatch.objects.create(agency=people.port_calvert, problems=rows, created_at=NOON)
    now = datetime.now(UTC)
    old = drawn_keys.field[0]

    rotation.draw(system("test"), "field_key")
    assert rotation.remaining() != {}
    broken_off = rotation.rotate(pause=lambda _: None)
    for step in broken_off:
        if step.holder.model is Draft and step.done == 2:
            break
    broken_off.close()
    assert Draft.objects.count() == DRAFTS
    assert sum(keys.is_newest(one.payload) for one in Draft.objects.all()) == 2
    age(drawn_keys, now - 2 * rotation.KEPT)
    assert "Kept: needed by 3 of deconfliction_draft" in rotation.why_kept("field_key", now)
    assert rotation.retire(system("test"), "field_key", now) == []

    steps = [(step.done, step.total) for step in rotation.rotate(pause=lambda _: None) if step.holder.model is Draft]
    assert steps == [(0, 3), (2, 3), (3, 3)]
    assert rotation.remaining() == {}
    age(drawn_keys, now)
    remove_old_keys(now + rotation.KEPT - timedelta(minutes=1))
    assert old in drawn_keys.field, "a running act or a login may need it for a day"
    remove_old_keys(now + rotation.KEPT)
    assert len(drawn_keys.field) == 1
    assert old not in drawn_keys.field

    texts = sorted(keys.decrypt(one.payload, "deconfliction.draft") for one in Draft.objects.all())
    assert texts == [f"plan {number}" for number in range(DRAFTS)]
    batch.refresh_from_db()
    assert [row["reason"] for row in uploads.bad_rows(batch, 9)] == ["never is no time"]
    assert takes_app_code(people.user("alice"), app_code(NOON), NOON)


@pytest.mark.django_db
def test_what_is_written_while_it_runs_is_not_lost_and_a_waiting_file_keeps_the_key(
    drawn_keys: KeyFolder, people: Any, settings: Any
) -> None:
    row = draft(people, "before")
    waiting = Path(settings.VIGIL_DATA_DIR) / "imports" / "one.upload"
    waiting.parent.mkdir()
    waiting.write_bytes(keys.encrypt("rows", "x"))
    rotation.draw(system("test"), "field_key")
    for step in rotation.rotate(pause=lambda _: None):
        if step.holder.model is Draft and step.done == 0:
            row.payload = keys.encrypt("meanwhile", "deconfliction.draft")
            row.save()
    assert keys.decrypt(Draft.objects.get().payload, "deconfliction.draft") == "meanwhile"
    assert rotation.remaining() == {"waiting files": 1}
    waiting.unlink()
    assert rotation.remaining() == {}
