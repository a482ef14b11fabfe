"""A node's life from outside, each command a process of its own: set up, back up, restore, migrate, serve, kill."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import free_port
from tests.cli.vigil_commands import vigil as run
from tests.conftest import made_once
from tests.migrated import Migrated
from tests.platform import made_streets as made

pytestmark = pytest.mark.slow

PATIENCE = 120
"""Seconds that a process of ours may take for what it does in one: the machine may be busy."""
ANSWERS = ["--agency-name", "Port Calvert Police", "--ori", "MD0000100", "--code", "BAY", "--region", "-77,38,-76,39"]
ANSWERS += ["--desk-phone", "+1 410 555 0100", "--admin", "erin", "--admin-name", "Erin Eads"]


class Shell:
    """`vigil ...` on one data folder, outside of this process."""

    def __init__(self, data: Path) -> None:
        self.data = data
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("VIGIL_", "DJANGO_"))}
        self.environment = clean | {"VIGIL_DATA_DIR": str(data), "VIGIL_ADMIN_PASSWORD": "harbor-lantern-42"}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "vigil.cli.main", *arguments]

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(self.environment, arguments)

    def rows(self, statement: str) -> list[Any]:
        """Rows of the node's database; the statement may also change it."""
        database = sqlite3.connect(self.data / "vigil.sqlite3")
        try:
            found = database.execute(statement).fetchall()
            database.commit()
            return found
        finally:
            database.close()


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node that was set up once, from nothing, to be copied by each test."""
    return made_once(tmp_path_factory, "founded", found)


def found(data: Path) -> None:
    done = Shell(data)("setup", *ANSWERS)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def vigil(founded: Path, tmp_path: Path) -> Shell:
    """A node of the test's own."""
    import shutil

    return Shell(Path(shutil.copytree(founded, tmp_path / "node")))


def test_a_damaged_database_is_told_with_the_remedy(vigil: Shell) -> None:
    (vigil.data / "vigil.sqlite3").write_bytes(b"no database at all, but long enough to look at. " * 200)
    done = vigil("jobs")
    assert done.returncode == 2
    assert "vigil restore" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_backup_that_cannot_be_written_is_told_without_a_traceback(vigil: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = vigil("backup", str(tmp_path / "file" / "node.vigil"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "cannot be" in done.stderr


def test_set_up_needs_every_answer_and_founds_nothing_without(tmp_path: Path, migrated: Migrated) -> None:
    vigil = Shell(tmp_path / "node")
    vigil.data.mkdir()
    migrated.copy(str(vigil.data / "vigil.sqlite3"))
    done = vigil("setup", *ANSWERS[2:])
    assert done.returncode == 2
    assert "--agency-name is needed" in done.stderr
    assert vigil.rows("SELECT count(*) FROM agencies_node") == [(0,)]


def test_what_set_up_writes_is_its_owners_alone(founded: Path) -> None:
    for file in founded.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def test_what_set_up_did_is_sealed_before_anything_serves(vigil: Shell) -> None:
    verified = vigil("audit", "verify")
    assert verified.returncode == 0
    assert "0 not yet sealed" in verified.stdout
    assert not verified.stdout.startswith("Chain of 0 records")


def test_set_up_again_changes_nothing(vigil: Shell) -> None:
    keys = {file.name: file.read_text() for file in (vigil.data / "keys").iterdir()}
    before = vigil.rows("SELECT id, epoch FROM agencies_node")
    assert vigil("setup").returncode == 0
    assert vigil.rows("SELECT id, epoch FROM agencies_node") == before
    assert {file.name: file.read_text() for file in (vigil.data / "keys").iterdir()} == keys


def test_whom_to_call_begins_with_the_shipped_list_and_keeps_what_was_taken_out(vigil: Shell) -> None:
    assert vigil.rows("DELETE FROM whom_to_call_entry WHERE name LIKE '%(RISS)' RETURNING name") != []
    assert vigil.rows("SELECT name FROM whom_to_call_entry WHERE phone <> ''") == []
    assert vigil("setup").returncode == 0
    assert vigil.rows("SELECT name FROM whom_to_call_entry WHERE name LIKE '%(RISS)'") == []


def test_the_demo_is_not_put_into_a_real_node(vigil: Shell) -> None:
    done = vigil("setup", "--demo")
    assert done.returncode == 2
    assert "real node" in done.stderr


def test_a_backup_comes_back_under_a_new_epoch(vigil: Shell, tmp_path: Path) -> None:
    file = tmp_path / "node.vigil"
    assert vigil("backup", str(file)).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    node, epoch = vigil.rows("SELECT id, epoch FROM agencies_node")[0]
    vigil.rows("UPDATE agencies_agency SET name = 'Changed since'")
    again = vigil("restore", str(file))
    assert again.returncode == 2
    assert "--replace" in again.stderr
    (vigil.data / "backup-key.txt").rename(tmp_path / "kept-elsewhere.txt")
    without = vigil("restore", str(file), "--replace")
    assert without.returncode == 2
    assert "--backup-key FILE" in without.stderr
    rotated = vigil("keys", "rotate")
    assert "Everything is sealed with the newest key." in rotated.stdout, rotated.stderr
    assert {key.name for key in (vigil.data / "keys").glob("field_key*")} == {"field_key.1", "field_key.2"}
    done = vigil("restore", str(file), "--replace", "--backup-key", str(tmp_path / "kept-elsewhere.txt"))
    assert done.returncode == 0, done.stderr
    assert [key.name for key in (vigil.data / "keys").glob("field_key*")] == ["field_key.1"]
    assert vigil.rows("SELECT name FROM agencies_agency") == [("Port Calvert Police",)]
    restored, new_epoch = vigil.rows("SELECT id, epoch FROM agencies_node")[0]
    assert restored == node
    assert new_epoch != epoch
    assert vigil("audit", "verify").returncode == 0
    assert list(tmp_path.glob("node-replaced-*")), "the data of before was moved aside, not deleted"


def test_what_a_backup_holds_beyond_its_days_is_purged_again_when_it_comes_back(vigil: Shell, tmp_path: Path) -> None:
    file = tmp_path / "operations.csv"
    file.write_text(
        "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,contact_name,contact_phone\n"
        "X-1,MD0000100,raid,2026-01-05T10:00:00Z,2026-01-05T12:00:00Z,38.5,-76.5,Ann Ash,4105550111\n"
    )
    assert vigil("import", str(file)).returncode == 0
    vigil.rows("UPDATE deconfliction_revision SET created_at = '2026-01-06 00:00:00'")
    backup = tmp_path / "node.vigil"
    assert vigil("backup", str(backup)).returncode == 0
    dry = vigil("purge", "--dry-run")
    assert "places of 1 operation(s) would be removed" in dry.stdout
    assert vigil.rows("SELECT count(*) FROM deconfliction_site") == [(1,)]
    assert "Backups made before still hold it" in vigil("purge").stdout
    assert vigil("restore", str(backup), "--replace").returncode == 0
    assert vigil.rows("SELECT count(*) FROM deconfliction_site") == [(0,)]
    assert vigil.rows("SELECT count FROM deconfliction_purgedoperations") == [(1,)]
    verified = vigil("audit", "verify")
    assert (verified.returncode, "1 of them purged: sound" in verified.stdout) == (0, True)


def test_streets_are_imported_listed_backed_up_removed_and_restored(vigil: Shell, tmp_path: Path) -> None:
    bad = made.feature(1, "Elm St", [(float("nan"), 39.28), (-76.59, 39.28)], 100, "21202")
    file = str(made.zipped(made.write_shapefile(tmp_path, [*made.grid(), bad])))
    looked = vigil("places", "import", file, "--dry-run")
    assert looked.returncode == 3
    assert "Nothing written. 49 street segments" in looked.stdout
    assert "made_addrfeat.zip, 50, geometry: A coordinate is no number" in looked.stdout
    assert "No streets" in vigil("places", "list").stdout
    done = vigil("places", "import", file, "--source", "Made up")
    assert done.returncode == 3, done.stderr
    assert "INCOMPLETE: 1 features refused." in done.stdout
    assert "Made up: 49 segments" in vigil("places", "list").stdout
    (layer,) = (vigil.data / "streets").iterdir()
    backup = str(tmp_path / "node.vigil")
    assert vigil("backup", backup).returncode == 0
    assert vigil("places", "remove", "Made up").returncode == 0
    assert not layer.exists()
    assert vigil("places", "remove", "Made up").returncode == 2
    assert vigil("restore", backup, "--replace").returncode == 0
    assert "Made up: 49 segments" in vigil("places", "list").stdout
    assert layer.read_bytes()[:7] == b"PMTiles"
    refused = vigil("places", "import", str(tmp_path / "gone.zip"))
    assert (refused.returncode, refused.stderr) == (2, f"vigil: There is no file {tmp_path / 'gone.zip'}.\n")


def test_what_is_no_backup_is_refused_before_anything_is_moved(vigil: Shell, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear sirs")
    done = vigil("restore", str(file), "--replace")
    assert done.returncode == 2
    assert "not a backup" in done.stderr
    assert vigil.rows("SELECT count(*) FROM agencies_node") == [(1,)]


def test_a_database_newer_than_the_code_is_refused(vigil: Shell) -> None:
    vigil.rows("INSERT INTO django_migrations (app, name, applied) VALUES ('agencies', '0999_later', '2027-01-01')")
    for command in ("migrate", "serve", "worker"):
        done = vigil(command)
        assert done.returncode == 2
        assert "newer version" in done.stderr


def test_real_data_are_backed_up_before_a_migration(vigil: Shell) -> None:
    # As if this code brought the newest table of the trail to an older database.
    vigil.rows("DROP TABLE audit_wrongtoken")
    vigil.rows("DELETE FROM django_migrations WHERE app = 'audit' AND name = '0005_wrong_tokens'")
    assert "older than the code" in vigil("serve").stderr
    done = vigil("migrate")
    assert done.returncode == 0, done.stderr
    (backup,) = (vigil.data / "backups").iterdir()
    assert str(backup) in done.stdout
    assert vigil("migrate").returncode == 0
    assert len(list((vigil.data / "backups").iterdir())) == 1, "nothing to migrate, nothing to back up"


def test_lost_keys_are_not_replaced_by_new_ones(vigil: Shell) -> None:
    (vigil.data / "keys" / "field_key.1").unlink()
    done = vigil("migrate")
    assert done.returncode == 2
    assert "field_key" in done.stderr
    assert not (vigil.data / "keys" / "field_key.1").exists()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("VIGIL_PORT", "http", "VIGIL_PORT: 'http' is not a whole number"),
        ("VIGIL_HTTPS", "maybe", "neither yes nor no"),
        ("VIGIL_DATABASE_URL", "mysql://x", "must begin with postgresql://"),
        ("VIGIL_DATABASE_URL_FILE", "/nowhere", "cannot read /nowhere"),
    ],
)
def test_a_wrong_setting_is_told_in_a_sentence(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    vigil = Shell(tmp_path)
    vigil.environment[name] = value
    done = vigil("check")
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def until(holds: Callable[[], object]) -> None:
    """Look every fifth of a second; the test fails where it does not become true."""
    ends, waiting = time.monotonic() + PATIENCE, threading.Event()
    while not holds():
        assert time.monotonic() < ends
        waiting.wait(0.2)


class Served:
    """`vigil serve` in a process of its own."""

    def __init__(self, vigil: Shell, *options: str) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            vigil.command("serve", "--port", str(self.port), *options),
            env=vigil.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout
        self._patience = threading.Timer(PATIENCE, self.process.kill)
        self._patience.start()
        self.told = next((line for line in self.process.stdout if "http://" in line), "")
        self._patience.cancel()

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            assert self.process.stdout
            self.process.stdout.close()


def test_a_served_node_answers_with_strict_headers(vigil: Shell) -> None:
    served = Served(vigil, "--no-worker")
    try:
        look_at_headers(served)
    finally:
        assert served.end() == 0
    assert not list(vigil.data.glob("*-wal")), "what was deleted would stand in SQLite's log"


def look_at_headers(served: Served) -> None:
    assert f"http://127.0.0.1:{served.port}/" in served.told
    status, headers, body = served.get("/api/v1/openapi.json")
    assert status == 200
    assert json.loads(body)["openapi"].startswith("3.")
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"]
    assert served.get("/live/stream")[0] == 401


def test_the_worker_runs_beside_and_both_come_back_after_a_kill(vigil: Shell) -> None:
    Served(vigil).end(signal.SIGKILL)
    vigil.rows(
        "INSERT INTO jobs_job (kind, payload, idempotency_key, state, run_after, attempts, last_error, created_at) "
        "VALUES ('test.unheard', '{}', 'k', 'ready', '2026-01-01 00:00:00', 0, '', '2026-01-01 00:00:00')"
    )
    again = Served(vigil)
    try:
        until(lambda: vigil.rows("SELECT attempts FROM jobs_job")[0][0] and not unsealed(vigil))
        assert vigil.rows("SELECT last_error FROM jobs_job") == [("LookupError",)]
        assert unsealed(vigil) == 0
    finally:
        assert again.end() == 0


def test_who_sends_slowly_holds_nobody_else_up(vigil: Shell) -> None:
    server = Served(vigil, "--no-worker")
    path = "/api/v1/deconfliction/operations"
    token = vigil("token", "create", "erin").stdout.strip()
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(9)]
    try:
        for connection in slow:
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
        wanted = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", b"{}", method="POST")
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(wanted, timeout=PATIENCE)
        assert refusal.value.code == 401
        refusal.value.close()
    finally:
        for connection in slow:
            connection.close()
        server.end()


def test_several_processes_answer_and_none_outlives_the_first(vigil: Shell) -> None:
    vigil.environment["VIGIL_WEB_PROCESSES"] = "2"
    server = Served(vigil, "--no-worker")
    connections: list[socket.socket] = []

    def second() -> int:
        return next((pid for pid in children_of(server.process.pid) if b"--socket" in command_of(pid)), 0)

    def shares() -> bool:
        connections.append(socket.create_connection(("127.0.0.1", server.port)))
        return holds_connections(second())

    until(second)
    other = second()
    until(shares)  # new connections go to both
    server.end(signal.SIGKILL)
    for connection in connections:
        connection.close()
    until(lambda: not command_of(other))


def children_of(pid: int) -> list[int]:
    files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in files for child in file.read_text().split()]


def command_of(pid: int) -> bytes:
    """Empty where the process is no more."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


def holds_connections(pid: int) -> bool:
    """More sockets than the shared one and those that its event loop wakes itself by."""
    names = []
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            names.append(os.readlink(file))
    return len([name for name in names if name.startswith("socket:")]) > 3


def unsealed(vigil: Shell) -> int:
    return int(
        vigil.rows("SELECT (SELECT count(*) FROM audit_auditrecord) - (SELECT count(*) FROM audit_auditseal)")[0][0]
    )


def test_a_worker_whose_parent_is_already_gone_ends(vigil: Shell) -> None:
    """A parent that died while the worker started would otherwise leave it working for nobody."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    done = vigil("worker", "--with-parent", str(gone.pid))
    assert done.returncode == 0
