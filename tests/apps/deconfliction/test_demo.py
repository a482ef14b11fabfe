"""The demo region: made once, moved to today at each start, and full of what there is to see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from vigil.apps.deconfliction import actions, demo, demo_past, queries
from vigil.apps.deconfliction.jobs import WORKER, purge_what_is_due
from vigil.apps.deconfliction.models import Conflict, FishingCase, Operation, Probe, Revision, SearchDue
from vigil.apps.deconfliction.past import history
from vigil.apps.deconfliction.probing import probes
from vigil.apps.deconfliction.study import past_pairs
from vigil.core.errors import Unavailable
from vigil.platform import clock
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.accounts.models import User
from vigil.platform.agencies.actions import set_retention
from vigil.platform.agencies.models import Agency, Node
from vigil.platform.agencies.retention import Retention, retention_of
from vigil.platform.audit.models import AuditRecord

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 11, 24, 13, 40, tzinfo=UTC)
BEHIND = [f"demo-{row.key}" for row in demo_past.ROWS]


def actor(username: str) -> Any:
    found = actor_of_user(User.objects.get(username=username))
    assert found is not None
    return found


@pytest.mark.slow
def test_the_first_start_fills_a_region_with_everything_there_is_to_see() -> None:
    with clock.fixed(MORNING):
        made = demo.ensure(MORNING)
    assert (made, Agency.objects.count(), Node.objects.get().is_demo) == (59, 3, True)
    assert SearchDue.objects.count() == 0
    assert set(Operation.objects.values_list("determination", flat=True)) == {"conflict", "no_known_conflict"}
    seen = Conflict.objects
    assert {"direct", "near", ""} == set(seen.values_list("band", flat=True))
    assert seen.filter(tentative=True).exists()
    assert seen.filter(owner_only=True).exists()
    assert Operation.objects.filter(mode="exercise", determination="conflict").exists()
    joint = {
        row.external_id: row.determination for row in Operation.objects.filter(external_id__in=("demo-S07", "demo-T06"))
    }
    assert set(joint.values()) == {"no_known_conflict"}
    probes.note_next(WORKER, MORNING)
    assert Probe.objects.count() > 50
    assert not FishingCase.objects.exists(), "ordinary weeks of ordinary people"
    _an_officer_finds_several_conflicts_of_the_next_hours()
    _what_lies_behind_was_done_in_its_own_time_and_is_settled()
    for username, password, _ in demo.LOGINS:
        assert Client().login(username=username, password=password), "the logins that are printed work"


def _an_officer_finds_several_conflicts_of_the_next_hours() -> None:
    with clock.fixed(MORNING):
        found = queries.conflict_list(actor("dana.whitlock"), queries.ConflictFilter(open_only=True), MORNING).rows
    soon = [row for row in found if row.own_operation_id and row.starts_at < MORNING + timedelta(hours=6)]
    assert {row.band for row in soon} >= {"direct", "near"}
    assert {"Tidewater GTF", "Old Line Patrol"} <= {row.other_agency for row in soon}


def _what_lies_behind_was_done_in_its_own_time_and_is_settled() -> None:
    past = Operation.objects.filter(external_id__in=BEHIND)
    assert (past.filter(status="ended").count(), past.filter(status="cancelled").count()) == (len(BEHIND) - 1, 1)
    assert not past.filter(window_end__gte=MORNING).exists()
    assert not past.filter(created_at__gte=F("starts_at")).exists(), "each was registered before it began"
    met = Conflict.objects.filter(sides__own_operation__in=past).distinct()
    assert sorted(met.values_list("state", "outcome")) == sorted(
        ("resolved", one.outcome) for one in demo_past.MEETINGS
    )
    assert not met.filter(sides__acknowledged_at__gte=MORNING - timedelta(days=3)).exists()


@pytest.mark.slow
def test_again_at_once_nothing_is_written_and_a_retention_that_somebody_set_stays() -> None:
    with clock.fixed(MORNING):
        demo.ensure(MORNING)
        set_retention(actor("paul.drummond"), Retention(place_days=5))
        counted = Operation.objects.count(), AuditRecord.objects.count()
        assert demo.ensure(MORNING + timedelta(minutes=20)) == 0
    assert (Operation.objects.count(), AuditRecord.objects.count()) == counted
    assert counted[0] == 59 + len(BEHIND)
    assert retention_of(Agency.objects.get(ori="MD0PCP100").rules).place_days == 5


@pytest.mark.slow
def test_the_next_day_everything_moves_by_revisions_that_ask_again() -> None:
    with clock.fixed(MORNING):
        demo.ensure(MORNING)
        before = Conflict.objects.filter(standing="open").count()
        # One that meets nobody.
        cancelled = Operation.objects.get(external_id="demo-P18")
        actions.cancel_operation(actor("dana.whitlock"), cancelled.id, cancelled.revision, MORNING)
        actions.run_due_search(actor("dana.whitlock"), cancelled.id, MORNING)
    later = MORNING + timedelta(days=3, hours=2)
    with clock.fixed(later):
        assert demo.ensure(later) == 58
    assert Revision.objects.filter(kind="shift").count() == 58
    assert Conflict.objects.filter(standing="open").count() == before
    moved = Operation.objects.exclude(external_id="demo-P18").exclude(external_id__in=BEHIND)
    assert moved.filter(ends_at__lte=later).count() == 0
    assert SearchDue.objects.count() == 0
    assert Operation.objects.get(external_id="demo-P18").status == "cancelled"


@pytest.mark.slow
def test_the_history_has_outcomes_and_the_study_has_pairs_of_the_two_that_opted_in() -> None:
    with clock.fixed(MORNING):
        demo.ensure(MORNING)
        purge_what_is_due(MORNING)
        page = history.history(actor("dana.whitlock"), history.HistoryFilter(queries.OperationFilter()), MORNING)
        assert past_pairs.outcomes(actor("ruth.calloway")) == {"delay": 1, "proceed": 1}
        assert past_pairs.outcomes(actor("glen.hartley")) == {}
    found = {happened.outcome for row in page.rows for happened in row.conflicts}
    assert found == {"joint", "proceed", "false_alarm", "withdrawn"}
    assert not Operation.objects.filter(external_id__in=("demo-P61", "demo-T61")).exists()


def test_a_real_node_is_left_alone(people: Any, now: datetime) -> None:
    with pytest.raises(Unavailable):
        demo.ensure(now)
    assert not Operation.objects.exists()
