"""Notices and the live stream: told once, to the right people, without contents, and missed by nobody."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from django.db import connections
from django.test import AsyncClient

from vigil.core.permissions import Role
from vigil.platform.notices import board, live
from vigil.platform.notices.models import Notice

Event = tuple[str, dict[str, str], str]


@pytest.mark.db
@pytest.mark.django_db
class TestNotices:
    def test_a_person_is_told_once_under_one_key(self, people: Any, now: Any) -> None:
        alice = people.user("alice").pk
        for _ in range(2):
            board.notify([alice], "deconfliction.conflict", "A conflict.", objects={"conflict": "c1"}, key="c1")
        assert Notice.objects.count() == 1

    def test_each_reads_and_marks_only_their_own(self, people: Any, now: Any) -> None:
        for name in ("alice", "dave"):
            board.notify([people.user(name).pk], "test.kind", "Body.", objects={}, key=name)
        alice, dave = people.actor("alice"), people.actor("dave")
        assert board.notices_of(alice).count() == 1
        assert board.mark_seen(alice, [board.notices_of(dave).get().pk]) == 0
        assert board.mark_seen(alice) == 1
        assert board.mark_seen(alice) == 0
        assert board.notices_of(dave).get().seen_at is None

    def test_a_change_is_seen_by_those_it_is_addressed_to(self, people: Any, now: Any) -> None:
        board.changed("operations", agencies=[people.port_calvert.pk])
        board.changed("conflicts", users=[people.user("dave").pk])
        board.changed("desk", roles=[Role.WATCH_DESK])
        seen = {name: {c.topic for c in live.since(0, people.actor(name))} for name in ("alice", "carol", "dave")}
        assert seen == {"alice": {"operations"}, "carol": {"operations", "desk"}, "dave": {"conflicts"}}


def streamed(people: Any, name: str, since: int, act: Callable[[AsyncIterator[Event]], Awaitable[None]]) -> None:
    """Open the stream as the person and hand its events to `act`."""

    async def run() -> None:
        client = AsyncClient()
        await client.aforce_login(people.user(name))
        response: Any = await client.get("/stream", {"since": since})
        assert response.status_code == 200
        content = response.streaming_content
        try:
            await asyncio.wait_for(act(events(content)), 60)
        finally:
            await content.aclose()
            await live._query(connections.close_all)

    asyncio.run(run())


async def events(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Name, data and id of each event."""
    async for chunk in chunks:
        fields = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines() if line)
        yield fields["event"], json.loads(fields["data"]), fields.get("id", "")


@pytest.mark.db
@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("vigil.platform.notices.urls")
class TestStream:
    def test_it_begins_with_a_heartbeat_and_what_was_missed(self, people: Any) -> None:
        cursor = board.cursor()
        board.changed("operations", agencies=[people.port_calvert.pk])
        board.notify([people.user("alice").pk], "test.kind", "Body.", objects={}, key="k")

        async def act(stream: AsyncIterator[Event]) -> None:
            first = await anext(stream)
            assert first[0] == "heartbeat"
            assert set(first[1]) == {"at"}
            assert (await anext(stream))[:2] == ("changed", {"topic": "operations"})
            name, data, position = await anext(stream)
            assert (name, data["kind"]) == ("notice", "test.kind")
            assert set(data) == {"notice", "kind"}, "ids and kinds only"
            assert int(position) == board_cursor

        board_cursor = board.cursor()
        streamed(people, "alice", cursor, act)

    def test_a_committed_change_arrives_and_anothers_does_not(self, people: Any) -> None:
        def write() -> None:
            board.changed("conflicts", agencies=[people.bay_county.pk])
            board.changed("operations", agencies=[people.port_calvert.pk])
            connections.close_all()

        async def act(stream: AsyncIterator[Event]) -> None:
            await anext(stream)
            await asyncio.to_thread(write)
            assert (await anext(stream))[:2] == ("changed", {"topic": "operations"})

        streamed(people, "alice", board.cursor(), act)

    def test_what_is_committed_while_the_first_stream_opens_is_told(
        self, people: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start, since, looked = live.Poller._start, live.since, threading.Event()

        def started(poller: live.Poller) -> None:
            looked.wait(0.2)  # who looks back without waiting for the poller has looked now
            board.changed("operations", agencies=[people.port_calvert.pk])
            start(poller)

        def looks_back(position: int, actor: Any) -> Any:
            found = since(position, actor)
            looked.set()
            return found

        async def act(stream: AsyncIterator[Event]) -> None:
            await anext(stream)
            assert (await anext(stream))[:2] == ("changed", {"topic": "operations"})

        monkeypatch.setattr(live.Poller, "_start", started)
        monkeypatch.setattr(live, "since", looks_back)
        streamed(people, "alice", board.cursor(), act)

    @pytest.mark.parametrize("end", ["logout", "switched off"])
    def test_it_ends_with_the_session(self, people: Any, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
        monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)

        def stop() -> None:
            from vigil.platform.accounts.models import Session

            if end == "logout":
                Session.objects.all().delete()
            else:
                people.user("alice").is_active = False
                people.user("alice").save()
            connections.close_all()

        async def act(stream: AsyncIterator[Event]) -> None:
            await anext(stream)
            await asyncio.to_thread(stop)
            names = [name async for name, _, _ in stream]
            assert names[-1] == "ended"

        streamed(people, "alice", board.cursor(), act)

    def test_without_a_login_there_is_none(self, people: Any) -> None:
        async def run() -> int:
            response = await AsyncClient().get("/stream")
            await live._query(connections.close_all)
            return response.status_code

        assert asyncio.run(run()) == 401
