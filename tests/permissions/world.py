"""What the matrix asks about and who asks: one node with an object of every kind, one client a reader."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from tests.apps.deconfliction.plans import phone, site
from tests.apps.deconfliction.test_actions import register
from tests.conftest import make_agency, make_user
from tests.permissions.table import GLASS, OBJECTS, ROLES
from tests.protocol.test_pairing import ELM, SIGNER

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.federation import pairing
from vigil.apps.deconfliction.imports import uploads
from vigil.apps.deconfliction.led import planning
from vigil.apps.deconfliction.lists.calendar_feed import create_feed
from vigil.apps.deconfliction.lists.saved import save_view
from vigil.apps.deconfliction.models import (
    Conflict,
    Exercise,
    FishingCase,
    ImportBatch,
    JointOffer,
    Operation,
    Receipt,
    StudyRun,
)
from vigil.apps.deconfliction.plan import Contact, Disclosure
from vigil.apps.deconfliction.plans import series
from vigil.apps.deconfliction.plans.repeat import How, Pattern
from vigil.apps.deconfliction.study.studies import begin_study
from vigil.apps.deconfliction.subjects import interests
from vigil.apps.deconfliction.together import joint, task_forces
from vigil.apps.near_miss.out import feeds
from vigil.apps.policy.actions import adopt
from vigil.apps.whom_to_call.models import Entry
from vigil.platform.accounts.models import AccountRequest, RequestState
from vigil.platform.accounts.sessions import handle_of
from vigil.platform.audit.models import AuditRecord
from vigil.platform.gazetteer import tiles
from vigil.platform.gazetteer.models import Source
from vigil.platform.glass import actions as glass
from vigil.platform.notices import board
from vigil.platform.notices.models import Notice
from vigil.protocol.pairing import write_file

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
SAVEPOINT = re.compile(r"s\d+_x\d+")
Ids = Mapping[str, Any]

HOLDERS = {
    "officer": "alice",
    "supervisor": "sam",
    "watch_desk": "carol",
    "agency_admin": "ann",
    "node_admin": "erin",
    "agency_auditor": "gus",
    "node_auditor": "nell",
}
"""Who of the cast stands for each role, with that role alone; all of Port Calvert."""
assert set(HOLDERS) == set(ROLES), "say who holds a new role"

MISSING: Ids = {
    "number": 424242,
    "source_id": 424242,
    "topic": "no-such",
    "reference": "BAY-26-424242",
    "source": "no-such",
}
"""Ids of nothing; every other parameter is a UUID of nothing."""
NOTHING = UUID(int=7)

BODY = {
    "operation_type": "search_warrant",
    "sites": [{"latitude": 38.9784, "longitude": -76.4922}],
    "starts_at": "2026-11-25T04:30:00-05:00",
    "ends_at": "2026-11-25T08:00:00-05:00",
    "lead_contact": {"name": "Alice Arden", "phone": "410-555-0101"},
}
OPERATIONS = "api/v1/deconfliction/operations"
BODIES: Mapping[tuple[str, str], Any] = {
    ("POST", OPERATIONS): BODY,
    ("PUT", f"{OPERATIONS}/<operation_id>"): BODY,
    ("POST", "api/v1/deconfliction/interests"): {
        "subjects": [{"kind": "phone", "value": "410-555-0177"}],
        "lead_contact": BODY["lead_contact"],
    },
}
"""What is sent where an empty body would be refused before the question who may."""
FORM = {"revision": "1", "outcome": "proceed", "by": "1", "unit": "hours", "note": "x", "do": "accept", "number": "1"}

NAMED_IN_FORM: Mapping[str, Callable[[Ids], Mapping[str, Any]]] = {
    "find/": lambda ids: {"text": ids["reference"]},
    "looks/": lambda ids: {"reference": ids["reference"]},
    "purge/hold/": lambda ids: {"reference": ids["reference"]},
    "operations/selected/": lambda ids: {"ticked": f"{ids['operation_id']}:1", "do": "cancel"},
    "operations/draft/": lambda ids: {"operation": ids["operation_id"], "draft": ids["draft_id"]},
    "operations/register/": lambda ids: {"draft": ids["draft_id"]},
    "operations/views/": lambda ids: {"do": "remove", "view": ids["view_id"]},
    "conflicts/views/": lambda ids: {"do": "remove", "view": ids["view_id"]},
    "setup/people/new/": lambda ids: {"agency": ids["agency_id"]},
    "account/requests/": lambda ids: {"request": ids["named_id"], "do": "deny"},
    "way-back/": lambda ids: {"user": ids["user_id"], "do": "called", "called": "1"},
    "account/login/remove/": lambda ids: {"factor": ids["factor_id"]},
    "agency/deconflictor/": lambda ids: {"account": ids["user_id"]},
    "partners/<uuid:partner_id>/": lambda ids: {"do": "withdraw"},
    "exercises/new/": lambda ids: {"copy": ids["exercise_id"]},
    "exercises/<uuid:exercise_id>/file/": lambda ids: {"kind": "timeline"},
    "setup/streets/remove/": lambda ids: {"source": ids["source"]},
}
"""Addresses whose object stands in the form or the question, not in the address."""
INSTEAD: Mapping[str, tuple[str, str]] = {
    "interests/<uuid:operation_id>/renew/": ("operation_id", "interest_id"),
    "api/v1/deconfliction/interests/<operation_id>/renew": ("operation_id", "interest_id"),
    "task-forces/operations/<uuid:operation_id>/": ("operation_id", "shared_id"),
    "operations/<uuid:operation_id>/offers/<uuid:offer_id>/": ("operation_id", "asked_id"),
    "conflicts/views/": ("view_id", "conflict_view_id"),
    "near-miss/feed/<str:token>.atom": ("token", "lesson_feed"),
    "near-miss/foreign/json/<slug:source>/": ("source", "no foreign lessons"),
    "near-miss/foreign/import/<uuid:upload_id>/": ("upload_id", "no foreign file"),
}
"""Addresses that are about another object than what their parameter is elsewhere."""


@dataclass
class World:
    """The ids by object: `own` (each reader's), `private` and `other`."""

    people: Any
    own: dict[str, Ids]
    private: Ids
    other: Ids
    sessions: dict[str, str]
    tokens: dict[str, str]
    client: Client
    files: set[tuple[str, str]] = field(default_factory=set)
    """Which addresses handed a file out, and which of them left no record with its bytes."""
    unrecorded: set[tuple[str, str]] = field(default_factory=set)

    def ids(self, reader: str, of: str, address: str) -> Ids | None:
        """Values for the address's parameters; None where there is no such object."""
        found = {"own": self.own.get(reader, self.own["officer"]), "private": self.private, "other": self.other}
        if of == "missing":
            return MISSING
        ids = dict(found[of])
        if address in INSTEAD:
            parameter, named = INSTEAD[address]
            ids.pop(parameter, None)
            ids |= {parameter: ids[named]} if named in ids else {}
        asked = _Asked()
        NAMED_IN_FORM.get(address, dict)(asked)
        asked.names |= set(PARAMETER.findall(address))
        return ids if asked.names <= ids.keys() else None

    def ask(self, reader: str, verb: str, address: str, ids: Ids) -> Any:
        """What the reader is answered; nothing of it stays in the database."""
        path = "/" + PARAMETER.sub(lambda found: str(_value(ids, found[1])), address)
        with transaction.atomic():
            answer = self._send(reader, verb, path, address, ids)
            self._note_file(verb, address, answer)
            transaction.set_rollback(True)
        return answer

    def _note_file(self, verb: str, address: str, answer: Any) -> None:
        """A file is handed out only with its bytes in the trail."""
        if "attachment" not in answer.get("Content-Disposition", ""):
            return
        self.files.add((verb, address))
        if not AuditRecord.objects.filter(size=len(answer.content)).exists():
            self.unrecorded.add((verb, address))

    def _send(self, reader: str, verb: str, path: str, address: str, ids: Ids) -> Any:
        is_api, headers, send = address.startswith("api/"), {}, getattr(self.client, verb.lower())
        self.client.cookies.clear()
        if is_api or reader == "token":
            headers["If-Match"] = '"1"'
            if reader in self.tokens:
                headers["Authorization"] = f"Bearer {self.tokens['narrow' if is_api and reader == 'token' else reader]}"
        elif reader in self.sessions:
            self.client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[reader]
        if is_api and verb != "GET":
            return send(path, json.dumps(BODIES.get((verb, address), {})), "application/json", headers=headers)
        in_form = NAMED_IN_FORM.get(address, lambda ids: {})(_Ids(ids))
        if verb != "POST":
            return send(path, dict(in_form), headers=headers)
        return send(path, urlencode(FORM | dict(in_form)), "application/x-www-form-urlencoded", headers=headers)


class _Ids(dict[str, Any]):
    """Ids of nothing for what is not among them."""

    def __missing__(self, name: str) -> Any:
        return NOTHING


class _Asked(dict[str, Any]):
    """Notes which names a form asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __missing__(self, name: str) -> Any:
        self.names.add(name)
        return NOTHING


class QuickClient(Client):
    """Django's client, without its copies of every template's context."""

    def request(self, **request: Any) -> Any:
        """The answer itself."""
        return self.handler(self._base_environ(**request))


def _value(ids: Ids, name: str) -> Any:
    return ids.get(name, NOTHING)


def objects_of(address: str) -> tuple[str, ...]:
    """The objects that the address is asked about; one stands for all where it names none."""
    return OBJECTS if names_object(address) else OBJECTS[:1]


def names_object(address: str) -> bool:
    """Whether the address, or the form sent to it, names an object."""
    return bool(PARAMETER.search(address)) or address in NAMED_IN_FORM


def sign(answer: Any) -> str:
    """The sign of an answer; an error of ours is no sign of the table."""
    status = answer.status_code
    if status in (301, 302, 303, 307, 308):
        return ">" if answer["Location"].startswith(settings.LOGIN_URL) else "+"
    return {401: "!", 403: "-", 404: "?", 405: "x"}.get(status, "+" if status < 500 else "E")


def shapes(ask: Callable[[], Any]) -> tuple[Any, list[str]]:
    """The answer, and the statements that it took, without their values."""
    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(SAVEPOINT.sub("savepoint", sql) if sql.startswith(("SAVE", "RELEASE", "ROLLBACK")) else sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = ask()
    return answer, seen


def words(answer: Any, *values: Ids) -> str:
    """The body without what differs by itself: the ids asked for, the way back, form tokens, the request's id."""
    content = b"".join(answer) if answer.streaming else answer.content
    text = content.decode("utf-8", "replace")
    named = {str(value) for ids in (*values, MISSING, {"id": NOTHING}) for value in ids.values()}
    for one in sorted(named, key=len, reverse=True):
        if len(one) > len("12345"):  # shorter ones stand anywhere
            text = text.replace(one, "…")
    text = re.sub(r"(<dt>This login</dt><dd>ends) [^<]*", r"\1", text)
    text = re.sub(r'(csrfmiddlewaretoken" value|name="next" value|data-csrf|data-since)="[^"]*"', r"\1", text)
    return re.sub(r'<code>[0-9a-f]+</code>|"reference": "[0-9a-f]+"', "", text)


def build(people: Any, token: Callable[..., str], now: datetime) -> World:
    """The node: Port Calvert's readers, Dave and Fay of two other agencies."""
    third = make_agency("MD0000300", "Third Police", "Third PD")
    home = people.port_calvert
    people.users.update(
        sam=make_user("sam", "Sam Stone", home, "supervisor"),
        ann=make_user("ann", "Ann Admin", home, "agency_admin"),
        gus=make_user("gus", "Gus Grant", home, "agency_auditor"),
        nell=make_user("nell", "Nell North", home, "node_auditor"),
        abe=make_user("abe", "Abe Amber", people.bay_county, "agency_admin"),
        fay=make_user("fay", "Fay Fox", third, "officer"),
        moe=make_user("moe", "Moe Mann", third, "supervisor"),
    )
    silent = register(
        people,
        "bob",
        now,
        site(now, (-77.5, 38.0), label="Lantern Street 11"),
        disclosure=Disclosure.SILENT,
        subjects=(phone(),),
        supervisor=Contact("Bob Barrow", "+14105550102"),
    )
    register(people, "dave", now, site(now, (-78.5, 38.0)), subjects=(phone(),))
    silent_conflict = Conflict.objects.get()

    met, mine, conflict = _two_that_meet(people, now, (-76.6122, 39.2904), "dave", "alice")
    joint.offer_joint(people.actor("dave"), conflict.pk, now)
    joint.accept_joint(people.actor("alice"), JointOffer.objects.get().pk, now)
    _, asked, asked_conflict = _two_that_meet(people, now, (-75.0, 39.0), "dave", "alice")
    joint.offer_joint(people.actor("dave"), asked_conflict.pk, now)
    asked_offer = JointOffer.objects.latest("pk")
    theirs, _, their_conflict = _two_that_meet(people, now, (-74.0, 40.0), "fay", "dave")
    joint.offer_joint(people.actor("fay"), their_conflict.pk, now)

    def of_operation(one: Operation, submitter: str, conflict_id: Any) -> dict[str, Any]:
        planned = series.plan_series(
            people.actor(submitter),
            one.pk,
            Operation.objects.get(pk=one.pk).revision,
            Pattern(How.NIGHTLY, count=1),
            None,
            now,
        )
        number = Receipt.objects.filter(operation=one).latest("number").number
        return {
            "operation_id": one.pk,
            "reference": one.reference,
            "conflict_id": conflict_id,
            "series_id": planned.pk,
            "number": number,
        }

    group = task_forces.found_task_force(people.actor("ann"), "Lantern Group", [people.bay_county.pk], now)
    task_forces.name_members(people.actor("abe"), group.pk, [people.user("dave").pk], now)
    members = [people.user(HOLDERS[role]).pk for role in ("officer", "supervisor", "watch_desk")]
    task_forces.name_members(people.actor("ann"), group.pk, members, now)
    shared = register(people, "dave", now, site(now, (-73.0, 41.0)))
    task_forces.register_for(people.actor("dave"), shared.pk, group.pk, now)
    adopt(people.actor("ann"), "Ann Admin", now)

    own = of_operation(mine, "alice", asked_conflict.pk) | {
        "asked_id": asked.pk,
        "offer_id": asked_offer.pk,
        "other_id": met.pk,
        "interest_id": _interest(people, "alice", "+14105550178", now),
        "shared_id": shared.pk,
        "batch_id": _batch(home, people.user("bob"), now).pk,
        "study_id": _study(people, "carol", now).pk,
        "case_id": _case(people, "alice", home, now),
        "exercise_id": _exercise(people, "carol", now, sam="evaluator", alice="player"),
        "task_force_id": group.pk,
        "partner_id": pairing.take_in(people.actor("erin"), write_file(ELM, SIGNER), "live", now).pk,
        "user_id": people.user("alice").pk,
        "request_id": _asked(home, people.user("bob"), now).pk,
        "agency_id": home.pk,
        "entry_id": Entry.objects.create(kind="watch_desk", name="Harbor Desk").pk,
        "kind": "kml",
        "topic": "register",
        "access_id": _glass(people, "ann", "elsewhere", now),
        "token": create_feed(people.actor("alice"), True, now)[1],
        "lesson_feed": feeds.create_feed(people.actor("alice"), now),
    }
    source = _streets(now)
    own |= {"source_id": source.pk, "source": source.name}
    other = of_operation(met, "dave", their_conflict.pk) | {
        "offer_id": JointOffer.objects.latest("pk").pk,
        "asked_id": theirs.pk,
        "other_id": theirs.pk,
        "interest_id": _interest(people, "dave", "+14105550179", now),
        "shared_id": theirs.pk,
        "batch_id": _batch(third, people.user("moe"), now).pk,
        "study_id": _study(people, "moe", now).pk,
        "case_id": _case(people, "fay", third, now),
        "exercise_id": _exercise(people, "moe", now),
        "task_force_id": task_forces.found_task_force(people.actor("abe"), "Bay Group", [third.pk], now).pk,
        "user_id": people.user("fay").pk,
        "request_id": _asked(third, people.user("moe"), now).pk,
        "factor_id": Authenticator.objects.create(user=people.user("fay"), type="totp", data={}).pk,
        "agency_id": third.pk,
        "access_id": _glass(people, "abe", "elsewhere", now),
    }
    sessions = _sessions(people)
    _glass(people, "ann", handle_of(sessions[GLASS]), now)
    personal = {role: own | _personal(people, name, now) for role, name in HOLDERS.items()}
    return World(
        people=people,
        own=personal | {GLASS: personal["agency_admin"] | {"upload_id": _upload(people.actor("ann"))}},
        private=of_operation(silent, "bob", silent_conflict.pk)
        | {"case_id": _case(people, "bob", home, now, silent=True), "exercise_id": _exercise(people, "bob", now)}
        | _personal(people, "bob", now),
        other=other | _personal(people, "moe", now),
        sessions=sessions,
        tokens=_tokens(token),
        client=QuickClient(raise_request_exception=False),
    )


def _two_that_meet(people: Any, now: datetime, place: Any, first: str, second: str) -> tuple[Any, Any, Conflict]:
    before = set(Conflict.objects.values_list("pk", flat=True))
    one, two = (register(people, name, now, site(now, place)) for name in (first, second))
    return one, two, Conflict.objects.exclude(pk__in=before).get()


def _interest(people: Any, name: str, number: str, now: datetime) -> UUID:
    raw = {"subjects": [{"kind": "phone", "value": number}], "lead_contact": BODY["lead_contact"]}
    return interests.register_interest(people.actor(name), raw, now).pk


def _streets(now: datetime) -> Source:
    source = Source.objects.create(name="Harbor streets", imported_at=now, state=Source.State.READY, has_tiles=True)
    file = tiles.file_of(source)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"tiles")
    return source


def _asked(agency: Any, contact: Any, now: datetime, state: str = RequestState.CONFIRMED) -> AccountRequest:
    return AccountRequest.objects.create(
        state=state, agency=agency, contact=contact, full_name="Nina New", phone="+14105550177", asked_at=now
    )


def _batch(agency: Any, user: Any, now: datetime) -> ImportBatch:
    return ImportBatch.objects.create(agency=agency, user=user, created_at=now, file_digest="")


def _study(people: Any, name: str, now: datetime) -> StudyRun:
    return begin_study(people.actor(name), {"radii_m": [500.0], "buffers_min": []}, None, "", now)


def _case(people: Any, name: str, agency: Any, now: datetime, *, silent: bool = False) -> UUID:
    """A fishing case about that person."""
    times = {"since": now, "opened_at": now, "changed_at": now}
    return FishingCase.objects.create(user=people.user(name), agency=agency, silent=silent, **times).pk


def _exercise(people: Any, name: str, now: datetime, **parts: str) -> UUID:
    """A led exercise that the person controlled and that has ended."""
    exercise = planning.plan_exercise(people.actor(name), "", now)
    for other, part in parts.items():
        planning.name_person(people.actor(name), exercise.pk, people.user(other).pk, part)
    Exercise.objects.filter(pk=exercise.pk).update(state="ended", started_at=now, ended_at=now)
    return exercise.pk


def _personal(people: Any, name: str, now: datetime) -> dict[str, Any]:
    """What is one person's alone, as far as the person may have it."""
    actor, user = people.actor(name), people.user(name)
    board.notify([user.pk], "test", "Look.", objects={}, key=f"matrix-{name}", at=now)
    found = {"notice_id": Notice.objects.filter(recipient=user).latest("created_at").pk}
    found["named_id"] = _asked(None, user, now, RequestState.ASKED).pk
    if actor.can("deconfliction.operation.register"):
        found["draft_id"] = actions.save_draft(actor, {"case_number": "C26-777"}, now).pk
    if actor.can("deconfliction.view.edit"):
        for table, key in (("operations", "view_id"), ("conflicts", "conflict_view_id")):
            found[key] = save_view(actor, table, "Mine", {}, now).pk
    if actor.can("deconfliction.operation.import"):
        found["upload_id"] = _upload(actor)
    return found


def _upload(actor: Any) -> UUID:
    kept: UUID = uploads.keep_upload(actor, b"operation_id\n").id
    return kept


def _glass(people: Any, name: str, session: str, now: datetime) -> UUID:
    """An emergency access of that administrator; under the key `GLASS` stands a session in which one is open."""
    reason = "Nobody at the desk answers and two officers are out there"
    return glass.begin(people.actor(name), session, reason, 60, now).pk


def _sessions(people: Any) -> dict[str, str]:
    found = {}
    for role, name in {**HOLDERS, GLASS: HOLDERS["agency_admin"]}.items():
        client = Client()
        client.force_login(people.user(name))
        found[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return found


def _tokens(token: Callable[..., str]) -> dict[str, str]:
    found = {role: token(name, "deconfliction") for role, name in HOLDERS.items()}
    return found | {"token": token("alice", "deconfliction"), "narrow": token("alice", "whom_to_call")}
