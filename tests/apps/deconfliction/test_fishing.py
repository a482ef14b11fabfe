"""Fishing before the watch desk: which revisions count, who is told and sees what, the review, and what is purged."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from tests.apps.deconfliction.plans import HARBOR, phone, plan, site
from tests.apps.deconfliction.test_actions import register, supervises, told
from tests.conftest import make_user

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.imports import importing
from vigil.apps.deconfliction.jobs import WORKER
from vigil.apps.deconfliction.models import ConflictSide, FishingCase, Operation, Probe
from vigil.apps.deconfliction.plan import Disclosure, PlannedSubject
from vigil.apps.deconfliction.probing import cases, found_late, probes
from vigil.apps.deconfliction.subjects import possible_matches
from vigil.core.errors import Invalid, NotFound
from vigil.engine.operation import Mode
from vigil.platform import clock
from vigil.platform.audit.models import AuditRecord
from vigil.platform.notices.models import Notice

pytestmark = [pytest.mark.db, pytest.mark.django_db]


def drop(people: Any, name: str, operation: Operation, at: datetime) -> None:
    """Cancel it, and search, as the page does."""
    actions.cancel_operation(people.actor(name), operation.pk, operation.revision, at)
    actions.run_due_search(people.actor(name), operation.pk, at)


def fish(people: Any, name: str, now: datetime, count: int = 4, **fields: Any) -> datetime:
    """Register side by side and cancel a minute after the answer; when the last was dropped, and looked at."""
    at = now
    for number in range(count):
        place = (HARBOR[0] + 0.008 * number, HARBOR[1])
        drop(people, name, register(people, name, at, site(now, place), **fields), at + timedelta(minutes=1))
        at += timedelta(minutes=5)
    probes.note_next(WORKER, at)
    return at


def case_of(people: Any, name: str) -> FishingCase:
    return FishingCase.objects.get(user=people.user(name))


@pytest.mark.slow
def test_a_fisher_is_put_before_the_desk_that_sees_and_settles_it(
    people: Any, now: datetime, login: Callable[[str], Any]
) -> None:
    people.users["gus"] = make_user("gus", "Gus Grant", people.bay_county, "agency_auditor")
    hidden = register(people, "alice", now)
    at = fish(people, "dave", now)

    case = case_of(people, "dave")
    assert told(people, "carol")[-1] == probes.TOLD
    assert probes.TOLD not in told(people, "dave")
    notice = Notice.objects.get(recipient=people.user("carol"), kind=probes.KIND)
    assert not {hidden.reference, "Dave", "39.29"} & set(notice.body.split()), "no place, no name"
    desk = login("carol")
    where = desk.get(reverse("deconfliction:notice", args=[notice.pk])).json()["url"]

    page = desk.get(reverse("deconfliction:fishing")).content.decode()
    assert "1 case waits" in page
    assert "4 of 4 operations were cancelled or ended before they had begun." in page
    assert "Dave Dunn" in page
    page = desk.get(where).content.decode()
    assert "found 1 conflict of others; 1 of their owners were told" in page
    assert "Dropped before it began" in page
    assert "cells of at least 2 km" in page, "Dave's operations are another agency's"
    assert AuditRecord.objects.filter(verb=cases.READ, object_ids__fishing_case=str(case.pk)).exists()

    zones = desk.post(reverse("deconfliction:fishing_zones", args=[case.pk])).json()["features"]
    assert {len(zone["geometry"]["coordinates"][0]) for zone in zones} == {5}
    assert "BAY-26" not in json.dumps(zones), "a named cell would say near which the other side lies"

    review = reverse("deconfliction:fishing_review", args=[case.pk])
    refused = desk.post(review, {"outcome": "", "note": "Typed already"})
    assert refused.status_code == 422
    assert "Choose what came of it." in refused.content.decode()
    assert "Typed already" in refused.content.decode()
    with clock.fixed(at):
        assert desk.post(review, {"outcome": "auditor", "note": "He could not say why."}).status_code == 302
    assert told(people, "gus") == [probes.PASSED]
    case.refresh_from_db()
    assert (case.outcome, case.reviewer_name) == ("auditor", "Carol Cole")
    with pytest.raises(Invalid, match="settled this case already"):
        cases.review_case(people.actor("carol"), case.pk, "explained", "Again", at)

    auditor = login("gus").get(reverse("deconfliction:fishing_case", args=[case.pk])).content.decode()
    assert "He could not say why." in auditor
    assert "data-map" not in auditor, "auditors see no operations"
    assert "Nothing here" in login("gus").get(reverse("deconfliction:fishing")).content.decode()
    assert login("dave").get(reverse("deconfliction:fishing")).status_code == 403

    fish(people, "dave", at, count=1)
    assert FishingCase.objects.count() == 1, "what was settled is not flagged again"


def test_nobody_sees_or_judges_a_case_of_their_own(people: Any, now: datetime, login: Callable[[str], Any]) -> None:
    people.users["cora"] = make_user("cora", "Cora Cray", people.port_calvert, "watch_desk")
    fish(people, "carol", now)
    case = case_of(people, "carol")
    assert probes.TOLD not in told(people, "carol")
    assert probes.TOLD in told(people, "cora")
    for name in ("fishing_case", "fishing_zones"):
        address = reverse(f"deconfliction:{name}", args=[case.pk])
        answer = login("carol").post(address) if name == "fishing_zones" else login("carol").get(address)
        assert answer.status_code == 404
    assert cases.waiting(people.actor("carol")) == 0
    zones = cases.case_zones(people.actor("cora"), case.pk)
    assert {len(zone["geometry"]["coordinates"][0]) > 40 for zone in zones} == {True}, "the own agency's, true to scale"
    assert len(zones) == 4

    whole = {"since": now, "opened_at": now, "changed_at": now}
    of_agency = FishingCase.objects.create(agency=people.port_calvert, **whole)
    assert cases.case_detail(people.actor("carol"), of_agency.pk).row.person == ""
    with pytest.raises(Invalid, match="registered operations of this case yourself"):
        cases.review_case(people.actor("carol"), of_agency.pk, "explained", "All fine", now)
    assert cases.review_case(people.actor("cora"), of_agency.pk, "explained", "All fine", now).outcome == "explained"


def test_silent_operations_are_before_the_auditors_alone(people: Any, now: datetime) -> None:
    supervises(people, "dave")
    people.users["gus"] = make_user("gus", "Gus Grant", people.bay_county, "agency_auditor")
    subjects = tuple(phone(f"+1410555{number:04d}") for number in range(120, 126))
    register(people, "dave", now, disclosure=Disclosure.SILENT, subjects=subjects)
    probes.note_next(WORKER, now)
    case = case_of(people, "dave")
    assert case.silent
    assert probes.TOLD in told(people, "gus")
    assert probes.TOLD not in told(people, "carol")
    with pytest.raises(NotFound):
        cases.case_detail(people.actor("carol"), case.pk)
    detail = cases.case_detail(people.actor("gus"), case.pk)
    assert (detail.subjects, detail.has_map, detail.may_review) == (6, False, True)
    assert detail.row.reasons == ("6 subjects were asked in seven days; the budget is 5.",)


@pytest.mark.parametrize("together", [3, 8, 100])
def test_everybody_is_judged_however_many_are_looked_at_together(
    people: Any, now: datetime, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    """Also where the last ones fill what is looked at in one transaction, or at a time."""
    monkeypatch.setattr(probes, "BATCH", together)
    monkeypatch.setattr(probes, "ROUNDS", 2)
    at = fish(people, "dave", now)  # eight revisions
    if together == 3:
        assert probes.anything_new(), "the rest the next time"
        probes.note_next(WORKER, at)
    assert case_of(people, "dave").reviewed_at is None
    assert not probes.anything_new()


def test_a_crash_before_somebody_is_judged_forgets_nobody(
    people: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise InterruptedError

    with monkeypatch.context() as patched:
        patched.setattr(probes, "_judge", crash)
        with pytest.raises(InterruptedError):
            fish(people, "dave", now)
    probed = Probe.objects.count()
    assert probed == 4
    assert not FishingCase.objects.exists()
    probes.note_next(WORKER, now + timedelta(minutes=20))
    assert case_of(people, "dave")
    assert Probe.objects.count() == probed, "each once"


def test_what_was_reviewed_while_it_was_judged_is_not_put_before_anybody_again(people: Any, now: datetime) -> None:
    at = fish(people, "dave", now)
    case = case_of(people, "dave")
    whose = probes.Whose(people.user("dave").pk, None)
    judged = probes._judged(whose, at)
    assert judged.flags
    cases.review_case(people.actor("carol"), case.pk, "explained", "A training day", at)
    probes.put_before(WORKER, whose, judged, at)
    assert case_of(people, "dave").pk == case.pk


CSV = (
    "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,contact_name,contact_phone,subjects\n"
    "B-1,MD0000100,raid,2026-11-25T03:00:00-05:00,2026-11-25T06:00:00-05:00,39.4,-76.7,Lou Lead,410-555-0111,\n"
    "B-2,MD0000100,raid,2026-11-25T03:00:00-05:00,2026-11-25T06:00:00-05:00,39.5,-76.7,Lou Lead,410-555-0111,"
    '"person:SMITH,JON,1980-01-31"\n'
)


def test_which_revisions_count(people: Any, now: datetime) -> None:
    operation = register(people, "alice", now, site(now, starts_in=timedelta(minutes=-30), lasts=timedelta(minutes=31)))
    extended = actions.extend_overdue(WORKER, now + timedelta(minutes=1))
    assert extended == [operation.pk]
    actions.still_on_scene(people.actor("alice"), operation.pk, now + timedelta(minutes=20))
    register(people, "alice", now, site(now, (-77.0, 38.0)), mode=Mode.EXERCISE)
    importing.import_file(people.actor("bob"), CSV.encode(), now)
    operation.refresh_from_db()
    later = plan(now, site(now, starts_in=timedelta(minutes=-30), lasts=timedelta(hours=9)))
    revised = actions.revise_operation(people.actor("alice"), operation.pk, operation.revision, later, now)
    cancelled = actions.cancel_operation(people.actor("alice"), operation.pk, revised.revision, now)
    probes.note_next(WORKER, now)
    assert Probe.objects.get(operation_id=operation.pk, revision__number=1).closed_at == now
    actions.undo_cancel(people.actor("alice"), operation.pk, cancelled.revision, now)
    probes.note_next(WORKER, now)

    def asked(name: str) -> list[tuple[str, bool]]:
        found = Probe.objects.filter(user=people.user(name)).order_by("pk").select_related("revision")
        return [(one.revision.kind, one.closed_at is not None) for one in found if one.revision]

    assert asked("alice") == [("register", False), ("edit", False), ("undo_cancel", False)]
    assert asked("bob") == [("import", False), ("import", False)]
    assert not probes.anything_new()


# --- the other side is told ---


PAST = (
    "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,contact_name,contact_phone,"
    "buffer_after_min\n"
    "P-1,MD0000100,raid,2026-11-24T08:00:00-05:00,2026-11-24T09:00:00-05:00,39.2904,-76.6122,Lou Lead,410-555-0111,0\n"
)


def test_whoever_still_runs_is_told_of_one_that_was_entered_afterwards(people: Any, now: datetime) -> None:
    """A past overlap alarms nobody; its finder must not learn in silence of somebody who is still there."""
    register(people, "dave", now, site(now, starts_in=timedelta(hours=-5), lasts=timedelta(hours=9)))
    gone = register(people, "dave", now, site(now, starts_in=timedelta(hours=-5), lasts=timedelta(hours=9)))
    actions.end_operation(people.actor("dave"), gone.pk, gone.revision, now - timedelta(hours=2))
    Notice.objects.all().delete()
    importing.import_file(people.actor("bob"), PAST.encode(), now)
    imported = ConflictSide.objects.filter(own_operation__external_id="P-1")
    assert {side.conflict.standing for side in imported} == {"past"}
    assert len(imported) == 2
    assert told(people, "dave") == [found_late.TEXT], "of the one that runs; the other is history"
    side = ConflictSide.objects.get(own_operation__agency=people.bay_county, notified_at=now, conflict__standing="past")
    assert side.next_alarm_at is None
    assert told(people, "bob") == [], "he was answered himself"


def test_an_import_tells_the_other_side_of_a_possible_match(people: Any, now: datetime) -> None:
    john = PlannedSubject("person", "SMITH,JOHN,1980-01-31", "person:SMITH,JOHN,1980-01-31")
    register(people, "dave", now, subjects=(john,))
    importing.import_file(people.actor("bob"), CSV.encode(), now)
    imported = Operation.objects.get(external_id="B-2")
    assert len(possible_matches.possible_matches(people.actor("bob"), imported.pk)) == 1
    assert told(people, "dave") == [possible_matches.TEXT]


def test_figures_go_after_90_days_and_a_settled_case_after_a_year(people: Any, now: datetime) -> None:
    at = fish(people, "dave", now)
    probes.forget_old(at + timedelta(days=91))
    assert Probe.objects.count() == 4, "a case is open"
    cases.review_case(people.actor("carol"), case_of(people, "dave").pk, "explained", "Warrants fell through", at)
    probes.forget_old(at + timedelta(days=91))
    assert Probe.objects.count() == 0
    assert FishingCase.objects.count() == 1
    probes.forget_old(at + timedelta(days=366))
    assert FishingCase.objects.count() == 0
