"""What every test has: a fixed cast, an explicit clock, keys of its own, and no network.

Officer Alice and Supervisor Bob are of Port Calvert Police, Carol is the watch desk there, Dave is an officer
of another agency, Erin administers the node.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from tests import migrated as migration

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
"""Tuesday noon in Port Calvert (EST); a winter day without a change of clocks."""

PASSWORD = "harbor-lantern-42"


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Connections leave for the loopback only: a test that reaches for the network fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise PermissionError(f"a test tried to connect to {address[0]}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[assignment, method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> migration.Migrated:
    """The node's tables, to be copied. SQLite in a file, as in real use: several threads and processes, write-ahead
    log, locks; only without waiting for the disk, since no test cuts the power.
    """
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        ours: str = database["OPTIONS"]["init_command"]
        database["OPTIONS"]["init_command"] = ours.replace("synchronous=FULL", "synchronous=OFF")
    with django_db_blocker.unblock():
        return migration.found(made_once(tmp_path_factory, "migrated", migration.make))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
    migrated: migration.Migrated,
) -> Iterator[None]:
    """The test database is there before Django looks for it."""
    from django.conf import settings
    from django.db import connection

    if not migrated.name:
        settings.DATABASES["default"]["TEST"]["NAME"] = str(tmp_path_factory.getbasetemp() / "test.sqlite3")
    name = connection.creation._get_test_db_name()
    migrated.copy(name)
    yield
    if migrated.name:
        with migration.server() as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """It is not made anew."""
    return True


@pytest.fixture(autouse=True, scope="session")
def files_of_time_zones_are_closed() -> Iterator[None]:
    """At the very end of Python it would be too late, and told as a file left open."""
    yield
    places = sys.modules.get("vigil.apps.deconfliction.places")
    if places and places._finder.cache_info().currsize:
        places._finder().cleanup()
        places._finder.cache_clear()


class FixedKeys:
    """The keys of every test that draws none of its own."""

    field = (bytes(range(32)),)
    digest = bytes(range(32))
    signing = bytes(range(32, 64))
    partner = (bytes(range(64, 96)),)
    blinding = bytes(range(96, 128))

    def files(self, name: str) -> list[Path]:
        return []


@pytest.fixture(autouse=True)
def test_settings(request: pytest.FixtureRequest, settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keys and a data folder of the test's own, and a quick password hash."""
    settings.VIGIL_KEYS = FixedKeys()
    settings.VIGIL_DATA_DIR = tmp_path_factory.getbasetemp() / "nodes" / uuid4().hex
    settings.VIGIL_DATA_DIR.mkdir(parents=True)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def drawn_keys(settings: Any) -> Any:
    """Keys of the test's own, in files. Ask for it before `people`, whose telephones are sealed."""
    from vigil.config.keys import KeyFolder

    settings.VIGIL_KEYS = KeyFolder(settings.VIGIL_DATA_DIR)
    settings.VIGIL_KEYS.draw_missing()
    return settings.VIGIL_KEYS


@pytest.fixture(autouse=True, scope="session")
def audit_can_be_emptied_between_tests() -> Iterator[None]:
    """A transactional test empties all tables at its end, which the audit triggers rightly refuse: lift them then."""
    from django.db import connection
    from django.test import TransactionTestCase

    from vigil.platform.audit import append_only

    empty = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def emptied(self: TransactionTestCase) -> None:
        append_only.remove(connection)
        empty(self)
        append_only.install(connection)

    TransactionTestCase._fixture_teardown = emptied  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = empty  # type: ignore[attr-defined]


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker to ask for it makes; each takes copies of it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    half, whole = base / f"{name}.half", base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(half, ignore_errors=True)
            make(half)
            half.rename(whole)
    return whole


@pytest.fixture(autouse=True)
def both_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom a test puts into Django's client is logged in completely, as by a passkey just now."""
    from django.conf import settings
    from django.contrib import auth
    from django.http import HttpRequest
    from django.test.client import ClientMixin  # type: ignore[attr-defined]

    from vigil.platform.accounts.sessions import SessionStore

    force = ClientMixin._login

    def forced(self: Any, user: Any, backend: str | None = None) -> None:
        request = HttpRequest()
        if settings.SESSION_COOKIE_NAME in self.cookies:
            force(self, user, backend)
            request.session = self.session
        else:  # a new browser: one row, of which Django's way makes three
            request.session = SessionStore()
            hashed = user.get_session_auth_hash()
            known = {auth.SESSION_KEY: str(user.pk), auth.BACKEND_SESSION_KEY: backend, auth.HASH_SESSION_KEY: hashed}
            request.session.update(known)
        request.session.update(proofs())
        request.session.save()
        self._set_login_cookies(request)

    monkeypatch.setattr(ClientMixin, "_login", forced)
    monkeypatch.setattr(ClientMixin, "_alogin", sync_to_async(forced))


def proofs(by: str = "passkey") -> dict[str, Any]:
    """What a session holds after a complete login just now."""
    from vigil.platform import clock
    from vigil.platform.accounts.access import PROVED
    from vigil.platform.accounts.sessions import BEGAN

    at = clock.now().timestamp()
    return {PROVED: {"at": at, "by": by}, BEGAN: at}


APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def give_app(user: Any) -> None:
    """The user has a code app with `APP_SECRET`."""
    from allauth.mfa.models import Authenticator

    from vigil.platform.accounts.factors import Adapter

    secret = Adapter().encrypt(APP_SECRET)
    Authenticator.objects.create(user=user, type="totp", data={"secret": secret, "step": 0}, created_at=NOON)


def app_code(at: datetime) -> str:
    """What that app shows at the moment (RFC 6238)."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    code: str = format_hotp_value(hotp_value(APP_SECRET, int(at.timestamp()) // 30))
    return code


def make_demo(user: Any) -> None:
    """The user's password is enough: a demo account of the demonstration."""
    from django.conf import settings

    from vigil.platform.agencies.demonstration import DEMO_MARK
    from vigil.platform.agencies.models import Node

    user.is_demo = True
    user.save(update_fields=["is_demo"])
    Node.objects.update(is_demo=True)
    (settings.VIGIL_DATA_DIR / DEMO_MARK).touch()


@pytest.fixture
def translating() -> Iterator[None]:
    """Texts are looked up, as on a node that speaks Spanish too."""
    from django.test import override_settings
    from django.utils import translation

    # Django keeps the functions that it first used, until they are cleared.
    with override_settings(LANGUAGES=[("en", "English"), ("es", "español")], USE_I18N=True):
        translation._trans.__dict__.clear()
        yield
    translation._trans.__dict__.clear()


@pytest.fixture
def now() -> Iterator[datetime]:
    """Noon; the clock of the process stands there."""
    from vigil.platform import clock

    with clock.fixed(NOON):
        yield NOON


@dataclass(frozen=True)
class Cast:
    """The people of the tests as database rows; `actor("alice")` is what actions take."""

    node: Any
    port_calvert: Any
    bay_county: Any
    users: dict[str, Any]

    def user(self, name: str) -> Any:
        """The row of one of them."""
        return self.users[name]

    def actor(self, name: str) -> Any:
        """One of them as an actor, through a page."""
        from vigil.platform.accounts.access import actor_of_user

        actor = actor_of_user(self.users[name])
        assert actor is not None
        return actor


def make_agency(ori: str, name: str, short_name: str, **fields: Any) -> Any:
    """An agency of Maryland."""
    from vigil.platform.agencies.models import Agency

    values = {"state": "MD", "county": "Anne Arundel", "watch_desk_phone": "+14105550100"} | fields
    return _made(Agency, ori=ori, name=name, short_name=short_name, **values)


def make_user(username: str, full_name: str, agency: Any, *roles: str, **fields: Any) -> Any:
    """A user with the password `PASSWORD` and these roles within the agency."""
    from vigil.platform.accounts.models import Membership, User

    user = User.objects.create_user(username, PASSWORD, full_name=full_name, **fields)
    for role in roles:
        Membership.objects.create(user=user, agency=agency, role=role)
    return user


@pytest.fixture
def people(db: None) -> Cast:
    """The cast, saved."""
    from vigil.platform.agencies.models import Node

    desk = {"watch_desk_name": "Bay Watch Desk", "watch_desk_phone": "+14105550199"}
    node = _made(Node, name="Bay Region", code="BAY", **desk)
    port_calvert = make_agency("MD0000100", "Port Calvert Police Department", "Port Calvert PD")
    bay_county = make_agency("MD0000200", "Bay County Sheriff's Office", "Bay County SO")
    users = _saved(
        ("alice", "Alice Arden", "+14105550101", port_calvert, "officer"),
        ("bob", "Bob Barrow", "+14105550102", port_calvert, "supervisor"),
        ("carol", "Carol Cole", "+14105550103", port_calvert, "watch_desk"),
        ("dave", "Dave Dunn", "+14105550201", bay_county, "officer"),
        ("erin", "Erin Eads", "+14105550104", port_calvert, "node_admin"),
    )
    return Cast(node=node, port_calvert=port_calvert, bay_county=bay_county, users=users)


def _saved(*cast: tuple[str, str, str, Any, str]) -> dict[str, Any]:
    """Users by name, as `make_user` makes each."""
    from django.contrib.auth.hashers import make_password

    from vigil.platform.accounts.models import Membership, User

    password, users = make_password(PASSWORD), {}
    for name, full_name, phone, agency, role in cast:
        users[name] = _made(User, username=name, full_name=full_name, phone=phone, password=password)
        _made(Membership, user_id=users[name].pk, agency_id=agency.pk, role=role)
    return users


def _made(model: Any, **columns: Any) -> Any:
    """A row of it by a statement that is made once, as most tests begin with such rows."""
    from vigil.platform.prepared import insert, new

    return insert([new(model, **columns)])[0]


@pytest.fixture
def login(client: Any, people: Cast) -> Callable[[str], Any]:
    """`login("alice")`: Django's test client with that person logged in."""

    def as_person(name: str) -> Any:
        client.force_login(people.user(name))
        return client

    return as_person


@pytest.fixture
def token(people: Cast) -> Callable[..., str]:
    """`token("alice", "deconfliction")`: the text of an API token of that person with these scopes."""
    from datetime import timedelta

    from vigil.platform import clock
    from vigil.platform.accounts.access import new_token

    def of(name: str, *scopes: str) -> str:
        agency_id = people.actor(name).agency_id
        return new_token(people.user(name), agency_id, "test", scopes, clock.now() + timedelta(days=1))[1]

    return of


gc.set_threshold(200_000, 50)  # what is loaded stays: the collector need not walk all of it again and again
atexit.register(gc.freeze)  # nor when the process ends


def pytest_collection_finish(session: pytest.Session) -> None:
    """Nor what was loaded until now ever again."""
    gc.freeze()


def pytest_configure() -> None:
    """No random case has a deadline: the machine may pause within any of them."""
    from hypothesis import settings

    settings.register_profile("busy", deadline=None)
    settings.load_profile("busy")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin first: at the end nobody waits for one of them alone."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only what is marked `db` runs (on PostgreSQL), files in which nothing is marked so are not even read."""
    if config.option.markexpr != "db" or not collection_path.name.startswith("test_"):
        return None
    return None if "mark.db" in collection_path.read_text(encoding="utf-8") else True


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much the tests that count something have checked: `record_property("counted", "42 canaries")`."""
    passed = terminalreporter.stats.get("passed", ())
    counted = [value for report in passed for name, value in report.user_properties if name == "counted"]
    for value in sorted(set(counted)):
        terminalreporter.write_line(f"Checked: {value}.")
