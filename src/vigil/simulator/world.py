"""A world: two to four nodes, the network between them, people, clocks and faults. Everything random is the seed's.

A schedule is a row of steps. Each lets people, a worker, time or a fault do one thing to one node, then lets the
network deliver a few packets; any transaction on the way may be the one at which the process dies. At the end the
faults stop and the workers work until nothing is due.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from itertools import accumulate
from typing import Any

from vigil.protocol.envelope import VERSION, Malformed, Message, opened, seal
from vigil.protocol.exchange import Letter, NotAnAnswer
from vigil.protocol.judgement import visible
from vigil.protocol.messages import Asked, Trouble
from vigil.protocol.node import AHEAD_US
from vigil.protocol.store import (
    FURTHEST_US,
    OWN,
    Alarm,
    Conflict,
    ConflictState,
    Partner,
    Reference,
    Revision,
    SearchFailed,
    StaleRevision,
    Status,
)
from vigil.protocol.telling import tell_step
from vigil.simulator import plans
from vigil.simulator.crashing import AFTER, BEFORE, Crashed
from vigil.simulator.invariants import Violation, Watch
from vigil.simulator.marks import Marks
from vigil.simulator.plans import MINUTE, Planner
from vigil.simulator.stand_ins import Crypto
from vigil.simulator.station import Call, Cast, Station
from vigil.simulator.wire import SECOND, Packet, Weather, Wire, payload

START = 1_800_000_000_000_000
NAMES = ("North", "South", "East", "West")
ROUND = 6 * MINUTE
"""Longer than the longest wait between two tries."""
ROUNDS = 14
PASSES = 8
"""Of the workers in a round; they need three or four, unless something is asked without end."""
SKEWS = (10 * MINUTE, 10 * MINUTE, 10 * MINUTE, 180 * MINUTE)
"""By how much the clocks of a world are off at most: what two nodes may differ, or far more."""

Act = Callable[[Station], object]


@dataclass(frozen=True)
class Outcome:
    """What one schedule did."""

    steps: int
    messages: int
    pairs: int
    hidden: int
    """Pairs that a lying partner hid: counted apart."""
    faults: Counter[str]
    marks: frozenset[str]
    digest: str
    """Of everything that every node holds at the end: two plays of one seed are alike when it is the same."""


class World:
    """One schedule of one seed."""

    def __init__(
        self,
        seed: int,
        cast: Cast | None = None,
        crypto: Crypto | None = None,
        history: list[str] | None = None,
    ) -> None:
        self.seed = seed
        self.draw = random.Random(seed)  # noqa: S311 - a simulation, to be replayed
        self.now = START
        self.history = history
        self.marks = Marks()
        self.faults: Counter[str] = Counter()
        self.steps = 0
        self.furthest_ahead = 0
        """By how much a clock was ever ahead: overlaps that ended since may have been taken for past."""
        self.most_skew = self.draw.choice(SKEWS)
        self.crashes = self.draw.choice((0.0, 0.05, 0.15, 0.3))
        self.planner = Planner(self.draw)
        self.wire = Wire(self.draw, Weather.drawn(self.draw))
        self.watch = Watch(self)
        self._ids = 0
        self._calls = 0
        self._operations: list[str] = []
        self.cast = cast or Cast()
        crypto = crypto or Crypto()
        names = NAMES[: self.draw.choice((2, 2, 2, 3, 3, 4))]
        self.stations = [
            Station(name.lower(), name, self.cast, crypto, self.new_id, lambda: self.now) for name in names
        ]
        self.by_id = {station.node_id: station for station in self.stations}
        self.acts, self.weights = self._drawn_acts()
        self.is_blind = self.draw.random() < 0.07
        """Whether the partners put their operations to each other as masked cells first."""
        for station in self.stations:
            self._watch(station)
            for other in self.stations:
                if other is not station and self.draw.random() < 0.95:
                    self.join(station, other)

    def _watch(self, station: Station) -> None:
        station.store.on_commit = lambda tx: self.watch.committed_by(station, tx)

    def _drawn_acts(self) -> tuple[list[Act], list[int]]:
        """People always act; each kind of fault is at work in some worlds only, so that it meets quiet ones too."""
        always: dict[Act, int] = {
            self.fill_in: 8,
            self.send: 6,
            self.search: 5,
            self.revise: 8,
            self.cancel_or_undo: 3,
            self.end: 4,
            self.draft: 1,
            self.send_stale: 1,
            self.acknowledge: 3,
            self.work: 8,
            self.pass_time: 3,
            self.time_out: 3,
            self.restart: 6,
        }
        faults: dict[Act, int] = {
            self.cut: 3,
            self.heal: 2,
            self.back_up_or_restore: 6,
            self.step_clock: 2,
            self.go_stale: 3,
            self.lie: 1,
            self.leave_or_join: 4,
            self.mismatch: 2,
            self.fail_searches: 2,
        }
        chosen = {act: weight for act, weight in faults.items() if self.draw.random() < 0.4}
        acts = {**always, **chosen}
        return list(acts), list(accumulate(acts.values()))

    def new_id(self) -> str:
        self._ids += 1
        return f"m{self._ids}"

    # -- the course of things ----------------------------------------------------------------------------------

    def play(self) -> Outcome:
        """The whole schedule. Raises Violation."""
        for _ in range(self.draw.choice((20, 35, 55))):
            self.step()
        self.settle()
        return self.outcome()

    def step(self) -> None:
        draw = self.draw
        self.steps += 1
        self.now += draw.randrange(8 * SECOND)
        act = draw.choices(self.acts, cum_weights=self.weights)[0]
        station = draw.choice(self.stations)
        if station.up or act.__name__ in _ALSO_WHEN_DOWN:
            self.risk(station, act.__name__, lambda: act(station))
        for _ in range(draw.choice((0, 0, 1, 2, 3, 5))):
            self.deliver()

    def risk(self, station: Station, doing: str, act: Callable[[], object]) -> None:
        """Do it; the process may die at one of its commits."""
        if self.crashes and self.draw.random() < self.crashes:
            station.store.die_at(self.draw.choice((BEFORE, AFTER)), self.draw.choice((0, 0, 1, 2)))
        try:
            act()
        except Crashed as crash:
            self.say(station, f"dies {crash} a commit of {doing}")
            self.faults[f"crash {crash} a commit"] += 1
            self.marks.crashed(str(crash), doing)
            station.die()
        station.store.live_on()

    def say(self, station: Station | None, sentence: str) -> None:
        if self.history is not None:
            seconds, rest = divmod(self.now - START, SECOND)
            clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest // 1000:03d}"
            self.history.append(f"{clock} {station.name if station else 'everywhere'}: {sentence}")

    def described(self, revision: Revision) -> str:
        """In words, where somebody reads them."""
        return "" if self.history is None else _described(revision)

    # -- people ------------------------------------------------------------------------------------------------

    def fill_in(self, station: Station) -> None:
        """Somebody fills in the page of a new operation."""
        name = f"{station.name[0]}{len(self._operations) + 1}"
        revision = self.planner.operation(name, self._operations, self.now)
        self._operations.append(name)
        station.drafts.append(revision)
        self.cast.before_commit(self, station, revision)
        if self.draw.random() < 0.6:
            self.send(station)

    def send(self, station: Station) -> None:
        """A page is sent: the first act, register."""
        if not station.drafts:
            return
        revision = station.drafts.pop(self.draw.randrange(len(station.drafts)))
        self.register(station, revision)

    def register(self, station: Station, revision: Revision) -> None:
        name = revision.operation_id
        self.say(station, f"registers {self.described(revision)}")
        try:
            station.node.register(revision, station.clock)
        except StaleRevision:
            self.say(station, f"{name} was changed meanwhile")
            return
        station.unsearched.append(name)
        if self.back_up_or_restore in self.acts and self.draw.random() < 0.3:
            station.backups.append(station.store.backup())
        if self.draw.random() < 0.6:
            self.search(station)

    def search(self, station: Station) -> None:
        """The second act of a page: search, then ask the partners."""
        if not station.unsearched:
            return
        name = station.unsearched.pop(self.draw.randrange(len(station.unsearched)))
        self._search(station, name)
        self.ask(station)

    def _search(self, station: Station, name: str) -> None:
        if station.verdict_on(name) is None:
            return
        try:
            verdict = station.node.search(name, station.clock)
        except SearchFailed:
            self.say(station, f"the search for {name} fails")
            self.marks.reach("a search that fails")
            return
        if verdict != station.verdict_on(name):
            raise Violation("I6", f"a verdict on {name} was shown that is not stored")
        self.say(station, f"says {verdict.determination} of {name}/{verdict.revision}")

    def revise(self, station: Station) -> None:
        """An edit of one kind."""
        old = self._some(station)
        if old is None:
            return
        kind = self.draw.choice(plans.EDITS)
        others = [one for one in self._operations if one != old.operation_id]
        if kind == "joint":
            named = [name for name in others if name in self.watch.meets.get(old.operation_id, ())]
            others = named or others
        self.register(station, self.planner.edited(old, kind, others, self.now))

    def cancel_or_undo(self, station: Station) -> None:
        old = self._some(station)
        if old is None or old.status is Status.DRAFT:
            return
        if old.status is Status.CANCELLED:
            if self._is_cut_off(station):
                self.marks.reach("undo of a cancel during a partition")
            self.register(station, plans.undone(old))
        else:
            self.register(station, plans.cancelled(old))

    def end(self, station: Station) -> None:
        old = self._some(station)
        if old is None or old.status not in (Status.REGISTERED, Status.UNDER_WAY):
            return
        revision = plans.ended(old, self.now)
        if revision is not None:
            self.register(station, revision)

    def draft(self, station: Station) -> None:
        name = f"{station.name[0]}{len(self._operations) + 1}"
        revision = self.planner.operation(name, self._operations, self.now)
        self._operations.append(name)
        operation = replace(revision.operation, registered=False)
        self.say(station, f"drafts {name}")
        station.node.register(replace(revision, status=Status.DRAFT, operation=operation), station.clock)

    def send_stale(self, station: Station) -> None:
        """Somebody sends a page that was opened before another change."""
        old = self._some(station)
        if old is None:
            return
        try:
            station.node.register(old, station.clock)
        except StaleRevision:
            return
        raise Violation("I6", f"a revision of {old.operation_id} that is not the next one was stored")

    def acknowledge(self, station: Station) -> None:
        """Somebody takes notice of a conflict with a partner's operation, which the partner is told."""
        rows = station.store.rows
        open_ones = [
            conflict
            for pair, conflict in rows.conflicts.items()
            if pair.b.node_id != OWN and conflict.state is ConflictState.OPEN and visible(conflict, pair.a)
        ]
        if not open_ones:
            return
        conflict = self.draw.choice(open_ones)
        with station.store.transaction() as tx:
            tell_step(tx, conflict, conflict.pair.a, self.draw.choice(("acknowledged", "contacted")), "", station.clock)
        self.say(station, f"takes notice of {conflict.pair.b.operation_id} for {conflict.pair.a.operation_id}")

    def _some(self, station: Station) -> Revision | None:
        rows = station.store.rows
        if not rows.newest:
            return None
        name = self.draw.choice(list(rows.newest))
        return rows.revisions[name, rows.newest[name]]

    # -- the worker, time --------------------------------------------------------------------------------------

    def work(self, station: Station) -> None:
        """What the worker does every minute: extensions, searches that are due, questions, what is to be told."""
        self.extend(station, AHEAD_US)
        for due in station.node.due(station.clock):
            self._search(station, due.operation_id)
        self.ask(station)

    def extend(self, station: Station, ahead: int) -> None:
        for revision in station.node.extend_overdue(station.clock, ahead):
            self.say(station, f"extends {self.described(revision)}")
            if self._is_cut_off(station):
                self.marks.reach("extension during a partition")

    def pass_time(self, station: Station) -> None:
        self.now += self.draw.choice((1, 5, 20, 40)) * MINUTE

    # -- asking and telling ------------------------------------------------------------------------------------

    def ask(self, station: Station) -> None:
        """Put everything that is due on the wire."""
        if station.store.rows.due:
            self._put_questions(station)
        if station.store.rows.outgoing:
            for letter in station.exchange.letters(station.clock):
                self._call(station, letter.partner, letter, letter.token)

    def _put_questions(self, station: Station) -> None:
        waiting = {
            (call.about.query.operation_id, call.about.query.revision, call.partner)
            for call in station.calls.values()
            if isinstance(call.about, Asked) and not call.late
        }
        for question in station.exchange.questions(station.clock):
            due = question.due
            if (due.operation_id, due.revision, due.target) in waiting and self.draw.random() < 0.8:
                continue
            if due.operation_id in self.watch.hidden:
                continue
            if due.attempts:
                self.marks.reach("a question asked again")
            asked = station.exchange.asked(question, station.clock)
            self._call(station, due.target, asked, asked.token)

    def _call(self, station: Station, partner: str, about: Asked | Letter, body: bytes) -> None:
        self._calls += 1
        station.calls[self._calls] = Call(partner, about, self.now, station.store.rows.seen.get(partner))
        said, plain = payload(body)
        if isinstance(about, Asked):
            self.say(station, f"asks {partner} of {about.query.operation_id}/{about.query.revision}")
        else:
            self.say(station, f"tells {partner}: {said['kind']}")
        self.watch.sent(station, said, plain, from_snapshot=False)
        if station.is_from_the_future and self.draw.random() < 0.7:
            body = self._from_the_future(station, body)
        self._send(station, partner, self._calls, body, is_answer=False)

    def _send(self, station: Station, receiver: str, call: int, body: bytes, is_answer: bool) -> None:
        self.watch.said.add((station.node_id, body))
        if self.wire.weather.garbling and self.draw.random() < self.wire.weather.garbling:
            body = self.wire.garbled(station.node_id, receiver, body)
        deaths = self.by_id[receiver].deaths
        self.wire.send(
            Packet(station.node_id, receiver, call, body, is_answer, self.now, self.wire.sent, deaths), self.now
        )

    def deliver(self) -> None:
        """One packet arrives."""
        packet = self.wire.next(self.now)
        if packet is None:
            return
        receiver = self.by_id[packet.receiver]
        if not receiver.up:
            self.faults["met a dead process"] += 1
            return
        if packet.copy and receiver.deaths > packet.deaths:
            self.marks.reach("a duplicate after a crash")
        if packet.is_answer:
            self.risk(receiver, "taking an answer", lambda: self.take_answer(receiver, packet))
        else:
            self.risk(receiver, "answering", lambda: self.answer(receiver, packet))

    def answer(self, station: Station, packet: Packet) -> None:
        """A request arrives; the reply leaves after its commit."""
        stale = station.snapshot is not None and self.draw.random() < 0.6
        if station.is_of_the_version_before and self._is_too_new(station, packet):
            return
        try:
            body = (
                self._stale_answer(station, packet) if stale else station.exchange.receive(packet.body, station.clock)
            )
        except Malformed as error:
            self.say(station, f"cannot read what {packet.sender} sends: {error}")
            return
        said, plain = payload(body)
        if said["kind"] == "reply":
            self.watch.answered(station, packet.sender, said, from_snapshot=stale)
            self.say(station, f"answers {packet.sender}: {_reply(said)}{' from an old snapshot' if stale else ''}")
        else:
            self.say(station, f"answers {packet.sender}: {said['kind']} {said['content'].get('code', '')}")
        self.watch.sent(station, said, plain, from_snapshot=stale)
        if said["kind"] == "reply" and station.is_lying:
            body = self._lie(station, said, body)
        self._send(station, packet.sender, packet.call, body, is_answer=True)

    def _is_too_new(self, station: Station, packet: Packet) -> bool:
        """A node of the version before says what it speaks to a message of the current one."""
        try:
            message = opened(packet.body, lambda sender: (self.by_id[sender].signer.public_key,))
        except (Malformed, KeyError):
            return True
        if message.version < VERSION:
            return False
        self.faults["version mismatch"] += 1
        identity = station.store.rows.identity
        trouble = Trouble("version", station.clock, (VERSION - 2, VERSION - 1)).content()
        answer = Message(
            kind="error",
            id=self.new_id(),
            sender=station.node_id,
            to=message.sender,
            issued_at=station.clock,
            epoch=identity.epoch,
            sequence=identity.sequence,
            content=trouble,
            in_reply_to=message.id,
            version=VERSION - 1,
        )
        self.marks.reach("a partner of the version before")
        self._send(station, message.sender, packet.call, seal(answer, station.signer), is_answer=True)
        return True

    def _stale_answer(self, station: Station, packet: Packet) -> bytes:
        """A replica that lags answers: what it writes goes nowhere."""
        self.faults["stale answer"] += 1
        store = station.store
        live = store.rows, store.index, store.on_commit
        store.on_commit = lambda tx: None
        store.restore(station.snapshot)
        try:
            return station.exchange.receive(packet.body, station.clock)
        finally:
            store.rows, store.index, store.on_commit = live

    def take_answer(self, station: Station, packet: Packet) -> None:
        """An answer arrives on a connection that may be over."""
        call = station.calls.get(packet.call)
        if call is None:
            return
        if not call.late or self.draw.random() < 0.7:
            station.calls.pop(packet.call)
        if isinstance(call.about, Letter):
            try:
                station.exchange.taken(call.about, packet.body, station.clock)
                self.marks.reach(f"a partner has taken: {call.about.kind}")
            except (NotAnAnswer, Malformed):
                station.exchange.untaken(call.about, station.clock)
            return
        asked = call.about
        name = asked.query.operation_id
        before = station.verdict_on(name)
        try:
            verdict = station.exchange.accept_answer(asked, packet.body, station.clock)
        except NotAnAnswer as refusal:
            self.say(station, f"does not count an answer on {name} from {packet.sender}: {refusal}")
            self.marks.not_an_answer(str(refusal))
            station.exchange.unreachable(asked.question.due, station.clock)
            return
        if verdict != station.verdict_on(name):
            raise Violation("I6", f"a verdict on {name} was shown that is not stored")
        if asked.question.due.exact:
            self.marks.reach("cells that met, and then the exact question")
        self.watch.counted(station, packet.sender, call.seen, packet.body)
        self.say(station, f"takes {packet.sender}'s answer in and says {verdict.determination} of {name}")
        if call.late:
            self.marks.reach("a late answer")
            if before is not None and before.determination == "conflict":
                self.marks.reach("a late answer after a conflict")

    def time_out(self, station: Station) -> None:
        """The deadline of an open connection passes; its answer may still come."""
        open_calls = [number for number, call in station.calls.items() if not call.late]
        if not open_calls:
            return
        number = self.draw.choice(open_calls)
        self._give_up(station, number)

    def _give_up(self, station: Station, number: int) -> None:
        call = station.calls[number]
        call.late = True
        if self.draw.random() < 0.5:
            del station.calls[number]
        self.faults["no answer in time"] += 1
        if isinstance(call.about, Letter):
            station.exchange.untaken(call.about, station.clock)
        else:
            self.say(station, f"has no answer from {call.partner} on {call.about.query.operation_id}")
            station.exchange.unreachable(call.about.question.due, station.clock)

    # -- faults ------------------------------------------------------------------------------------------------

    def restart(self, station: Station) -> None:
        """A dead process starts again; a living one is killed between two transactions."""
        if station.up:
            if self.draw.random() < 0.8:
                return
            self.faults["killed"] += 1
            station.die()
        self._start(station)

    def _start(self, station: Station) -> None:
        station.start()
        if station.needs_epoch:
            station.epochs += 1
            station.node.restore(station.epoch, station.clock)
            station.needs_epoch = False
        self.say(station, f"starts in epoch {station.epoch}")
        self.extend(station, 0)
        if self.draw.random() < 0.8:
            self.work(station)

    def cut(self, station: Station) -> None:
        """A link is cut, one way or both."""
        other = self._other(station)
        self.wire.cut.add((station.node_id, other.node_id))
        both = self.draw.random() < 0.5
        if both:
            self.wire.cut.add((other.node_id, station.node_id))
        self.faults["two-way partition" if both else "one-way partition"] += 1
        self.say(station, f"is cut off {'from' if both else 'towards'} {other.name}")

    def heal(self, station: Station) -> None:
        self.wire.cut.clear()

    def _is_cut_off(self, station: Station) -> bool:
        return any(station.node_id in link for link in self.wire.cut)

    def back_up_or_restore(self, station: Station) -> None:
        """A backup, or the restore of an older one under a new epoch."""
        if not station.backups or self.draw.random() < 0.3:
            station.backups.append(station.store.backup())
            self.say(station, "is backed up")
            return
        if station.up:
            self._answer_what_waits(station)
        if any(due.attempts for due in station.store.rows.due.values()):
            self.marks.reach("restore during a retry")
        if any(call.partner == station.node_id for other in self.stations for call in other.calls.values()):
            self.marks.reach("a new epoch while a question is on its way")
        self.faults["restore of an older backup"] += 1
        station.die()
        station.store.restore(self.draw.choice(station.backups[-2:]))
        self.watch.restored(station)
        number = station.store.rows.roster.number
        station.together = {one for one in station.together if one[0] <= number}
        station.needs_epoch, station.snapshot = True, None
        self.say(station, "is restored from an older backup")
        self._start(station)
        if self.go_stale in self.acts and self.draw.random() < 0.5:
            self.go_stale(station)
            self._register_and_ask(station)
        self._hurry([one for one in self.wire.packets if one.sender == station.node_id and not one.is_answer])

    def _answer_what_waits(self, station: Station) -> None:
        """The last answers before the end are on their way when the next epoch begins."""
        self._register_and_ask(self._other(station))
        self._hurry([one for one in self.wire.packets if one.receiver == station.node_id and not one.is_answer])

    def _register_and_ask(self, station: Station) -> None:
        if station.up:
            self.risk(station, "fill_in", lambda: self.fill_in(station))
        if station.up:
            self.risk(station, "search", lambda: self.search(station))

    def _hurry(self, requests: Sequence[Packet]) -> None:
        """These requests arrive at once; their answers take their time."""
        for packet in requests:
            receiver = self.by_id[packet.receiver]
            if (packet.sender, packet.receiver) not in self.wire.cut and receiver.up:
                self.wire.packets.remove(packet)
                self.risk(receiver, "answering", partial(self.answer, receiver, packet))

    def step_clock(self, station: Station) -> None:
        """The clock jumps."""
        self.faults["clock step"] += 1
        station.skew = self.draw.randrange(-self.most_skew, self.most_skew)
        self.furthest_ahead = max(self.furthest_ahead, station.skew)
        self.say(station, f"has a clock that is off by {station.skew // SECOND} s")

    def go_stale(self, station: Station) -> None:
        """From now on a replica that lags answers for this node, or no more."""
        station.snapshot = station.store.backup() if station.snapshot is None else None
        station.was_stale = True

    def lie(self, station: Station) -> None:
        """One of the nodes hides an operation of its own: it names it in no answer and asks nobody about it."""
        if any(one.is_lying for one in self.stations) and not station.is_lying:
            return
        old = self._some(station)
        if old is not None:
            station.is_lying = True
            self.watch.hidden.add(old.operation_id)
            self.say(station, f"hides {old.operation_id}")

    def _lie(self, station: Station, said: dict[str, Any], body: bytes) -> bytes:
        content = dict(said["content"])
        content["sightings"] = [one for one in content["sightings"] if one["operation"] not in self.watch.hidden]
        if content["sightings"] == said["content"]["sightings"]:
            return body
        self.faults["lie"] += 1
        return self._resealed(station, said, content=content)

    def _from_the_future(self, station: Station, body: bytes) -> bytes:
        """A node of another version speaks: another predicate, or messages that nobody here understands."""
        said, _ = payload(body)
        self.faults["version mismatch"] += 1
        if said["kind"] == "query" and self.draw.random() < 0.7:
            return self._resealed(station, said, content={**said["content"], "predicates": ["p9"]})
        return self._resealed(station, said, version=9)

    def _resealed(self, station: Station, said: dict[str, Any], **changed: Any) -> bytes:
        fields = {**said, **changed}
        return seal(Message(sender=fields.pop("from"), **fields), station.signer)

    def mismatch(self, station: Station) -> None:
        """The node is updated to a version that shares no predicate with others, or put back to the one before."""
        if self.draw.random() < 0.3:
            station.is_of_the_version_before = not station.is_of_the_version_before
            return
        station.is_from_the_future = not station.is_from_the_future
        self.say(station, f"speaks {'another version' if station.is_from_the_future else 'p1 again'}")
        other = self._other(station)
        if self.draw.random() < 0.5:
            predicates = frozenset({"p9"} if station.is_from_the_future else {"p1"})
            self._change_roster(
                other,
                [
                    replace(one, predicates=predicates) if one.node_id == station.node_id else one
                    for one in other.store.rows.roster.members
                ],
            )

    def fail_searches(self, station: Station) -> None:
        """From now on the search meets a record that it cannot read, or no more."""
        station.store.searches_fail = not station.store.searches_fail
        self.faults["search fails"] += station.store.searches_fail

    def leave_or_join(self, station: Station) -> None:
        other = self._other(station)
        if any(partner.node_id == other.node_id for partner in station.store.rows.roster.members):
            self.faults["partner removed"] += 1
            self.say(station, f"takes {other.name} off its roster")
            members = [one for one in station.store.rows.roster.members if one.node_id != other.node_id]
            self._change_roster(station, members)
        else:
            self.faults["partner joined"] += 1
            if any(home is station for home, _ in self.watch.home.values()):
                self.marks.reach("a partner joins while operations are active")
            self.join(station, other)

    def join(self, station: Station, other: Station) -> None:
        self.say(station, f"takes {other.name} onto its roster")
        members = [one for one in station.store.rows.roster.members if one.node_id != other.node_id]
        self._change_roster(station, [*members, self._partner(other)])

    def _partner(self, station: Station) -> Partner:
        return replace(station.partner, blind=self.is_blind)

    def _change_roster(self, station: Station, members: Sequence[Partner]) -> None:
        number = station.store.rows.roster.number + 1
        station.together |= {(number, one.node_id) for one in members}
        station.node.change_roster(members, station.clock)

    def _other(self, station: Station) -> Station:
        return self.draw.choice([one for one in self.stations if one is not station])

    # -- the end -----------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Faults end: everybody is up and on the roster, clocks are right, messages arrive, the workers work."""
        self._end_faults()
        for station in self.stations:
            self._ask_after(station)
        for _ in range(ROUNDS):
            self.now += ROUND
            for station in self.stations:
                for number in [number for number, call in station.calls.items() if not call.late]:
                    self._give_up(station, number)
            self._work_off()
            if self._is_quiet():
                break
        else:
            raise Violation("I1", "after faults ended somebody goes on asking or telling without end")
        self.watch.check_settled()

    def _work_off(self) -> None:
        """The workers work until nothing is due at once, as the exact question is after a blind one."""
        for _ in range(PASSES):
            for station in self.stations:
                self.work(station)
            if not self.wire.packets:
                break
            while self.wire.packets:
                self.now += SECOND
                self.deliver()

    def _ask_after(self, station: Station) -> None:
        """What a worker asks of each partner every hour: how it is. The answer names its epoch."""
        for partner in station.store.rows.roster.members:
            letter = station.exchange.letter(partner.node_id, "health", {}, station.clock)
            self._call(station, partner.node_id, letter, letter.token)

    def _end_faults(self) -> None:
        self.say(None, "the faults are over")
        self.crashes = 0.0
        self.wire.weather = Weather()
        self.wire.cut.clear()
        if self.draw.random() < 0.5:
            self.wire.packets.clear()
        for station in self.stations:
            station.store.searches_fail = False
            station.skew, station.snapshot = 0, None
            station.is_from_the_future = station.is_of_the_version_before = False
            if not station.up:
                self._start(station)
        for station in self.stations:
            for other in self.stations:
                if other is not station and self._partner(other) not in station.store.rows.roster.members:
                    self.join(station, other)

    def _is_quiet(self) -> bool:
        horizon = self.now + FURTHEST_US  # further off is due at once
        return not any(
            due.run_after <= horizon and due.operation_id not in self.watch.hidden
            for station in self.stations
            for due in station.store.rows.due.values()
        ) and not any(station.store.rows.outgoing for station in self.stations)

    def saw_alarm(self, alarm: Alarm, conflict: Conflict, own: Reference) -> None:
        """Somebody is told."""
        if self.history is not None:
            station = self.watch.home[alarm.operation_id][0]
            other = conflict.other(own).reference
            self.say(station, f"ALARM {alarm.kind} to {alarm.operation_id} about {other.operation_id}")
        self.marks.alarm(alarm, conflict, own)

    def outcome(self) -> Outcome:
        """What was done, and a digest of everything that the nodes hold."""
        held = sha256()
        for station in self.stations:
            rows = station.store.rows
            for table in (rows.identity, rows.newest, rows.due, rows.alarms, rows.receipts):
                held.update(repr(table).encode())
        hidden = sum(bool({name, other} & self.watch.hidden) for name, other in self.watch.pairs_seen)
        return Outcome(
            steps=self.steps,
            messages=self.wire.sent,
            pairs=len(self.watch.pairs_seen),
            hidden=hidden,
            faults=self.faults + Counter(self.wire.faults),
            marks=frozenset(self.marks.reached),
            digest=held.hexdigest(),
        )


_ALSO_WHEN_DOWN = frozenset({"restart", "pass_time", "cut", "heal", "back_up_or_restore", "step_clock"})


def _described(revision: Revision) -> str:
    operation = revision.operation
    words = [f"{revision.operation_id}/{revision.number} {revision.status}"]
    words += ["tentative"] if operation.tentative else []
    words += [revision.disclosure.value]
    for site in operation.sites:
        zone = f"{site.geometry} r{site.radius_m:.0f} u{site.uncertainty_m:.0f}"
        words.append(f"[{zone} {_minutes(site.window.start)} to {_minutes(site.window.end)}]")
    if operation.subjects:
        words.append("subjects " + ",".join(subject[-1] for subject in sorted(operation.subjects)))
    if operation.joint_with:
        words.append("joint with " + ",".join(sorted(operation.joint_with)))
    return " ".join(words)


def _minutes(instant: int) -> str:
    return f"{(instant - START) // MINUTE:+d}min"


def _reply(said: dict[str, Any]) -> str:
    content = said["content"]
    seen = ", ".join(f"{one['operation']}/{one['revision']}" for one in content["sightings"])
    return f"{content['operation']}/{content['revision']} {content['outcome']} {seen}"
