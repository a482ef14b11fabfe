"""The API as a records system uses it: tokens, retries, edits, errors at the field, and what it must not tell."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.test import Client

from vigil.api.server import api as server_api

BASE = "/api/v1/deconfliction"
DOCUMENT = Path(__file__).parents[3] / "docs" / "api" / "openapi.json"

pytestmark = pytest.mark.django_db


def entry(**changes: Any) -> dict[str, Any]:
    """A warrant in Port Calvert tomorrow morning."""
    raw: dict[str, Any] = {
        "operation_type": "search_warrant",
        "sites": [{"latitude": 38.9784, "longitude": -76.4922}],
        "starts_at": "2026-11-25T04:30:00-05:00",
        "ends_at": "2026-11-25T08:00:00-05:00",
        "lead_contact": {"name": "Alice Arden", "phone": "410-555-0101"},
    }
    return {name: value for name, value in {**raw, **changes}.items() if value is not None}


class Caller:
    """A program with a person's token."""

    def __init__(self, token: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, if_none_match: str = "", **query: Any) -> Any:
        known = {"If-None-Match": if_none_match} if if_none_match else {}
        return self.client.get(BASE + path, query, headers={**self.headers, **known})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("post", path, body, headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("put", path, body, headers)

    def _send(self, verb: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        text = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        send = getattr(self.client, verb)
        return send(BASE + path, text, content_type="application/json", headers={**self.headers, **named})

    def register(self, **changes: Any) -> dict[str, Any]:
        answer = self.post("/operations", entry(**changes))
        assert answer.status_code == 201, answer.content
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture
def caller(now: datetime, token: Callable[..., str]) -> Callable[..., Caller]:
    """`caller("alice")`: a program that may do what Alice may."""
    return lambda name, *scopes: Caller(token(name, *(scopes or ("deconfliction",))))


def faults(answer: Any) -> dict[str, str]:
    """Pointer to sentence of a refusal."""
    assert answer.status_code == 422, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["type"]) == (422, "about:blank")
    return {error["pointer"]: error["detail"] for error in body["errors"]}


def test_a_registration_is_answered_at_once_with_determination_coverage_and_receipt(
    caller: Callable[..., Caller],
) -> None:
    answer = caller("alice").post("/operations", entry())
    made = answer.json()
    assert answer.status_code == 201
    assert answer["ETag"].startswith('"1-')
    assert answer["Location"] == f"{BASE}/operations/{made['id']}"
    assert made["determination"] == "no_known_conflict"
    assert made["receipt_number"] == 1
    assert made["coverage"] == []
    assert "asked: this node only" in made["notes"]
    assert made["reference"] == "BAY-26-000001"
    assert made["sites"][0]["starts_at"] == "2026-11-25T04:30:00-05:00"
    assert made["sites"][0]["zone"] == "America/New_York"
    assert "clear" not in answer.content.decode().lower()


def test_a_conflict_names_whom_to_call_and_never_where(caller: Callable[..., Caller]) -> None:
    alice, dave = caller("alice"), caller("dave")
    alice.register(objective="Rear door.", case_number="QX-26-77", subjects=["phone:410-555-0171"])
    made = dave.register(
        sites=[{"latitude": 38.9790, "longitude": -76.4930}],
        lead_contact={"name": "Dave Dunn", "phone": "410-555-0201"},
    )
    (line,) = made["open_conflicts"]
    assert (made["determination"], line["band"], line["other_agency"]) == ("conflict", "direct", "Port Calvert PD")
    conflict = dave.get(f"/conflicts/{line['id']}")
    (other,) = [side for side in conflict.json()["sides"] if not side["is_own"]]
    assert ("Alice Arden", "(410) 555-0101") in [(person["name"], person["phone"]) for person in other["people"]]
    told = conflict.content.decode()
    for secret in ("38.97", "76.49", "Rear door", "QX-26-77", "555-0171", "5550171"):
        assert secret not in told
    assert (other["operation_id"], other["type_label"]) == (None, "")
    assert alice.get("/conflicts").json()["items"][0]["id"] == line["id"]


def test_acknowledging_is_for_ones_own_side_and_harmless_to_repeat(caller: Callable[..., Caller]) -> None:
    alice, dave = caller("alice"), caller("dave")
    alice.register()
    (line,) = dave.register()["open_conflicts"]
    for _ in range(2):
        answer = dave.post(f"/conflicts/{line['id']}/acknowledge")
        assert (answer.status_code, answer.json()["acknowledged"]) == (200, True)
    assert alice.get(f"/conflicts/{line['id']}").json()["acknowledged"] is False


def test_no_token_a_wrong_token_and_too_small_a_scope(caller: Callable[..., Caller]) -> None:
    anonymous = Client().get(f"{BASE}/operations")
    assert (anonymous.status_code, anonymous["WWW-Authenticate"]) == (401, "Bearer")
    assert Caller("vgl_nonsense").get("/operations").status_code == 401
    reader = caller("alice", "deconfliction.operation.read")
    assert reader.get("/operations").status_code == 200
    assert reader.post("/operations", entry()).status_code == 403
    assert caller("erin").get("/operations").status_code == 403


def test_what_is_hidden_and_what_does_not_exist_look_alike(caller: Callable[..., Caller]) -> None:
    made = caller("alice").register()
    dave = caller("dave")
    hidden = dave.get(f"/operations/{made['id']}")
    missing = dave.get("/operations/01a20cc7-0000-7000-8000-000000000000")
    assert hidden.status_code == missing.status_code == 404
    assert {**hidden.json(), "reference": ""} == {**missing.json(), "reference": ""}
    assert dave.get(f"/receipts/{made['receipt_number']}").status_code == 404
    assert dave.get("/receipts").json()["items"] == []


def test_a_retry_with_the_same_key_does_nothing_again(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    first = alice.post("/operations", entry(), Idempotency_Key="a1")
    again = alice.post("/operations", entry(), Idempotency_Key="a1")
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again["Idempotency-Replayed"] == "true"
    assert len(alice.get("/operations").json()["items"]) == 1
    assert alice.post("/operations", entry(tentative=True), Idempotency_Key="a1").status_code == 409


def test_an_edit_needs_the_revision_that_was_read_and_asks_again(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    made = alice.register()
    path = f"/operations/{made['id']}"
    moved = entry(sites=[{"place": "39.29N 76.61W"}])
    assert alice.put(path, moved).status_code == 428
    answer = alice.put(path, moved, If_Match='"1"')
    assert (answer.status_code, answer["ETag"][:3], answer.json()["revision"]) == (200, '"2-', 2)
    assert answer.json()["receipt_number"] == 2
    assert alice.put(path, moved, If_Match='"1"').status_code == 409
    assert faults(alice.put(path, entry(mode="exercise"), If_Match='"2"')) == {
        "/mode": "The mode is fixed when an operation is created: register another one."
    }


@pytest.mark.slow
def test_cancel_undo_and_end(caller: Callable[..., Caller]) -> None:
    alice, dave = caller("alice"), caller("dave")
    path = f"/operations/{alice.register()['id']}"
    dave.register()
    cancelled = alice.post(f"{path}/cancel", If_Match='"1"')
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert dave.get("/operations").json()["items"][0]["determination"] == "no_known_conflict"
    restored = alice.post(f"{path}/undo-cancel", If_Match='"2"').json()
    assert (restored["status"], restored["determination"]) == ("registered", "conflict")
    refused = alice.post(f"{path}/end", If_Match='"3"')
    assert refused.status_code == 422
    running = alice.register(starts_at="2026-11-24T11:00:00-05:00", ends_at="2026-11-24T12:10:00-05:00")
    kept = alice.post(f"/operations/{running['id']}/still-on-scene").json()
    assert kept["ends_at"] == "2026-11-24T17:30:00Z"
    ended = alice.post(f"/operations/{running['id']}/end", If_Match=f'"{kept["revision"]}"').json()
    assert (ended["status"], ended["ends_at"]) == ("ended", "2026-11-24T17:00:00Z")


def test_lists_are_filtered_and_paged_without_losing_or_doubling(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    for hour in range(5):
        alice.register(
            starts_at=f"2026-11-25T0{hour}:00:00Z", ends_at=f"2026-11-25T0{hour}:30:00Z", tentative=hour == 4,
            sites=[{"latitude": 38 + hour / 10, "longitude": -76}],
        )  # fmt: skip
    found, cursor = [], ""
    while True:
        page = alice.get("/operations", limit=2, **({"after": cursor} if cursor else {})).json()
        found += [row["starts_at"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [f"2026-11-25T0{hour}:00:00Z" for hour in range(5)]
    later = alice.get("/operations", **{"from": "2026-11-25T02:45:00Z", "operation_type": "search_warrant"}).json()
    assert len(later["items"]) == 2
    assert faults(alice.get("/operations", type="raid"))["/type"] == "There is no such filter."
    assert "/limit" in faults(alice.get("/operations", limit=0))
    assert "/from" in faults(alice.get("/operations", **{"from": "2026-11-25T02:45:00"}))
    assert "/to" in faults(alice.get("/conflicts", to="9999-12-31T23:59:59-14:00"))
    assert "/determination" in faults(alice.get("/operations", determination="no_conflict"))
    assert "/state" in faults(alice.get("/conflicts", state="open"))
    assert "/operation" in faults(alice.get("/receipts", operation="x"))
    assert alice.get("/operations", text="\x00").status_code == 200


def test_a_receipt_is_verifiable_offline_and_chained(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    for latitude in (38.0, 39.0):
        alice.register(sites=[{"latitude": latitude, "longitude": -76.0}])
    lines = alice.get("/receipts").json()["items"]
    assert [line["number"] for line in lines] == [2, 1]
    assert lines[0]["previous_digest"] == lines[1]["digest"]
    receipt = alice.get("/receipts/2").json()
    body, signature = (base64.b64decode(receipt[name]) for name in ("body", "signature"))
    Ed25519PublicKey.from_public_bytes(base64.b64decode(receipt["public_key"])).verify(signature, body)
    assert json.loads(body)["determination"] == "no_known_conflict"


RING = [[-76.6, 39.2], [-76.5, 39.3], [-76.5, 39.2], [-76.6, 39.35], [-76.6, 39.2]]


def nested(depth: int) -> dict[str, Any]:
    """A GeoJSON point in so many features."""
    shape: dict[str, Any] = {"type": "Point", "coordinates": [-76.5, 38.9]}
    for _ in range(depth):
        shape = {"type": "Feature", "geometry": shape}
    return shape


MILLION = {"type": "LineString", "coordinates": [[0, 0]] * 1_000_000}


@pytest.mark.parametrize(
    ("changes", "pointer", "words"),
    [
        ({"sites": [{"latitude": -76.4922, "longitude": 38.9784}]}, "/sites/0/latitude", "look swapped"),
        ({"starts_at": "2027-03-14T02:30", "ends_at": "2027-03-14T05:00"}, "/starts_at", "does not exist"),
        ({"starts_at": "2026-11-01T01:30", "ends_at": "2026-11-01T05:00"}, "/starts_at", "occurs twice"),
        ({"sites": [{"geometry": {"type": "Polygon", "coordinates": [RING]}}]}, "/sites/0/geometry", "cross"),
        pytest.param(
            {"sites": [{"geometry": MILLION}]}, "/sites/0/geometry", "10,000 vertices", marks=pytest.mark.slow
        ),
        ({"ends_at": "2026-11-25T04:00:00-05:00"}, "/ends_at", "before the start"),
        ({"lead_contact": {"name": "Alice", "phone": "ask the desk"}}, "/lead_contact/phone", "not a telephone"),
        ({"lead_contact": None}, "/lead_contact", "name and a direct telephone"),
        ({"operation_type": "party"}, "/operation_type", "no operation type"),
        ({"operation_type": None}, "/operation_type", "missing"),
        ({"sites": []}, "/sites", "at least one place"),
        ({"sites": [{"latitude": "north", "longitude": 1}]}, "/sites/0/latitude", "number"),
        ({"sites": [{"latitude": 38.9, "longitude": -76.4, "colour": "red"}]}, "/sites/0/colour", "Extra inputs"),
        ({"radius": 5}, "/radius", "Extra inputs"),
        ({"radius_m": -5}, "/radius_m", "negative"),
        ({"radius_m": 1e308}, "/radius_m", "check the unit"),
        ({"radius_m": True}, "/radius_m", "number"),
        ({"radius_m": "300"}, "/radius_m", "number"),
        ({"radius_m": float("nan")}, "/radius_m", "number"),
        ({"buffer_before_min": 1e308}, "/buffer_before_min", "check the unit"),
        ({"sites": [{"latitude": 38.9, "longitude": -76.4, "uncertainty_m": 1e308}]}, "/sites/0/uncertainty_m", "unit"),
        ({"participants": ["Unit 7", "\ud800"]}, "/participants/1", "cannot be seen"),
        ({"participants": ["x" * 201]}, "/participants/0", "too long"),
        ({"subjects": ["handle:forum/tra\u200bder"]}, "/subjects/0", "cannot be seen"),
        ({"subjects": [{"kind": "handle", "value": "forum/\ud800"}]}, "/subjects/0/value", "cannot be seen"),
        ({"lead_contact": {"name": "Al\u00adice", "phone": "410-555-0142"}}, "/lead_contact/name", "cannot be seen"),
        ({"sites": [{"geometry": nested(400)}]}, "/sites", "too deeply"),
        ({"sites": [{"geometry": nested(2)}]}, "/sites/0/geometry", "Point, LineString or Polygon"),
        ({"mode": "real"}, "/mode", "live"),
        ({"subjects": [{"kind": "shoe", "value": "9"}]}, "/subjects/0/kind", "kind of subject"),
    ],
)  # fmt: skip
def test_bad_input_is_answered_at_its_field(
    caller: Callable[..., Caller], changes: dict[str, Any], pointer: str, words: str
) -> None:
    alice = caller("alice")
    found = faults(alice.post("/operations", entry(**changes)))
    assert pointer in found
    assert words in found[pointer]
    assert alice.get("/operations").json()["items"] == []


def test_choices_come_with_the_fault_and_are_taken_when_sent_back(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    doubled = entry(starts_at="2026-11-01T01:30", ends_at="2026-11-01T05:00")
    (error,) = alice.post("/operations", doubled).json()["errors"]
    assert error["choices"] == ["2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"]
    assert alice.post("/operations", {**doubled, "starts_at": error["choices"][0]}).status_code == 201
    (error,) = alice.post("/operations", entry(sites=[{"latitude": -76.4922, "longitude": 38.9784}])).json()["errors"]
    assert error["choices"][0] == "38.9784N 76.4922W"
    made = alice.register(sites=[{"place": error["choices"][0]}])
    assert made["sites"][0]["geometry_wkt"] == "POINT(-76.4922 38.9784)"


@pytest.mark.parametrize("body", ["{", "[]", "", '"text"', "\ufeff{}"])
def test_what_is_no_json_object_is_refused_in_words(caller: Callable[..., Caller], body: str) -> None:
    answer = caller("alice").post("/operations", body)
    assert answer.status_code in (400, 422)
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.slow
def test_the_number_of_queries_does_not_grow_with_the_list(
    caller: Callable[..., Caller], django_assert_max_num_queries: Any
) -> None:
    alice = caller("alice")
    for number in range(12):
        # Three groups, in each of which every one meets every other.
        alice.register(sites=[{"latitude": 38.9784 + number // 4 / 10, "longitude": -76.4922 + number % 4 / 5000}])
    for path in ("/operations", "/conflicts", "/receipts"):
        with django_assert_max_num_queries(12):
            assert len(alice.get(path).json()["items"]) >= 12


def test_the_committed_document_is_that_of_the_code() -> None:
    # docs/guide/api.md names the command that makes it anew.
    assert json.loads(DOCUMENT.read_text(encoding="utf-8")) == json.loads(json.dumps(server_api.get_openapi_schema()))


def test_a_304_stands_for_the_whole_answer_and_never_for_the_revision_alone(caller: Callable[..., Caller]) -> None:
    alice, dave = caller("alice"), caller("dave")
    made = alice.register()
    path = f"/operations/{made['id']}"
    before = {one: alice.get(one) for one in (path, "/operations", "/conflicts", "/receipts", "/receipts/1")}
    for one, answer in before.items():
        known = alice.get(one, if_none_match=f'"other", W/{answer["ETag"]}')
        assert (known.status_code, known.content, known["ETag"]) == (304, b"", answer["ETag"]), one
        assert known["Cache-Control"] == "no-store"
    dave.register(lead_contact={"name": "Dave Dunn", "phone": "410-555-0201"})
    # Same revision, another answer: "no known conflict" must not be confirmed.
    for one in (path, "/operations", "/conflicts", "/receipts"):
        now = alice.get(one, if_none_match=before[one]["ETag"])
        assert now.status_code == 200, one
        assert now["ETag"] != before[one]["ETag"]
    assert alice.get(path).json()["revision"] == made["revision"]
    assert alice.get("/receipts/1", if_none_match=before["/receipts/1"]["ETag"]).status_code == 304
    # What came meanwhile is nobody's edit: the old answer's tag still lets its reader revise.
    assert alice.put(path, entry(case_number="26-9"), If_Match=before[path]["ETag"]).status_code == 200
    assert alice.put(path, entry(), If_Match=before[path]["ETag"]).status_code == 409


def test_a_304_tells_a_stranger_nothing(caller: Callable[..., Caller]) -> None:
    alice = caller("alice")
    path = f"/operations/{alice.register()['id']}"
    tag = alice.get(path)["ETag"]
    for known in (tag, "*"):
        assert caller("dave").get(path, if_none_match=known).status_code == 404
