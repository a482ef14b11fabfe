"""Prepared queries and insertions: the same rows as Django's own, from the database as it is at each call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from vigil.apps.deconfliction.models import PartnerHighWater
from vigil.core.actor import Actor, Via
from vigil.core.identifiers import uuid7
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.audit.trail import record
from vigil.platform.notices.models import Change
from vigil.platform.prepared import FEW, Prepared, insert, new

pytestmark = [pytest.mark.db, pytest.mark.django_db]

NEWEST = Prepared(
    lambda agency, since: AuditRecord.objects.filter(agency_id=agency, at__gte=since, verb="known").order_by("-pk")
)


def written(actor: Actor, count: int) -> list[int]:
    return [record(actor, "known", {"operation": "o"}).pk for _ in range(count)]


def test_values_go_into_their_gaps_and_rows_come_back_whole() -> None:
    one, two = (Actor(uuid7(), "Alice", uuid7(), frozenset(), via=Via.API) for _ in range(2))
    since = clock.now() - timedelta(minutes=1)
    keys = written(one, 2)
    written(two, 1)
    assert one.agency_id is not None
    found = NEWEST(one.agency_id, since)
    assert [row.pk for row in found] == keys[::-1]
    wanted = AuditRecord.objects.get(pk=keys[1])
    assert [getattr(found[0], field.attname) for field in AuditRecord._meta.fields] == [
        getattr(wanted, field.attname) for field in AuditRecord._meta.fields
    ]
    assert NEWEST.first(two.agency_id, clock.now() + timedelta(minutes=1)) is None


def test_each_call_asks_the_database_once() -> None:
    alice = Actor(uuid7(), "Alice", uuid7(), frozenset(), via=Via.API)
    since = clock.now() - timedelta(minutes=1)
    assert NEWEST(alice.agency_id, since) == []
    (key,) = written(alice, 1)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert [row.pk for row in NEWEST(alice.agency_id, since)] == [key]
    assert len(asked) == 1


def test_a_new_row_is_the_one_that_its_model_makes() -> None:
    at, agency = clock.now(), uuid7()
    ours = new(AuditRecord, at=at, verb="known", agency_id=agency)
    theirs = AuditRecord(at=at, verb="known", agency_id=agency)
    names = [field.attname for field in AuditRecord._meta.concrete_fields]
    assert [getattr(ours, name) for name in names] == [getattr(theirs, name) for name in names]
    assert ours._state.adding
    assert ours.object_ids is not new(AuditRecord).object_ids
    ours.save()
    assert AuditRecord.objects.get(agency_id=agency).pk == ours.pk


def test_a_new_row_takes_columns_alone() -> None:
    with pytest.raises(TypeError, match="agency"):
        new(AuditRecord, agency=uuid7())


@pytest.mark.parametrize("count", [1, FEW + 1])
def test_rows_are_inserted_as_bulk_create_does(count: int) -> None:
    at = clock.now()
    rows = [Change(topic=f"topic {number}", agency_id=uuid7(), at=at) for number in range(count)]
    assert insert(rows) == rows
    stored = list(Change.objects.order_by("pk"))
    assert [row.pk for row in rows] == [row.pk for row in stored]
    assert [(row.topic, row.agency_id, row.at) for row in stored] == [(row.topic, row.agency_id, at) for row in rows]
    assert not any(row._state.adding for row in rows)


@pytest.mark.parametrize("count", [1, FEW + 1])
def test_a_row_with_the_same_values_is_overwritten_where_asked(count: int) -> None:
    def written(revision: int) -> None:
        insert(
            (
                PartnerHighWater(partner=f"node {number}", epoch=revision, sequence=revision, round=revision)
                for number in range(count)
            ),
            unique=("partner",),
            updated=("epoch", "sequence"),
        )

    written(1)
    written(2)
    assert list(PartnerHighWater.objects.values_list("epoch", "sequence", "round")) == [(2, 2, 1)] * count
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([PartnerHighWater(partner="node 0", epoch=1, sequence=1, round=1)])
