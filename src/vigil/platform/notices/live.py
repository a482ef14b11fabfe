"""The live stream: server-sent events that tell an open page to look again. The only asynchronous code.

Events carry topics, kinds and ids, never contents: the page fetches what its reader may see.

    event: notice     data: {"notice": "<id>", "kind": "deconfliction.conflict"}
    event: changed    data: {"topic": "operations"}
    event: heartbeat  data: {"at": "2026-11-24T17:00:00+00:00"}    every 15 seconds, and at once
    event: ended      the session is over; the stream closes

The `id` of an event is the cursor; a browser that reconnects sends it as Last-Event-ID, and a page that has just
been rendered asks with `?since=<cursor>`. Both are told everything since. One poller per process reads the table
of changes and serves every stream of the process.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.db import close_old_connections, connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.platform.accounts.access import actor_of_session
from vigil.platform.doors import declared
from vigil.platform.notices.board import cursor
from vigil.platform.notices.models import Change

T = TypeVar("T")

HEARTBEAT_SECONDS = 15.0
POLL_SECONDS = 0.05
OVERLAP = timedelta(seconds=30)
"""On PostgreSQL a change may be committed after one with a higher id; it is looked for this long."""

# All database work of the streams is done by one thread with one connection, however many streams there are; the look
# for what is new has one of its own, so that it waits for nobody's login to be read again.
_database = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live")
_news = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live-news")


async def _query(function: Callable[[], T], by: ThreadPoolExecutor = _database) -> T:
    def run() -> T:
        close_old_connections()
        return function()

    return await asyncio.get_running_loop().run_in_executor(by, run)


def visible(change: Change, actor: Actor) -> bool:
    """Whether the change is addressed to the actor: their own, their agency's, or their role's on this node."""
    if change.user_id is not None:
        return change.user_id == actor.user_id
    if change.agency_id is not None:
        return change.agency_id == actor.agency_id
    return not change.role or change.role in actor.roles


def since(position: int, actor: Actor) -> list[Change]:
    """What the actor missed after the cursor; a little before it too, for changes that were committed late."""
    last = Change.objects.filter(pk=position).values_list("at", flat=True).first()
    late = Q(at__gt=last - OVERLAP) & ~Q(pk=position) if last and connection.vendor == "postgresql" else Q()
    rows = Change.objects.filter(Q(pk__gt=position) | late if late else Q(pk__gt=position)).order_by("pk")
    return [change for change in rows if visible(change, actor)]


class Poller:
    """Reads new changes while anybody listens and puts them before every listener."""

    def __init__(self) -> None:
        self.listeners: set[asyncio.Queue[list[Change]]] = set()
        self.begun = asyncio.Event()
        """Set once it looks: what is committed from then on is put before the listeners."""
        self._task: asyncio.Task[None] | None = None
        self._seen: dict[int, object] = {}
        self._version: int | None = None

    def join(self) -> asyncio.Queue[list[Change]]:
        """A queue that receives each batch of new changes from now on."""
        queue: asyncio.Queue[list[Change]] = asyncio.Queue()
        self.listeners.add(queue)
        if self._task is None or self._task.done():
            self.begun = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._run())
        return queue

    def leave(self, queue: asyncio.Queue[list[Change]]) -> None:
        """Stop receiving; the poller rests when nobody is left."""
        self.listeners.discard(queue)

    async def _run(self) -> None:
        while self.listeners:
            try:
                if not self.begun.is_set():
                    await _query(self._start, _news)
                    self.begun.set()
                fresh = await _query(self._fresh, _news)
            except Exception:  # noqa: BLE001 - the database may be away; the next round asks again
                fresh, self._version = [], None
            for queue in list(self.listeners) if fresh else ():
                queue.put_nowait(fresh)
            await asyncio.sleep(POLL_SECONDS)

    def _start(self) -> None:
        self._seen = {change.pk: change.at for change in self._recent(cursor())}
        self._position = cursor()

    def _recent(self, position: int) -> Iterable[Change]:
        return Change.objects.filter(Q(pk__gt=position) | Q(at__gt=clock.now() - OVERLAP)).order_by("pk")

    def _fresh(self) -> list[Change]:
        if not self._database_moved():
            return []
        rows = list(self._recent(self._position))
        fresh = [change for change in rows if change.pk not in self._seen]
        self._seen = {change.pk: change.at for change in rows}
        if rows:
            self._position = max(self._position, rows[-1].pk)
        return fresh

    def _database_moved(self) -> bool:
        if connection.vendor != "sqlite":
            return True
        with connection.cursor() as statement:
            version: int = statement.execute("PRAGMA data_version").fetchone()[0]
        moved, self._version = version != self._version, version
        return moved


@dataclass
class _Pollers:
    """One poller for each event loop: a server has one, each test its own."""

    by_loop: dict[int, Poller] = field(default_factory=dict)

    def here(self) -> Poller:
        return self.by_loop.setdefault(id(asyncio.get_running_loop()), Poller())


_pollers = _Pollers()


@declared("notices.notice.read")
async def stream(request: HttpRequest) -> HttpResponseBase:
    """The stream of the logged-in reader; 401 when nobody is logged in."""
    actor = await _query(lambda: actor_of_session(request))
    if actor is None or not actor.can("notices.notice.read"):
        return HttpResponse(status=401)
    asked = request.headers.get("Last-Event-ID") or request.GET.get("since", "")
    position = int(asked) if asked.isdecimal() and len(asked) < 19 else await _query(cursor)
    response = StreamingHttpResponse(_events(request, actor, position), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(request: HttpRequest, actor: Actor, position: int) -> AsyncIterator[str]:
    poller, loop = _pollers.here(), asyncio.get_running_loop()
    # Join first, look back second: what is committed between the two is told twice rather than never.
    queue = poller.join()
    try:
        yield "retry: 2000\n\n" + _heartbeat()
        reader: Actor | None = actor
        await poller.begun.wait()
        missed = await _query(lambda: since(position, actor))
        for text in _texts(missed, actor):
            yield text
        due = loop.time() + HEARTBEAT_SECONDS
        while reader is not None:
            try:
                async with asyncio.timeout_at(due):
                    batch = await queue.get()
            except TimeoutError:
                # By the clock, however much there is to tell: who was cut off is told nothing more after this.
                due = loop.time() + HEARTBEAT_SECONDS
                reader = await _query(lambda: _still(request))
                yield _heartbeat() if reader else "event: ended\ndata: {}\n\n"
                continue
            for text in _texts(batch, reader):
                yield text
    finally:
        poller.leave(queue)


def _still(request: HttpRequest) -> Actor | None:
    # The session is read afresh: it may have ended, or the person been switched off, since the stream began.
    from django.contrib.auth import get_user

    request.session = type(request.session)(request.session.session_key)
    request.user = get_user(request)
    return actor_of_session(request)


def _texts(changes: list[Change], reader: Actor) -> Iterable[str]:
    told: set[str] = set()
    for change in changes:
        if not visible(change, reader):
            continue
        if change.notice_id is not None:
            yield _notice(change.notice_id, change.kind, change.pk)
        elif change.topic not in told:
            told.add(change.topic)
            yield _changed(change.topic, change.pk)


# Each text is made once, however many pages are open.
@functools.lru_cache(maxsize=256)
def _notice(notice_id: UUID, kind: str, position: int) -> str:
    return _event("notice", {"notice": str(notice_id), "kind": kind}, position)


@functools.lru_cache(maxsize=256)
def _changed(topic: str, position: int) -> str:
    return _event("changed", {"topic": topic}, position)


def _heartbeat() -> str:
    return _event("heartbeat", {"at": clock.now().isoformat(timespec="seconds")})


def _event(name: str, data: dict[str, str], position: int | None = None) -> str:
    head = f"id: {position}\n" if position is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n"
