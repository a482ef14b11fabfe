"""Moved, split, copied, renewed; the reason of an exigent operation; reminders (specification, section 3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.apps.deconfliction.plans import ZONE, plan, site
from tests.apps.deconfliction.test_actions import register, told

from vigil.apps.deconfliction import actions, forms, jobs, queries
from vigil.apps.deconfliction.models import Operation, Reminder
from vigil.apps.deconfliction.plans import planning, reminders
from vigil.core.errors import Conflict as Stale
from vigil.core.errors import Invalid, NotFound
from vigil.platform.notices.models import Notice

pytestmark = [pytest.mark.db, pytest.mark.django_db]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE_AUTUMN = datetime(2026, 10, 31, 20, tzinfo=UTC)
"""16:00 in New York, the day before its clocks go back."""
BEFORE_SPRING = datetime(2026, 3, 7, 7, 30, tzinfo=UTC)
"""02:30 in New York; the next day has no 02:30."""


def test_a_day_later_keeps_the_local_time_over_a_change_of_the_clocks() -> None:
    before = plan(BEFORE_AUTUMN, site(BEFORE_AUTUMN, starts_in=timedelta(0)))
    [moved] = planning.moved_by_days(before, 1).sites
    assert (before.sites[0].starts_wall, moved.starts_wall) == ("2026-10-31T16:00", "2026-11-01T16:00")
    assert moved.starts_at - before.sites[0].starts_at == 25 * 3600 * 1_000_000


def test_a_local_time_that_does_not_exist_is_refused_with_both_readings() -> None:
    before = plan(BEFORE_SPRING, site(BEFORE_SPRING, starts_in=timedelta(0)))
    with pytest.raises(Invalid) as refused:
        planning.moved_by_days(before, 1)
    [problem] = refused.value.problems
    assert problem.path == ("starts_at",)
    assert problem.choices == ("2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00")


def test_a_local_time_that_occurs_twice_is_refused_with_both_readings() -> None:
    at = datetime(2026, 10, 31, 5, 30, tzinfo=UTC)
    with pytest.raises(Invalid) as refused:
        planning.moved_by_days(plan(at, site(at, starts_in=timedelta(0))), 1)
    assert refused.value.problems[0].choices == ("2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00")


def test_moving_is_a_revision_that_asks_again(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    start = operation.starts_at
    other = register(people, "dave", now)
    assert other.determination == "conflict"
    moved = planning.move_operation(people.actor("alice"), operation.id, 1, now, days=2)
    assert (moved.revision, moved.determination) == (2, "checking")
    actions.run_due_search(people.actor("alice"), operation.id, now)
    operation.refresh_from_db()
    other.refresh_from_db()
    assert (operation.determination, other.determination) == ("no_known_conflict", "no_known_conflict")
    zone = ZoneInfo(ZONE)
    assert operation.starts_at.astimezone(zone).replace(tzinfo=None) == start.astimezone(zone).replace(
        tzinfo=None
    ) + timedelta(days=2)
    assert operation.revisions.get(number=2).kind == "shift"


def test_moving_by_minutes_is_elapsed_time_and_nothing_or_too_much_is_refused(people: Any, now: datetime) -> None:
    actor, operation = people.actor("alice"), register(people, "alice", now)
    moved = planning.move_operation(actor, operation.id, 1, now, minutes=-30)
    assert moved.starts_at == operation.starts_at - timedelta(minutes=30)
    for by in ({}, {"days": 400}, {"minutes": 10**7}, {"days": -1}):
        with pytest.raises(Invalid):
            planning.move_operation(actor, operation.id, 2, now, **by)
    with pytest.raises(Stale):
        planning.move_operation(actor, operation.id, 1, now, days=1)
    with pytest.raises(NotFound):
        planning.move_operation(people.actor("dave"), operation.id, 2, now, days=1)
    actions.cancel_operation(actor, operation.id, 2, now)
    with pytest.raises(Invalid, match="over"):
        planning.move_operation(actor, operation.id, 3, now, days=1)


def test_splitting_puts_the_chosen_sites_into_an_operation_of_their_own(people: Any, now: datetime) -> None:
    far = site(now, (-77.5, 38.0), label="second")
    operation = register(people, "alice", now, site(now), far)
    rest, new = planning.split_operation(people.actor("alice"), operation.id, 1, {1}, now)
    assert (rest.id, rest.revision, new.revision) == (operation.id, 2, 1)
    assert [one.label for one in planning.plan_of(rest).sites] == ["1200 Harbor Street"]
    assert [one.label for one in planning.plan_of(new).sites] == ["second"]
    assert (rest.determination, new.determination) == ("checking", "checking")
    for chosen in (set(), {0}, {7}):
        with pytest.raises(Invalid, match="Choose some"):
            planning.split_operation(people.actor("alice"), operation.id, 2, chosen, now)
    assert Operation.objects.count() == 2


def test_a_copy_is_a_draft_without_times(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now, exigent_reason="at once")
    draft = planning.copy_operation(people.actor("alice"), operation.id, now)
    typed = queries.draft_detail(people.actor("alice"), draft.id).typed
    assert (typed["operation_type"], typed["case_number"]) == ("search_warrant", "C26-000123")
    assert not {"starts_at", "ends_at", "exigent_reason"} & set(typed)
    assert Operation.objects.count() == 1
    with pytest.raises(NotFound):
        planning.copy_operation(people.actor("dave"), operation.id, now)


def test_the_reason_given_afterwards_is_a_revision_and_stops_the_reminders(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now, site(now, starts_in=timedelta(minutes=20)))
    assert operation.reason_due
    jobs.remind(now)
    assert not Reminder.objects.exists()
    for hours in (2, 3, 27):
        jobs.remind(now + hours * HOUR)
    assert sum("give reason and approver" in body for body in told(people, "alice")) == 2
    with pytest.raises(Invalid) as refused:
        planning.give_reason(people.actor("alice"), operation.id, "fire", " ", now)
    assert refused.value.problems[0].path == ("exigent_approver",)
    given = planning.give_reason(people.actor("alice"), operation.id, "fire", "Lt. Bob", now + HOUR)
    assert (given.revision, given.reason_due) == (2, False)
    assert planning.plan_of(given).exigent_approver == "Lt. Bob"
    jobs.remind(now + 60 * HOUR)
    assert sum("give reason and approver" in body for body in told(people, "alice")) == 2


def test_giving_the_reason_of_an_ended_operation_leaves_it_ended(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now, site(now, starts_in=-HOUR))
    ended = actions.end_operation(people.actor("alice"), operation.id, 1, now)
    assert ended.reason_due
    given = planning.give_reason(people.actor("alice"), operation.id, "fire", "Lt. Bob", now)
    assert (given.status, given.ends_at, given.next_end_at) == ("ended", ended.ends_at, ended.next_end_at)
    assert not given.reason_due


def test_still_going_is_asked_once_a_revision_an_hour_before_the_start(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    jobs.remind(now + HOUR)
    assert not Reminder.objects.exists()
    near = operation.starts_at - timedelta(minutes=50)
    for _ in range(2):
        jobs.remind(near)
    [asked] = Notice.objects.filter(kind="deconfliction.reminder.start", recipient=people.user("alice"))
    assert (asked.body, asked.object_ids) == (
        "An operation of yours starts within the hour. Still going? Open Vigil.",
        {"operation": str(operation.id)},
    )
    assert reminders.asks_before_start(operation.id, 1, operation.starts_at, near)
    reminders.confirm_start(people.actor("alice"), operation.id, near)
    assert not reminders.asks_before_start(operation.id, 1, operation.starts_at, near)
    planning.move_operation(people.actor("alice"), operation.id, 1, near, minutes=90)
    jobs.remind(near + 90 * timedelta(minutes=1))
    assert Notice.objects.filter(kind="deconfliction.reminder.start", recipient=people.user("alice")).count() == 2


def test_the_question_says_that_somebody_is_still_silent(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    Operation.objects.filter(pk=operation.id).update(determination="incomplete")
    jobs.remind(operation.starts_at - timedelta(minutes=50))
    assert any("somebody has still not answered" in body for body in told(people, "alice"))


def test_a_long_surveillance_is_reminded_of_before_its_end_and_renewed(people: Any, now: datetime) -> None:
    week = site(now, starts_in=3 * HOUR, lasts=7 * DAY)
    operation = register(people, "alice", now, week, operation_type="fixed_surveillance")
    with pytest.raises(Invalid, match="has begun"):
        planning.renew_operation(people.actor("alice"), operation.id, 1, now)
    late = operation.ends_at - timedelta(hours=20)
    for _ in range(2):
        jobs.remind(late)
    assert sum("ends within a day" in body for body in told(people, "alice")) == 1
    renewed = planning.renew_operation(people.actor("alice"), operation.id, 1, late)
    assert (renewed.starts_at, renewed.ends_at) == (late, late + 7 * DAY)
    assert (renewed.determination, renewed.reason_due) == ("checking", False)
    assert "span" not in planning.plan_of(renewed).flags


def test_a_warrant_is_not_renewed(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now, site(now, starts_in=-HOUR))
    with pytest.raises(Invalid):
        planning.renew_operation(people.actor("alice"), operation.id, 1, now)


def test_the_page_offers_and_does_each_of_them(people: Any, login: Any, now: datetime) -> None:
    operation = register(people, "alice", now, site(now), site(now, (-77.5, 38.0), label="second"))
    page = f"/operations/{operation.id}/"
    client = login("alice")
    shown = client.get(page).content.decode()
    for name in ("move", "split", "copy"):
        assert f'action="{page}{name}/"' in shown
    moved = client.post(f"{page}move/", {"revision": "1", "by": "2", "unit": "days", "way": "later"}, follow=True)
    assert "Moved." in moved.content.decode(), [str(one) for one in moved.context["messages"]]
    client.post(f"{page}split/", {"revision": "2", "site": "1"})
    copied = client.post(f"{page}copy/")
    operation.refresh_from_db()
    assert (operation.revision, Operation.objects.count()) == (3, 2)
    assert "C26-000123" in client.get(copied["Location"]).content.decode()


def test_an_edit_without_the_tick_fixes_a_tentative_time_and_asks_again(people: Any, login: Any, now: datetime) -> None:
    operation = register(people, "alice", now, tentative=True)
    register(people, "dave", now)
    assert not Notice.objects.filter(recipient=people.user("alice"), urgent=True).exists()
    client, url = login("alice"), f"/operations/{operation.id}/edit/"
    typed = dict(forms.flat(client.get(url).context["form"].typed))
    assert typed.pop("tentative") == "yes"
    client.post(url, {**typed, "revision": "1"})
    operation.refresh_from_db()
    assert (operation.revision, operation.tentative, operation.determination) == (2, False, "conflict")
    assert Notice.objects.filter(recipient=people.user("alice"), urgent=True).exists()
