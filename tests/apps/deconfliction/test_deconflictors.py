"""The account that an agency names as deconflictor: who then sees and is told what, and who does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from tests.apps.deconfliction.plans import phone, site
from tests.apps.deconfliction.test_actions import FAR, register, supervises, told
from tests.apps.deconfliction.test_together_pages import client, text_of
from tests.apps.deconfliction.test_visibility import pages_told
from tests.conftest import make_agency, make_user

from vigil.apps.deconfliction import access
from vigil.apps.deconfliction.models import Conflict, Deconflictor, Operation
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.together import deconflictors
from vigil.core.errors import NotFound, Refused
from vigil.platform.accounts.models import Membership
from vigil.platform.audit.models import AuditRecord
from vigil.platform.notices import board

pytestmark = [pytest.mark.db, pytest.mark.django_db]

HIDDEN_FROM = ("sam", "ann", "dave", "bob", "erin")
"""A supervisor whom the plan does not name, the administrator, an officer of another agency, two of the cast."""


@pytest.fixture
def cast(people: Any, now: datetime) -> Any:
    """Eve is named; Sam is a supervisor of the same agency, Ann administers it and named her. Alice may be silent."""
    people.users.update(
        eve=make_user("eve", "Eve Ellis", people.port_calvert, "officer"),
        sam=make_user("sam", "Sam Stone", people.port_calvert, "supervisor"),
        ann=make_user("ann", "Ann Admin", people.port_calvert, "agency_admin"),
    )
    supervises(people, "alice")
    deconflictors.name_account(people.actor("ann"), people.user("eve").pk, now)
    return people


def sees(people: Any, name: str, operation: Operation) -> bool:
    """By the list, and by its page, which answers to the others as to a number that nobody has."""
    listed = access.visible_operations(people.actor(name)).filter(pk=operation.pk).exists()
    browser = client(people, name)
    asked = browser.get(f"/operations/{operation.pk}/")
    assert asked.status_code == (200 if listed else browser.get(f"/operations/{UUID(int=7)}/").status_code)
    return listed


def test_the_named_account_sees_silent_operations_and_nobody_else_does(cast: Any, now: datetime) -> None:
    silent = register(cast, "alice", now, disclosure=Disclosure.SILENT)
    assert sees(cast, "eve", silent)
    assert silent.reference in text_of(client(cast, "eve").get("/operations/?when=all"))
    assert not [name for name in HIDDEN_FROM if sees(cast, name, silent)]
    deconflictors.name_account(cast.actor("ann"), cast.user("sam").pk, now)
    assert (sees(cast, "eve", silent), sees(cast, "sam", silent)) == (False, True)
    deconflictors.name_account(cast.actor("ann"), None, now)
    assert not sees(cast, "sam", silent)
    assert sees(cast, "carol", silent), "the watch desk stands in"


def test_the_named_account_of_one_agency_sees_nothing_of_another(cast: Any, now: datetime) -> None:
    supervises(cast, "dave")
    theirs = register(cast, "dave", now, disclosure=Disclosure.SILENT)
    assert not sees(cast, "eve", theirs)


def test_sight_and_notices_end_with_the_role(cast: Any, now: datetime) -> None:
    silent = register(cast, "alice", now, disclosure=Disclosure.SILENT)
    Membership.objects.filter(user=cast.user("eve")).update(role="agency_admin")
    assert not sees(cast, "eve", silent)
    register(cast, "dave", now)
    assert told(cast, "eve") == []


def test_the_named_account_is_told_of_place_matches_on_either_side_once(cast: Any, now: datetime) -> None:
    before = board.cursor()
    register(cast, "alice", now, disclosure=Disclosure.SILENT)
    assert pages_told(cast, before, "operations") == {"alice", "carol", "eve"}
    register(cast, "dave", now)
    assert told(cast, "eve") == told(cast, "carol") == ["A conflict was found. Open Vigil."]
    assert told(cast, "alice") == told(cast, "sam") == []
    conflict = Conflict.objects.get()
    assert access.get_conflict(cast.actor("eve"), conflict.pk) == conflict
    with pytest.raises(NotFound):
        access.get_conflict(cast.actor("sam"), conflict.pk)


def test_what_is_not_silent_is_told_to_its_owners_as_ever(cast: Any, now: datetime) -> None:
    register(cast, "alice", now)
    register(cast, "dave", now)
    assert told(cast, "eve") == []


def test_a_subject_match_stays_the_owners_alone(cast: Any, now: datetime) -> None:
    register(cast, "alice", now, disclosure=Disclosure.SILENT, subjects=(phone(),))
    register(cast, "dave", now, site(now, FAR), subjects=(phone(),))
    assert told(cast, "eve") == []
    with pytest.raises(NotFound):
        access.get_conflict(cast.actor("eve"), Conflict.objects.get().pk)


def test_naming_is_the_administrators_of_their_own_people_and_audited(cast: Any, now: datetime) -> None:
    for name in ("alice", "bob", "carol"):
        with pytest.raises(Refused):
            deconflictors.name_account(cast.actor(name), cast.user(name).pk, now)
    other = make_user("oz", "Oz Odd", make_agency("MD0000300", "Third Police", "Third PD"), "officer")
    for nobody in (cast.user("dave").pk, other.pk, cast.user("ann").pk, UUID(int=7)):
        with pytest.raises(NotFound):
            deconflictors.name_account(cast.actor("ann"), nobody, now)
    assert Deconflictor.objects.get().user_id == cast.user("eve").pk
    verb = "deconfliction.deconflictor.name"
    [done] = AuditRecord.objects.filter(verb=verb, outcome="done")
    assert done.object_ids["users"] == [str(cast.user("eve").pk)]
    assert AuditRecord.objects.filter(verb=verb).exclude(outcome="done").count() == 7


def test_the_page_offers_own_people_and_keeps_what_it_cannot_read(cast: Any, now: datetime) -> None:
    ann = client(cast, "ann")
    page = ann.get("/agency/deconflictor/").content.decode()
    assert f'<option value="{cast.user("eve").pk}" selected>Eve Ellis' in page
    assert "Dave Dunn" not in page
    for typed in ({}, {"account": "eve"}, {"account": str(cast.user("dave").pk)}):
        assert ann.post("/agency/deconflictor/", typed).status_code == 404
    assert Deconflictor.objects.get().user_id == cast.user("eve").pk
    Membership.objects.filter(user=cast.user("eve")).update(active=False)
    assert "Eve Ellis is named and may no longer read operations here" in text_of(ann.get("/agency/deconflictor/"))
    ann.post("/agency/deconflictor/", {"account": ""})
    assert not Deconflictor.objects.exists()
    assert client(cast, "bob").get("/agency/deconflictor/").status_code == 403
