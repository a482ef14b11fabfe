"""Canaries: marked values go in through every door, and none comes out where none may be.

They are what an operation says in words: names, places, case numbers, telephones, subjects, narrative. They may stand
on the pages of those who may read them, and nowhere else: not in the log, an address, a header, an error page, a
notice, the audit trail, the database or a backup. Coordinates are searched and stand in the database as they are
(docs/operate/node.md), so there is no canary among them.
"""

from __future__ import annotations

import json
import logging
import tarfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from tests.conftest import make_user

from vigil.apps.deconfliction.models import Conflict, Operation
from vigil.config import backups, envelope
from vigil.config.logs import JsonLines
from vigil.core.actor import system
from vigil.platform import clock, rotation
from vigil.platform.delivery import signing
from vigil.platform.delivery.sender import AtOnce, Sender
from vigil.platform.doors import addresses
from vigil.platform.jobs.worker import Worker
from vigil.platform.keys import key_id
from vigil.platform.notices.models import Notice

CANARIES = {
    "site": "Kanarienstrasse 4711",
    "lead": "Lena Kanary",
    "lead phone": "410-555-0811",
    "second": "Sepp Kanary",
    "second phone": "410-555-0812",
    "supervisor": "Sue Kanary",
    "supervisor phone": "410-555-0813",
    "case": "CASE-KANARY-1",
    "objective": "seize the kanary ledger",
    "exigent reason": "the kanary is leaving town",
    "approver": "Ada Kanary",
    "subject phone": "410-555-0814",
    "subject name": "Kilian Kanary",
    "subject plate": "MD/7KANARY",
    "other system": "RK-KANARY-9",
    "note": "kanary owner agreed to wait",
    "draft case": "CASE-KANARY-2",
    "draft objective": "draft of a kanary plan",
    "page case": "CASE-KANARY-3",
    "page lead": "Paula Kanary",
    "search": "kanary in the search box",
    "interest phone": "410-555-0815",
    "interest case": "CASE-KANARY-4",
    "file case": "CASE-KANARY-5",
    "file contact": "Frida Kanary",
    "file bad value": "kanary-is-no-type",
    "hold": "BAY-26-KANARY",
    "emergency": "nobody hears the kanary any more",
    "query": "kanary-in-a-query",
    "path": "kanary-in-a-path",
    "participant": "Kanary Bay Rangers",
    "officers": "six-kanary-teams",
    "account phone": "410-555-0816",
    "login": "kanary.login",
    "password": "kanary-password-1",
    "token": "vgl_kanary01_token",
    "own way": "lena@kanary.example",
    "own number": "410-555-0817",
    "test number": "410-555-0818",
    "webhook": "https://hook.example/kanary-hook-key",
    "reply number": "410-555-0819",
    "reply text": "the kanary says yes",
    "request name": "Nora Kanary",
    "request phone": "410-555-0821",
    "idempotency": "CASE-KANARY-6",
}
SITE = {"latitude": 39.2904, "longitude": -76.6122, "label": CANARIES["site"]}
BODY: dict[str, Any] = {
    "operation_type": "search_warrant",
    "sites": [SITE],
    "starts_at": "2026-11-24T13:00:00-05:00",
    "ends_at": "2026-11-24T15:00:00-05:00",
    "lead_contact": {"name": CANARIES["lead"], "phone": CANARIES["lead phone"]},
    "second_contact": {"name": CANARIES["second"], "phone": CANARIES["second phone"]},
    "supervisor": {"name": CANARIES["supervisor"], "phone": CANARIES["supervisor phone"]},
    "case_number": CANARIES["case"],
    "objective": CANARIES["objective"],
    "exigent_reason": CANARIES["exigent reason"],
    "exigent_approver": CANARIES["approver"],
    "subjects": [
        {"kind": "phone", "value": CANARIES["subject phone"]},
        {"kind": "person", "value": f"{CANARIES['subject name']};1980-02-03"},
        {"kind": "plate", "value": CANARIES["subject plate"]},
    ],
    "participants": [CANARIES["participant"]],
    "personnel_band": CANARIES["officers"],
    "external_references": [{"system": "RISSafe", "number": CANARIES["other system"]}],
}
FILE = (
    "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,case_number,contact_name\n"
    f"K1,MD0000100,raid,2026-11-25T04:00:00-05:00,2026-11-25T06:00:00-05:00,39.1,-76.5,{CANARIES['file case']},"
    f"{CANARIES['file contact']}\n"
    f"K2,MD0000100,{CANARIES['file bad value']},never,never,91,-76.5,{CANARIES['file case']},"
    f"{CANARIES['file contact']}\n"
)
FORM = {
    "operation_type": "raid",
    "sites-0-place": "39.2904, -76.6122",
    "sites-0-label": CANARIES["site"],
    "starts_at": "0600 tomorrow",
    "ends_at": "+2h",
    "lead_contact-name": CANARIES["page lead"],
    "lead_contact-phone": CANARIES["lead phone"],
    "case_number": CANARIES["page case"],
    "objective": CANARIES["objective"],
}
OUT = {
    "VIGIL_SMTP_HOST": "127.0.0.1",
    "VIGIL_SMTP_PORT": 9,
    "VIGIL_SMTP_FROM": "a@bay.example",
    "VIGIL_GATEWAY_URL": "http://127.0.0.1:9/",
    "VIGIL_GATEWAY_SECRET": "a secret of the tests, long enough",
}
"""Ways out of the node at which nobody listens."""


def spellings(value: str) -> set[bytes]:
    """The value as somebody would look for it: as typed, without what separates, as a stored telephone."""
    bare = "".join(sign for sign in value if sign.isalnum())
    found = {value, value.casefold(), value.replace(" ", "+"), value.replace(" ", "%20"), bare, bare.casefold()}
    return {one.encode() for one in found if len(one) > 6}


def alarms(where: str, content: bytes) -> list[tuple[str, str]]:
    lower = content.lower()
    return [
        (where, name)
        for name, value in CANARIES.items()
        if any(one in content or one.lower() in lower for one in spellings(value))
    ]


class Doors:
    """Every answer's headers, every address used, and every page that says that something is wrong."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False)
        self.heard: list[bytes] = []

    def ask(self, verb: str, path: str, *args: Any, **kwargs: Any) -> Any:
        answer = getattr(self.client, verb)(path, *args, **kwargs)
        self.heard.append(repr(sorted(answer.headers.items())).encode())
        self.heard += [cookie.OutputString().encode() for cookie in answer.cookies.values()]
        if answer.status_code in (400, 401, 403, 404, 409, 429, 500, 503):
            self.heard.append(answer.content)
        return answer


def plant(people: Any, token: Callable[..., str]) -> Iterator[tuple[Doors, int]]:
    """Put every canary in by its real door; the answers, one a door."""
    doors = Doors()

    def went(answer: Any, *expected: int) -> tuple[Doors, int]:
        assert answer.status_code in expected, (answer.status_code, answer.content[:600])
        return doors, answer.status_code

    api = "/api/v1/deconfliction"
    for name, key in (("dave", ""), ("alice", "first"), ("alice", "first")):
        head = {"Authorization": f"Bearer {token(name, 'deconfliction')}"} | ({"Idempotency-Key": key} if key else {})
        body = BODY | ({"case_number": CANARIES["idempotency"]} if key else {})
        yield went(doors.ask("post", f"{api}/operations", json.dumps(body), "application/json", headers=head), 201)
    bad = json.dumps(BODY | {"operation_type": CANARIES["file bad value"], "extra": CANARIES["objective"]})
    yield went(doors.ask("post", f"{api}/operations", bad, "application/json", headers=head), 422)
    interest = {
        "subjects": [{"kind": "phone", "value": CANARIES["interest phone"]}],
        "lead_contact": BODY["lead_contact"],
        "case_number": CANARIES["interest case"],
    }
    yield went(doors.ask("post", f"{api}/interests", json.dumps(interest), "application/json", headers=head), 201)
    wrong = {"Authorization": f"Bearer {CANARIES['token']}"}
    yield went(doors.ask("get", f"{api}/operations", headers=wrong), 401)

    request = {"full_name": CANARIES["request name"], "phone": CANARIES["request phone"], "ori": "MD0000100"}
    yield went(doors.ask("post", "/account/ask/", request | {"contact": "alice"}), 200)
    login = {"username": CANARIES["login"], "password": CANARIES["password"]}
    yield went(doors.ask("post", "/login/", login), 401, 422)
    doors.client.force_login(people.user("alice"))
    yield went(doors.ask("post", "/operations/register/", FORM | {"do": "register"}), 302, 422)
    typed = FORM | {"case_number": CANARIES["draft case"], "objective": CANARIES["draft objective"]}
    yield went(doors.ask("post", "/operations/draft/", typed), 200)
    yield went(doors.ask("post", "/find/", {"text": CANARIES["search"]}), 200)
    yield went(doors.ask("post", "/find/", {"text": CANARIES["case"]}), 200, 302)
    yield went(doors.ask("post", "/operations/read-place/", {"place": CANARIES["site"]}), 200, 422)
    yield went(doors.ask("post", "/operations/read-subject/", {"value": CANARIES["subject name"]}), 200, 422)
    conflict = Conflict.objects.filter(owner_only=False).first()
    assert conflict is not None
    yield went(
        doors.ask(
            "post",
            f"/conflicts/{conflict.pk}/contact/",
            {"who": "Al", "whom": "Di", "how": "radio", "note": CANARIES["note"]},
        ),
        302,
    )
    yield went(doors.ask("get", f"/operations/{CANARIES['path']}/"), 404)
    yield went(doors.ask("get", f"/operations/?type={CANARIES['query']}"), 200)
    yield went(doors.ask("post", "/purge/hold/", {"reference": CANARIES["hold"]}), 403)
    yield went(doors.ask("post", "/operations/selected/", {"ticked": CANARIES["query"], "do": CANARIES["query"]}), 302)

    doors.client.force_login(people.user("bob"))
    upload = {"file": SimpleUploadedFile("kanary.csv", FILE.encode())}
    answer = doors.ask("post", "/import/", upload)
    yield went(answer, 302)
    yield went(doors.ask("get", answer["Location"]), 200)
    yield went(doors.ask("post", answer["Location"]), 302)

    for channel, to in (("email", CANARIES["own way"]), ("sms", CANARIES["own number"])):
        yield went(doors.ask("post", "/account/ways/", {"do": "add", "channel": channel, "to": to}), 302)
    doors.client.force_login(people.user("erin"))
    test = {"do": "test", "channel": "voice", "to": CANARIES["test number"]}
    yield went(doors.ask("post", "/channels/", test), 302)
    hook = {"do": "add", "name": "CAD", "url": CANARIES["webhook"]}
    yield went(doors.ask("post", "/setup/webhooks/", hook), 200)
    said = json.dumps({"event": "reply", "from": CANARIES["reply number"], "text": CANARIES["reply text"]}).encode()
    head = signing.sign(settings.VIGIL_GATEWAY_SECRET, "m1", said, clock.now())
    yield went(doors.ask("post", "/delivery/callback/", said, "application/json", headers=head), 200)
    yield went(doors.ask("post", "/delivery/callback/", said, "application/json"), 401)

    doors.client.force_login(people.user("ann"))
    emergency = {"reason": f"Two are out there, {CANARIES['emergency']}", "minutes": "15"}
    yield went(doors.ask("post", "/emergency/begin/", emergency), 302)


def open_to_all() -> Iterator[bytes]:
    """What every address says that needs no login: health, figures and documents among them."""
    for address, view in addresses():
        if getattr(view, "vigil_permission", "") == "public" and "<" not in address:
            yield b"".join(Client(raise_request_exception=False).get(f"/{address}"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_no_canary_comes_out_where_none_may_be(
    drawn_keys: Any,
    people: Any,
    token: Callable[..., str],
    now: datetime,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    record_property: Callable[[str, Any], None],
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("greps the SQLite file")
    data = Path(settings.VIGIL_DATA_DIR)
    backups.draw_key(data)
    caplog.set_level(logging.DEBUG)
    person = people.user("alice")
    person.phone = CANARIES["account phone"]
    person.save()
    for name, value in OUT.items():
        monkeypatch.setattr(settings, name, value)

    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    doors = [one for one, _ in plant(people, token)]
    Worker().run_until_idle()
    assert Sender(executor=AtOnce()).run_until_idle() > 0, "nobody takes them, and the log says so"
    assert Operation.objects.count() == 5, "two by the API, an interest, one by the page, one by the file"
    old = key_id(drawn_keys.field[0])
    assert old in database()
    backup = tmp_path / "node.vigil"
    backups.write(backup, now)
    rotation.draw(system("test"), "field_key")
    rotated = {step.holder.name for step in rotation.rotate(pause=lambda _: None) if step.total}

    heard = b"\n".join(doors[0].heard)
    said = list(open_to_all())
    assert len(said) > 8
    lines = "\n".join(JsonLines().format(record) for record in caplog.records)
    told = repr(list(Notice.objects.values()))
    out = [
        *alarms("headers, cookies and error pages", heard),
        *alarms("log", f"{caplog.text}\n{lines}".encode()),
        *alarms("addresses open to all", b"\n".join(said)),
        *alarms("notices", told.encode()),
        *alarms("database", database()),
        *alarms("backup", backup.read_bytes()),
        *alarms("opened backup", b"\n".join(members(backup, data, tmp_path))),
    ]
    assert out == []
    assert len(rotated) > 6
    assert old not in database(), "no page and no log holds what the old key sealed"
    assert rotation.remaining() == {}
    assert len(caplog.records) > 20
    assert len(told) > 100
    record_property("counted", f"{len(CANARIES)} canaries, put in at {len(doors)} doors")


def database() -> bytes:
    """The bytes of the database's files, the write-ahead log included."""
    file = Path(connection.settings_dict["NAME"])
    return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))


def members(backup: Path, data: Path, elsewhere: Path) -> Iterator[bytes]:
    """What is in a backup, by name and content, for who has its key."""
    private = envelope.read_private((data / backups.PRIVATE).read_text())
    with envelope.opening(backup, private) as opened:
        (elsewhere / "opened").write_bytes(opened.read())
    with tarfile.open(elsewhere / "opened") as archive:
        for member in archive:
            content = archive.extractfile(member)
            yield member.name.encode() + b"\n" + (content.read() if content else b"")


def test_a_canary_is_found_in_every_spelling() -> None:
    for text in (b"4105550811", b"410-555-0811", b"lena kanary", b"Lena+Kanary", b"lenakanary", b"Lena%20Kanary"):
        assert alarms("somewhere", b"... " + text + b" ..."), text
    assert alarms("somewhere", b"nothing here") == []
