"""Wrong API tokens: counted without letting an outsider fill the trail, and put before the auditor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from tests.conftest import make_user

from vigil.platform import clock
from vigil.platform.accounts.models import ApiToken
from vigil.platform.audit import jobs, queries, wrong_tokens
from vigil.platform.audit.models import AuditRecord, WrongToken
from vigil.platform.jobs.queue import PERIODIC
from vigil.platform.jobs.worker import Worker
from vigil.platform.requests import source

LATER = timedelta(hours=1, minutes=1)


def ask(text: str, address: str = "192.0.2.7") -> int:
    answer = Client(REMOTE_ADDR=address).get(
        "/api/v1/deconfliction/operations", headers={"Authorization": f"Bearer {text}"}
    )
    return answer.status_code


@pytest.mark.db
@pytest.mark.django_db
def test_an_hours_wrong_tokens_of_a_source_are_one_record_before_the_auditor(
    people: Any, token: Any, now: datetime
) -> None:
    people.users["gus"] = make_user("gus", "Gus Grant", people.port_calvert, "agency_auditor")
    people.users["nell"] = make_user("nell", "Nell North", people.bay_county, "node_auditor")
    ended = token("alice", "deconfliction")
    ApiToken.objects.update(revoked_at=now, name="CAD export")
    assert [ask("vgl_nothing_0"), ask("nothing"), ask(ended), ask(ended), ask(ended)] == [401] * 5
    with clock.fixed(now + timedelta(minutes=5)):
        jobs.record_wrong_tokens(clock.now())
        assert not AuditRecord.objects.filter(verb=wrong_tokens.VERB).exists(), "the hour is not over"
    with clock.fixed(now + LATER):
        jobs.record_wrong_tokens(clock.now())
        jobs.record_wrong_tokens(clock.now())
    records = AuditRecord.objects.filter(verb=wrong_tokens.VERB).order_by("pk")
    told = [(one.source, one.outcome, one.object_ids["times"], one.agency_id) for one in records]
    key = people.port_calvert.pk
    assert told == [("192.0.2.7", "refused", "2", None), ("192.0.2.7", "refused", "3", key)]
    assert not WrongToken.objects.exists()

    def seen(name: str) -> list[tuple[str, int]]:
        found = queries.review(people.actor(name), now + LATER).wrong_tokens
        return [(one.token, one.count) for one in found]

    assert seen("gus") == [("CAD export", 3)]
    assert seen("nell") == [("CAD export", 3), ("", 2)]
    auditor = Client()
    with clock.fixed(now + LATER):
        auditor.force_login(people.user("gus"))
        assert "CAD export" in auditor.get("/audit/").content.decode()


@pytest.mark.django_db
def test_an_outsider_fills_neither_the_trail_nor_the_database(
    people: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrong_tokens, "MOST", 3)
    monkeypatch.setattr(wrong_tokens, "SOURCES", 4)
    mark = source.set("")
    for host in range(20):
        source.set(f"198.51.100.{host}")
        for guess in range(6):
            wrong_tokens.count(f"vgl_{guess}", now)
    source.reset(mark)
    rows = WrongToken.objects.order_by("pk").values_list("source", "count")
    assert list(rows) == [*((f"198.51.100.{host}", 3) for host in range(4)), ("", 3)]
    wrong_tokens.record_hours(now + LATER)
    assert AuditRecord.objects.count() == 5


def test_an_outsiders_ipv6_network_is_one_source() -> None:
    assert {wrong_tokens.network(f"2001:db8:1:2:{rest}") for rest in ("3:4:5:6", ":9")} == {"2001:db8:1:2::/64"}
    assert wrong_tokens.network("192.0.2.7") == "192.0.2.7"
    assert wrong_tokens.network("") == ""


@pytest.mark.django_db(databases=["default", "door"])
def test_nothing_that_happens_by_itself_removes_a_record_younger_than_a_year(people: Any, now: datetime) -> None:
    ask("vgl_nothing_0")
    Client().post("/login/", {"username": "nobody", "password": "wrong"})
    with clock.fixed(now + LATER):
        wrong_tokens.record_hours(clock.now())
    kept = set(AuditRecord.objects.values_list("pk", flat=True))
    assert len(kept) == 2
    Worker()  # knows of everything that happens by itself
    with clock.fixed(now + queries.KEPT - timedelta(days=1)):
        for periodic in PERIODIC.values():
            periodic.handler(clock.now())
    assert kept <= set(AuditRecord.objects.values_list("pk", flat=True))
    assert len(PERIODIC) > 8
