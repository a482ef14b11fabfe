"""Series: the same operation on other days, each of its own; crashes in between; cancelled and moved together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from tests.apps.deconfliction.plans import ZONE, phone, plan, site
from tests.apps.deconfliction.test_actions import register, supervises

from vigil.apps.deconfliction import actions, jobs
from vigil.apps.deconfliction.models import Conflict, Operation, Series, SeriesMember
from vigil.apps.deconfliction.past import purge
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.plans import planning, repeat, series
from vigil.apps.deconfliction.plans.repeat import How, Pattern, Reading
from vigil.apps.deconfliction.together import joint
from vigil.core.errors import Conflict as Stale
from vigil.core.errors import Invalid, NotFound
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]
FAR = (-77.5, 38.0)
NIGHTLY = {"how": "nightly", "count": "3"}
TWICE = datetime(2026, 10, 31, 5, 30, tzinfo=UTC)
"""01:30 in New York; the next day has two of them."""


def made(people: Any, now: datetime, count: int = 3, name: str = "alice") -> Series:
    operation = register(people, name, now)
    pattern = Pattern(How.NIGHTLY, count=count)
    found = series.plan_series(people.actor(name), operation.id, 1, pattern, None, now)
    series.go_on(people.actor(name), found.id, now)
    return found


def operations(found: Series) -> list[Operation]:
    return list(Operation.objects.filter(series_member__series=found).order_by("starts_at"))


# --- which days ---


@pytest.mark.parametrize(
    ("raw", "days"),
    [
        ({"how": "nightly", "count": "3"}, (1, 2, 3)),
        ({"how": "every", "every": "2", "until": "2026-11-30"}, (2, 4, 6)),
        ({"how": "weekdays", "weekdays": ["0", "4"], "count": "3"}, (3, 6, 10)),
    ],
)
def test_the_days_that_a_pattern_takes(raw: dict[str, Any], days: tuple[int, ...]) -> None:
    # A Tuesday
    assert repeat.days_after(repeat.read_pattern(raw), date(2026, 11, 24)) == days


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ({"how": "nightly"}, "until"),
        ({"how": "nightly", "until": "2026-11-30", "count": "2"}, "until"),
        ({"how": "nightly", "until": "tomorrow"}, "until"),
        ({"how": "nightly", "count": "61"}, "count"),
        ({"how": "nightly", "count": "²"}, "count"),
        ({"how": "every", "every": "0", "count": "2"}, "every"),
        ({"how": "weekdays", "count": "2"}, "weekdays"),
        ({"how": "weekdays", "weekdays": ["9"], "count": "2"}, "weekdays"),
        ({"how": "monthly", "count": "2"}, "how"),
        ({"how": "nightly", "until": "2026-11-24"}, "until"),
        ({"how": "nightly", "until": "2027-11-24"}, "until"),
        ({"how": "nightly", "until": "2028-11-24"}, "until"),
        ({"how": "every", "every": "300", "count": "2"}, "count"),
    ],
)
def test_what_is_no_pattern_is_refused_at_its_field(raw: dict[str, Any], at: str) -> None:
    with pytest.raises(Invalid) as refused:
        repeat.days_after(repeat.read_pattern(raw), date(2026, 11, 24))
    assert [problem.path for problem in refused.value.problems] == [(at,)]


def test_a_doubled_local_time_is_read_as_chosen() -> None:
    before = plan(TWICE, site(TWICE, starts_in=timedelta(0)))
    readings = {
        one.value: repeat.moved_by_days(before, 1, one).sites[0].starts_at for one in (Reading.EARLIER, Reading.LATER)
    }
    assert readings["later"] - readings["earlier"] == 3600 * 1_000_000
    with pytest.raises(Invalid):
        repeat.moved_by_days(before, 1, Reading.LEAVE_OUT)


# --- registered one by one ---


def test_each_night_is_an_operation_of_its_own_with_its_own_answer(people: Any, now: datetime) -> None:
    other = register(people, "dave", now, site(now, starts_in=timedelta(days=2, hours=3)))
    found = made(people, now)
    nights = operations(found)
    starts = [one.starts_at.astimezone(ZoneInfo(ZONE)).strftime("%m-%d %H:%M") for one in nights]
    assert starts == ["11-24 15:00", "11-25 15:00", "11-26 15:00", "11-27 15:00"]
    assert [one.determination for one in nights] == ["no_known_conflict"] * 2 + ["conflict", "no_known_conflict"]
    assert len({one.reference for one in nights}) == 4
    other.refresh_from_db()
    assert other.determination == "conflict"
    verbs = list(AuditRecord.objects.filter(object_ids__series=str(found.id)).values_list("verb", flat=True))
    assert sorted(set(verbs)) == ["deconfliction.operation.register", "deconfliction.series.create"]


def test_a_crash_in_the_middle_loses_nothing_and_nothing_is_done_twice(
    people: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, operation = people.actor("alice"), register(people, "alice", now)
    found = series.plan_series(alice, operation.id, 1, Pattern(How.NIGHTLY, count=4), None, now)
    searched, whole = [], actions.run_due_search

    def dies(*given: Any) -> Any:
        searched.append(given)
        if len(searched) == 3:
            raise MemoryError
        return whole(*given)

    monkeypatch.setattr(actions, "run_due_search", dies)
    with pytest.raises(MemoryError):
        series.go_on(alice, found.id, now)
    monkeypatch.setattr(actions, "run_due_search", whole)
    assert len(operations(found)) == 3
    # Somebody edits what is repeated: the rest follows what was planned.
    planning.move_operation(alice, operation.id, 2, now, minutes=30)
    jobs.finish_series(now)
    assert len(operations(found)) == 3
    jobs.finish_series(now + series.LEFT_ALONE)
    jobs.run_due_searches(now)
    assert series.go_on(alice, found.id, now) == 0
    nights = operations(found)
    assert [one.determination for one in nights] == ["no_known_conflict"] * 5
    assert nights[4].starts_at - nights[3].starts_at == timedelta(days=1)
    assert {one.submitter_id for one in nights} == {alice.user_id}


def test_nobody_finishes_a_series_for_somebody_who_may_no_longer(people: Any, now: datetime) -> None:
    alice, operation = people.actor("alice"), register(people, "alice", now)
    found = series.plan_series(alice, operation.id, 1, Pattern(How.NIGHTLY, count=2), None, now)
    people.user("alice").memberships.update(active=False)
    jobs.finish_series(now + series.LEFT_ALONE)
    assert len(operations(found)) == 1


def test_what_cannot_be_registered_any_more_says_why_and_holds_nothing_up(people: Any, now: datetime) -> None:
    alice, operation = people.actor("alice"), register(people, "alice", now)
    found = series.plan_series(alice, operation.id, 1, Pattern(How.NIGHTLY, count=2), None, now)
    assert series.go_on(alice, found.id, now + timedelta(days=1, hours=12)) == 1
    [late] = SeriesMember.objects.filter(operation=None)
    assert (late.days, "was over" in late.problem) == (1, True)
    [waiting] = series.series_detail(alice, found.id, now).waiting
    assert waiting.problem == late.problem


def test_a_series_that_is_over_already_is_refused(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    pattern, then = Pattern(How.NIGHTLY, count=2), now + timedelta(days=9)
    with pytest.raises(Invalid) as refused:
        series.plan_series(people.actor("alice"), operation.id, 1, pattern, None, then)
    assert refused.value.problems[0].path == ("until",)
    assert not Series.objects.exists()


def test_nights_of_one_target_or_that_last_into_the_next_never_alarm_one_another(people: Any, now: datetime) -> None:
    alice = people.actor("alice")
    operation = register(people, "alice", now, site(now, lasts=timedelta(hours=23)), subjects=(phone(),))
    found = series.plan_series(alice, operation.id, 1, Pattern(How.NIGHTLY, count=3), None, now)
    series.go_on(alice, found.id, now)
    assert not Conflict.objects.exists()
    assert {one.determination for one in operations(found)} == {"no_known_conflict"}
    assert joint.joint_rows(alice, operation.id) == ()
    names = joint.agreed_with([operation.id])[operation.id]
    assert names == {str(one.id) for one in operations(found)} - {str(operation.id)}
    # Somebody else's still meets each of them.
    register(people, "dave", now, site(now, FAR), subjects=(phone(),))
    assert Conflict.objects.count() == 4


def test_who_may_not_see_or_silence_or_is_late_plans_no_series(people: Any, now: datetime) -> None:
    alice, pattern = people.actor("alice"), Pattern(How.NIGHTLY, count=2)
    operation = register(people, "alice", now)
    with pytest.raises(NotFound):
        series.plan_series(people.actor("dave"), operation.id, 1, pattern, None, now)
    with pytest.raises(Stale):
        series.plan_series(alice, operation.id, 7, pattern, None, now)
    supervises(people, "alice")
    hushed = register(people, "alice", now, site(now, FAR), disclosure=Disclosure.SILENT)
    people.user("alice").memberships.filter(role="supervisor").delete()
    with pytest.raises(Invalid, match="silent"):
        series.plan_series(people.actor("alice"), hushed.id, 1, pattern, None, now)
    series.plan_series(alice, operation.id, 1, pattern, None, now)
    with pytest.raises(Invalid, match="belongs to a series"):
        series.plan_series(alice, operation.id, 1, pattern, None, now)


# --- together ---


def test_this_and_the_following_are_cancelled_and_what_waits_is_taken_out(people: Any, now: datetime) -> None:
    alice, found = people.actor("alice"), made(people, now, 4)
    nights = operations(found)
    SeriesMember.objects.create(series=found, days=9)
    actions.cancel_operation(alice, nights[3].id, 1, now)
    done = series.cancel(alice, found.id, nights[2].id, now)
    assert (done.changed, done.refused) == (2, ())
    assert [one.status for one in operations(found)] == ["registered"] * 2 + ["cancelled"] * 3
    assert not SeriesMember.objects.filter(operation=None).exists()
    assert series.cancel(alice, found.id, None, now).changed == 2
    with pytest.raises(NotFound):
        series.cancel(people.actor("dave"), found.id, None, now)


@pytest.mark.parametrize("by", [{"days": 1}, {"days": -1}, {"minutes": 90}])
def test_this_and_the_following_move_once_a_request(people: Any, now: datetime, by: dict[str, int]) -> None:
    alice, found, mark = people.actor("alice"), made(people, now, 4), uuid4()
    before = [one.starts_at for one in operations(found)]
    first = operations(found)[2].id
    done = [series.move(alice, found.id, first, mark, now, **by).changed for _ in range(2)]
    after = [one.operation.starts_at for one in found.members.select_related("operation") if one.operation]
    assert after == before[:2] + [at + timedelta(**by) for at in before[2:]]
    assert (done, Conflict.objects.exists()) == ([3, 3], False)


def test_moving_tells_what_it_could_not_do_and_waits_for_what_is_not_registered(people: Any, now: datetime) -> None:
    alice, found = people.actor("alice"), made(people, now, 1)
    done = series.move(alice, found.id, None, uuid4(), now, days=400)
    assert (done.changed, len(done.refused)) == (0, 2)
    SeriesMember.objects.create(series=found, days=9)
    with pytest.raises(Invalid, match="register them first"):
        series.move(alice, found.id, None, uuid4(), now, days=1)


def test_a_member_made_silent_is_seen_in_its_series_by_nobody_else(people: Any, now: datetime) -> None:
    found = made(people, now, 2, "bob")
    night = operations(found)[1]
    hushed = planning.replace(planning.plan_of(night), disclosure=Disclosure.SILENT)
    actions.revise_operation(people.actor("bob"), night.id, 1, hushed, now)
    assert len(series.series_detail(people.actor("alice"), found.id, now).rows) == 2
    assert len(series.series_detail(people.actor("bob"), found.id, now).rows) == 3
    place = series.place_in_series(people.actor("alice"), operations(found)[2].id)
    assert place is not None
    assert (place.number, place.count, place.after) == (2, 2, None)


# --- pages ---


@pytest.fixture
def browser(people: Any, now: datetime) -> Client:
    """Alice's."""
    client = Client()
    client.force_login(people.user("alice"))
    return client


def test_the_days_are_looked_at_first_and_then_registered(browser: Client, people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    address = f"/operations/{operation.id}/repeat/"
    assert "Repeat it" in browser.get(f"/operations/{operation.id}/").content.decode()
    assert browser.get(address).status_code == 200
    typed = NIGHTLY | {"revision": "1"}
    page = browser.post(address, typed | {"do": "register"}).content.decode()
    assert "3 days, NOT REGISTERED yet" in page
    assert "Wed Nov 25" in page
    assert Operation.objects.count() == 1
    other_days = browser.post(address, typed | {"do": "register", "shown": "1,2,3", "count": "5"})
    assert "5 days, NOT REGISTERED" in other_days.content.decode()
    stale = browser.post(address, typed | {"do": "register", "shown": "1,2,3", "revision": "7"})
    assert (stale.status_code, "Somebody changed" in stale.content.decode()) == (409, True)
    answer = browser.post(address, typed | {"do": "register", "shown": "1,2,3"}, follow=True)
    page = answer.content.decode()
    assert "A series of 4 operations" in page
    assert "4 no known conflict" in page
    assert browser.get(address).headers["Location"] == f"/series/{Series.objects.get().id}/"
    assert "1 of 4" in browser.get(f"/operations/{operation.id}/").content.decode()


def test_a_fault_in_the_pattern_keeps_what_was_typed(browser: Client, people: Any, now: datetime) -> None:
    operation = register(people, "alice", now)
    typed = {"how": "every", "every": "x", "until": "soon", "do": "preview", "revision": "1"}
    answer = browser.post(f"/operations/{operation.id}/repeat/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    for said in ("2 things to mend", 'href="#every"', 'href="#until"', 'value="soon"', 'value="x"'):
        assert said in page


def test_a_night_in_doubt_asks_what_is_meant(browser: Client, people: Any, now: datetime) -> None:
    # 02:30 in New York; on March 14, 2027 the clocks skip it.
    night = datetime(2027, 3, 12, 7, 30, tzinfo=UTC)
    operation = register(people, "alice", now, site(night, starts_in=timedelta(0), lasts=timedelta(hours=4)))
    address, typed = f"/operations/{operation.id}/repeat/", NIGHTLY | {"do": "preview", "revision": "1"}
    page = browser.post(address, typed).content.decode()
    assert "does not exist" in page
    assert "all 3 and check" not in page
    out = typed | {"reading": "leave_out"}
    assert "Register all 2 and check each" in browser.post(address, out).content.decode()
    browser.post(address, out | {"do": "register", "shown": "1,2-,3"})
    starts = [one.starts_at.astimezone(ZoneInfo(ZONE)) for one in operations(Series.objects.get())]
    assert [f"{one:%d %H:%M}" for one in starts] == ["12 02:30", "13 02:30", "15 02:30"]


def test_the_series_page_shows_conflicts_first_and_changes_several(browser: Client, people: Any, now: datetime) -> None:
    found = made(people, now, 3)
    register(people, "dave", now, site(now, starts_in=timedelta(days=2, hours=3)))
    address = f"/series/{found.id}"
    page = browser.get(f"{address}/").content.decode()
    assert "1 conflict, 3 no known conflict" in page
    assert page.index("3. Search warrant") < page.index("1. Search warrant")
    nights = operations(found)
    moved = browser.post(
        f"{address}/move/", {"first": nights[2].id, "by": "2", "unit": "days", "mark": uuid4()}, follow=True
    )
    assert "2 operations moved" in moved.content.decode()
    refused = browser.post(f"{address}/move/", {"by": "", "unit": "hours", "way": "earlier"})
    assert refused.status_code == 422
    assert 'value="earlier" selected' in refused.content.decode()
    assert browser.post(f"{address}/cancel/", {"first": "not one"}).status_code == 404
    browser.post(f"{address}/cancel/", {"first": str(nights[1].id)})
    assert [one.status for one in operations(found)] == ["registered"] + ["cancelled"] * 3


def test_the_list_folds_a_series_but_never_a_conflict(browser: Client, people: Any, now: datetime) -> None:
    found = made(people, now, 5)
    register(people, "dave", now, site(now, starts_in=timedelta(days=2, hours=3)))
    page = browser.get("/operations/").content.decode()
    assert page.count("<tr data-row>") == 2
    assert "4 more here" in page
    assert f'href="/series/{found.id}/"' in page
    assert browser.get("/operations/?each=yes").content.decode().count("<tr data-row>") == 6


@pytest.mark.slow
def test_each_night_is_purged_on_its_own_clock_and_the_series_with_the_last(people: Any, now: datetime) -> None:
    found = made(people, now, 20)
    nights = operations(found)
    for night in nights:
        actions.cancel_operation(people.actor("alice"), night.id, night.revision, now)
    jobs.run_due_searches(now)
    system = jobs.WORKER
    purge.purge(system, now + timedelta(days=10))
    assert not nights[0].revisions.filter(sites__isnull=False).exists()
    assert nights[-1].revisions.filter(sites__isnull=False).exists()
    assert series.go_on(people.actor("alice"), found.id, now + timedelta(days=10)) == 0
    for years in (5, 10, 20):
        purge.purge(system, now + timedelta(days=365 * years))
    assert not Series.objects.exists()
