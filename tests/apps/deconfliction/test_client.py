"""The typed client and `vigil op` against the node's own API."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client as DjangoClient
from tests.apps.deconfliction.test_api import entry

from vigil import client as api
from vigil.cli import op
from vigil.cli.main import main

pytestmark = pytest.mark.django_db


def wire(method: str, path: str, headers: Mapping[str, str], body: bytes) -> api.Answer:
    """The client's connection led to the node's views."""
    named = {name: value for name, value in headers.items() if name != "Content-Type"}
    response = DjangoClient(raise_request_exception=False).generic(
        method, path, body, content_type="application/json", headers=named
    )
    return api.Answer(response.status_code, dict(response.items()), response.content)


@pytest.fixture
def node(now: datetime, token: Callable[..., str]) -> Callable[..., api.Client]:
    return lambda name, send=wire: api.Client("https://node.example", token(name, "deconfliction"), send)


def test_what_is_registered_is_read_listed_revised_and_cancelled(node: Callable[..., api.Client]) -> None:
    alice = node("alice")
    made = alice.register(entry(subjects=["phone:410-555-0171"]))
    assert (made.determination, made.receipt_number, made.revision) == ("no_known_conflict", 1, 1)
    assert made.sites[0].starts_at.isoformat() == "2026-11-25T04:30:00-05:00"
    assert made.subjects[0].canonical == "phone:+14105550171"
    assert alice.operation(made.id) == made
    assert [row.reference for row in alice.operations(mine=True)] == [made.reference]
    revised = alice.revise(made, entry(case_number="26-9"))
    assert (revised.revision, revised.case_number) == (2, "26-9")
    with pytest.raises(api.Stale):
        alice.cancel(made)
    cancelled = alice.cancel(revised)
    assert cancelled.status == "cancelled"
    assert alice.undo_cancel(cancelled).status == "registered"


def test_an_operation_is_read_again_only_where_something_of_it_changed(node: Callable[..., api.Client]) -> None:
    statuses = []

    def lower_case(method: str, path: str, headers: Mapping[str, str], body: bytes) -> api.Answer:
        answer = wire(method, path, headers, body)
        statuses.append(answer.status)
        return api.Answer(answer.status, {key.lower(): value for key, value in answer.headers.items()}, answer.body)

    alice = node("alice", lower_case)
    made = alice.register(entry())
    read = alice.operation(made.id)
    assert alice.operation(made.id, read) is read
    assert statuses[-1] == 304
    node("dave").register(entry(lead_contact={"name": "Dave Dunn", "phone": "410-555-0201"}))
    now = alice.operation(made.id, read)
    assert (statuses[-1], now.revision, now.determination) == (200, read.revision, "conflict")


def test_every_page_of_a_list_is_followed(node: Callable[..., api.Client]) -> None:
    alice = node("alice")
    made = {alice.register(entry()).reference for _ in range(3)}
    assert {row.reference for row in alice.operations(limit=2)} == made


def test_a_lost_answer_registers_nothing_twice(node: Callable[..., api.Client]) -> None:
    tries = []

    def losing(method: str, path: str, headers: Mapping[str, str], body: bytes) -> api.Answer:
        tries.append(headers["Idempotency-Key"])
        answer = wire(method, path, headers, body)
        if len(tries) == 1:
            raise ConnectionResetError("lost")
        return answer

    made = node("alice", losing).register(entry())
    assert len(set(tries)) == 1
    assert len(tries) == 2
    assert [row.id for row in node("alice").operations()] == [made.id]


def test_refusals_are_errors_of_their_own(node: Callable[..., api.Client]) -> None:
    with pytest.raises(api.Invalid) as refused:
        node("alice").register(entry(operation_type="picnic"))
    assert "/operation_type" in {fault.pointer for fault in refused.value.faults}
    made = node("alice").register(entry())
    with pytest.raises(api.NotFound) as hidden:
        node("dave").operation(made.id)
    with pytest.raises(api.NotFound) as missing:
        node("dave").operation("0192f0c1-0000-7000-8000-000000000000")
    assert hidden.value.sentence == missing.value.sentence
    with pytest.raises(api.NotAuthenticated):
        api.Client("https://node.example", "vgl_wrong", wire).operation(made.id)


@pytest.mark.parametrize("url", ["", "node.example", "ftp://node.example", "http://node.example", "https://n/api?x=1"])
def test_an_address_that_is_none_or_in_the_open_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|open"):
        api.Client(url, "vgl_x")


class Broken(BaseHTTPRequestHandler):
    """Answers 503 in plain text."""

    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(b"down")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def broken() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Broken)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_of_something_else_and_none_at_all_are_unavailable(broken: str) -> None:
    with pytest.raises(api.Unavailable) as told:
        api.Client(broken, "vgl_x").operation("x")
    assert (told.value.status, told.value.retry_after) == (503, 7)
    with pytest.raises(api.Unavailable) as silent:
        api.Client("http://127.0.0.1:9", "vgl_x").operation("x")
    assert silent.value.status == 0


def test_op_adds_lists_and_shows(
    node: Callable[..., api.Client],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    alice = node("alice")
    monkeypatch.setattr(op, "_client", lambda args: alice)
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(entry()))
    assert main(["op", "add", "--file", str(plan)]) == 0
    assert "BAY-26-000001  no known conflict" in capsys.readouterr().out
    words = ["op", "add", "--type", "raid", "--place", "38.9784, -76.4922", "--starts", "2026-11-25T05:00:00-05:00"]
    more = ["--ends", "2026-11-25T06:00:00-05:00", "--contact", "Alice Arden", "--phone", "410-555-0101"]
    assert main([*words, *more]) == op.LOOK
    assert main(["op", "list"]) == 0
    assert "BAY-26-000002\tconflict\traid" in capsys.readouterr().out
    assert main(["op", "show", "bay-26-000001"]) == 0
    assert "search_warrant, registered" in capsys.readouterr().out
    assert main(["op", "show", "BAY-26-000009"]) == op.REFUSED
    assert main(["op", "add", "--type", "picnic"]) == op.REFUSED
    assert "operation_type" in capsys.readouterr().err


def test_op_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("VIGIL_URL", raising=False)
    monkeypatch.delenv("VIGIL_TOKEN", raising=False)
    assert main(["op", "list"]) == op.UNUSABLE
    assert "--url" in capsys.readouterr().err
