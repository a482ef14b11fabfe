"""No rehearsal of a search: nothing says whether somebody is there before a committed revision tells that somebody.

The walk of all addresses (tests/permissions) looks for statements that search without writing down a search; here is
what a person types while they plan, held against the same once somebody else's operation lies there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from tests.apps.deconfliction.plans import HARBOR, phone, plan, site
from tests.apps.deconfliction.test_actions import register
from tests.permissions.world import words

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.imports import importing
from vigil.apps.deconfliction.models import Alarm, ConflictSide, Operation, Revision
from vigil.apps.deconfliction.plan import PlannedSubject
from vigil.apps.deconfliction.plans import planning, series
from vigil.apps.deconfliction.plans.repeat import How, Pattern
from vigil.apps.deconfliction.subjects import interests, possible_matches
from vigil.apps.deconfliction.together import joint
from vigil.platform.notices.models import Notice

pytestmark = [pytest.mark.db, pytest.mark.django_db]

DAY = timedelta(days=1)
NUMBER = "+14105550142"
TYPED = {
    "operation_type": "search_warrant",
    "sites-0-place": f"{HARBOR[1]}, {HARBOR[0]}",
    "subjects-0-kind": "phone",
    "subjects-0-value": NUMBER,
    "starts_at": "0830 tomorrow",
    "ends_at": "+2h",
}
ROW = (
    "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,contact_name,contact_phone,subjects\n"
    "N-1,MD0000100,raid,2026-11-25T09:00:00-05:00,2026-11-25T11:00:00-05:00,39.2904,-76.6122,Lou Lead,410-555-0111,"
    f"phone:{NUMBER}\n"
)


def rehearsals(browser: Any, token: str, own: Operation) -> Iterator[tuple[str, Any]]:
    """What can be asked of a plan without committing it; each says that it was taken, with what it answers."""

    def as_json(address: str, body: Any) -> Any:
        return browser.post(f"/operations/{address}/", json.dumps(body), "application/json")

    yield "place", as_json("read-place", {"text": TYPED["sites-0-place"], "place": TYPED["sites-0-place"]})
    yield "times", as_json("read-times", {"starts_at": TYPED["starts_at"], "ends_at": "+2h"})
    yield "subject", as_json("read-subject", {"kind": "phone", "value": NUMBER})
    yield "card", browser.post("/operations/read-card/", TYPED)
    yield "form with a fault", browser.post("/operations/register/", TYPED | {"lead_contact-name": ""})
    yield "one more line", browser.post("/operations/register/", TYPED | {"do": "add_subject"})
    yield "edit with a fault", browser.post(f"/operations/{own.pk}/edit/", TYPED | {"revision": "1"})
    yield "interest", browser.post("/interests/register/", TYPED | {"do": "add_subject"})
    moved = {"do": "move", "ticked": f"{own.pk}:1", "days": "-1", "by": "1"}
    yield "move of several", browser.post("/operations/selected/", moved)
    yield "days of a series", browser.post(f"/operations/{own.pk}/repeat/", {"how": "nightly", "count": "3"})
    yield "search", browser.post("/find/", {"text": NUMBER})
    file = SimpleUploadedFile("rows.csv", ROW.encode())
    yield "dry run", browser.post("/import/", {"file": file}, follow=True)
    bearer = {"Authorization": f"Bearer {token}", "If-Match": '"1"'}
    preview = f"/api/v1/deconfliction/operations/{own.pk}/repeat/preview"
    yield "days by API", browser.post(preview, '{"how": "nightly", "count": 3}', "application/json", headers=bearer)
    faulty = json.dumps({"operation_type": "raid", "sites": [{"latitude": HARBOR[1], "longitude": HARBOR[0]}]})
    yield "faulty by API", browser.post("/api/v1/deconfliction/operations", faulty, "application/json", headers=bearer)


@pytest.mark.slow
def test_what_is_typed_and_previewed_answers_alike_whether_somebody_is_there(
    people: Any, now: datetime, login: Callable[[str], Any], token: Callable[..., str]
) -> None:
    own = register(people, "bob", now, site(now, starts_in=timedelta(hours=44)), subjects=(phone("+14105550100"),))
    bearer = token("bob", "deconfliction")

    def asked() -> dict[str, tuple[int, str]]:
        browser = login("bob")
        uploads = {"id": own.pk}
        found = {}
        for what, answer in rehearsals(browser, bearer, own):
            path = answer.request["PATH_INFO"].split("/")
            named = {part: part for part in path if len(part) == len(str(own.pk))}
            found[what] = answer.status_code, words(answer, uploads, named)
        return found

    free = asked()
    hidden = register(people, "dave", now, site(now, starts_in=timedelta(hours=20)), subjects=(phone(NUMBER),))
    assert hidden.determination == "no_known_conflict"
    revisions = Revision.objects.count()
    taken = asked()
    assert {what for what in free if free[what] != taken[what]} == set()
    assert {what: status for what, (status, _) in free.items() if status not in (200, 422)} == {}
    assert Revision.objects.count() == revisions, "nothing was committed"
    checked = importing.check_file(people.actor("bob"), ROW.encode(), now)
    assert len(checked.entries) == 1, "the dry run read the row"


def test_possible_matches_are_not_shown_before_the_search_that_tells_of_them(people: Any, now: datetime) -> None:
    john = PlannedSubject("person", "SMITH,JOHN,1980-01-31", "person:SMITH,JOHN,1980-01-31")
    jon = PlannedSubject("person", "SMITH,JON,1980-01-31", "person:SMITH,JON,1980-01-31")
    register(people, "dave", now, site(now, (-77.5, 38.0)), subjects=(john,))
    bob = people.actor("bob")
    operation = actions.register_operation(bob, plan(now, subjects=(jon,)), now)
    assert possible_matches.possible_matches(bob, operation.pk) == ()
    actions.run_due_search(bob, operation.pk, now)
    assert len(possible_matches.possible_matches(bob, operation.pk)) == 1
    assert Notice.objects.filter(recipient=people.user("dave"), body=possible_matches.TEXT).exists()


# --- the other side is always told who asked ---

AWAY = (-75.0, 38.0)
Path = Callable[[Any, Any, datetime], Any]


def _away(people: Any, now: datetime, **fields: Any) -> Operation:
    """Bob's own, where nobody is."""
    return register(people, "bob", now, site(now, AWAY), **fields)


def _edited(people: Any, actor: Any, now: datetime) -> Any:
    return actions.revise_operation(actor, _away(people, now).pk, 1, plan(now), now)


def _restored(people: Any, actor: Any, now: datetime) -> Any:
    before = register(people, "bob", now)
    actions.cancel_operation(actor, before.pk, 1, now)
    return actions.undo_cancel(actor, before.pk, 2, now)


def _moved(people: Any, actor: Any, now: datetime) -> Any:
    before = register(people, "bob", now, site(now, starts_in=timedelta(hours=3) + 3 * DAY))
    return planning.move_operation(actor, before.pk, 1, now, days=-3)


def _extended(people: Any, actor: Any, now: datetime) -> Any:
    before = site(now, starts_in=timedelta(minutes=-40), lasts=timedelta(minutes=41), buffer_after_min=100)
    operation = register(people, "bob", now, before)
    return actions.still_on_scene(actor, operation.pk, now)


def _repeated(people: Any, actor: Any, now: datetime) -> Any:
    first = register(people, "bob", now, site(now, starts_in=timedelta(hours=3) - DAY, lasts=timedelta(hours=2)))
    made = series.plan_series(actor, first.pk, first.revision, Pattern(How.NIGHTLY, count=1), None, now)
    series.finish(made, now)
    return Operation.objects.exclude(pk=first.pk).get(agency=people.port_calvert)


def _imported(people: Any, actor: Any, now: datetime) -> Any:
    importing.import_file(actor, ROW.replace("11-25T09", "11-24T15").replace("11-25T11", "11-24T17").encode(), now)
    return None


def _interest(people: Any, actor: Any, now: datetime) -> Any:
    raw = {"subjects": [f"phone:{NUMBER}"], "lead_contact": {"name": "Bob Barrow", "phone": "410-555-0102"}}
    return interests.register_interest(actor, raw, now)


def _left_the_group(people: Any, actor: Any, now: datetime) -> Any:
    mine = register(people, "bob", now)
    theirs = Operation.objects.get(agency=people.bay_county)
    for one, other, name in ((mine, theirs, "bob"), (theirs, mine, "dave")):
        joint_with = frozenset({str(other.pk)})
        actions.run_together(people.actor(name), one.pk, joint_with, now)
        actions.run_due_search(people.actor(name), one.pk, now)
    Notice.objects.all().delete()
    return joint.leave_joint(actor, mine.pk, theirs.pk, now)


PATHS: dict[str, Path] = {
    "registered": lambda people, actor, now: actions.register_operation(actor, plan(now), now),
    "edited": _edited,
    "cancel undone": _restored,
    "moved": _moved,
    "extended": _extended,
    "repeated": _repeated,
    "imported": _imported,
    "interest": _interest,
    "joint group left": _left_the_group,
}


@pytest.mark.parametrize("name", PATHS)
def test_whoever_is_found_is_told_who_asked(people: Any, now: datetime, name: str) -> None:
    hidden = register(people, "dave", now, subjects=(phone(NUMBER),))
    bob = people.actor("bob")
    asking = PATHS[name](people, bob, now)
    if asking is not None:
        actions.run_due_search(bob, asking.pk, now)
    told = Notice.objects.filter(recipient=people.user("dave"), kind__startswith="deconfliction.conflict")
    assert told.exists(), "the owner has a notice"
    assert Alarm.objects.filter(operation_id=hidden.pk).exists()
    side = ConflictSide.objects.filter(own_operation=hidden).latest("pk")
    assert side.told
    assert side.notified_at == now, "at the moment of the answer"
    other = ConflictSide.objects.exclude(pk=side.pk).get(conflict=side.conflict)
    assert other.agency_id == people.port_calvert.pk, "and reads whose it is"
