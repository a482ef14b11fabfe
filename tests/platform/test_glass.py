"""Emergency access: begun with a reason before a witness, read only, recorded page by page, over by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from tests.apps.deconfliction.test_actions import register
from tests.conftest import give_app, make_user

from vigil.apps.deconfliction.models import Status
from vigil.apps.deconfliction.plan import Disclosure
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound, Refused
from vigil.core.permissions import ADMINISTRATORS, AUDITORS, GLASS, PERMISSIONS, Role
from vigil.platform import clock
from vigil.platform.accounts.models import Membership, User
from vigil.platform.audit.models import AuditRecord
from vigil.platform.glass import access, actions, queries
from vigil.platform.glass.models import EmergencyAccess
from vigil.platform.notices.models import Notice

REASON = "Two of ours do not answer their radio near the harbor, the desk is not reached"


@pytest.fixture
def town(people: Any) -> Any:
    """Ann administers Port Calvert, Gus audits it, Abe administers the county; Carol is the desk, Erin the node's."""
    people.users.update(
        ann=make_user("ann", "Ann Admin", people.port_calvert, "agency_admin"),
        gus=make_user("gus", "Gus Grant", people.port_calvert, "agency_auditor"),
        abe=make_user("abe", "Abe Able", people.bay_county, "agency_admin"),
    )
    return people


def begun(client: Client, reason: str = REASON, minutes: str = "30") -> Any:
    return client.post("/emergency/begin/", {"reason": reason, "minutes": minutes})


@pytest.mark.slow
@pytest.mark.db
@pytest.mark.django_db
def test_an_administrator_reads_for_a_while_and_each_page_is_recorded(
    town: Any, login: Callable[[str], Client], now: datetime
) -> None:
    theirs, silent = register(town, "alice", now), register(town, "bob", now, disclosure=Disclosure.SILENT)
    client = login("ann")
    assert client.get("/operations/").status_code == 403
    assert "Others were told" not in client.get("/emergency/").content.decode()
    assert begun(client).headers["Location"] == "/"

    row = EmergencyAccess.objects.get()
    assert set(row.told) == {str(town.user(name).pk) for name in ("carol", "gus", "erin")}
    told = Notice.objects.filter(kind=actions.KIND)
    assert {str(one.recipient_id) for one in told} == set(row.told)
    assert all(one.urgent and "harbor" not in one.body for one in told)
    record = AuditRecord.objects.get(verb="glass.access.begin")
    assert record.object_ids["glass"] == str(row.pk)

    before = AuditRecord.objects.latest("pk").pk
    for address in ("/operations/", f"/operations/{theirs.pk}/", "/map/", "/conflicts/", "/"):
        page = client.get(address)
        assert (page.status_code, "Others were told" in page.content.decode()) == (200, True), address
    under = AuditRecord.objects.filter(pk__gt=before)
    assert {one.object_ids["glass"] for one in under} == {str(row.pk)}
    opened = [one.object_ids for one in under.filter(verb="glass.access.use").order_by("pk")]
    assert [one["page"].split(":")[1] for one in opened] == ["operations", "operation", "map", "conflicts", "today"]
    assert opened[1]["operation_id"] == str(theirs.pk)

    assert client.get(f"/operations/{silent.pk}/").status_code == 404, "silent ones stay with their circle"
    assert client.post("/operations/csv/").status_code == 403
    assert client.post(f"/operations/{theirs.pk}/cancel/", {"revision": "1"}).status_code == 403
    ticked = {"ticked": f"{theirs.pk}:1", "do": "cancel", "confirmed": "1"}
    client.post("/operations/selected/", ticked)
    theirs.refresh_from_db()
    assert theirs.status == Status.REGISTERED

    auditor, other = Client(), Client()
    auditor.force_login(town.user("gus"))
    review = auditor.get("/audit/").content.decode()
    assert review.index("7 pages opened.") < review.index("Nothing unusual")
    assert REASON in review

    other.force_login(town.user("ann"))
    assert other.get("/operations/").status_code == 403, "it is open in the login that it was begun in alone"
    for seconds, status in ((30 * 60 - 1, 200), (30 * 60, 403)):
        with clock.fixed(now + timedelta(seconds=seconds)):
            assert client.get("/operations/").status_code == status


@pytest.mark.django_db
def test_it_is_ended_early_by_the_person_or_the_second_person(
    town: Any, login: Callable[[str], Client], now: datetime
) -> None:
    for who in ("ann", "gus", "carol", "erin"):
        ann = Client()
        ann.force_login(town.user("ann"))
        begun(ann)
        row = EmergencyAccess.objects.latest("began_at")
        with pytest.raises(NotFound):
            actions.end(town.actor("abe"), row.pk, now)
        with pytest.raises(Refused):
            actions.end(town.actor("alice"), row.pk, now)
        assert ann.get("/operations/").status_code == 200
        second = ann if who == "ann" else login(who)
        assert REASON in second.get("/emergency/").content.decode()
        assert second.post(f"/emergency/{row.pk}/end/").status_code == 302
        assert ann.get("/operations/").status_code == 403, who
        row.refresh_from_db()
        assert (row.ended_at, row.ended_by) == (now, town.user(who).pk)
        EmergencyAccess.objects.all().delete()
    assert Notice.objects.filter(body=actions.ENDED, recipient=town.user("ann")).count() == 3


@pytest.mark.django_db
def test_it_is_refused_with_what_to_do(town: Any, login: Callable[[str], Client], now: datetime) -> None:
    client = login("ann")
    for sent, says in (
        ({"reason": "urgent", "minutes": "30"}, "at least 4 words"),
        ({"reason": "x x x x x x x x x x x x x x x x x x x x", "minutes": "30"}, "at least 4 words"),
        ({"reason": "why " * 20, "minutes": "30"}, "at least 4 words"),
        ({"reason": REASON + "!" * 500, "minutes": "30"}, "Longer than 500"),
        ({"reason": REASON, "minutes": "61"}, "Choose one of the times"),
    ):
        page = client.post("/emergency/begin/", sent)
        assert (page.status_code, says in page.content.decode()) == (422, True), sent
        assert sent["reason"].strip() in page.content.decode(), "what was typed stays"
    for name in ("gus", "alice", "carol"):
        assert begun(login(name)).status_code == 403, name

    Membership.objects.create(user=town.user("ann"), agency=town.port_calvert, role="officer")
    assert "you need no emergency access" in begun(login("ann")).content.decode()
    Membership.objects.filter(role="officer").delete()

    # The desk is switched off, the auditor's password is somebody else's, the node's administrator has left.
    User.objects.filter(username="carol").update(is_active=False)
    User.objects.filter(username="gus").update(must_change_password=True)
    assert begun(login("ann")).status_code == 302
    EmergencyAccess.objects.all().delete()
    Membership.objects.filter(role="node_admin").update(active=False)
    page = begun(login("ann"))
    assert (page.status_code, "Call the watch desk" in page.content.decode()) == (422, True)
    assert not EmergencyAccess.objects.exists()


@pytest.mark.django_db
def test_it_asks_for_a_factor_first_and_keeps_what_was_typed(town: Any, now: datetime) -> None:
    give_app(town.user("ann"))
    client = Client()
    client.force_login(town.user("ann"))
    with clock.fixed(now + timedelta(minutes=10)):
        asked = begun(client)
        assert (asked.status_code, asked.headers["Location"].split("?")[0]) == (307, "/account/confirm/")
        assert REASON in client.post(asked.headers["Location"], {"reason": REASON}).content.decode()
    assert not EmergencyAccess.objects.exists()


@pytest.mark.django_db
def test_nothing_missing_opens_it(town: Any, now: datetime) -> None:
    row = actions.begin(town.actor("ann"), "handle", REASON, 60, now)
    key = town.user("ann").pk, town.port_calvert.pk
    assert access.open_for(*key, "handle", now) == row.pk
    for asked in (
        (*key, "", now),
        (*key, "other", now),
        (key[0], town.bay_county.pk, "handle", now),
        (town.user("abe").pk, key[1], "handle", now),
        (*key, "handle", now - timedelta(seconds=1)),
        (*key, "handle", now + timedelta(hours=1)),
    ):
        assert access.open_for(*asked) is None, asked
    assert [one.reason for one in queries.accesses(town.actor("gus"), now)] == [REASON]
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM glass_emergencyaccess")
        assert b"harbor" not in bytes(cursor.fetchone()[0])
    with pytest.raises(Invalid, match="open already"):
        actions.begin(town.actor("ann"), "handle", REASON, 60, now)


def test_the_glass_opens_reading_to_administrators_and_to_nobody_else() -> None:
    assert PERMISSIONS["glass.access.begin"] == ADMINISTRATORS
    assert {code.rsplit(".", 1)[1] for code in GLASS} <= {"read", "find"}
    assert all(code in PERMISSIONS and not PERMISSIONS[code] & (ADMINISTRATORS | AUDITORS) for code in GLASS)
    admin = Actor(None, "x", None, frozenset({Role.NODE_ADMIN}))
    assert not any(admin.can(code) for code in GLASS)
