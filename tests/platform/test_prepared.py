"""Prepared queries: the same rows as Django's own, from the database as it is at each call."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from vigil.core.actor import Actor, Via
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.audit.trail import record
from vigil.platform.prepared import Prepared

pytestmark = pytest.mark.django_db

NEWEST = Prepared(
    lambda agency, since: AuditRecord.objects.filter(agency_id=agency, at__gte=since, verb="known").order_by("-pk")
)


def written(actor: Actor, count: int) -> list[int]:
    return [record(actor, "known", {"operation": "o"}).pk for _ in range(count)]


def test_values_go_into_their_gaps_and_rows_come_back_whole() -> None:
    from vigil.core.identifiers import uuid7

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
    from vigil.core.identifiers import uuid7

    alice = Actor(uuid7(), "Alice", uuid7(), frozenset(), via=Via.API)
    since = clock.now() - timedelta(minutes=1)
    assert NEWEST(alice.agency_id, since) == []
    (key,) = written(alice, 1)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert [row.pk for row in NEWEST(alice.agency_id, since)] == [key]
    assert len(asked) == 1
