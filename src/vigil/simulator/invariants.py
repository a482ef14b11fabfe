"""The invariants I1 to I8 of specification 8: looked at after every commit, on every message, and at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vigil.engine.operation import Basis, Match, Operation
from vigil.engine.predicate import match
from vigil.protocol.judgement import told, visible
from vigil.protocol.memory import MemoryTransaction, Rows
from vigil.protocol.store import (
    OWN,
    Alarm,
    AlarmKind,
    Conflict,
    ConflictState,
    Disclosure,
    Pair,
    Reference,
    Revision,
    Route,
    Seen,
    Side,
    Status,
    Verdict,
)
from vigil.simulator.plans import AGENCY, REFERENCE, STEM
from vigil.simulator.wire import payload

if TYPE_CHECKING:
    from vigil.simulator.station import Station
    from vigil.simulator.world import World

PLANTED = tuple(text.encode() for text in (STEM, AGENCY, REFERENCE))
PLACES = (b"POINT", b"LINESTRING", b"distance", b"radius")


class Violation(AssertionError):
    """An invariant does not hold; `invariant` is its number."""

    def __init__(self, invariant: str, sentence: str) -> None:
        super().__init__(f"{invariant}: {sentence}")
        self.invariant = invariant


class Watch:
    """Knows what every node has committed and evaluated, and looks at what changed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.instant = 0
        """Grows with every commit and every evaluation, whoever does it: what came first."""
        self.committed: dict[tuple[str, str, int, str], int] = {}
        """When a node committed a revision: (node, operation, revision, digest)."""
        self.evaluated: dict[tuple[str, str, int, str, int], int] = {}
        """When a partner last answered a query: (replier, operation, revision, commitment, epoch)."""
        self.home: dict[str, tuple[Station, Revision]] = {}
        """The current revision of every operation of the world, and whose it is."""
        self.meets: dict[str, dict[str, Match]] = {}
        """What p1 says of every pair of current revisions."""
        self.hidden: set[str] = set()
        """Operations that a lying partner hides."""
        self.unheard: dict[tuple[str, str], int] = {}
        """(node, partner's operation): its newest revision that only a stale replica of the node has heard of."""
        self.evaluated_in: dict[tuple[str, str], int] = {}
        """(node, partner's operation): the node's epoch when it last answered about it, or else first heard of it."""
        self.heard: dict[tuple[str, str], int] = {}
        """The newest epoch of a partner that a node has heard of: (node, partner). Here epochs have an order."""
        self.said: set[tuple[str, bytes]] = set()
        """Every message that a node has sent, before anything happened to it on its way."""
        self.pairs_seen: set[tuple[str, str]] = set()

    # -- at every commit ---------------------------------------------------------------------------------------

    def committed_by(self, station: Station, tx: MemoryTransaction) -> None:
        """Look at what this transaction changed."""
        self.instant += 1
        rows = station.store.rows
        operations: set[str] = set()
        conflicts: dict[Pair, Conflict | None] = {}
        alarms: list[Alarm] = []
        everything = False
        for table, key, before in tx.changes:
            if table is rows.newest:
                self._revised(station, rows.revisions[key, rows.newest[key]])
                operations.add(key)
            elif table is rows.verdicts or table is rows.due:
                operations.add(key[0])
            elif table is rows.conflicts:
                conflicts.setdefault(key, before if isinstance(before, Conflict) else None)
            elif table is rows.alarms:
                alarms.append(rows.alarms[key])
            elif table is rows.seen:
                seen = rows.seen[key]
                self._hears(station, key, max(seen.epoch, seen.announced or 0))
                everything = True
            elif key == "roster":
                everything = True
        self._check_told(station, conflicts, alarms)
        for pair in conflicts:
            operations.update(one.operation_id for one in (pair.a, pair.b) if one.node_id == OWN)
        for operation_id in rows.newest if everything else sorted(operations):
            self._check_verdict(station, rows, operation_id)

    def _hears(self, station: Station, partner: str, epoch: int) -> None:
        link = (station.node_id, partner)
        self.heard[link] = max(self.heard.get(link, 0), epoch)

    def _revised(self, station: Station, revision: Revision) -> None:
        self.committed[station.node_id, revision.operation_id, revision.number, revision.digest] = self.instant
        verdict = station.store.rows.verdicts.get((revision.operation_id, revision.number))
        if verdict is None and revision.status not in (Status.DRAFT, Status.CANCELLED):
            raise Violation("I6", f"{revision.operation_id} was revised and does not say that it is being checked")
        self._place(station, revision)

    def _place(self, station: Station, revision: Revision) -> None:
        """Keep which current revisions meet."""
        name, operation = revision.operation_id, revision.operation
        known = self.home.get(name)
        self.home[name] = (station, revision)
        if known is not None and known[1].operation == operation and name in self.meets:
            return
        mine: dict[str, Match] = {}
        for other, (_, there) in self.home.items():
            met = match(operation, there.operation) if _may_meet(operation, there.operation) else None
            if met is not None:
                mine[other] = met
                self.meets[other][name] = met
                self.pairs_seen.add((min(name, other), max(name, other)))
            elif other in self.meets:
                self.meets[other].pop(name, None)
        self.meets[name] = mine

    def restored(self, station: Station) -> None:
        """The node's rows were replaced by older ones."""
        rows = station.store.rows
        for partner in self.world.stations:
            self.heard.pop((station.node_id, partner.node_id), None)
        for partner_id, seen in rows.seen.items():
            self._hears(station, partner_id, max(seen.epoch, seen.announced or 0))
        for name, (home, revision) in list(self.home.items()):
            if home is not station:
                continue
            number = rows.newest.get(name)
            if number is not None and rows.revisions[name, number] == revision:
                continue
            del self.home[name]
            for other in self.meets.pop(name):
                self.meets[other].pop(name, None)
        for name, number in rows.newest.items():
            if name not in self.home:
                self._place(station, rows.revisions[name, number])

    # -- I4: alarms --------------------------------------------------------------------------------------------

    def _check_told(self, station: Station, conflicts: dict[Pair, Conflict | None], alarms: list[Alarm]) -> None:
        rows = station.store.rows
        for alarm in alarms:
            if alarm.pair not in conflicts:
                raise Violation("I4", f"{alarm.operation_id} was told of a conflict in which nothing had changed")
        for pair, before in conflicts.items():
            after = rows.conflicts[pair]
            self.world.marks.conflict(after)
            for own in (pair.a, pair.b):
                if own.node_id == OWN:
                    fresh = [one for one in alarms if one.pair == pair and one.operation_id == own.operation_id]
                    self._check_side(rows, before, after, own, fresh)
                    if fresh and after.state is ConflictState.WITHDRAWN:
                        self._check_apart(station, after)

    def _check_side(
        self, rows: Rows, before: Conflict | None, after: Conflict, own: Reference, fresh: list[Alarm]
    ) -> None:
        name, world = own.operation_id, self.world
        stood = before is not None and before.state is ConflictState.OPEN and visible(before, own)
        stands = after.state is ConflictState.OPEN and visible(after, own)
        kinds = [alarm.kind for alarm in fresh]
        if stands and not stood and AlarmKind.DETECTED not in kinds:
            raise Violation("I4", f"a conflict of {name} was committed without its alarm")
        if stood and not stands and after.state is ConflictState.WITHDRAWN and AlarmKind.WITHDRAWN not in kinds:
            raise Violation("I4", f"a conflict of {name} was withdrawn and nobody who had been alarmed was told")
        if stood and AlarmKind.DETECTED in kinds and AlarmKind.WITHDRAWN not in kinds:
            raise Violation("I4", f"{name} was told twice of the same conflict")
        if len(set(kinds)) < len(kinds):
            raise Violation("I4", f"{name} was told twice in one transaction")
        if stood and stands and kinds and before is not None and _content(before) == _content(after):
            raise Violation("I4", f"{name} was told again although nothing had changed")
        if stood and stands:
            alarm = next((one for one in reversed(rows.alarms_of.get(name, ())) if one.pair == after.pair), None)
            if alarm is None or alarm.kind is AlarmKind.WITHDRAWN:
                raise Violation("I4", f"the alarm of {name} was lost")
        other = after.other(own)
        for alarm in fresh:
            place = after.match.basis is not Basis.SUBJECT
            if after.side(own).silent and place and alarm.route is not Route.DECONFLICTOR:
                raise Violation("I4", f"the place match of the silent {name} went past the deconflictor")
            if other.silent and not alarm.masked:
                raise Violation("I7", f"the alarm of {name} shows a silent operation")
            if other.silent and not after.side(own).silent and not place and alarm.kind is not AlarmKind.WITHDRAWN:
                raise Violation("I7", f"{name} was told of a silent operation's subject match")
            world.saw_alarm(alarm, after, own)

    def _check_apart(self, station: Station, after: Conflict) -> None:
        """Nobody is told that it is over while the own current revision meets the partner's, of which it was told.

        In place: a subject is known to be shared only when the own question was answered.
        """
        sides = [self._known(station, side) for side in (after.a, after.b)]
        one, two = sides
        met = match(one, two) if one and two else None
        if met is not None and met.basis is not Basis.SUBJECT:
            names = f"{after.pair.a.operation_id} and {after.pair.b.operation_id}"
            raise Violation("I4", f"{names} meet, and {station.name} was told that it is over")

    def _known(self, station: Station, side: Side) -> Operation | None:
        """None where the partner has a newer one, or a restore, a stale replica or a liar keeps it from being known."""
        name, node_id = side.reference.operation_id, side.reference.node_id
        if node_id == OWN:
            return station.store.rows.revisions[name, station.store.rows.newest[name]].operation
        there = self.world.by_id[node_id]
        current = there.store.rows.newest.get(name) == side.revision
        if there.epochs > 1 or station.epochs > 1 or there.was_stale or name in self.hidden or not current:
            return None
        return there.store.rows.revisions[name, side.revision].operation

    def _check_verdict(self, station: Station, rows: Rows, name: str) -> None:
        number = rows.newest[name]
        verdict = rows.verdicts.get((name, number))
        if verdict is None:
            return
        searching = (name, OWN) in rows.due
        if verdict.determination == "checking":
            return
        if searching:
            raise Violation("I6", f"a verdict on {name} stands although the search of this revision is still due")
        if verdict.determination == "incomplete":
            members = {partner.node_id for partner in rows.roster.members}
            named = (*verdict.not_answered, *verdict.refused)
            if not named or (verdict.roster == rows.roster.number and not members.issuperset(named)):
                raise Violation("I8", f"the incomplete verdict on {name} does not name who is missing")
            if verdict.receipt is None or b"+1202555" not in rows.receipts[verdict.receipt].body:
                raise Violation("I8", f"the incomplete verdict on {name} gives no telephone")
        self._check_answered(station, rows, rows.revisions[name, number], verdict)
        if verdict.determination != "no_known_conflict":
            return
        if verdict.not_answered or verdict.refused:
            raise Violation("I8", f"no known conflict of {name} although somebody has not answered")
        self._check_pairs(station, rows, name)

    def _check_answered(self, station: Station, rows: Rows, revision: Revision, verdict: Verdict) -> None:
        """I2. An operation that is over is asked about no more: its verdict speaks of the roster that it names."""
        if verdict.roster != rows.roster.number or revision.over_at <= station.clock:
            return
        name, number = revision.operation_id, revision.number
        committed = self.committed.get((station.node_id, name, number, revision.digest), 0)
        for partner in rows.roster.asked(revision.operation.mode):
            if partner.node_id in verdict.not_answered or partner.node_id in verdict.refused:
                continue
            seen = rows.seen.get(partner.node_id)
            epoch = -1 if seen is None else seen.epoch
            key = (partner.node_id, name, number, station.blinder.keyed(f"commitment|{revision.digest}"), epoch)
            if epoch < self.heard.get((station.node_id, partner.node_id), 0):
                raise Violation("I2", f"{partner.name} counts as having answered on {name} in an epoch that is over")
            if self.evaluated.get(key, -1) < committed:
                raise Violation("I2", f"{partner.name} counts as having answered and never evaluated {name}/{number}")

    def _check_pairs(self, station: Station, rows: Rows, name: str) -> None:
        """I3: at least one side does not say `no_known_conflict`, or a durable alarm exists at one side."""
        for other in self.meets.get(name, ()):
            at = self.home[other][0]
            if name in self.hidden or other in self.hidden:
                continue
            if self._neither_heard(station, name, at, other):
                continue
            if self._is_calm(station, name, at, other) and self._is_calm(at, other, station, name):
                raise Violation("I3", f"{name} and {other} meet, both say no known conflict, and nobody was alarmed")

    def _neither_heard(self, station: Station, name: str, at: Station, other: str) -> bool:
        """Whether condition 1 is broken, and the node that might have noticed breaks it too or was restored since.

        Who was restored has forgotten which state of the partner it had seen, below which an answer is none.
        """
        sides = ((station, other), (at, name))
        stale = [(one.node_id, there) in self.unheard for one, there in sides]
        forgot = [self.evaluated_in.get((one.node_id, there), one.epoch) != one.epoch for one, there in sides]
        return any(stale) and all(one or two for one, two in zip(stale, forgot, strict=True))

    def _is_calm(self, station: Station, name: str, at: Station, other: str) -> bool:
        """Says no, promised something about the other node, and has no alarm."""
        rows = station.store.rows
        verdict = rows.verdicts.get((name, rows.newest[name]))
        if verdict is None or verdict.determination != "no_known_conflict":
            return False
        if at is not station and (verdict.roster, at.node_id) not in station.together:
            return False
        conflict = rows.conflicts.get(_pair(station, name, at, other))
        return conflict is None or conflict.state is ConflictState.WITHDRAWN

    # -- I5, I7: what leaves -----------------------------------------------------------------------------------

    def answered(self, station: Station, asker: str, said: dict[str, Any], from_snapshot: bool) -> None:
        """A reply is about to leave: its own side's alarms are durable (I5); a stale replica has none."""
        content = said["content"]
        if content["outcome"] == "answered":
            self.instant += 1
            key = (station.node_id, content["operation"], content["revision"], content["commitment"], said["epoch"])
            self.evaluated[key] = self.instant
        self._hears_of(station, content, from_snapshot)
        rows = station.store.rows
        for sighting in () if from_snapshot else content["sightings"]:
            own, foreign = Reference(OWN, sighting["operation"]), Reference(asker, content["operation"])
            conflict = rows.conflicts.get(Pair.of(own, foreign))
            if conflict is None or not self._alarmed(rows, conflict, own):
                raise Violation("I5", f"a reply left before {station.name} had its own alarm of {own.operation_id}")

    def _hears_of(self, station: Station, content: dict[str, Any], from_snapshot: bool) -> None:
        known, revision = (station.node_id, content["operation"]), content["revision"]
        if from_snapshot:
            self.unheard[known] = max(revision, self.unheard.get(known, 0))
            return
        if content["outcome"] != "answered":
            self.evaluated_in.setdefault(known, station.epoch)  # it has judged nothing yet
            return
        self.evaluated_in[known] = station.epoch
        if revision >= self.unheard.get(known, 0):
            self.unheard.pop(known, None)

    def counted(self, station: Station, partner: str, seen: Seen | None, body: bytes) -> None:
        """I2: the partner has said this very thing, in its current epoch, from no older state than it had shown."""
        if (partner, body) not in self.said:
            raise Violation("I2", f"{station.name} counts an answer that {partner} never gave")
        said, _ = payload(body)
        if said["epoch"] < self.heard.get((station.node_id, partner), 0):
            raise Violation("I2", f"{station.name} counts an answer of an epoch that is over")
        shown = {} if seen is None else {seen.announced: seen.announced_sequence, seen.epoch: seen.sequence}
        if said["sequence"] < shown.get(said["epoch"], 0):
            raise Violation("I2", f"{station.name} counts an answer from an older state than it had seen before")

    def _alarmed(self, rows: Rows, conflict: Conflict, own: Reference) -> bool:
        """Whether this side was alarmed as far as it is entitled to; a past or withdrawn conflict alarms nobody."""
        if conflict.state is not ConflictState.OPEN or not visible(conflict, own):
            return True
        alarms = [one for one in rows.alarms_of.get(own.operation_id, ()) if one.pair == conflict.pair]
        return bool(alarms) and alarms[-1].kind is not AlarmKind.WITHDRAWN

    def sent(self, station: Station, said: dict[str, Any], plain: bytes, from_snapshot: bool) -> None:
        """I7: every byte that a node sends, and what section 7 and 8 allow in it."""
        kind, content = said["kind"], said["content"]
        for secret in PLANTED:
            if secret in plain:
                raise Violation("I7", f"a {kind} of {station.name} carries {secret.decode()}")
        if kind == "query":
            whole = content["plain"]
            if whole is not None:
                self._check_card(station, content["operation"], whole["card"])
            return
        for place in PLACES:
            if place in plain:
                raise Violation("I7", f"a {kind} of {station.name} carries a place: {place.decode()}")
        if kind == "reply":
            for sighting in () if from_snapshot else content["sightings"]:
                self._check_sighting(station, said["to"], sighting, content["operation"])
        elif kind == "match":
            self._check_sighting(station, said["to"], content["sighting"], content["operation"])
        elif kind in ("withdrawal", "acknowledgement"):
            self._check_allowed(station, said["to"], content["other"], content["operation"])
        elif b"contact of" in plain or b"phone of" in plain:
            raise Violation("I7", f"a {kind} of {station.name} carries a contact")

    def _check_sighting(self, station: Station, to: str, sighting: dict[str, Any], other: str) -> None:
        self._check_card(station, sighting["operation"], sighting["card"])
        if sighting["revision"] == station.store.rows.newest.get(sighting["operation"]):
            self._check_allowed(station, to, sighting["operation"], other)

    def _check_allowed(self, station: Station, to: str, own: str, foreign: str) -> None:
        """Only whoever meets the operation may learn of it, and a silent one's subject match is its owner's alone."""
        rows = station.store.rows
        reference = Reference(OWN, own)
        conflict = rows.conflicts.get(Pair.of(reference, Reference(to, foreign)))
        if conflict is None:
            raise Violation("I7", f"{station.name} tells of {own}, which nobody has found to meet {foreign}")
        if not told(conflict.other(reference), conflict.side(reference), conflict.match):
            raise Violation("I7", f"{station.name} tells of the silent {own}, which shares no more than a subject")

    def _check_card(self, station: Station, name: str, card: dict[str, Any]) -> None:
        rows = station.store.rows
        number = rows.newest.get(name)
        if number is None:
            return
        allowed = {rows.revisions[name, n].disclosure for n in range(1, number + 1) if (name, n) in rows.revisions}
        if allowed == {Disclosure.SILENT} and "of" in card["contact_name"]:
            raise Violation("I7", f"the card of the silent {name} names its contact")
        if Disclosure.TYPE_AND_CONTACT not in allowed and card["operation_type"]:
            raise Violation("I7", f"the card of {name} tells its type")

    # -- when all is settled -----------------------------------------------------------------------------------

    def check_settled(self) -> None:
        """I1, and that nothing stays open: once faults have ended every active operation has its last word."""
        for name, other, met in self.current_pairs():
            if name in self.hidden or other in self.hidden:
                continue
            (station, revision), (at, there) = self.home[name], self.home[other]
            if self._was_past(met.overlap.end):
                continue
            self._check_held(station, revision, at, there, met)
            self._check_held(at, there, station, revision, met)
        for name, (station, revision) in self.home.items():
            rows = station.store.rows
            verdict = rows.verdicts.get((name, rows.newest[name]))
            over = self._was_past(revision.over_at)
            if verdict is None or over or revision.status is Status.DRAFT or name in self.hidden:
                continue
            if verdict.determination not in ("conflict", "no_known_conflict"):
                missing = ", ".join((*verdict.not_answered, *verdict.refused))
                raise Violation("I1", f"after faults ended {name} is still {verdict.determination} {missing}")
        self._check_none_stale()

    def _was_past(self, instant: int) -> bool:
        """Whether it is past, or may have been by a clock that ran ahead."""
        return instant <= self.world.now + self.world.furthest_ahead

    def current_pairs(self) -> Iterator[tuple[str, str, Match]]:
        for name, others in self.meets.items():
            for other, met in others.items():
                if name < other:
                    yield name, other, met

    def _check_held(self, station: Station, own: Revision, at: Station, other: Revision, met: Match) -> None:
        name, rows = own.operation_id, station.store.rows
        conflict = rows.conflicts.get(_pair(station, name, at, other.operation_id))
        if met.basis is Basis.SUBJECT and other.silent and not own.silent:
            return
        if (station.node_id, other.operation_id) in self.unheard:
            return
        mine = Reference(OWN, name)
        if conflict is None or conflict.state is not ConflictState.OPEN or not self._alarmed(rows, conflict, mine):
            state = "no row" if conflict is None else conflict.state.value
            raise Violation("I1", f"{station.name} missed that {name} meets {other.operation_id} ({state})")
        verdict = rows.verdicts.get((name, own.number))
        if verdict is None or verdict.determination != "conflict":
            raise Violation("I1", f"{name} meets {other.operation_id} and is not said to be in conflict")

    def _check_none_stale(self) -> None:
        """Everyone matched by an old extent was told: no conflict stands between two that do not meet.

        A node that came back from an older backup cannot tell what changed; what was known before is kept then.
        """
        for station in self.world.stations:
            rows = station.store.rows
            for pair, conflict in rows.conflicts.items():
                one, two = pair.a.operation_id, pair.b.operation_id
                if conflict.state is not ConflictState.OPEN or one not in self.home or two not in self.home:
                    continue
                if {one, two} & self.hidden or (station.node_id, two) in self.unheard:
                    continue
                if self.home[two][0].epochs > 1 or station.epochs > 1:
                    continue
                over = any(self._was_past(self.home[name][1].over_at) for name in (one, two))
                if not over and two not in self.meets[one]:
                    raise Violation("I4", f"{station.name} was not told that {one} and {two} no longer meet")


def _content(conflict: Conflict) -> tuple[object, ...]:
    """What a person is told of a conflict, without what a reader of the rows alone sees."""
    sides = [
        (side.silent, side.tentative, side.plain_clothes, side.armed_and_dangerous, side.digest, side.places, side.card)
        for side in (conflict.a, conflict.b)
    ]
    return (conflict.match.band, conflict.match.overlap, *sides)


def _pair(station: Station, name: str, at: Station, other: str) -> Pair:
    foreign = OWN if at is station else at.node_id
    return Pair.of(Reference(OWN, name), Reference(foreign, other))


def _may_meet(one: Operation, two: Operation) -> bool:
    """Cheap reasons why two do not meet, before the predicate is asked."""
    if one.operation_id == two.operation_id or not (one.registered and two.registered):
        return False
    if one.subjects and not one.subjects.isdisjoint(two.subjects):
        return True
    return any(a.window.start < b.window.end and b.window.start < a.window.end for a in one.sites for b in two.sites)
