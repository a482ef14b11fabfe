"""Every address: the other side of a conflict learns nothing that is not theirs; a silent operation changes no page.

The addresses are those of the site itself, so a new page or route is walked from the day it is written. Who may open
what, and that hidden looks like missing, is asked cell by cell in `tests/permissions`.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from tests.apps.deconfliction.plans import phone, plan, site
from tests.apps.deconfliction.test_actions import register, supervises
from tests.conftest import make_agency, make_user
from tests.permissions.world import QuickClient

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.alarms import lifecycle
from vigil.apps.deconfliction.imports import uploads
from vigil.apps.deconfliction.models import Conflict, ImportBatch, JointOffer, Operation, Receipt
from vigil.apps.deconfliction.plan import Contact, Disclosure
from vigil.apps.deconfliction.plans import planning, series
from vigil.apps.deconfliction.plans.repeat import How, Pattern
from vigil.apps.deconfliction.study.studies import begin_study
from vigil.apps.deconfliction.together import joint, task_forces
from vigil.platform.doors import addresses
from vigil.platform.notices import board
from vigil.platform.notices.live import visible
from vigil.platform.notices.models import Change, Notice
from vigil.web import errors

pytestmark = pytest.mark.django_db

NEAR_HARBOR = (-76.61307, 39.29113)
FAR = (-77.5, 38.0)
ALICES = ("76.6130", "39.2911", "Lantern", "C26-777", "find the lantern", "555-0177", "5550177", "Rory Rook")
"""Place, site's name, case, objective, a subject that only Alice has, and her operation's people nobody calls."""
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
SLOWED_DOWN = ("calendar/<", "near-miss/feed/<")
"""Behind a secret: wrong ones are slowed down."""
NO_PAGES = ("static/", "media/", "live/stream", "logout/", "api/v1/docs", "api/v1/openapi.json", *SLOWED_DOWN)
"""What shows nothing of anybody's; logging out would end the walk."""


def walked(with_object: bool) -> Iterator[str]:
    for address, _ in addresses():
        if not address.startswith(NO_PAGES) and bool(PARAMETER.search(address)) is with_object:
            yield address


@dataclass
class World:
    """What there is: ids by the name of the address's parameter, for Alice's plain and for her silent operation."""

    people: Any
    plain: Mapping[str, Any]
    silent: Mapping[str, Any]
    daves: Mapping[str, Any]


MISSING: Mapping[str, Any] = {"number": 424242, "operation_id": UUID(int=7), "conflict_id": UUID(int=7)}


@pytest.fixture
def cast(people: Any) -> Any:
    """Eve and Sam are of Alice's agency, Ann administers it; Fay, Sid and Ada are of a third one."""
    third = make_agency("MD0000300", "Third Police", "Third PD")
    people.users.update(
        eve=make_user("eve", "Eve Ellis", people.port_calvert, "officer"),
        sam=make_user("sam", "Sam Stone", people.port_calvert, "supervisor"),
        ann=make_user("ann", "Ann Admin", people.port_calvert, "agency_admin"),
        fay=make_user("fay", "Fay Fox", third, "officer"),
        sid=make_user("sid", "Sid Shaw", third, "supervisor"),
        ada=make_user("ada", "Ada Admin", third, "agency_admin"),
    )
    supervises(people, "alice")
    return people


@pytest.fixture
def world(cast: Any, now: datetime) -> World:
    """Alice's operation meets Dave's; a silent one of hers shares a subject with a second one of his."""
    mine = register(
        cast,
        "alice",
        now,
        site(now, NEAR_HARBOR, label="Lantern Street 9"),
        case_number="C26-777",
        subjects=(phone("+14105550177"),),
        objective="find the lantern",
        participants=("Rory Rook's unit",),
    )
    dave = register(cast, "dave", now)
    conflict = Conflict.objects.get()
    silent = register(
        cast,
        "alice",
        now,
        site(now, FAR, label="Lantern Street 11"),
        disclosure=Disclosure.SILENT,
        subjects=(phone(),),
        supervisor=Contact("Bob Barrow", "+14105550102"),
    )
    register(cast, "dave", now, site(now, (-78.5, 38.0)), subjects=(phone(),))
    hers = Conflict.objects.exclude(pk=conflict.pk).get()
    alice, bob = cast.actor("alice"), cast.actor("bob")
    draft = actions.save_draft(alice, {"case_number": "C26-777"}, now)
    upload = uploads.keep_upload(bob, b"operation_id\n")
    batch = ImportBatch.objects.create(agency=cast.port_calvert, user_id=bob.user_id, created_at=now, file_digest="")
    notice = Notice.objects.filter(recipient=cast.user("alice")).first()
    assert notice is not None
    joint.offer_joint(alice, conflict.pk, now)
    force = task_forces.found_task_force(cast.actor("ann"), "Lantern Group", [cast.bay_county.pk], now)
    shared = {
        "draft_id": draft.id,
        "upload_id": upload.id,
        "batch_id": batch.id,
        "notice_id": notice.id,
        "offer_id": JointOffer.objects.get().pk,
        "other_id": dave.id,
        "task_force_id": force.pk,
        "study_id": begin_study(cast.actor("carol"), {"radii_m": [500.0], "buffers_min": []}, None, "", now).pk,
        "user_id": cast.user("alice").pk,
    }
    nightly = Pattern(How.NIGHTLY, count=1)
    planned = {
        one.id: series.plan_series(cast.actor("alice"), one.id, one.revision, nightly, None, now).pk
        for one in (Operation.objects.get(pk=mine.pk), silent)
    }
    receipt = {one.operation_id: one.number for one in Receipt.objects.order_by("number")}

    def told(own: Operation, conflict_id: UUID, repeated: Operation) -> dict[str, Any]:
        ids = {"operation_id": own.id, "conflict_id": conflict_id, "series_id": planned[repeated.id]}
        return shared | ids | {"number": receipt[own.id]}

    return World(
        cast,
        shared
        | {
            "operation_id": mine.id,
            "conflict_id": conflict.id,
            "number": receipt[mine.id],
            "series_id": planned[mine.id],
        },
        shared
        | {
            "operation_id": silent.id,
            "conflict_id": hers.id,
            "number": receipt[silent.id],
            "series_id": planned[silent.id],
        },
        shared
        | {
            "operation_id": dave.id,
            "conflict_id": conflict.id,
            "number": receipt[dave.id],
            "series_id": planned[mine.id],
        },
    )


BODY = {
    "operation_type": "search_warrant",
    "sites": [{"latitude": 38.9784, "longitude": -76.4922}],
    "starts_at": "2026-11-25T04:30:00-05:00",
    "ends_at": "2026-11-25T08:00:00-05:00",
    "lead_contact": {"name": "Alice Arden", "phone": "410-555-0101"},
}
FORM = {"revision": "1", "outcome": "proceed", "by": "1", "unit": "hours", "note": "x", "do": "accept", "number": "1"}


class Reader:
    """One person with a browser and a program of theirs."""

    def __init__(self, world: World, name: str, token: Callable[..., str]) -> None:
        self.browser = QuickClient()
        self.browser.force_login(world.people.user(name))
        self.token = {"Authorization": f"Bearer {token(name, 'deconfliction')}", "If-Match": '"1"'}
        self.refused: set[str] = set()
        """Where the role or the verb was: before anything was looked at, so nobody need walk there again."""

    def ask(self, verb: str, address: str, values: Mapping[str, Any] = MISSING) -> Any:
        path = "/" + PARAMETER.sub(lambda found: str(values.get(found[1], UUID(int=7))), address)
        send = getattr(self.browser, verb)
        if not address.startswith("api/"):
            return send(path, FORM if verb == "post" else None)
        if verb == "get":
            return self.browser.get(path, headers=self.token)
        body = json.dumps(BODY if verb == "put" else {})
        return send(path, body, content_type="application/json", headers=self.token)


def plain(answer: Any, *values: Mapping[str, Any]) -> tuple[int, str]:
    """Status and body without what differs by itself: the ids asked for, form tokens, request and stream numbers."""
    content = b"".join(answer) if answer.streaming else answer.content
    # A PDF differs each time it is made, and its text is packed.
    text = "" if answer.headers.get("Content-Type") == "application/pdf" else content.decode()
    for ids in values:
        for one in sorted({str(value) for name, value in ids.items() if name != "number"}, key=len, reverse=True):
            text = text.replace(one, "?")
    text = re.sub(r"(<dt>This login</dt><dd>ends) [^<]*", r"\1", text)
    text = re.sub(r'("challenge": )"[^"]*"', r"\1", text)
    text = re.sub(r'(csrfmiddlewaretoken" value|data-csrf|data-since)="[^"]*"', r"\1", text)
    return answer.status_code, re.sub(r'<code>[0-9a-f]+</code>|"reference": "[0-9a-f]+"', "", text)


def everything(reader: Reader, *known: Mapping[str, Any]) -> dict[str, str]:
    """Every page and route that the reader can open, with the ids that they know."""
    found = {}
    for address in (*walked(with_object=False), *walked(with_object=True)):
        for values in known if PARAMETER.search(address) else known[:1]:
            for verb in ("get", "post") if address in ("map/zones/", "map/towns/") else ("get",):
                where = f"{verb} {address} {values['operation_id']}"
                if where in reader.refused:
                    continue
                answer = reader.ask(verb, address, values)
                found[where] = plain(answer)[1]
                if answer.status_code in (403, 405):
                    reader.refused.add(where)
    return found


@pytest.mark.slow
@pytest.mark.db
def test_the_other_side_reads_neither_place_nor_case_nor_subject_anywhere(
    world: World, token: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    read = everything(Reader(world, "dave", token), world.plain, world.daves)
    read["log"] = caplog.text
    read["notices"] = repr(list(Notice.objects.filter(recipient=world.people.user("dave")).values()))
    read["stream"] = repr(list(Change.objects.values("topic", "kind")))
    assert sum("Lou Lead" in text for text in read.values()) > 1, "the walk did not reach the card"
    leaks = {(where, secret) for where, text in read.items() for secret in ALICES if secret in text}
    assert leaks == set()


@pytest.mark.slow
def test_a_silent_operation_changes_nothing_for_those_it_is_hidden_from(
    cast: Any, now: datetime, token: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = errors.page

    def page(request: HttpRequest, status: int, sentence: str = "") -> HttpResponse:
        # Where the role is refused nobody walks again, so there is nothing to compare.
        return HttpResponse(sentence, status=403) if status == 403 else whole(request, status, sentence)

    monkeypatch.setattr(errors, "page", page)
    register(cast, "alice", now, site(now, NEAR_HARBOR))
    dave = register(cast, "dave", now, site(now, FAR), subjects=(phone(),))
    own = {"operation_id": dave.id, "number": Receipt.objects.get(operation=dave).number}
    world = World(cast, own, own, own)
    hidden = ("eve", "sam", "dave", "fay", "ann")
    readers = {name: Reader(world, name, token) for name in hidden}
    before = {name: everything(reader, own) for name, reader in readers.items()}
    newest = Change.objects.order_by("-pk").values_list("pk", flat=True).first()
    silent = plan(
        now,
        site(now, (-79.5, 38.0)),
        disclosure=Disclosure.SILENT,
        subjects=(phone(),),
        supervisor=Contact("Bob Barrow", "+14105550102"),
    )
    operation = actions.register_operation(cast.actor("alice"), silent, now)
    actions.run_due_search(cast.actor("alice"), operation.id, now + timedelta(seconds=1))
    assert Conflict.objects.filter(owner_only=True).exists()
    for name, reader in readers.items():
        after = everything(reader, own)
        assert len(after) > 50
        assert [where for where, text in after.items() if text != before[name][where]] == [], name
    told = Change.objects.filter(pk__gt=newest)
    assert not [one for one in told if visible(one, cast.actor("dave")) or visible(one, cast.actor("fay"))]


def pages_told(people: Any, position: int, topic: str) -> set[str]:
    """Whose open pages are told since the position that something under the topic changed."""
    changes = list(Change.objects.filter(pk__gt=position, topic=topic))
    return {name for name in people.users if any(visible(change, people.actor(name)) for change in changes)}


@pytest.mark.db
def test_pages_are_told_of_a_silent_operation_only_where_it_is_seen(people: Any, now: datetime) -> None:
    supervises(people, "alice")
    alice = people.actor("alice")

    def told_since(position: int, topic: str) -> set[str]:
        return pages_told(people, position, topic)

    before = board.cursor()
    silent = register(people, "alice", now, disclosure=Disclosure.SILENT)
    assert told_since(before, "operations") == {"alice", "carol"}
    before = board.cursor()
    register(people, "dave", now)
    assert told_since(before, "operations") == {"dave", "alice", "carol"}
    assert told_since(before, "conflicts") == {"dave", "alice", "carol"}
    before = board.cursor()
    lifecycle.acknowledge_conflict(alice, Conflict.objects.get().id, now)
    assert told_since(before, "conflicts") == {"dave", "alice", "carol"}
    before = board.cursor()
    opened = replace(planning.plan_of(silent), disclosure=Disclosure.CONTACT_ONLY)
    actions.revise_operation(alice, silent.id, 1, opened, now)
    assert told_since(before, "operations") == {"alice", "bob", "carol", "erin"}
    before = board.cursor()
    actions.revise_operation(alice, silent.id, 2, replace(opened, disclosure=Disclosure.SILENT), now)
    # Whoever saw it sees it go.
    assert told_since(before, "operations") == {"alice", "bob", "carol", "erin"}


@pytest.mark.db
def test_a_subject_match_of_a_silent_operation_is_told_to_its_owners_page_alone(people: Any, now: datetime) -> None:
    supervises(people, "alice")
    register(people, "dave", now, subjects=(phone(),))
    before = board.cursor()
    register(people, "alice", now, site(now, (-77.5, 38.0)), subjects=(phone(),), disclosure=Disclosure.SILENT)
    assert Conflict.objects.get().owner_only
    assert pages_told(people, before, "conflicts") == {"alice"}
