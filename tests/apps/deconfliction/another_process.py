"""A node in a process of its own, with a database on disk: for races between threads and for kill -9.

`prepared(folder)` makes one, on SQLite or on the server of VIGIL_DATABASE_URL, and its `copy` is a test's own;
`run(environment, …)` runs a function of this file in a new process and returns what it returned. The functions are
what the process does. Each is a child of one that has loaded the node once (`tests/nursery.py`).
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from tests.migrated import Migrated, server
from tests.nursery import Nursery, born

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
SECONDS = 600
"""After so many a child is ended that hangs."""


@contextmanager
def prepared(folder: Path, migrated: Migrated) -> Iterator[Database]:
    """A database with two agencies, to be copied for each test."""
    from vigil.config import keys

    keys.KeyFolder(folder).draw_missing()
    if not migrated.name:
        migrated.copy(str(folder / "vigil.sqlite3"))
    with _new_database(folder, migrated.name) as base:
        run(base.environment, "prepare")
        yield base


@dataclass(frozen=True)
class Database:
    """Where it is: its data folder, and on PostgreSQL its name; `environment` says it to a process."""

    folder: Path
    name: str = ""

    @property
    def environment(self) -> dict[str, str]:
        variables = {"VIGIL_DATA_DIR": str(self.folder)}
        if self.name:
            address = urlsplit(os.environ["VIGIL_DATABASE_URL"])._replace(path=f"/{self.name}")
            variables["VIGIL_DATABASE_URL"] = urlunsplit(address)
        return variables

    @contextmanager
    def copied(self, folder: Path) -> Iterator[Database]:
        """A copy in the folder."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        with _new_database(folder, self.name) as copied:
            yield copied

    @contextmanager
    def copy(self, folder: Path) -> Iterator[dict[str, str]]:
        """The environment of a copy in the folder."""
        with self.copied(folder) as copied:
            yield copied.environment


@contextmanager
def _new_database(folder: Path, template: str) -> Iterator[Database]:
    if not template:
        yield Database(folder)
        return
    name = f"vigil_{os.getpid()}_{random.getrandbits(32):08x}"
    with server() as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield Database(folder, name)
    finally:
        with server() as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(environment: dict[str, str], act: str, *arguments: str, **more: str) -> tuple[int, Any]:
    """Exit code and what the act returned (None where it did not come to an end)."""
    code, said = _nursery()(environment | more, act, arguments)
    if code > 0:
        raise AssertionError(said[-4000:])
    return code, json.loads(said) if code == 0 else None


@cache
def _nursery() -> Nursery:
    return Nursery("tests.apps.deconfliction.another_process")


def main() -> None:
    """The nursery."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
    import django

    django.setup()
    from vigil.apps.deconfliction import jobs, places
    from vigil.platform.jobs import worker

    assert jobs
    assert worker
    places.zone_of(0.0, 0.0)
    gc.freeze()
    gc.set_threshold(20_000)  # as a node that serves
    _carry_out(*born())


def _carry_out(writing: int, order: list[Any]) -> None:
    """As a process that was started with these variables."""
    environment, act, arguments = order
    from django.conf import settings
    from django.db import connections

    from vigil.config.keys import KeyFolder
    from vigil.config.knobs import database
    from vigil.platform import clock, points

    signal.alarm(SECONDS)
    code, said = 0, ""
    try:
        folder = Path(environment["VIGIL_DATA_DIR"])
        address = environment.get("VIGIL_DATABASE_URL", "")
        settings.DATABASES["default"]["NAME"] = database(address, folder)["NAME"]
        settings.VIGIL_DATA_DIR, settings.VIGIL_KEYS = folder, KeyFolder(folder)
        points.CRASH_AT = environment.get("VIGIL_CRASH_AT", "")
        with clock.fixed(NOON):
            said = json.dumps(ACTS[act](*arguments))
        connections.close_all()
    except BaseException:  # noqa: BLE001 - whatever it is, the test is told
        code, said = 1, traceback.format_exc()
    with open(writing, "w") as answer:
        answer.write(said)
    os._exit(code)


# --- what such a process does ---


def prepare() -> None:
    """Two agencies with an officer each."""
    from tests.conftest import make_agency, make_user

    from vigil.platform.agencies.models import Node

    Node.objects.create(name="Bay Region", code="BAY")
    for username, ori in (("alice", "MD0000100"), ("dave", "MD0000200")):
        agency = make_agency(ori, f"Agency of {username}", username)
        make_user(username, username.title(), agency, "officer")
        make_user(f"desk-{username}", f"Desk {username}", agency, "watch_desk")


def actor(username: str) -> Any:
    from vigil.platform.accounts.access import actor_of_user
    from vigil.platform.accounts.models import User

    return actor_of_user(User.objects.get(username=username))


def submit(username: str, longitude: str = "-76.6122") -> str:
    """What a page does: register, search, answer."""
    from tests.apps.deconfliction.plans import plan, site

    from vigil.apps.deconfliction import actions

    who = actor(username)
    operation = actions.register_operation(who, plan(NOON, site(NOON, (float(longitude), 39.29))), NOON)
    verdict = actions.run_due_search(who, operation.id, NOON)
    return verdict.determination if verdict else "checking"


def restart() -> dict[str, Any]:
    """What a node does that starts again: the work that is due. Then: what is stored."""
    from vigil.apps.deconfliction.models import Conflict, Operation, Receipt, SearchDue
    from vigil.platform.jobs import queue
    from vigil.platform.jobs.worker import Worker
    from vigil.platform.notices.models import Notice

    worker = Worker(lambda: NOON)
    for handler in queue.STARTUP:
        handler(NOON)
    worker.run_until_idle()
    numbers = list(Receipt.objects.order_by("number").values_list("number", flat=True))
    told = Notice.objects.exclude(kind="deconfliction.desk")  # that nobody watches the desk is another matter
    return {
        "determinations": sorted(Operation.objects.values_list("determination", flat=True)),
        "due": SearchDue.objects.count(),
        "conflicts": Conflict.objects.count(),
        "told": sorted(told.values_list("recipient__username", flat=True)),
        "receipts in a row": numbers == list(range(1, len(numbers) + 1)),
    }


def end(username: str, place: str) -> str:
    """Somebody registers, and later says that everyone has left."""
    from vigil.apps.deconfliction import actions
    from vigil.apps.deconfliction.models import Operation

    submit(username, place)
    operation = Operation.objects.get(agency__short_name=username)
    over = NOON + timedelta(hours=5)
    actions.end_operation(actor(username), operation.pk, 1, over)
    actions.run_due_search(actor(username), operation.pk, over)
    return operation.reference


def purge() -> dict[str, Any]:
    """A purge ten days later. Then: what is left."""
    from vigil.apps.deconfliction.models import Operation, PurgedOperations, PurgeRun, Site
    from vigil.apps.deconfliction.past import purge
    from vigil.apps.deconfliction.receipts import chain as receipt_chain
    from vigil.core.actor import system

    purge.purge(system("worker"), NOON + timedelta(days=10))
    return {
        "operations": Operation.objects.count(),
        "sites": Site.objects.count(),
        "counted": sorted(PurgedOperations.objects.values_list("agency__short_name", "count")),
        "receipts": receipt_chain.verify().finding,
        "broken off": PurgeRun.objects.filter(finished_at=None).count(),
    }


def climb() -> dict[str, Any]:
    """What the worker does two minutes later. Then: who was told again, and what went beyond the page."""
    from vigil.apps.deconfliction import jobs
    from vigil.apps.deconfliction.models import ConflictEvent
    from vigil.platform.delivery.models import Delivery
    from vigil.platform.notices.models import Notice

    jobs.tell_again(NOON + timedelta(minutes=2))
    again = Notice.objects.filter(body__startswith="Nobody of your side")
    return {
        "again": sorted(again.values_list("recipient__username", flat=True)),
        "texts": Delivery.objects.filter(channel="sms").count(),
        "stepped": ConflictEvent.objects.filter(kind="stepped").count(),
    }


def race(order: str, seed: str, count: str) -> dict[str, int]:
    """Two people register the same place at the same instant, `count` times; how often both, one or none saw it."""
    return Races(ORDERS[order], random.Random(int(seed)), int(count)).run()


class Races:
    """Two threads that meet at named points. For each race the schedule is drawn: where they wait for one another."""

    def __init__(self, order: Callable[[Any, float], str], draw: random.Random, count: int) -> None:
        from vigil.platform import points

        self.order = order
        self.meetings = draw.choices(((), ("between",), ("after_register_commit",)), k=count)
        self.meeting: tuple[str, ...] = ()
        self.barrier = threading.Barrier(2, timeout=60)
        self.answers: dict[str, list[str]] = {"alice": [], "dave": []}
        points.listeners.append(self.pass_point)

    def pass_point(self, name: str) -> None:
        if name in self.meeting:
            self.barrier.wait()

    def run(self) -> dict[str, int]:
        threads = [threading.Thread(target=self.one, args=(username,)) for username in self.answers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        both = list(zip(*self.answers.values(), strict=True))
        if len(both) != len(self.meetings):
            raise AssertionError(f"race {len(both)} had no two answers")
        seen = {"none": 0, "one": 0, "both": 0}
        for pair in both:
            seen[("none", "one", "both")[pair.count("conflict")]] += 1
        return seen

    def one(self, username: str) -> None:
        from django.db import connection

        try:
            who = actor(username)
            for number, meeting in enumerate(self.meetings):
                self.barrier.wait()
                # Both say the same, and neither is in the next race before the other has ended this one.
                self.meeting = meeting
                self.answers[username].append(self.order(who, -120.0 + 0.02 * number))
        except BaseException:
            self.barrier.abort()
            raise
        finally:
            connection.close()


def commit_then_search(who: Any, place: float) -> str:
    """The product's order."""
    from tests.apps.deconfliction.plans import plan, site

    from vigil.apps.deconfliction import actions
    from vigil.platform.points import write_point

    operation = actions.register_operation(who, plan(NOON, site(NOON, (place, 39.29))), NOON)
    write_point("between")
    verdict = actions.run_due_search(who, operation.id, NOON)
    assert verdict is not None
    return verdict.determination


def search_then_commit(who: Any, place: float) -> str:
    """The mutant: looks first, then stores."""
    from tests.apps.deconfliction.plans import plan, site

    from vigil.apps.deconfliction import actions, search
    from vigil.apps.deconfliction.plan_rows import engine_operation
    from vigil.platform.points import write_point

    wanted = plan(NOON, site(NOON, (place, 39.29)))
    found = search.matching(engine_operation(str(UUID(int=0)), wanted, registered=True))
    write_point("between")
    actions.register_operation(who, wanted, NOON)
    return "conflict" if found else "no_known_conflict"


ORDERS: dict[str, Callable[[Any, float], str]] = {"product": commit_then_search, "mutant": search_then_commit}
ACTS: dict[str, Callable[..., Any]] = {
    "prepare": prepare,
    "submit": submit,
    "restart": restart,
    "race": race,
    "end": end,
    "purge": purge,
    "climb": climb,
}

if __name__ == "__main__":
    main()
