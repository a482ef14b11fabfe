"""A partner node in memory: the same state machine over another store, reached by a call instead of a socket."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from vigil.apps.deconfliction.actions import node as own_node
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.store import DatabaseStore, partner_of
from vigil.core.identifiers import uuid7
from vigil.engine.operation import MICROSECONDS_PER_MINUTE, Operation, Point, Site
from vigil.platform import clock
from vigil.platform.agencies.models import this_node
from vigil.platform.partners import roster
from vigil.platform.partners.client import Unreached
from vigil.platform.partners.models import Partner
from vigil.protocol.blinding import PartnerBlinder
from vigil.protocol.exchange import Exchange, Letter
from vigil.protocol.memory import MemoryStore
from vigil.protocol.node import Node
from vigil.protocol.signing import Signer
from vigil.protocol.store import Card, Revision
from vigil.protocol.store import Partner as Member

HOUR = 60 * MICROSECONDS_PER_MINUTE
CARD = Card("Elm County SO", "Pat Elm", "+14105550300")


class ElmNode:
    """Paired with this node, which is paired with it."""

    def __init__(
        self, now: datetime, purpose: str = "live", name: str = "Elm Region", url: str = "https://elm.example"
    ) -> None:
        self.id = str(uuid4())
        self.store = MemoryStore(self.id, epoch=7)
        self.signer = Signer.from_seed(uuid4().bytes * 2)
        self.node = Node(self.store, self.signer)
        self.exchange = Exchange(
            self.node, self.signer, PartnerBlinder(uuid4().bytes * 2, self.id), lambda: str(uuid7())
        )
        self.heard: list[tuple[str, bytes]] = []
        """Kind by its address, and the message, of everything that came."""
        self.leave: Callable[[], None] = lambda: None
        """Be gone, where it is reached by a socket."""
        self.down = ""
        """A code: nothing is answered."""
        row = Partner.objects.create(
            pk=UUID(self.id),
            name=name,
            base_url=url,
            public_key=self.signer.public_key,
            watch_desk_phone="+14105550399",
            predicate_versions=["p1"],
            purpose=purpose,
            state=Partner.State.ACTIVE,
        )
        others = [partner_of(one) for one in roster.partners()]
        own_node(DatabaseStore()).change_roster([*others, partner_of(row)], instant(now))
        us = Member(str(this_node().pk), "Bay Region", "+14105550199", public_key=roster.signer().public_key)
        self.node.change_roster([us], instant(now))

    def send(self, url: str, token: bytes, seconds: float) -> bytes:
        """What arrives here, as the client's `send`."""
        if self.down:
            raise Unreached(self.down)
        self.heard.append((url.rpartition("/")[2], token))
        return self.exchange.receive(token, instant(clock.now()))

    def registers(self, now: datetime, place: tuple[float, float], **fields: Any) -> str:
        """An operation of its own there, in three hours; its id."""
        key = str(uuid4())
        start = instant(now) + 3 * HOUR
        site = Site(Point(*place), 300.0, start, start + 2 * HOUR)
        self.node.register(Revision(Operation(key, (site,), **fields), 1, "elm-so"), instant(now))
        self.store.cards = {**self.store.cards, key: CARD}
        self.node.search(key, instant(now))
        return key

    def asks(self, now: datetime, answer: Callable[[bytes], bytes]) -> None:
        """Put everything that is due to the other node by `answer`."""
        for question in self.exchange.questions(instant(now)):
            asked = self.exchange.asked(question, instant(now))
            self.exchange.accept_answer(asked, answer(asked.token), instant(now))

    def letter(self, kind: str, now: datetime) -> Letter:
        """A message about the nodes."""
        return self.exchange.letter(str(this_node().pk), kind, {}, instant(now))


class AtOnce(Executor):
    """Does what it is given at once, in the caller's thread."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as a thread pool does
            done.set_exception(error)
        return done


class Never(Executor):
    """Takes it and is never done with it."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return Future()
