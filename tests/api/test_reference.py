"""The API's page: everything that stands in the document, its examples true, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from vigil.api import reference
from vigil.api.reference import METHODS
from vigil.apps.deconfliction.api import EXAMPLE

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "api" / "openapi.json").read_text())
BASE = "https://vigil.example.gov"

pytestmark = pytest.mark.django_db


@pytest.fixture
def read() -> reference.Reference:
    return reference.reference(DOCUMENT, BASE)


def test_every_call_and_every_schema_of_the_document_is_in_it(read: reference.Reference) -> None:
    calls = [call for group in read.groups for call in group.calls]
    documented = {(m.upper(), path) for path, methods in DOCUMENT["paths"].items() for m in methods if m in METHODS}
    assert {(call.method, call.path) for call in calls} == documented
    assert len({call.anchor for call in calls}) == len(calls)
    assert {shape.name for shape in read.shapes} == set(DOCUMENT["components"]["schemas"])
    shapes = {shape.name: shape for shape in read.shapes}
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert [field.name for field in shapes[name].fields] == list(schema.get("properties", {}))
    linked = {piece.link for shape in read.shapes for field in shape.fields for piece in field.kind if piece.link}
    assert linked <= set(shapes)


def test_fields_say_what_they_take(read: reference.Reference) -> None:
    fields = {field.name: field for shape in read.shapes if shape.name == "OperationIn" for field in shape.fields}
    words = {name: "".join(piece.text for piece in field.kind) for name, field in fields.items()}
    assert words["operation_type"] == "text"
    assert fields["operation_type"].required
    assert words["sites"] == "list of SiteIn"
    assert words["subjects"] == "list of SubjectIn or text"
    assert words["lead_contact"] == "ContactIn or nothing"
    assert fields["mode"].default == '"live"'
    (mode,) = [shape for shape in read.shapes if shape.name == "Mode"]
    assert mode.choices == ("live", "exercise", "test")


def test_edits_show_if_match_and_submissions_the_key(read: reference.Reference) -> None:
    curls = {call.anchor: call.curl for group in read.groups for call in group.calls}
    assert "If-Match" in curls["put-operations-operation-id"]
    assert "-X PUT" in curls["put-operations-operation-id"]
    assert "If-Match" not in curls["post-operations"]
    assert "Idempotency-Key" in curls["post-operations"]
    assert "-X POST" in curls["post-operations-operation-id-cancel"]
    for bare in ("get-operations", "post-conflicts-conflict-id-acknowledge"):
        assert "Idempotency-Key" not in curls[bare]
        assert "Match" not in curls[bare]


def test_the_example_of_a_registration_registers(
    read: reference.Reference, client: Client, token: Any, now: datetime
) -> None:
    (curl,) = [call.curl for group in read.groups for call in group.calls if call.anchor == "post-operations"]
    words = shlex.split(curl.replace("\\\n", " "))
    body = json.loads(words[words.index("-d") + 1])
    assert body == EXAMPLE
    address = words[-1]
    assert address.startswith(BASE)
    headers = {"Authorization": f"Bearer {token('alice', 'deconfliction')}"}
    answer = client.post(address.removeprefix(BASE), json.dumps(body), "application/json", headers=headers)
    assert answer.status_code == 201


@pytest.mark.slow
def test_the_page_needs_no_login_no_script_and_no_other_host(client: Client) -> None:
    answer = client.get("/api/")
    page = answer.content.decode()
    assert answer.status_code == 200
    for path in DOCUMENT["paths"]:
        assert path in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
    assert len(re.findall(r'\bid="([^"]+)"', page)) == len(anchors)
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert "<script>" not in page
    assert 'href="/api/v1/openapi.json"' in page
    assert "Refusals:" in page


def test_it_is_linked_where_tokens_are_made(login: Any) -> None:
    assert 'href="/api/"' in login("erin").get("/account/").content.decode()
