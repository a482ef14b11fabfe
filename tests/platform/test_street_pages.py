"""The page of streets, and the map layer as a browser reads it: in ranges, by people who are logged in."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from vigil.platform.gazetteer import tiles
from vigil.platform.gazetteer.models import Source

pytestmark = [pytest.mark.db, pytest.mark.django_db]

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def made(people: Any, now: datetime, tmp_path: Path, settings: Any) -> Source:
    """An import with a layer; what the layer holds does not matter here."""
    settings.VIGIL_DATA_DIR = tmp_path
    fields = {"street_count": 1_234, "segment_count": 56_789, "bounds": [-76.6, 39.28, -76.5, 39.3]}
    source = Source.objects.create(
        name="Made <b>up</b>", state="ready", imported_at=now, files=["made.zip"], has_tiles=True, **fields
    )
    tiles.file_of(source).parent.mkdir()
    tiles.file_of(source).write_bytes(CONTENT)
    return source


def test_the_page_says_what_is_there_and_how_to_bring_more(made: Source, login: Callable[[str], Any]) -> None:
    text = login("erin").get("/setup/streets/").content.decode()
    for words in (
        "Made &lt;b&gt;up",
        "made.zip",
        "Nov 24, 2026",
        "1,234",
        "56,789",
        "39.28° N to 39.30° N",
        "vigil places",
    ):
        assert words in text
    assert "Streets imported" in login("erin").get("/setup/").content.decode()


def test_an_import_is_removed_by_the_node_administrator_only(made: Source, login: Callable[[str], Any]) -> None:
    for name in ("alice", "bob", "carol"):
        assert login(name).get("/setup/streets/").status_code == 403
        assert login(name).post("/setup/streets/remove/", {"source": made.name}).status_code == 403
    client = login("erin")
    assert client.post("/setup/streets/remove/", {"source": "another"}).status_code == 404
    answer = client.post("/setup/streets/remove/", {"source": made.name}, follow=True).content.decode()
    assert "is removed" in answer
    assert "No streets are imported" in answer
    assert client.get(f"/streets/layers/{made.pk}.pmtiles", headers={"Range": "bytes=0-9"}).status_code == 404


def test_a_layer_is_read_by_ranges(made: Source, login: Callable[[str], Any]) -> None:
    client = login("alice")
    (address,) = client.get("/streets/layers/").json()["layers"]
    assert address == f"/streets/layers/{made.pk}.pmtiles"
    for first, last, size in ((0, 9, 10), (300, 699, 400), (10_000, 99_999, 240)):
        answer = client.get(address, headers={"Range": f"bytes={first}-{last}"})
        assert answer.status_code == 206
        assert answer.content == CONTENT[first : last + 1]
        assert answer["Content-Range"] == f"bytes {first}-{first + size - 1}/{len(CONTENT)}"
        assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "asked",
    ["", "bytes=", "bytes=5-2", "bytes=99999999-", "bytes=10240-10300", "bytes=0-1,4-5", "bytes=-5", "rows=0-1"],
)
def test_other_ranges_are_refused(made: Source, login: Callable[[str], Any], asked: str) -> None:
    answer = login("alice").get(f"/streets/layers/{made.pk}.pmtiles", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(CONTENT)}"


def test_nobody_without_a_login_reads_a_layer(made: Source, client: Any) -> None:
    for address in ("/streets/layers/", f"/streets/layers/{made.pk}.pmtiles"):
        assert client.get(address, headers={"Range": "bytes=0-9"}).status_code == 302


def test_a_layer_that_is_gone_is_no_crash(made: Source, login: Callable[[str], Any]) -> None:
    tiles.file_of(made).unlink()
    assert login("alice").get(f"/streets/layers/{made.pk}.pmtiles", headers={"Range": "bytes=0-9"}).status_code == 404
    assert login("alice").get("/streets/layers/424242.pmtiles").status_code == 404


def test_what_somebody_looks_at_stands_in_no_log(
    made: Source, login: Callable[[str], Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        login("alice").get(f"/streets/layers/{made.pk}.pmtiles", headers={"Range": "bytes=7321-7399"})
    assert caplog.records
    # Not as a part of another number, as times and addresses in memory may have it.
    where = re.compile(r"(?<![\w.])(7321|7399)(?![\w.])")
    assert where.search("bytes=7321-7399")
    assert not [record for record in caplog.records if where.search(str(record.__dict__))]
