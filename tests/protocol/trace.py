"""A random history of two nodes, the same for every store: what a store under test must do alike.

`run_trace(store, seed)` plays node North on the given store and node South on a store in memory, with edits, crashes,
lost, late, doubled and forged answers, roster changes and new epochs; it checks the invariants of specification 8
after every step and returns what was said and what is stored. Two stores are alike when they return the same for the
same seed.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from uuid import UUID

from vigil.engine.operation import Basis, Line, Match, Mode, Operation, Point, Site, Window
from vigil.engine.predicate import match
from vigil.protocol.blinding import PartnerBlinder
from vigil.protocol.envelope import Message, opened, seal
from vigil.protocol.exchange import Exchange, Letter, NotAnAnswer
from vigil.protocol.judgement import told
from vigil.protocol.memory import MemoryStore
from vigil.protocol.messages import Asked, Query, Reply
from vigil.protocol.node import Node
from vigil.protocol.receipts import Finding, verify_chain
from vigil.protocol.signing import Signer
from vigil.protocol.store import (
    OWN,
    AlarmKind,
    Card,
    Conflict,
    ConflictState,
    Disclosure,
    Outcome,
    Pair,
    Partner,
    Reference,
    Revision,
    Side,
    StaleRevision,
    Status,
    Store,
    Transaction,
)

MINUTE = 60_000_000
START = 1_800_000_000_000_000
NORTH = "01900000-0000-7000-8000-00000000000a"
SOUTH = "01900000-0000-7000-8000-00000000000b"
AGENCY = "01900000-0000-7000-8000-0000000000aa"
"""The agency that every operation of a trace belongs to; a store with an agency table makes a row of this id."""
SEEDS = {NORTH: b"N" * 32, SOUTH: b"S" * 32}
NAMES = {NORTH: "North", SOUTH: "South"}


class Remembering(PartnerBlinder):
    """Raises each point once: the histories put the same few values again and again."""

    def blind(self, partner: str, values: Sequence[str]) -> list[str]:
        return [_blinded(self, partner, value) for value in values]

    def raised(self, partner: str, points: Sequence[str]) -> list[str]:
        return [_raised(self, partner, point) for point in points]


@cache
def _blinded(blinder: PartnerBlinder, partner: str, value: str) -> str:
    return PartnerBlinder.blind(blinder, partner, [value])[0]


@cache
def _raised(blinder: PartnerBlinder, partner: str, point: str) -> str:
    return PartnerBlinder.raised(blinder, partner, [point])[0]


TOKENS = tuple(f"{n:064x}" for n in range(1, 5))
"""Subjects as keyed tokens: 32 bytes, hexadecimal."""


class Crashed(Exception):
    """The process died at a commit."""


class Violation(AssertionError):
    """An invariant does not hold; the message begins with its number."""


class CrashingStore:
    """Dies at one of the next commits when told so: just before it (nothing is kept) or just after (nobody hears)."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.die: str | None = None
        self.commits_left = 0

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        die = None
        if self.commits_left == 0:
            die, self.die = self.die, None
        self.commits_left -= 1
        with self.inner.transaction() as tx:
            yield _Disclosing(tx)
            if die == "before commit":
                raise Crashed
        if die == "after commit":
            raise Crashed


class _Disclosing:
    """Cards and neighbours come from the trace, so that a store need not know contacts; the rest is the store's."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def card(self, operation_id: str) -> Card:
        revision = self._tx.current(operation_id)
        assert revision is not None
        if revision.silent:
            return Card("watch desk", "Carol", "+12025550100")
        return Card("agency", "Alice", "+12025550101", "", revision.plain_clothes, revision.armed_and_dangerous)

    def not_covered(self, operation_id: str) -> None:
        return None


@dataclass
class Station:
    """One node of the world and what became known of it."""

    node_id: str
    store: CrashingStore
    node: Node
    exchange: Exchange
    blind: bool = False
    """Operations are put to it, and by it, as masked cells first."""
    epochs: int = 1
    backup: Any = None
    together: set[int] = field(default_factory=set)
    """Numbers of rosters that the other node stands on."""

    @property
    def partner(self) -> Partner:
        public_key = Signer.from_seed(SEEDS[self.node_id]).public_key
        name = NAMES[self.node_id]
        return Partner(self.node_id, name, "+12025550100", public_key=public_key, blind=self.blind)


@dataclass(frozen=True)
class Parcel:
    """A message on the wire: a question or a letter, or the answer to one."""

    sender: str
    receiver: str
    about: Asked | Letter
    answer: bytes | None = None


@dataclass
class Trace:
    """What a run said, in order, and what its stores hold at the end."""

    outputs: list[object] = field(default_factory=list)
    states: dict[str, dict[str, object]] = field(default_factory=dict)


class World:
    """Two nodes, a wire between them, one clock. Everything random comes from the seed."""

    crashes = 0.15
    """How often a step dies at one of its commits."""

    check_every = 1
    """After how many steps the invariants are looked at."""

    def __init__(self, north: Store, south: Store, seed: int, restores: bool = True) -> None:
        self.random = random.Random(seed)
        self.now = START
        self.wire: list[Parcel] = []
        self.trace = Trace()
        self.operations: dict[str, list[str]] = {NORTH: [], SOUTH: []}
        self.evaluated: set[tuple[str, str, int, str, int]] = set()
        self.ids = itertools.count()
        self.blind = seed % 3 == 1
        self.known: dict[tuple[int, int], tuple[Operation, Operation, Match | None]] = {}
        self.restores = restores
        self.steps = 0
        self.stations = {node_id: self._station(node_id, store) for node_id, store in ((NORTH, north), (SOUTH, south))}
        for station in self.stations.values():
            self.join(station)

    def _station(self, node_id: str, store: Store) -> Station:
        crashing = CrashingStore(store)
        node = Node(crashing, Signer.from_seed(SEEDS[node_id]))
        blinder = Remembering(SEEDS[node_id], node_id)
        exchange = Exchange(node, node.signer, blinder, lambda: f"message-{next(self.ids)}")
        return Station(node_id, crashing, node, exchange, self.blind)

    def other(self, station: Station) -> Station:
        return self.stations[SOUTH if station.node_id == NORTH else NORTH]

    # -- what happens ------------------------------------------------------------------------------------------

    def step(self) -> None:
        acts: dict[Callable[[Station], object], int] = {
            self.submit: 6,
            self.submit_two_at_once: 3,
            self.draft: 1,
            self.revise: 6,
            self.cancel_or_undo: 2,
            self.end: 1,
            self.register_stale: 1,
            self.work: 5,
            self.pass_time: 3,
            self.ask: 6,
            self.deliver: 12,
            self.lose: 3,
            self.forge: 1,
            self.leave_or_join: 1,
            self.new_epoch: 1,
        }
        act = self.random.choices(list(acts), list(acts.values()))[0]
        station = self.stations[self.random.choice((NORTH, SOUTH))]
        if self.random.random() < self.crashes:
            station.store.die = self.random.choice(("before commit", "after commit"))
            station.store.commits_left = self.random.choice((0, 0, 1, 2))
        try:
            said = act(station)
        except Crashed:
            said = "crashed"
        for one in self.stations.values():
            one.store.die = None
        self.trace.outputs.append((act.__name__, station.node_id, said))
        self.steps += 1
        if self.steps % self.check_every == 0:
            self.check()

    def submit(self, station: Station) -> object:
        return [said for said in self.submission(station, self.new_revision(station)) if said is not None]

    def submit_two_at_once(self, station: Station) -> object:
        """Two people of one node at the same instant: their steps interleave in any order."""
        waiting = [self.submission(station, self.new_revision(station)) for _ in range(2)]
        said = []
        while waiting:
            one = self.random.choice(waiting)
            try:
                said.append(next(one))
            except StopIteration:
                waiting.remove(one)
        return [one for one in said if one is not None]

    def submission(self, station: Station, revision: Revision) -> Iterator[object]:
        """The two acts of specification 5; between them the process may die or another submission come."""
        station.node.register(revision, self.now)
        yield None
        yield self.shown(station, revision.operation_id)

    def shown(self, station: Station, operation_id: str) -> object:
        """Search, and check that what is returned is what is stored."""
        verdict = station.node.search(operation_id, self.now)
        if verdict != station.node.verdict(operation_id):
            raise Violation("I6: a verdict was shown that is not stored")
        return verdict

    def draft(self, station: Station) -> object:
        revision = self.new_revision(station)
        draft = replace(revision, status=Status.DRAFT, operation=replace(revision.operation, registered=False))
        return station.node.register(draft, self.now).number

    def revise(self, station: Station) -> object:
        """An edit in one or more respects; the search follows, or is left to the worker."""
        old = self.some_revision(station)
        if old is None:
            return None
        drawn = self.random_revision(station, old.operation_id)
        kept = self.random.choice(("all", "sites", "subjects", "flags", "nothing"))
        operation = {
            "all": old.operation,
            "sites": replace(drawn.operation, sites=old.operation.sites, span=old.operation.span),
            "subjects": replace(drawn.operation, subjects=old.operation.subjects),
            "flags": replace(old.operation, sites=drawn.operation.sites, span=drawn.operation.span),
            "nothing": drawn.operation,
        }[kept]
        flags = old if kept == "flags" else drawn
        revision = replace(
            old,
            number=old.number + 1,
            operation=replace(operation, mode=old.operation.mode, registered=True),
            status=Status.REGISTERED,
            ended_sites=frozenset(),
            disclosure=flags.disclosure,
            plain_clothes=flags.plain_clothes,
            armed_and_dangerous=flags.armed_and_dangerous,
        )
        steps = self.submission(station, revision)
        next(steps)
        return next(steps) if self.random.random() < 0.7 else "left to the worker"

    def cancel_or_undo(self, station: Station) -> object:
        old = self.some_revision(station)
        if old is None:
            return None
        status = Status.REGISTERED if old.status is Status.CANCELLED else Status.CANCELLED
        operation = replace(old.operation, registered=status is Status.REGISTERED)
        revision = replace(old, number=old.number + 1, operation=operation, status=status)
        station.node.register(revision, self.now)
        asked = station.node.verdict(old.operation_id) is not None
        return (status, self.shown(station, old.operation_id) if asked else None)

    def end(self, station: Station) -> object:
        """Ended, everyone has left: the end is now, sites not yet begun are dropped."""
        old = self.some_revision(station)
        if old is None or old.status not in (Status.REGISTERED, Status.UNDER_WAY):
            return None
        begun = tuple(site for site in old.operation.sites if site.starts_at < self.now)
        if not begun:
            return None
        sites = tuple(replace(site, ends_at=min(site.ends_at, self.now)) for site in begun)
        operation = replace(old.operation, sites=sites)
        revision = replace(
            old, number=old.number + 1, operation=operation, status=Status.ENDED, ended_sites=frozenset()
        )
        station.node.register(revision, self.now)
        return self.shown(station, old.operation_id)

    def register_stale(self, station: Station) -> object:
        old = self.some_revision(station)
        if old is None:
            return None
        try:
            station.node.register(old, self.now)
        except StaleRevision:
            return "stale"
        raise Violation("I6: a revision that is not the next one was stored")

    def work(self, station: Station) -> object:
        """What the worker does every minute: extensions, then the searches that are due."""
        extended = [revision.operation_id for revision in station.node.extend_overdue(self.now)]
        return (extended, [self.shown(station, due.operation_id) for due in station.node.due(self.now)])

    def pass_time(self, station: Station) -> object:
        self.now += self.random.choice((1, 5, 20, 40)) * MINUTE
        return self.now

    def ask(self, station: Station) -> object:
        questions = station.exchange.questions(self.now)
        letters = station.exchange.letters(self.now)
        asked = [station.exchange.asked(question, self.now) for question in questions]
        self.wire += [Parcel(station.node_id, one.question.due.target, one) for one in asked]
        self.wire += [Parcel(station.node_id, one.partner, one) for one in letters]
        return [one.due for one in questions], [one.outgoing for one in letters]

    def deliver(self, station: Station) -> object:
        """Any parcel of the wire, in any order; sometimes it stays and comes again later."""
        if not self.wire:
            return None
        position = self.random.randrange(len(self.wire))
        parcel = self.wire[position] if self.random.random() < 0.2 else self.wire.pop(position)
        return self.hand_over(parcel)

    def hand_over(self, parcel: Parcel) -> object:
        receiver, about = self.stations[parcel.receiver], parcel.about
        if parcel.answer is None:
            answer = self.answered(receiver, about.token)
            self.wire.append(Parcel(parcel.receiver, parcel.sender, about, answer))
            return answer
        try:
            if isinstance(about, Letter):
                return receiver.exchange.taken(about, parcel.answer, self.now)
            return receiver.exchange.accept_answer(about, parcel.answer, self.now)
        except NotAnAnswer as refusal:
            self.time_out(receiver, about)
            return str(refusal)

    def answered(self, replier: Station, token: bytes) -> bytes:
        """Let a node answer, and check at that instant that its own side's alarms are durable (I5)."""
        answer = replier.exchange.receive(token, self.now)
        said, asked = _read(answer), _read(token)
        if said.kind == "reply":
            self._check_reply(replier, asked, Reply.read(said.content), said.epoch)
        return answer

    def _check_reply(self, replier: Station, asked: Message, reply: Reply, epoch: int) -> None:
        if reply.outcome is Outcome.ANSWERED:
            self.evaluated.add((replier.node_id, reply.operation_id, reply.revision, reply.commitment, epoch))
        asker = Reference(asked.sender, Query.read(asked.content).operation_id)
        with replier.store.inner.transaction() as tx:
            for sighting in reply.sightings:
                own = Reference(OWN, sighting.operation_id)
                conflict = tx.conflict(Pair.of(own, asker))
                if conflict is None or not _alarmed(tx, conflict, own):
                    raise Violation("I5: a reply left before the replier's own alarm was durable")

    def lose(self, station: Station) -> object:
        """A parcel is lost: the asker's deadline passes without an answer."""
        if not self.wire:
            return None
        parcel = self.wire.pop(self.random.randrange(len(self.wire)))
        asker = self.stations[parcel.sender if parcel.answer is None else parcel.receiver]
        return self.time_out(asker, parcel.about)

    def time_out(self, asker: Station, about: Asked | Letter) -> object:
        if isinstance(about, Letter):
            asker.exchange.untaken(about, self.now)
            return about.outgoing
        asker.exchange.unreachable(about.question.due, self.now)
        return asker.node.verdict(about.question.due.operation_id)

    def forge(self, station: Station) -> object:
        """Changed bytes, another node's signature, an answer that says it is not complete, a login page."""
        answers = [one for one in self.wire if one.answer is not None and isinstance(one.about, Asked)]
        if not answers:
            return None
        parcel = self.random.choice(answers)
        assert parcel.answer is not None
        assert isinstance(parcel.about, Asked)
        message = _read(parcel.answer)
        replier, asker = (self.stations[one].node.signer for one in (parcel.sender, parcel.receiver))
        forged = self.random.choice(
            (
                parcel.answer[:-8] + b"AAAAAAAA",
                seal(message, asker),
                seal(replace(message, in_reply_to="another"), replier),
                seal(replace(message, content={**message.content, "complete": False}), replier),
                seal(replace(message, content={}), replier),
                b"<html>log in</html>",
            )
        )
        try:
            self.stations[parcel.receiver].exchange.accept_answer(parcel.about, forged, self.now)
        except NotAnAnswer as refusal:
            return str(refusal)
        raise Violation("I2: a forged answer was counted")

    def leave_or_join(self, station: Station) -> object:
        with station.store.inner.transaction() as tx:
            alone = not tx.roster().members
        return self.join(station) if alone else station.node.change_roster([], self.now)

    def join(self, station: Station) -> object:
        with station.store.inner.transaction() as tx:
            station.together.add(tx.roster().number + 1)
        return station.node.change_roster([self.other(station).partner], self.now)

    def new_epoch(self, station: Station) -> object:
        """A restore: from an older backup where the store has one, else of the same state; then the new epoch."""
        inner = station.store.inner
        if self.restores and isinstance(inner, MemoryStore):
            if station.backup is None or self.random.random() < 0.4:
                station.backup = inner.backup()
                return "backed up"
            inner.restore(station.backup)
            station.backup = None
            kept = set(inner.rows.newest)
            self.operations[station.node_id] = [one for one in self.operations[station.node_id] if one in kept]
            station.together = {number for number in station.together if number <= inner.rows.roster.number}
        station.epochs += 1
        station.store.die = None
        station.node.restore(int(UUID(station.node_id)) % 1000 * 1000 + station.epochs, self.now)
        return station.epochs

    def settle(self) -> None:
        """Faults end: everybody is on the roster, every message arrives, the workers work until nothing is due."""
        self.wire.clear()
        for station in self.stations.values():
            with station.store.inner.transaction() as tx:
                alone = not tx.roster().members
            if alone:
                self.join(station)
        for _ in range(4):
            self.now += 6 * MINUTE
            for station in self.stations.values():
                self.trace.outputs.append(self.work(station))
            for _ in ("blind", "exact"):  # a blind question that meets something is followed by the exact one
                for station in self.stations.values():
                    self.ask(station)
                while self.wire:
                    self.trace.outputs.append(self.hand_over(self.wire.pop(0)))
            self.check()
        self.check_settled()

    # -- what is planned ---------------------------------------------------------------------------------------

    def new_revision(self, station: Station) -> Revision:
        known = self.operations[station.node_id]
        operation_id = str(UUID(int=self.random.getrandbits(128), version=4))
        known.append(operation_id)
        return self.random_revision(station, operation_id)

    def random_revision(self, station: Station, operation_id: str) -> Revision:
        draw = self.random
        starts = self.now + draw.choice((-60, -10, 0, 30, 90, 240)) * MINUTE
        sites = tuple(self.random_site(starts) for _ in range(draw.choice((0, 1, 1, 1, 2))))
        others = [one for ids in self.operations.values() for one in ids if one != operation_id]
        return Revision(
            operation=Operation(
                operation_id=operation_id,
                sites=sites,
                subjects=frozenset(draw.sample(TOKENS, draw.choice((0, 0, 1, 2)))),
                span=None if sites else Window(starts, starts + 600 * MINUTE),
                mode=draw.choice((Mode.LIVE,) * 9 + (Mode.EXERCISE,)),
                joint_with=frozenset(draw.sample(others, 1)) if others and draw.random() < 0.2 else frozenset(),
                tentative=draw.random() < 0.15,
            ),
            number=1,
            agency_id=AGENCY,
            disclosure=draw.choice((Disclosure.CONTACT_ONLY,) * 3 + (Disclosure.SILENT,)),
            plain_clothes=draw.random() < 0.3,
            armed_and_dangerous=draw.random() < 0.3,
            reference=f"{NAMES[station.node_id]}-{operation_id[:6]}",
        )

    def random_site(self, starts: int) -> Site:
        draw = self.random
        place = (-77.0 + draw.randrange(4) * 0.005, 38.9 + draw.randrange(3) * 0.004)
        shape = Point(*place) if draw.random() < 0.97 else Line((place, (place[0] + 0.01, place[1] + 0.003)))
        return Site(
            geometry=shape,
            radius_m=float(draw.choice((0, 100, 300, 500))),
            starts_at=starts,
            ends_at=starts + draw.choice((15, 60, 180)) * MINUTE,
            buffer_before=draw.choice((0, 30, 60)) * MINUTE,
            buffer_after=draw.choice((0, 30, 60)) * MINUTE,
            uncertainty_m=float(draw.choice((0, 0, 50, 300))),
        )

    def some_revision(self, station: Station) -> Revision | None:
        known = self.operations[station.node_id]
        if not known:
            return None
        with station.store.inner.transaction() as tx:
            return tx.current(self.random.choice(known))

    # -- what must hold ----------------------------------------------------------------------------------------

    def check(self) -> None:
        """The invariants of specification 8 that hold at every instant."""
        for station in self.stations.values():
            with station.store.inner.transaction() as tx:
                for operation_id in self.operations[station.node_id]:
                    self._check_verdict(station, tx, operation_id)
                    for conflict in tx.conflicts_of(Reference(OWN, operation_id)):
                        own = Reference(OWN, operation_id)
                        if not _alarmed(tx, conflict, own):
                            raise Violation(f"I4: {conflict.state} conflict without the alarm of {operation_id}")
        for one, two in self.matching_pairs():
            self._check_pair(one, two)

    def _check_verdict(self, station: Station, tx: Transaction, operation_id: str) -> None:
        verdict, revision = tx.verdict(operation_id), tx.current(operation_id)
        if verdict is None or revision is None:
            return
        if verdict.revision != revision.number:
            raise Violation("I6: a verdict speaks for another revision")
        if verdict.determination == "checking":
            return
        if any(due.target == OWN for due in tx.due_of(operation_id)):
            raise Violation("I6: a verdict stands although the search of this revision is still due")
        if verdict.determination != "no_known_conflict":
            return
        if tx.roster().number != verdict.roster or revision.last_window_end <= self.now:
            return  # The operation is over: nobody is asked about it again, it speaks of the roster that it names.
        for partner in tx.roster().members:
            seen = tx.highest_seen(partner.node_id)
            epoch = -1 if seen is None else seen.epoch
            commitment = station.exchange.blinder.keyed(f"commitment|{revision.digest}")
            if (partner.node_id, operation_id, revision.number, commitment, epoch) not in self.evaluated:
                raise Violation(f"I2: {partner.name} is counted as having answered and never evaluated this revision")

    def matching_pairs(self) -> Iterator[tuple[tuple[Station, Revision], tuple[Station, Revision]]]:
        current = []
        for station in self.stations.values():
            with station.store.inner.transaction() as tx:
                revisions = (tx.current(one) for one in self.operations[station.node_id])
                current += [(station, revision) for revision in revisions if revision is not None]
        for position, one in enumerate(current):
            for two in current[position + 1 :]:
                if self.met(one[1].operation, two[1].operation) is not None:
                    yield one, two

    def met(self, one: Operation, two: Operation) -> Match | None:
        """The predicate's word, kept: the same pair is asked about after every step."""
        key = (id(one), id(two))
        if key not in self.known:
            self.known[key] = (one, two, match(one, two))
        return self.known[key][2]

    def _check_pair(self, one: tuple[Station, Revision], two: tuple[Station, Revision]) -> None:
        """I3: at least one side does not say `no_known_conflict`, or a durable alarm exists at one side.

        A side whose verdict rests on a roster without the other node never promised anything about it.
        """
        calm = []
        for (station, revision), (at, other) in ((one, two), (two, one)):
            with station.store.inner.transaction() as tx:
                verdict = tx.verdict(revision.operation_id)
                conflict = tx.conflict(_pair(station, revision, at, other))
                alarmed = conflict is not None and conflict.state is not ConflictState.WITHDRAWN
                said_no = verdict is not None and verdict.determination == "no_known_conflict"
                asked = at is station or (verdict is not None and verdict.roster in station.together)
                calm.append(said_no and asked and not alarmed)
        if all(calm):
            raise Violation("I3: both sides of a matching pair say no_known_conflict and nobody was alarmed")

    def check_settled(self) -> None:
        """I1, and that nothing stays open: once faults have ended every active operation has its last word."""
        self._check_none_stale()
        for one, two in self.matching_pairs():
            met = self.met(one[1].operation, two[1].operation)
            assert met is not None
            if met.overlap.end <= self.now:
                continue
            for (station, revision), (at, other) in ((one, two), (two, one)):
                self._check_held(station, revision, at, other, met.basis)
        for station in self.stations.values():
            with station.store.inner.transaction() as tx:
                for operation_id in tx.active(self.now):
                    verdict = tx.verdict(operation_id)
                    if verdict is not None and verdict.determination not in ("conflict", "no_known_conflict"):
                        raise Violation(f"I1: after faults ended an operation is still {verdict.determination}")
                receipts = [one for known in self.operations[station.node_id] for one in tx.receipts_of(known)]
            receipts.sort(key=lambda receipt: receipt.number)
            if (
                not self.restores
                and verify_chain(receipts, station.node.signer.public_key).finding is not Finding.SOUND
            ):
                raise Violation("The chain of receipts is broken")

    def _check_none_stale(self) -> None:
        """Everyone matched by an old extent was told: no conflict stands open between two active ones that do not meet.

        Not checked where old backups are put back: an operation that was lost cannot say that it changed.
        """
        for station in self.stations.values() if not self.restores else ():
            other = self.other(station)
            with station.store.inner.transaction() as tx, other.store.inner.transaction() as there:
                for operation_id in tx.active(self.now):
                    own = Reference(OWN, operation_id)
                    for conflict in tx.conflicts_of(own):
                        reference = conflict.other(own).reference
                        at = tx if reference.node_id == OWN else there
                        one, two = tx.current(operation_id), at.current(reference.operation_id)
                        if one is None or two is None or two.last_window_end <= self.now:
                            continue
                        if conflict.state is ConflictState.OPEN and self.met(one.operation, two.operation) is None:
                            raise Violation("a conflict stands although the two no longer match: nobody was told")

    def _check_held(self, station: Station, revision: Revision, at: Station, other: Revision, basis: Basis) -> None:
        own = Reference(OWN, revision.operation_id)
        with station.store.inner.transaction() as tx:
            conflict = tx.conflict(_pair(station, revision, at, other))
            verdict = tx.verdict(revision.operation_id)
            hidden = basis is Basis.SUBJECT and other.silent and not revision.silent
            if hidden:
                if conflict is not None and told(conflict.side(own), conflict.other(own), conflict.match):
                    raise Violation("I7: a silent operation's subject match was told to the other side")
                return
            if conflict is None or conflict.state is not ConflictState.OPEN or not _alarmed(tx, conflict, own):
                raise Violation(f"I1: {NAMES[station.node_id]} missed a matching pair")
            if verdict is None or verdict.determination != "conflict":
                raise Violation("I1: a matching pair without the determination conflict")

    # -- what is stored ----------------------------------------------------------------------------------------

    def around(self) -> list[int]:
        """Before a clock stepped back, now, while windows end, and while only subjects may still meet."""
        return [self.now + hours * 60 * MINUTE for hours in (-1, 0, 2, 24, 60, 100)]

    def dump(self, station: Station) -> dict[str, object]:
        """Everything that the port can tell about the known operations, as values that compare."""
        with station.store.inner.transaction() as tx:
            state: dict[str, object] = {
                "identity": tx.identity(),
                "roster": tx.roster(),
                "seen": tx.highest_seen(self.other(station).node_id),
                "active": [list(tx.active(instant)) for instant in self.around()],
                "unended": list(tx.unended(self.now)),
                "due": [list(tx.due(instant, most=most)) for instant in self.around() for most in (None, 2)],
                "outgoing": [list(tx.outgoing(instant, most=most)) for instant in self.around() for most in (None, 2)],
                "last receipt": tx.last_receipt(),
            }
            for operation_id in self.operations[station.node_id]:
                state[operation_id] = _dump_operation(tx, operation_id)
            for operation_id in self.operations[self.other(station).node_id]:
                reference = Reference(self.other(station).node_id, operation_id)
                state["foreign " + operation_id] = (tx.foreign_revision(reference), list(tx.conflicts_of(reference)))
        return state


def _read(token: bytes) -> Message:
    """Whatever one of the two nodes has sealed."""
    return opened(token, lambda sender: (Signer.from_seed(SEEDS[sender]).public_key,))


def _dump_operation(tx: Transaction, operation_id: str) -> object:
    revision = tx.current(operation_id)
    if revision is None:
        return None
    answers = [list(tx.answers(operation_id, number + 1)) for number in range(revision.number)]
    return {
        "revision": revision,
        "matching": list(tx.matching(revision.operation)),
        "answers": answers,
        "due": list(tx.due_of(operation_id)),
        "conflicts": list(tx.conflicts_of(Reference(OWN, operation_id))),
        "alarms": list(tx.alarms_of(operation_id)),
        "verdict": tx.verdict(operation_id),
        "receipts": list(tx.receipts_of(operation_id)),
    }


def _pair(station: Station, revision: Revision, at: Station, other: Revision) -> Pair:
    foreign = OWN if at is station else at.node_id
    return Pair.of(Reference(OWN, revision.operation_id), Reference(foreign, other.operation_id))


def _alarmed(tx: Transaction, conflict: Conflict, own: Reference) -> bool:
    """Whether this side was alarmed as far as it is entitled to; a past or withdrawn conflict alarms nobody."""
    side: Side = conflict.side(own)
    if conflict.state is not ConflictState.OPEN or not told(side, conflict.other(own), conflict.match):
        return True
    alarms = [alarm for alarm in tx.alarms_of(own.operation_id) if alarm.pair == conflict.pair]
    return bool(alarms) and alarms[-1].kind is not AlarmKind.WITHDRAWN


def run_trace(store: Store, seed: int, steps: int = 60, check_every: int = 1) -> Trace:
    """Play one history with North on the given, empty store (node NORTH, epoch 1, sequence 0, roster 0).

    Raises Violation where an invariant does not hold. Compare two results with `==` on `outputs` and `states`.
    Looking at the invariants takes a database three quarters of its statements: one that is compared with the store in
    memory, which holds them after every step, needs the look less often.
    """
    world = World(store, MemoryStore(SOUTH), seed, restores=False)
    world.check_every = check_every
    return play(world, steps)


def play(world: World, steps: int) -> Trace:
    for _ in range(steps):
        world.step()
    before = {f"{NAMES[one.node_id]} before": world.dump(one) for one in world.stations.values()}
    world.settle()
    world.trace.states = before | {NAMES[one.node_id]: world.dump(one) for one in world.stations.values()}
    return world.trace
