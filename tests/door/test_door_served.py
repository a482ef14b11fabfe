"""The door's own process: what it has loaded, and what of a report lies where after it was sent."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from tests.browser.conftest import process_wait
from tests.door.served import Pairs, Served, served

MARK, MINUTE = "zebrafish-lantern", "at 02:41"
SOURCE, BEHIND, AGENT = "127.0.0.5", "203.0.113.77", "PlantedAgent/7"
LOADED = """
import argparse, io, os, sys
from vigil.cli import door
door.open_door(argparse.Namespace(data=sys.argv[1]))
from vigil.door import founding
founding.ready(); founding.found("A door", None, None)
from vigil.door.wsgi import application
for path in ("/", "/report/", "/receipt/", "/style.css"):
    told = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
               "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "HTTP_HOST": "localhost"}
    list(application(environ, lambda status, headers: told.append(status)))
    assert told[0][:3] in ("200", "503"), told
from vigil.door import pulse
from vigil.door.models import Pulse
noises = set()
for _ in range(2):
    pulse.beat()
    noises.add(bytes(Pulse.objects.get().noise))
assert len(noises) == 2
assert os.path.getsize(sys.argv[1] + "/door.sqlite3-wal") == 0, "the log is emptied"
print("\\n".join(sys.modules))
"""


@pytest.mark.slow
def test_the_process_has_loaded_nothing_that_knows_accounts(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("VIGIL_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(tmp_path)], env=env, check=True, capture_output=True, text=True
    )
    modules = set(done.stdout.split())
    assert "vigil.door.report_views" in modules
    known = ("vigil.platform", "vigil.apps", "vigil.config", "vigil.api", "vigil.engine", "vigil.protocol")
    known += ("allauth", "django.contrib.auth", "django.contrib.sessions", "django.contrib.messages")
    assert sorted(name for name in modules if name.startswith(known)) == []


def _send_from(door: Served, fields: Pairs, path: str = "/report/") -> str:
    """As somebody else's machine sends it."""
    where = urlsplit(door.url)
    connection = HTTPConnection(str(where.hostname), where.port, source_address=(SOURCE, 0), timeout=60)
    headers = {"X-Forwarded-For": BEHIND, "User-Agent": AGENT, "Cookie": f"a={MARK}", "Referer": f"http://x/{MARK}"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request("POST", path, urlencode(fields), headers)
    page = connection.getresponse().read().decode()
    connection.close()
    return page


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")
def test_who_reads_disk_database_and_logs_learns_no_text_time_or_source(tmp_path: Path) -> None:
    began = time.time()
    with served(tmp_path) as door:
        fields = door.filled(f"{MINUTE} the {MARK} fell.", ("call_type", "alarm"), ("time_band", "0001-0600"))
        page = ""
        while 'id="receipt"' not in page:
            assert time.time() < began + 300, page
            process_wait(door.process)  # the ticket ripens by the server's clock
            page = _send_from(door, fields)
        receipt = re.findall(r'id="receipt">([^<]*)<', page)[0]
        _send_from(door, [("receipt", receipt), ("go", "as-typed"), ("text", f"more of the {MARK}")], "/receipt/")
        assert f"more of the {MARK}" in _send_from(door, [("receipt", receipt), ("go", "open")], "/receipt/")
        _look(tmp_path, receipt, began)
        assert [name for name in os.listdir(tmp_path) if name.endswith("-wal")], "the log is looked through too"
        ciphertexts = _ciphertexts(tmp_path / "door.sqlite3")
        assert len(ciphertexts) == 10
        taken_back = _send_from(door, [("receipt", receipt), ("go", "withdraw-now")], "/receipt/")
        assert "You took this report back" in taken_back
    _look(tmp_path, receipt, began)
    # Not even sealed: what was deleted is overwritten in the pages that were freed.
    disk = b"".join(file.read_bytes() for file in tmp_path.rglob("*"))
    assert not any(one[at : at + 64] in disk for one in ciphertexts for at in range(0, len(one) - 64, 256))


def _ciphertexts(file: Path) -> list[bytes]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as drop:
        found = drop.execute("SELECT content FROM door_letter").fetchall()
        found += drop.execute("SELECT handed FROM door_letterkey").fetchall()
    return [bytes(one) for (one,) in found]


def _look(folder: Path, receipt: str, began: float) -> None:
    marks = [MARK, MINUTE, SOURCE, BEHIND, AGENT, receipt, receipt.replace(" ", ""), "0001-0600", "alarm"]
    # The hour as a text or as seconds in digits; a set-up's day alone may stand, which is written as its midnight.
    hour = time.strftime("%Y-%m-%d[ T]%H:(?!00:00)|%d/%b/%Y:%H:", time.gmtime(began))
    hour += f"|{int(began) // 10_000}\\d{{4}}"
    seen = 0
    for file in folder.rglob("*"):
        data = file.read_bytes()
        seen += len(data)
        for mark in marks:
            assert mark.encode() not in data, f"{mark} in {file.name}"
        assert not re.search(hour.encode(), data), file.name
    assert seen > 10_000
    _look_at_numbers(folder / "door.sqlite3", began)


def _look_at_numbers(file: Path, began: float) -> None:
    """No number of the database is the hour, and no row lies by its order of arrival."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA auto_vacuum").fetchone() == (1,)
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'door%'"
        counts = {}
        for (table,) in database.execute(named).fetchall():
            found = database.execute(f"SELECT rowid, * FROM {table}").fetchall()
            counts[table] = len(found)
            for rowid, identity, *others in found:
                assert rowid == identity, table
                for number in others:
                    if isinstance(number, int | float):
                        assert all(abs(number / unit - began) > 3600 for unit in (1, 1e3, 1e6)), table
        assert counts["door_report"] == 1
        assert (counts["door_letter"], counts["door_letterkey"]) in ((2, 8), (0, 0))
        assert counts["door_pulse"] == 1
    database.close()
