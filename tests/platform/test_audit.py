"""The chain over the audit trail finds any change, cut or gap."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from vigil.core.actor import system
from vigil.platform.audit import append_only, sealer
from vigil.platform.audit.models import AuditRecord, AuditSeal
from vigil.platform.audit.trail import record

pytestmark = [pytest.mark.db, pytest.mark.django_db]


@pytest.fixture
def trail(now: datetime) -> list[AuditRecord]:
    """Five sealed records."""
    records = [record(system("test"), "agencies.agency.edit", {"agency": str(index)}) for index in range(5)]
    assert sealer.seal_new(now) == 5
    return records


def findings(now: datetime, heads: list[sealer.Head] | None = None) -> list[str]:
    return [f"{found.position}: {found.sentence}" for found in sealer.verify(heads or [], now)]


def tamper(statement: str, *values: Any) -> None:
    """What somebody does who has the database and knows how to lift the triggers."""
    append_only.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_an_untouched_trail_is_intact(trail: list[AuditRecord], now: datetime) -> None:
    assert findings(now, [sealer.head()]) == []
    assert sealer.seal_new(now) == 0


def test_sealing_goes_on_from_the_last_link(trail: list[AuditRecord], now: datetime) -> None:
    record(system("test"), "agencies.agency.edit")
    assert sealer.unsealed().count() == 1
    assert sealer.seal_new(now) == 1
    assert sealer.head().position == 6
    assert findings(now) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("verb", "x"), ("outcome", "refused"), ("actor_name", "Mallory"), ("at", "2026-11-24 17:00:01+00:00")],
)
def test_a_changed_record_is_found(trail: list[AuditRecord], now: datetime, column: str, value: str) -> None:
    tamper(f"UPDATE audit_auditrecord SET {column} = %s WHERE id = %s", value, trail[2].pk)
    assert findings(now) == [f"3: record {trail[2].pk} was changed"]


def test_a_removed_record_is_found(trail: list[AuditRecord], now: datetime) -> None:
    tamper("DELETE FROM audit_auditrecord WHERE id = %s", trail[1].pk)
    assert findings(now) == [f"2: record {trail[1].pk} was removed"]


def test_a_removed_link_is_found(trail: list[AuditRecord], now: datetime) -> None:
    tamper("DELETE FROM audit_auditseal WHERE position = 3")
    assert findings(now) == ["4: links 3 to 3 are missing"]


def test_a_changed_record_with_its_link_made_to_fit_is_found_at_the_next_link(
    trail: list[AuditRecord], now: datetime
) -> None:
    seal = AuditSeal.objects.get(position=3)
    tamper("UPDATE audit_auditrecord SET verb = 'x' WHERE id = %s", trail[2].pk)
    forged = sealer.link(seal.previous, AuditRecord.objects.get(pk=trail[2].pk))
    tamper("UPDATE audit_auditseal SET digest = %s WHERE position = 3", forged)
    assert findings(now) == ["4: the link does not follow from the one before it"]


def test_a_cut_end_is_found_by_a_noted_head(trail: list[AuditRecord], now: datetime, tmp_path: Path) -> None:
    file = tmp_path / "heads.txt"
    sealer.note_head(file, now)
    sealer.note_head(file, now)
    assert len(file.read_text().splitlines()) == 1
    tamper("DELETE FROM audit_auditrecord WHERE id >= %s", trail[3].pk)
    tamper("DELETE FROM audit_auditseal WHERE position >= 4")
    assert findings(now) == []
    assert findings(now, sealer.noted_heads(file)) == [
        "5: the end was cut off: the chain once reached this and ends at 3"
    ]


def test_a_chain_written_anew_is_found_by_a_noted_head(trail: list[AuditRecord], now: datetime) -> None:
    before = sealer.head()
    tamper("UPDATE audit_auditrecord SET verb = 'x' WHERE id = %s", trail[0].pk)
    tamper("DELETE FROM audit_auditseal")
    sealer.seal_new(now)
    assert findings(now) == []
    assert findings(now, [before]) == ["5: the chain was rewritten: an earlier head had another hash here"]


def test_a_record_committed_late_is_sealed_late_and_one_left_out_is_found(
    trail: list[AuditRecord], now: datetime
) -> None:
    late = AuditRecord(at=now, actor_name="test", via="job", verb="agencies.agency.edit", outcome="done")
    late.pk = trail[0].pk - 1
    late.save(force_insert=True)
    assert sealer.seal_new(now) == 0
    assert findings(now + timedelta(hours=2)) == [f"5: record {late.pk} is over an hour old and was never sealed"]
    assert sealer.seal_late(now) == 1
    assert findings(now + timedelta(hours=2)) == []
