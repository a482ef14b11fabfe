"""The storage port: what the node's state machine keeps, as plain values, and how it reaches them.

Two stores implement it: memory (tests, simulator) and the database (the server). One trace test drives both with
the same history and compares every output. Every value here is reducible to plain rows: text, whole numbers,
booleans and the engine's own values. Instants are microseconds UTC, as in the engine; `now` always comes from the
caller. Node and operation ids are text, compared as text.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from vigil.engine.operation import Match, Mode, Operation

if TYPE_CHECKING:
    from vigil.protocol.messages import Acknowledgement

OWN = ""
"""Stands for this node where a partner's node id would stand."""
LONGEST_RETRY_US = 5 * 60_000_000
"""The longest wait between two tries at a partner."""
FURTHEST_US = 2 * LONGEST_RETRY_US
"""Nothing is put off further than this, but by a clock that is ahead."""


class SearchFailed(Exception):
    """The own search could not finish: nothing was cut short or skipped, so nothing may be concluded (4.2)."""


class StaleRevision(Exception):
    """The revision number is not the next one: somebody else changed the operation first."""


def is_due(run_after: int, now: int) -> bool:
    """Whether its time has come, or lies further off than any: then a clock that was ahead has set it."""
    return not now < run_after <= now + FURTHEST_US


class Status(StrEnum):
    """Life of an operation (specification, section 3)."""

    DRAFT = "draft"
    REGISTERED = "registered"
    UNDER_WAY = "under_way"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Disclosure(StrEnum):
    """What the other side of a conflict may learn (specification, section 7)."""

    CONTACT_ONLY = "contact_only"
    TYPE_AND_CONTACT = "type_and_contact"
    SILENT = "silent"


class Outcome(StrEnum):
    """What a partner's answer said. Only `ANSWERED` counts as an answer (specification, section 5)."""

    ANSWERED = "answered"
    EXACT_WANTED = "exact_wanted"
    """A blind query met something in cells and hours: the plain one is wanted."""
    REFUSED = "refused"
    NO_SHARED_PREDICATE = "no_shared_predicate"


class ConflictState(StrEnum):
    """`open`: both sides alarmed; `past`: its overlap was over when found, recorded only; `withdrawn`: no match now."""

    OPEN = "open"
    PAST = "past"
    WITHDRAWN = "withdrawn"


class AlarmKind(StrEnum):
    """Why a side is told. `worsened` ends "already spoke" (specification, section 6); `changed` does not."""

    DETECTED = "detected"
    WORSENED = "worsened"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


class Route(StrEnum):
    """Who is told: the operation's owner, or for a silent operation's place match the node's deconflictor (7)."""

    OWNER = "owner"
    DECONFLICTOR = "deconflictor"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this node is. `epoch` is drawn at creation and after every restore; `sequence` counts stored revisions."""

    node_id: str
    epoch: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The highest epoch and sequence seen from a partner (specification 8, condition 10).

    `announced` is the last strange epoch that the partner named in a message of its own, `announced_sequence` the
    highest sequence seen in it. `round` grows each time that it is asked about everything again: an answer to a
    question of an earlier round is not an answer. `clock` is its clock minus this node's, in microseconds, as it last
    told it; `speaks` the newest version that both understand.
    """

    epoch: int
    sequence: int
    round: int = 0
    announced: int | None = None
    announced_sequence: int = 0
    clock: int = 0
    speaks: int = 2

    def highest_of(self, epoch: int) -> int:
        """The highest sequence seen in this epoch; 0 where nothing was."""
        if epoch == self.epoch:
            return self.sequence
        return self.announced_sequence if epoch == self.announced else 0


@dataclass(frozen=True, slots=True)
class Partner:
    """A node on the roster. `public_key` is the raw Ed25519 key; `predicates` the versions it evaluates.

    `next_key` is the key that it has named as its next one. `modes` are those of the operations that it is asked about:
    a conformance suite has `test` alone. `blind`: both have agreed to put operations as masked cells first.
    """

    node_id: str
    name: str
    desk_phone: str = ""
    predicates: frozenset[str] = frozenset({"p1"})
    public_key: bytes = b""
    next_key: bytes = b""
    modes: frozenset[Mode] = frozenset(Mode)
    blind: bool = False

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys that may have signed its messages."""
        return tuple(filter(None, (self.public_key, self.next_key)))


@dataclass(frozen=True, slots=True)
class Roster:
    """The partners that must have answered before `no_known_conflict` (specification, section 2).

    `former` names the partners that a recorded act removed; they stand on every receipt as not covered. `refused` are
    known nodes that this one no longer answers: they are told so, signed.
    """

    number: int
    members: tuple[Partner, ...] = ()
    former: tuple[str, ...] = ()
    refused: tuple[Partner, ...] = ()

    def asked(self, mode: Mode) -> tuple[Partner, ...]:
        """The members that are asked about operations of this mode."""
        return tuple(partner for partner in self.members if mode in partner.modes)


@dataclass(frozen=True, slots=True)
class Revision:
    """One stored state of an operation of this node.

    `operation` is what the predicate compares; its subjects may be keyed tokens, one token per canonical subject.
    `digest` binds answers to this content; `Node.register` computes it. `ended_sites` are the positions of sites
    that a named person has ended; the others are extended. `extensions` counts the 30-minute extensions so far.
    """

    operation: Operation
    number: int
    agency_id: str
    status: Status = Status.REGISTERED
    disclosure: Disclosure = Disclosure.CONTACT_ONLY
    plain_clothes: bool = False
    armed_and_dangerous: bool = False
    reference: str = ""
    extensions: int = 0
    ended_sites: frozenset[int] = frozenset()
    digest: str = ""

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError("Revisions are numbered from 1.")
        if self.operation.registered is not (self.status not in (Status.DRAFT, Status.CANCELLED)):
            raise ValueError(f"A {self.status} operation must have registered={not self.operation.registered}.")

    @property
    def operation_id(self) -> str:
        return self.operation.operation_id

    @property
    def silent(self) -> bool:
        return self.disclosure is Disclosure.SILENT

    def overdue_sites(self, before: int) -> frozenset[int]:
        """Positions of sites that nobody has ended and whose planned end is at or before `before`."""
        ends = ((position, site.ends_at) for position, site in enumerate(self.operation.sites))
        return frozenset(position for position, end in ends if end <= before and position not in self.ended_sites)

    @property
    def last_window_end(self) -> int:
        """When the last window (buffers included) or the span ends; 0 for a draft that has neither."""
        ends = [site.window.end for site in self.operation.sites]
        return max(ends + ([] if self.operation.span is None else [self.operation.span.end]), default=0)

    @property
    def over_at(self) -> int:
        """When neither a place nor a subject of it can meet anything any more: partners are asked until then."""
        window = self.operation.subject_window if self.operation.subjects else None
        return max(self.last_window_end, window.end if window else 0)


@dataclass(frozen=True, slots=True)
class Found:
    """One operation of this node that the searched one meets, in its current committed revision."""

    operation_id: str
    revision: int
    match: Match


@dataclass(frozen=True, slots=True)
class Due:
    """A question still to be asked: of this node itself (`target` OWN) or of a partner.

    One row per (operation_id, target): a newer revision takes the place of an older one.
    """

    operation_id: str
    revision: int
    target: str
    run_after: int
    attempts: int = 0
    exact: bool = False
    """Put it plain to a partner that is asked blind: its tokens met one of the partner's."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Something told unasked to a partner, kept until it was taken. `content` is canonical; `key` unique: one of the
    same key takes the place of the earlier.
    """

    key: str
    partner: str
    kind: str
    content: bytes
    run_after: int
    until: int
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class JointTokens:
    """The tokens of an own operation's revision that this node shares with one partner, as its answer raised them.

    `subjects`: joint token → the own store's word for that subject (what `Operation.subjects` holds).
    """

    operation_id: str
    revision: int
    partner: str
    subjects: Mapping[str, str] = field(default_factory=dict)
    cells: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Masked:
    """A partner's operation as its last query left it: its joint tokens and its span, never a place.

    `operation` has no sites and no subjects; it and `side` are None where only a blind query was heard. `wanted_at` is
    when that was answered by *the plain one is wanted*; None where nothing was shared.
    """

    reference: Reference
    revision: int
    mode: Mode
    registered: bool
    expires_at: int
    subjects: frozenset[str]
    cells: frozenset[str]
    operation: Operation | None = None
    side: Side | None = None
    wanted_at: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner said of one revision, with the exact signed bytes as evidence.

    One row per (operation_id, revision, partner): a later one replaces it. `void` is set when the partner announced
    a new epoch: the evidence stays, the answer no longer counts.
    """

    operation_id: str
    revision: int
    partner: str
    outcome: Outcome
    epoch: int
    sequence: int
    evaluated_at: int
    received_at: int
    body: bytes = b""
    signature: bytes = b""
    void: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """All that the other side of a conflict may see of an operation (specification, section 7).

    For a silent operation it names the watch desk and nothing else. `operation_type` is empty unless disclosed.
    """

    agency: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    operation_type: str = ""
    plain_clothes: bool = False
    armed_and_dangerous: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """Names an operation anywhere; `node_id` is OWN for one of this node."""

    node_id: str
    operation_id: str


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two operations in order (a < b). OWN sorts first: in a pair with a foreign operation, a is the own one."""

    a: Reference
    b: Reference

    def __post_init__(self) -> None:
        if not self.a < self.b:
            raise ValueError("A pair names two different operations in order: sort the references first.")

    @classmethod
    def of(cls, one: Reference, other: Reference) -> Pair:
        return cls(*sorted((one, other)))


@dataclass(frozen=True, slots=True)
class Side:
    """One operation of a conflict as it was when the pair was last judged.

    `places` are short digests of its sites' geometries, `digest` that of its predicate content: they tell whether
    an edit moved it, and are empty where a partner told only the match. `card` is what a partner disclosed;
    None for an own side (the store knows its contacts).
    """

    reference: Reference
    revision: int
    silent: bool = False
    tentative: bool = False
    plain_clothes: bool = False
    armed_and_dangerous: bool = False
    digest: str = ""
    places: frozenset[str] = frozenset()
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A pair of operations that the predicate matches. One row per pair; it survives revisions of both.

    `a` and `b` stand in the order of the pair. `match` is the last one that held. `change` grows by one whenever
    anybody is told something, so that an alarm's key is unique.
    """

    a: Side
    b: Side
    match: Match
    state: ConflictState
    found_at: int
    changed_at: int
    change: int = 0

    @property
    def pair(self) -> Pair:
        return Pair(self.a.reference, self.b.reference)

    @property
    def tentative(self) -> bool:
        return self.a.tentative or self.b.tentative

    def side(self, reference: Reference) -> Side:
        return self.a if self.a.reference == reference else self.b

    def other(self, reference: Reference) -> Side:
        return self.b if self.a.reference == reference else self.a


@dataclass(frozen=True, slots=True)
class Alarm:
    """The durable duty to tell one own side of a conflict; stored in the transaction that stores the conflict (I4).

    `operation_id` is the own operation whose side is told. `tentative` makes it a notice without escalation.
    `masked`: the other side is silent, the text is "conflict: call the watch desk". `key` is unique.
    """

    key: str
    pair: Pair
    operation_id: str
    kind: AlarmKind
    route: Route
    tentative: bool
    masked: bool
    raised_at: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The determination of one revision, with those who have not answered. Partners by node id, sorted.

    `determination` is one of `checking`, `conflict`, `no_known_conflict`, `incomplete` (specification, section 5).
    `receipt` is the number of the receipt that proves it; None while checking.
    """

    operation_id: str
    revision: int
    determination: str
    determined_at: int
    roster: int
    tentative: bool = False
    not_answered: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    receipt: int | None = None


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt's exact signed bytes. `digest` is SHA-256 of the body, hexadecimal; `previous` the digest before it."""

    number: int
    operation_id: str
    revision: int
    body: bytes
    signature: bytes
    digest: str
    previous: str
    supersedes: int | None = None


class Transaction(Protocol):
    """One transaction: reads see committed rows of the primary and its own writes, never a replica or a cache."""

    def identity(self) -> Identity: ...

    def advance_sequence(self) -> int:
        """Add one to the sequence and return it: every stored revision does this once."""

    def draw_epoch(self, epoch: int) -> None:
        """Take a new epoch, given by the caller; the sequence goes on."""

    def roster(self) -> Roster: ...

    def set_roster(self, roster: Roster) -> None: ...

    def highest_seen(self, partner: str) -> Seen | None: ...

    def note_seen(self, partner: str, seen: Seen) -> None: ...

    def foreign_revision(self, reference: Reference) -> tuple[int, int] | None:
        """(epoch, revision) of the newest query evaluated for a partner's operation; no place is kept."""

    def note_foreign(self, reference: Reference, epoch: int, revision: int) -> None: ...

    def put_masked(self, masked: Masked) -> None:
        """Insert or replace what a partner's query left of its operation."""

    def masked(self, reference: Reference) -> Masked | None: ...

    def masked_with(self, partner: str, tokens: Collection[str]) -> Sequence[Masked]:
        """This partner's operations that hold one of the joint tokens, sorted by reference. Never cut short."""

    def put_joint(self, joint: JointTokens) -> None:
        """Insert or replace the row of (operation_id, partner)."""

    def joint(self, operation_id: str, partner: str) -> JointTokens | None:
        """The joint tokens of the *current* revision; None where the partner has not raised them."""

    def joint_with(self, partner: str, tokens: Collection[str]) -> Sequence[str]:
        """Ids, sorted, of own operations whose current revision holds one of the joint tokens. Never cut short."""

    def uncovered(self, partner: str, mode: Mode, now: int) -> bool:
        """Whether an active, registered operation with sites has no joint cells with this partner and is not about to
        get them (no open due row): a blind query cannot be compared with it.
        """

    def subjects_of(self, operation_id: str) -> Sequence[tuple[str, str]]:
        """(canonical subject, the store's own word for it) of the current revision, sorted."""

    def remember(self, sender: str, message_id: str, until: int) -> bool:
        """Keep the id of a partner's message at least until then; False where it was there before."""

    def put_outgoing(self, outgoing: Outgoing) -> None: ...

    def outgoing(self, now: int, partner: str | None = None, most: int | None = None) -> Sequence[Outgoing]:
        """Rows that are due (see `is_due`; of one partner), sorted by (run_after, key); the first `most`."""

    def close_outgoing(self, key: str) -> None: ...

    def put_acknowledgement(self, partner: str, acknowledgement: Acknowledgement) -> None:
        """A step of the other side of a conflict; kept where the pair is known and the step is news."""

    def current(self, operation_id: str) -> Revision | None: ...

    def put_revision(self, revision: Revision) -> None:
        """Store it as the current revision and keep older ones; the search sees only the current one.

        A revision whose `operation.registered` is False (draft, cancelled) leaves the search. What the store keeps
        beyond this port (contacts, case number) is copied from the revision before when nothing new was given.
        """

    def active(self, now: int) -> Sequence[str]:
        """Ids, sorted, of operations that are no draft and are over after `now` (`Revision.over_at`).

        Cancelled ones are among them: a partner that forgot the cancel must hear it again.
        """

    def unended(self, before: int) -> Sequence[str]:
        """Ids, sorted, of operations registered or under way with an overdue site.

        That is one not in `ended_sites` whose `ends_at` is at or before `before`.
        """

    def matching(self, operation: Operation) -> Sequence[Found]:
        """Every other operation of this node whose current revision the predicate matches, sorted by id.

        Never cut short and never skipping a record. Raises SearchFailed when it cannot finish.
        """

    def card(self, operation_id: str) -> Card:
        """What a partner may be shown of an own operation (specification, section 7)."""

    def open_due(self, due: Due) -> None:
        """Insert or replace the row of (operation_id, target)."""

    def due(self, now: int, target: str | None = None, most: int | None = None) -> Sequence[Due]:
        """Rows that are due (see `is_due`; of one target), sorted by (run_after, operation_id, target); the first
        `most`.
        """

    def due_of(self, operation_id: str) -> Sequence[Due]:
        """All open rows of one operation, sorted by target."""

    def postpone(self, due: Due, until: int) -> None:
        """Set `run_after` and add one attempt, if that very revision's row is still open; `exact` stays."""

    def close_due(self, operation_id: str, revision: int, target: str) -> None:
        """Delete the row, if it is still that revision's."""

    def put_answer(self, answer: Answer) -> None: ...

    def answers(self, operation_id: str, revision: int) -> Sequence[Answer]:
        """Void ones included, sorted by partner."""

    def conflict(self, pair: Pair) -> Conflict | None: ...

    def conflicts_of(self, reference: Reference) -> Sequence[Conflict]:
        """Every conflict with this operation (own or a partner's) on a side, in any state, sorted by pair."""

    def put_conflict(self, conflict: Conflict) -> None:
        """Insert or replace the row of its pair."""

    def put_alarm(self, alarm: Alarm) -> None:
        """Insert; a second one with the same key is a fault of the caller and raises."""

    def alarms_of(self, operation_id: str) -> Sequence[Alarm]:
        """Alarms that tell this own operation's side, in the order they were put."""

    def verdict(self, operation_id: str) -> Verdict | None:
        """The verdict of the *current* revision; None when that has none (a draft)."""

    def put_verdict(self, verdict: Verdict) -> None:
        """Insert or replace the row of (operation_id, revision): a verdict never speaks for another revision (I6)."""

    def not_covered(self, operation_id: str) -> Sequence[str] | None:
        """Agencies whose county is within reach and that no node on the roster serves; None: no agency list."""

    def last_receipt(self) -> StoredReceipt | None:
        """The one with the highest number, of any operation."""

    def put_receipt(self, receipt: StoredReceipt) -> None: ...

    def receipts_of(self, operation_id: str) -> Sequence[StoredReceipt]:
        """Sorted by number."""


class Store(Protocol):
    """Opens transactions: one at a time per node, and durable when the block has been left.

    A normal exit commits, an exception keeps nothing. Transactions are never nested. Those of one node run one
    after another (SQLite: BEGIN IMMEDIATE; PostgreSQL: one transaction-level advisory lock taken first), so that a
    verdict is never computed from rows that another transaction is just changing.
    """

    def transaction(self) -> AbstractContextManager[Transaction]: ...
