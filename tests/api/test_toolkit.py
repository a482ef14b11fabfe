"""The API toolkit, through HTTP: tokens, problems, paging, repeatable and conditional requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import toolkit_urls
from django.test import Client

from vigil.platform.accounts.models import IdempotentReply
from vigil.platform.agencies.models import Agency
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db, pytest.mark.urls("toolkit_urls")]

Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_calls() -> None:
    toolkit_urls.calls.clear()


@pytest.fixture
def send(client: Client, token: Any) -> Send:
    """`send("GET", "/agencies", who="erin")`: one request with a token of that person, all scopes of the platform."""
    client.raise_request_exception = False
    texts = {name: token(name, "agencies") for name in ("erin", "alice")}

    def request(method: str, path: str, body: Any = None, who: str = "erin", **headers: str) -> Any:
        known = {"Authorization": f"Bearer {texts[who]}"} if who else {}
        content = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.generic(method, path, content, "application/json", headers=known | named)

    return request


WANTED = {"ori": "MD0000300", "name": "Harbor Police"}


@pytest.mark.parametrize("header", [None, "Bearer vgl_00000000_x", "Bearer nonsense", "Basic abc"])
def test_without_a_valid_token_it_is_a_401_that_says_how_to_get_one(client: Client, people: Any, header: Any) -> None:
    response = client.get("/agencies", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == "Bearer"
    assert "vigil token create" in response.json()["detail"]


def test_a_lacking_role_is_refused(send: Send) -> None:
    response = send("POST", "/agencies", WANTED, who="alice")
    assert response.status_code == 403
    assert response.json()["code"] == "refused"
    assert toolkit_urls.calls == []


def test_hidden_and_missing_are_a_404(send: Send) -> None:
    assert send("GET", "/agencies/00000000-0000-7000-8000-000000000000").status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"ori": "MD0000300"}, "/name"),
        ({"ori": "MD0000300", "name": "x", "sites": [{"latitude": "north"}]}, "/sites/0/latitude"),
        ({"ori": "too short", "name": "x"}, "/ori"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(send: Send, body: Any, pointer: str) -> None:
    response = send("POST", "/agencies", body)
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert response.json()["errors"][0]["detail"].endswith(".")


def test_choices_are_offered(send: Send) -> None:
    (error,) = send("GET", "/choice").json()["errors"]
    assert error == {
        "pointer": "/sites/0/starts_at",
        "detail": "This time occurs twice.",
        "choices": ["-04:00", "-05:00"],
    }


def test_a_body_that_is_no_json_is_a_problem(send: Send) -> None:
    response = send("POST", "/agencies", "{")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_an_unexpected_error_tells_a_reference_and_nothing_else(send: Send, caplog: Any) -> None:
    response = send("GET", "/broken")
    assert response.status_code == 500
    assert "Elm" not in response.content.decode()
    assert response.json()["reference"] == response["X-Request-Id"]


def test_a_list_is_read_page_by_page_without_loss(send: Send) -> None:
    for index in range(5):
        Agency.objects.create(ori=f"MD00009{index:02d}", name=f"Same name {index // 2}")
    names: list[str] = []
    after: str | None = ""
    while after is not None:
        body = send("GET", f"/agencies?limit=2&after={after}").json()
        names += body["items"]
        after = body["next"]
    assert names == sorted(names)
    assert len(names) == 7


@pytest.mark.parametrize(("query", "pointer"), [("limit=0", "/limit"), ("limit=501", "/limit"), ("after=xx", "/after")])
def test_a_wrong_page_is_told(send: Send, query: str, pointer: str) -> None:
    response = send("GET", f"/agencies?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == pointer


def test_a_retry_with_the_same_key_does_nothing_again_and_is_told_the_same(send: Send) -> None:
    first = send("POST", "/agencies", WANTED, Idempotency_Key="k1")
    second = send("POST", "/agencies", WANTED, Idempotency_Key="k1")
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert toolkit_urls.calls == ["MD0000300"]


def test_the_same_key_with_another_request_is_a_conflict(send: Send) -> None:
    send("POST", "/agencies", WANTED, Idempotency_Key="k1")
    response = send("POST", "/agencies", WANTED | {"name": "Other"}, Idempotency_Key="k1")
    assert response.status_code == 409
    assert Agency.objects.filter(name="Other").count() == 0


def test_a_refused_input_may_be_mended_under_the_same_key(send: Send) -> None:
    assert send("POST", "/agencies", WANTED | {"ori": "short"}, Idempotency_Key="k1").status_code == 422
    assert send("POST", "/agencies", WANTED, Idempotency_Key="k1").status_code == 201


def test_an_answer_lost_between_commit_and_answer_is_made_anew(send: Send) -> None:
    lost = WANTED | {"name": "Lost answer"}
    assert send("POST", "/agencies", lost, Idempotency_Key="k1").status_code == 500
    response = send("POST", "/agencies", lost, Idempotency_Key="k1")
    assert response.status_code == 201
    assert response.json() == {"id": str(Agency.objects.get(name="Lost answer").pk)}
    assert toolkit_urls.calls == ["MD0000300"], "the work was not done twice"


def test_keys_of_different_tokens_do_not_meet(send: Send, token: Any, client: Client) -> None:
    send("POST", "/agencies", WANTED, Idempotency_Key="k1")
    other = {"Authorization": f"Bearer {token('erin', 'agencies')}", "Idempotency-Key": "k1"}
    body = json.dumps(WANTED | {"ori": "MD0000400"})
    assert client.post("/agencies", body, "application/json", headers=other).status_code == 201


def test_the_kept_answer_is_encrypted(send: Send) -> None:
    response = send("POST", "/agencies", WANTED, Idempotency_Key="k1")
    assert response.json()["id"].encode() not in bytes(IdempotentReply.objects.get().body)


def test_the_claim_and_the_work_are_one_transaction(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another request with the same key commits between this one's look and its commit.
    def overtaken(**values: Any) -> Any:
        IdempotentReply.objects.bulk_create([IdempotentReply(**values)])
        return IdempotentReply.objects.bulk_create([IdempotentReply(**values)])

    monkeypatch.setattr(IdempotentReply.objects, "create", overtaken)
    response = send("POST", "/agencies", WANTED, Idempotency_Key="k1")
    assert response.status_code == 500
    assert Agency.objects.filter(ori="MD0000300").count() == 0
    assert AuditRecord.objects.filter(verb="agencies.agency.create").count() == 0


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("", 428),
        ('"3"', 200),
        ('"3-8f14"', 200),
        ('W/"3-8f14"', 200),
        ('"2-8f14"', 409),
        ("*", 422),
        ('"3-; x"', 422),
        (f'"{"9" * 5000}"', 422),
    ],
)
def test_an_edit_says_which_revision_it_read(send: Send, people: Any, header: str, status: int) -> None:
    headers = {"If_Match": header} if header else {}
    assert send("PUT", f"/agencies/{people.bay_county.pk}", {}, **headers).status_code == status


def test_every_route_declares_its_permission() -> None:
    patterns: Any = toolkit_urls.api.urls[0]
    declared = {pattern.name: pattern.callback.vigil_permission for pattern in patterns}
    assert declared["api-root"] == "public"
    assert declared["rename"] == "agencies.agency.edit"
    assert len(declared) == 8
