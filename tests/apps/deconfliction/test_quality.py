"""Alarm quality: what is counted of a side, that the purge changes no figure, who counts what, and the page."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.deconfliction.plans import site
from tests.apps.deconfliction.test_actions import register, supervises

from vigil.apps.deconfliction.models import Conflict, ConflictSide, Operation, PurgedTallies
from vigil.apps.deconfliction.past import purge
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.study import quality
from vigil.apps.deconfliction.study.quality import Figure, SideFacts
from vigil.core.actor import system
from vigil.engine.operation import Mode

START = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
MINUTES = st.one_of(st.none(), st.integers(0, 400))


def facts(**changes: Any) -> SideFacts:
    values: dict[str, Any] = {
        "basis": "direct", "origin": "other_agency", "outcome": "none", "late_entry": False, "expired": False,
        "escalates": True, "told_at": START - timedelta(minutes=100), "seen_at": None, "talked_at": None,
        "start": START,
    }  # fmt: skip
    return SideFacts(**values | changes)


def bucket(one: SideFacts, figure: Figure, now: datetime | None = None) -> str:
    return dict(quality.buckets(one, now)).get(figure, "")


@pytest.mark.parametrize(
    ("told", "talked", "now", "margin"),
    [
        (100, 30, None, "in_time"),
        (100, 29, None, "late"),
        (100, None, None, "never"),
        (100, None, 10, ""),
        (29, 10, None, "too_short"),
        (30, None, None, "never"),
    ],
)
def test_the_call_in_time_at_its_edges(told: int, talked: int | None, now: int | None, margin: str) -> None:
    """All in minutes before the start."""
    one = facts(
        told_at=START - timedelta(minutes=told),
        talked_at=None if talked is None else START - timedelta(minutes=talked),
    )
    assert bucket(one, Figure.MARGIN, None if now is None else START - timedelta(minutes=now)) == margin


@given(MINUTES, MINUTES, st.booleans(), st.booleans())
def test_every_side_has_at_most_one_bucket_a_figure_and_the_first_bound_that_holds(
    seen: int | None, talked: int | None, escalates: bool, expired: bool
) -> None:
    told = START - timedelta(minutes=100)
    one = facts(
        seen_at=None if seen is None else told + timedelta(minutes=seen),
        talked_at=None if talked is None else told + timedelta(minutes=talked),
        escalates=escalates,
        expired=expired,
    )
    found = list(quality.buckets(one, None))
    assert len(dict(found)) == len(found)
    assert dict(found).get(Figure.EXPIRED) == ("yes" if expired else None)
    expected = "never" if seen is None else next((str(b) for b in (2, 5, 10, 30) if seen <= b), "later")
    assert bucket(one, Figure.SEEN) == (expected if escalates else "")


@pytest.mark.db
@pytest.mark.django_db
def test_a_purge_changes_no_figure(people: Any, now: datetime) -> None:
    register(people, "alice", now)
    register(people, "dave", now)
    register(people, "bob", now, site(now, (-76.5, 39.0)), mode=Mode.EXERCISE)
    ConflictSide.objects.filter(agency=people.port_calvert).update(
        acknowledged_at=now + timedelta(minutes=4), contacted_at=now + timedelta(minutes=20)
    )
    Conflict.objects.update(outcome="delay", state="resolved")
    Operation.objects.update(status="ended", next_end_at=None)
    actor, month = people.actor("carol"), date(2026, 11, 1)
    later = now + timedelta(days=400)
    before = quality.counts(actor, month, later)
    assert quality.summed(before, Figure.SEEN) == {"5": 1, "never": 1}
    assert quality.summed(before, Figure.OUTCOME) == {"delay": 2}
    while purge.purge(system("worker"), later):
        later += timedelta(days=1)
    assert not ConflictSide.objects.exists()
    assert PurgedTallies.objects.exists()
    assert quality.counts(actor, month, later) == before


@pytest.mark.django_db
def test_an_agency_counts_its_own_sides_and_no_silent_one(people: Any, now: datetime) -> None:
    supervises(people, "dave")
    register(people, "alice", now)
    register(people, "dave", now, site(now), disclosure=Disclosure.SILENT)
    month = date(2026, 11, 1)
    assert quality.summed(quality.counts(people.actor("carol"), month, now), Figure.BASIS) == {"direct": 2}
    assert quality.summed(quality.counts(people.actor("bob"), month, now), Figure.BASIS) == {"direct": 1}
    assert quality.summed(quality.counts(people.actor("dave"), month, now), Figure.BASIS) == {}


@pytest.mark.django_db
def test_the_page_says_what_it_found_and_its_csv_holds_the_same(people: Any, now: datetime, login: Any) -> None:
    carol = login("carol")
    assert "No conflict in the last twelve months" in carol.get("/alarm-quality/").content.decode()
    register(people, "alice", now)
    register(people, "dave", now)
    ConflictSide.objects.update(acknowledged_at=now, contacted_at=now + timedelta(minutes=5))
    page = carol.get("/alarm-quality/").content.decode()
    assert "2 of 2 calls came 30 minutes or more before the start" in page
    assert "[34, 100], 2 of 2" in page
    (row,) = csv.DictReader(io.StringIO(carol.get("/alarm-quality/csv/").content.decode()))
    assert (row["month"], row["sides"], row["talked_in_time"], row["talked_low"]) == ("2026-11", "2", "2", "0.3424")
