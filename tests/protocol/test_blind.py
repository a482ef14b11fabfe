"""Blind mode says what plain mode says, whatever happens: the same histories, told to two pairs of nodes."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import pytest

from protocol.desk import DETECTED, FAR, WITHDRAWN, a_revision, a_site
from protocol.test_exchange import Pairing, Post
from protocol.trace import MINUTE, NORTH, SOUTH, World
from vigil.engine.operation import Line, Point, Site
from vigil.protocol.envelope import VERSION
from vigil.protocol.exchange import BLIND_SINCE
from vigil.protocol.judgement import visible
from vigil.protocol.memory import MemoryStore
from vigil.protocol.store import OWN, Reference, Revision, Status

HISTORIES = int(os.environ.get("VIGIL_TEST_CASES", "1000")) // 100
ROUNDS = 8
PRIME = 2**61 - 1


class Products:
    """A cheap blinder: products modulo a prime commute as powers on a curve do, and hide nothing."""

    def __init__(self, node_id: str) -> None:
        self.node_id = node_id

    def blind(self, partner: str, values: Sequence[str]) -> list[str]:
        return [f"{_number(value) * _number(self.node_id) % PRIME:064x}" for value in values]

    def raised(self, partner: str, points: Sequence[str]) -> list[str]:
        return [f"{int(point, 16) * _number(self.node_id) % PRIME:064x}" for point in points]

    def keyed(self, text: str) -> str:
        return hashlib.sha256(f"{self.node_id}|{text}".encode()).hexdigest()


@lru_cache(maxsize=100_000)
def _number(value: str) -> int:
    return int.from_bytes(hashlib.sha256(value.encode()).digest()) % (PRIME - 1) + 1


class History:
    """What people do to two nodes, by a seed; the pairs that it is told to do the same."""

    def __init__(self, seed: int, pairs: Sequence[Pairing]) -> None:
        self.random = random.Random(f"history {seed}")
        self.planner = World(MemoryStore(NORTH), MemoryStore(SOUTH), seed)
        self.pairs = pairs
        for pair in pairs:
            for post in (pair.north, pair.south):
                post.exchange.blinder = Products(post.partner.node_id)

    def step(self) -> None:
        node_id = self.random.choice((NORTH, SOUTH))
        act = self.random.choices((self.submit, self.revise, self.cancel, self.lose, self.pass_time), (6, 5, 1, 3, 1))[
            0
        ]
        act(node_id)
        if self.random.random() < 0.4:
            for pair in self.pairs:
                settle(pair)

    def submit(self, node_id: str) -> None:
        self.register(node_id, self.spread(self.planner.new_revision(self.planner.stations[node_id])))

    def revise(self, node_id: str) -> None:
        old = self.some(node_id)
        if old is not None and old.status is not Status.CANCELLED:
            drawn = self.planner.random_revision(self.planner.stations[node_id], old.operation_id)
            drawn = self.spread(replace(drawn, number=old.number + 1))
            self.register(node_id, replace(drawn, operation=replace(drawn.operation, mode=old.operation.mode)))

    def cancel(self, node_id: str) -> None:
        old = self.some(node_id)
        if old is not None:
            registered = old.status is Status.CANCELLED
            status = Status.REGISTERED if registered else Status.CANCELLED
            operation = replace(old.operation, registered=registered)
            self.register(node_id, replace(old, operation=operation, status=status, number=old.number + 1, digest=""))

    def register(self, node_id: str, revision: Revision) -> None:
        for pair in self.pairs:
            post = posts(pair)[node_id]
            post.node.register(revision, post.now)
            if post.node.verdict(revision.operation_id) is not None:
                post.node.search(revision.operation_id, post.now)

    def lose(self, node_id: str) -> None:
        """Whatever a node asks arrives, and the answers do not."""
        for pair in self.pairs:
            post = posts(pair)[node_id]
            for question in post.exchange.questions(post.now):
                pair.answer(post, post.exchange.asked(question, post.now))
                post.exchange.unreachable(question.due, post.now)

    def pass_time(self, node_id: str) -> None:
        minutes = self.random.choice((1, 10, 40))
        for pair in self.pairs:
            pass_minutes(pair, minutes)

    def some(self, node_id: str) -> Revision | None:
        known = sorted(posts(self.pairs[0])[node_id].store.rows.newest)
        if not known:
            return None
        with posts(self.pairs[0])[node_id].store.transaction() as tx:
            return tx.current(self.random.choice(known))

    def spread(self, revision: Revision) -> Revision:
        """The planner puts all into one square kilometre: some are moved to a place of their own."""
        east = self.random.choice((0.0, 0.0, 0.03, 0.2))
        sites = tuple(_moved(site, east) for site in revision.operation.sites)
        return replace(revision, operation=replace(revision.operation, sites=sites))


def _moved(site: Site, east: float) -> Site:
    if isinstance(site.geometry, Point):
        return replace(site, geometry=replace(site.geometry, longitude=site.geometry.longitude + east))
    assert isinstance(site.geometry, Line)
    return replace(site, geometry=Line(tuple((longitude + east, at) for longitude, at in site.geometry.vertices)))


def speaks(post: Post, partner: str, version: int) -> None:
    """The newest version that the node believes its partner to speak."""
    with post.store.transaction() as tx:
        seen = tx.highest_seen(partner)
        assert seen is not None
        tx.note_seen(partner, replace(seen, speaks=version))


def posts(pair: Pairing) -> dict[str, Post]:
    return {NORTH: pair.north, SOUTH: pair.south}


def pass_minutes(pair: Pairing, minutes: int) -> None:
    for post in posts(pair).values():
        post.now += minutes * MINUTE
        post.node.extend_overdue(post.now)
        for due in post.node.due(post.now):
            post.node.search(due.operation_id, post.now)


def settle(pair: Pairing) -> None:
    """Every message arrives, until nothing is to be asked or told."""
    pass_minutes(pair, 6)
    for _ in range(ROUNDS):
        busy = False
        for post in posts(pair).values():
            for question in post.exchange.questions(post.now):
                asked = post.exchange.asked(question, post.now)
                post.exchange.accept_answer(asked, pair.answer(post, asked), post.now)
                busy = True
            busy = bool(pair.tell(post)) or busy
        if not busy:
            return
    raise AssertionError("the two nodes never come to rest")


def said(pair: Pairing) -> dict[str, object]:
    """What both nodes' people read: verdicts, and each conflict that stands, as far as it is shown."""
    shown: dict[str, object] = {}
    for node_id, post in posts(pair).items():
        with post.store.transaction() as tx:
            for operation_id in sorted(post.store.rows.newest):
                verdict = tx.verdict(operation_id)
                own = Reference(OWN, operation_id)
                shown[f"{node_id[-1]} {operation_id}"] = (
                    verdict and (verdict.determination, verdict.tentative, verdict.not_answered, verdict.refused),
                    [
                        (conflict.other(own).reference, conflict.state, conflict.match.band, conflict.match.overlap)
                        for conflict in tx.conflicts_of(own)
                        if visible(conflict, own)
                    ],
                )
    return shown


def play(seed: int, steps: int = 25) -> set[str]:
    """Tell one history to a plain and a blind pair; the determinations that it came to."""
    plain, blind = Pairing(), Pairing(blind=True)
    history = History(seed, (plain, blind))
    for _ in range(steps):
        history.step()
    settle(plain)
    settle(blind)
    assert said(plain) == said(blind), f"seed {seed}"
    return {str(one[0] and one[0][0]) for one in said(blind).values()}  # type: ignore[index]


@pytest.mark.slow
def test_blind_and_plain_say_the_same_of_every_history() -> None:
    reached = set().union(*(play(seed) for seed in range(HISTORIES)))
    assert {"conflict", "no_known_conflict"} <= reached


def test_who_is_asked_blind_ends_nothing_that_it_cannot_compare_yet() -> None:
    """Both revise at once: to the own new revision belong no tokens until the partner has answered about it."""
    pair = Pairing(blind=True)
    pair.north.submit(a_revision("x", a_site()))
    pair.south.submit(a_revision("t", a_site()))
    settle(pair)
    for post, name in ((pair.north, "x"), (pair.south, "t")):
        post.submit(a_revision(name, a_site(), number=2))
    pair.ask(pair.north, "x")
    assert pair.south.told("t") == [DETECTED]
    settle(pair)
    assert (pair.north.told("x"), pair.south.told("t")) == ([DETECTED], [DETECTED])
    pair.south.submit(a_revision("t", a_site(FAR), number=3))
    settle(pair)
    assert pair.north.told("x") == pair.south.told("t") == [DETECTED, WITHDRAWN]


def test_who_asks_blind_ends_nothing_that_the_partner_leaves_to_its_own_question() -> None:
    """The partner asked about its operation, met the own one, and never heard so: it has nothing to compare with."""
    pair = Pairing(blind=True)
    pair.north.submit(a_revision("x", a_site()))
    settle(pair)
    pair.south.submit(a_revision("t", a_site()))
    speaks(pair.south, NORTH, BLIND_SINCE - 1)  # it asks exactly, with nothing to compare blind
    (question,) = pair.south.exchange.questions(pair.south.now)
    pair.answer(pair.south, pair.south.exchange.asked(question, pair.south.now))
    pair.south.exchange.unreachable(question.due, pair.south.now)
    speaks(pair.south, NORTH, VERSION)
    pair.north.submit(a_revision("x", a_site(), number=2))
    settle(pair)
    assert (pair.north.told("x"), pair.south.told("t")) == ([DETECTED], [DETECTED])
    pair.north.submit(a_revision("x", a_site(FAR), number=3))
    settle(pair)
    assert pair.north.told("x") == pair.south.told("t") == [DETECTED, WITHDRAWN]
