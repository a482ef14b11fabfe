"""Settings, logs and headers."""

from __future__ import annotations

import gzip
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from vigil.config.knobs import Knob, WrongSetting, database, names, number, switch, text
from vigil.config.logs import JsonLines
from vigil.core.errors import Conflict
from vigil.platform.doors import public
from vigil.platform.requests import request_id


def knob(read: Any, secret: bool = False) -> Knob:
    return Knob("VIGIL_TEST", read, "7", "A sentence.", secret)


@pytest.mark.parametrize(
    ("read", "raw", "value"),
    [(text, "x", "x"), (number, "12", 12), (switch, "Yes", True), (switch, "0", False), (names, "a, b,", ["a", "b"])],
)
def test_a_knob_is_read_from_the_environment(read: Any, raw: str, value: Any) -> None:
    assert knob(read).value({"VIGIL_TEST": raw}) == value


def test_without_the_variable_the_default_counts() -> None:
    assert knob(number).value({}) == 7


def test_a_secret_is_read_from_its_file_and_an_open_knob_is_not(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    assert knob(text, secret=True).value({"VIGIL_TEST_FILE": str(file)}) == "from the file"
    assert knob(text).value({"VIGIL_TEST_FILE": str(file)}) == "7"


def test_what_is_wrong_names_the_knob_and_says_what_it_is() -> None:
    with pytest.raises(WrongSetting, match=r"^VIGIL_TEST: 'x' is not a whole number. A sentence.$"):
        knob(number).value({"VIGIL_TEST": "x"})


def test_sqlite_takes_the_write_lock_at_once_and_syncs_every_commit(tmp_path: Path) -> None:
    options = database("", tmp_path)["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "synchronous=FULL" in options["init_command"]
    assert "journal_mode=WAL" in options["init_command"]
    assert "secure_delete=ON" in options["init_command"]


def test_a_postgresql_address_is_taken_apart(tmp_path: Path) -> None:
    found = database("postgresql://vigil:p%40ss@db.example:5433/node?sslmode=verify-full", tmp_path)
    assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "5433", "node")
    assert (found["USER"], found["PASSWORD"]) == ("vigil", "p@ss")
    assert found["OPTIONS"] == {"sslmode": "verify-full"}
    assert database("postgresql://vigil@/node?host=/run/postgresql", tmp_path)["HOST"] == "/run/postgresql"


def line_of(record: logging.LogRecord) -> dict[str, Any]:
    text = JsonLines().format(record)
    assert "\n" not in text
    line: dict[str, Any] = json.loads(text)
    return line


def test_a_log_line_holds_ids_and_no_contents() -> None:
    try:
        raise ValueError("12 Elm Street")
    except ValueError:
        record = logging.LogRecord("django.request", logging.ERROR, "", 0, "Bad: %s", ("/x?case=7",), sys.exc_info())
    record.job_id = 5
    record.address = "12 Elm Street"
    token = request_id.set("abc")
    try:
        line = line_of(record)
    finally:
        request_id.reset(token)
    assert line["request_id"] == "abc"
    assert line["job_id"] == 5
    assert line["exception"] == "ValueError"
    assert line["where"][0].startswith("test_config.py:")
    assert line["event"] == "Bad: %s", "of foreign loggers the text without its values"
    assert "Elm" not in json.dumps(line)
    assert "case" not in json.dumps(line)


@public
def private_page(request: HttpRequest, case: str) -> HttpResponse:
    return HttpResponse("a page")


@public
def stale_page(request: HttpRequest) -> HttpResponse:
    raise Conflict


@public
def broken_page(request: HttpRequest) -> HttpResponse:
    raise ValueError("12 Elm Street")


urlpatterns = [
    path("page/<str:case>", private_page),
    path("stale", stale_page),
    path("broken", broken_page),
]
handler404 = "vigil.web.errors.not_found"
handler500 = "vigil.web.errors.broken"


@pytest.mark.urls("test_config")
def test_every_page_has_the_headers_and_an_id(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "vigil.request"):
        response = client.get("/page/BAY-26-000123?q=Elm")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy
    assert "http" not in policy
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Permissions-Policy"].startswith("geolocation=(),")
    assert response["Cache-Control"] == "no-store"
    (line,) = [line_of(record) for record in caplog.records if record.name == "vigil.request"]
    assert line["route"] == "page/<str:case>"
    assert line["status"] == 200
    assert "BAY" not in json.dumps(line)
    assert "Elm" not in json.dumps(line)


@pytest.mark.django_db
def test_static_files_are_served_with_their_type_and_may_be_cached(client: Client) -> None:
    response = client.get("/static/vendor/maplibre/maplibre-gl.mjs")
    if response.status_code == 404:
        pytest.skip("the front-end libraries are not installed: ./run installs them")
    assert response["Content-Type"].startswith("text/javascript")
    assert "no-store" not in response["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in response
    blocks = [len(block) for block in response.streaming_content]  # read to its end, it is closed
    assert len(blocks) == sum(blocks) // 2**16 + 1, "a megabyte goes in few blocks"


def test_texts_go_out_packed_to_whom_takes_them_so(client: Client) -> None:
    address = "/static/web/vigil.css"
    whole, packed, part = (
        client.get(address, headers=asked)
        for asked in ({}, {"accept-encoding": "gzip, br"}, {"accept-encoding": "gzip", "range": "bytes=0-9"})
    )
    text, small, first = (b"".join(one.streaming_content) for one in (whole, packed, part))
    assert gzip.decompress(small) == text
    assert len(small) == int(packed["Content-Length"]) < len(text) / 3
    assert (first, part.status_code) == (text[:10], 206)
    assert [one.get("Content-Encoding") for one in (whole, packed, part)] == [None, "gzip", None]
    assert {one["Vary"] for one in (whole, packed, part)} == {"Accept-Encoding"}
    assert client.get(address, headers={"if-none-match": packed["ETag"], "accept-encoding": "gzip"}).status_code == 304
    other = client.get(address, headers={"accept-encoding": "br"})
    assert (b"".join(other.streaming_content), "Content-Encoding" in other) == (text, False)


@pytest.mark.urls("test_config")
@pytest.mark.django_db
def test_failures_are_pages_with_a_reference_and_no_contents(client: Client) -> None:
    client.raise_request_exception = False
    for address, status in (("/stale", 409), ("/broken", 500), ("/nowhere", 404)):
        response = client.get(address)
        assert response.status_code == status
        body = response.content.decode()
        assert response["X-Request-Id"] in body, address
        assert "Elm" not in body
