"""What a partner of mode `test` may ask for besides the protocol: operations to be planned, and how they stand.

An order is a message of kind `test-operations`, its answer tells how the operation stands; both travel in the envelope
like every other message. A node takes orders only from a partner that its administrators have named for mode `test`,
and only for operations of that mode: a conformance suite sees whether a node asks, alarms and determines as it must.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum

from vigil.engine.operation import Band, Mode, Operation, Window
from vigil.protocol.canonical import JSON, operation_content, operation_from_content
from vigil.protocol.judgement import told
from vigil.protocol.messages import read_card
from vigil.protocol.reading import counts, flags, ids, instants, listed, members, reading, require
from vigil.protocol.store import OWN, Card, ConflictState, Disclosure, Reference, Status, Transaction

KIND = "test-operations"
"""Of the order; its answer is of kind `test-operations-answer`."""
STATE = ("operation_id", "revision", "status", "determination", "tentative", "not_answered", "refused", "conflicts")
NOBODY = Card()
DETERMINATIONS = frozenset({"", "checking", "conflict", "no_known_conflict", "incomplete"})


class Action(StrEnum):
    """What the tested node is to do. `register` and `edit` carry an operation; `state` only looks."""

    REGISTER = "register"
    EDIT = "edit"
    CANCEL = "cancel"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class TestOrder:
    """One thing to do with one operation of the tested node; answered by its `TestState` once it is stored.

    The operation's id is the suite's choice, a UUID. Its subjects are canonical (`kind:value`) and plain: the tested
    node blinds them itself. `register` of an operation that is there already, and of the same content, changes
    nothing; `edit` is the next revision. The card's agency is a wish: a node may put its own test agency.
    """

    __test__ = False  # pytest need not look for tests in it

    action: Action
    operation_id: str
    operation: Operation | None = None
    disclosure: Disclosure = Disclosure.CONTACT_ONLY
    card: Card = NOBODY

    def __post_init__(self) -> None:
        plans = self.action in (Action.REGISTER, Action.EDIT)
        ids(self.operation_id)
        require(plans is (self.operation is not None), f"{self.action} and the operation do not belong together")
        if self.operation is not None:
            require(self.operation.operation_id == self.operation_id, "the operation has another id")
            require(self.operation.mode is Mode.TEST, "an operation of another mode than `test`")
            require(self.operation.registered, "a draft or a cancelled operation is not registered")

    def content(self) -> JSON:
        """The members of the message besides the envelope's."""
        return {
            "action": self.action.value,
            "operation_id": self.operation_id,
            "operation": None if self.operation is None else operation_content(self.operation),
            "disclosure": self.disclosure.value,
            "card": asdict(self.card),
        }

    @classmethod
    def from_content(cls, content: JSON) -> TestOrder:
        """The order again. Raises Malformed."""
        return reading("order", lambda: cls._from(content))

    @classmethod
    def _from(cls, content: JSON) -> TestOrder:
        fields = members(content, "action", "operation_id", "operation", "disclosure", "card")
        operation = fields["operation"]
        return cls(
            Action(fields["action"]),
            fields["operation_id"],
            None if operation is None else operation_from_content(operation),
            Disclosure(fields["disclosure"]),
            read_card(fields["card"]),
        )


@dataclass(frozen=True, slots=True)
class TestConflict:
    """One conflict of the operation as its owner is told it. `node_id` is the node of the *other* operation.

    `alarms` counts what this owner (for a silent place match: the deconflictor) was told of this pair so far.
    """

    __test__ = False

    node_id: str
    operation_id: str
    state: ConflictState
    band: Band | None
    overlap: Window
    alarms: int

    def __post_init__(self) -> None:
        counts(self.alarms)
        ids(self.node_id, self.operation_id)
        instants(self.overlap.start, self.overlap.end)
        require(self.overlap.start < self.overlap.end, "an overlap ends after it starts")

    def content(self) -> JSON:
        return {
            "node_id": self.node_id,
            "operation_id": self.operation_id,
            "state": self.state.value,
            "band": None if self.band is None else self.band.value,
            "overlap": [self.overlap.start, self.overlap.end],
            "alarms": self.alarms,
        }

    @classmethod
    def from_content(cls, content: JSON) -> TestConflict:
        """The conflict again. Raises Malformed."""
        return reading("conflict", lambda: cls._from(content))

    @classmethod
    def _from(cls, content: JSON) -> TestConflict:
        fields = members(content, "node_id", "operation_id", "state", "band", "overlap", "alarms")
        band, (start, end) = fields["band"], listed(fields["overlap"])
        return cls(
            fields["node_id"],
            fields["operation_id"],
            ConflictState(fields["state"]),
            None if band is None else Band(band),
            Window(start, end),
            fields["alarms"],
        )


@dataclass(frozen=True, slots=True)
class TestState:
    """How one operation of the tested node stands, read from committed rows.

    `revision` 0 with `status` None: there is no such operation. `determination` is that of the current revision, ""
    where it has none. `not_answered` and `refused` are node ids, sorted. `conflicts` are those that its owner is told,
    past and withdrawn ones too, sorted by (node, operation).
    """

    __test__ = False

    operation_id: str
    revision: int = 0
    status: Status | None = None
    determination: str = ""
    tentative: bool = False
    not_answered: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    conflicts: tuple[TestConflict, ...] = ()

    def __post_init__(self) -> None:
        counts(self.revision)
        ids(self.operation_id, *self.not_answered, *self.refused)
        flags(self.tentative)
        require((self.revision == 0) is (self.status is None), "a revision without a status, or the other way round")
        require(self.determination in DETERMINATIONS, "there is no such determination")

    def content(self) -> JSON:
        """The members of the message besides the envelope's."""
        return {
            "operation_id": self.operation_id,
            "revision": self.revision,
            "status": None if self.status is None else self.status.value,
            "determination": self.determination,
            "tentative": self.tentative,
            "not_answered": list(self.not_answered),
            "refused": list(self.refused),
            "conflicts": [conflict.content() for conflict in self.conflicts],
        }

    @classmethod
    def from_content(cls, content: JSON) -> TestState:
        """The state again. Raises Malformed."""
        return reading("state", lambda: cls._from(content))

    @classmethod
    def _from(cls, content: JSON) -> TestState:
        fields = members(content, *STATE)
        status = fields["status"]
        return cls(
            operation_id=fields["operation_id"],
            revision=fields["revision"],
            status=None if status is None else Status(status),
            determination=fields["determination"],
            tentative=fields["tentative"],
            not_answered=tuple(listed(fields["not_answered"])),
            refused=tuple(listed(fields["refused"])),
            conflicts=tuple(TestConflict.from_content(one) for one in listed(fields["conflicts"])),
        )


def state_of(tx: Transaction, operation_id: str) -> TestState:
    """How the operation stands in this transaction's rows; over any store."""
    revision, verdict, own = tx.current(operation_id), tx.verdict(operation_id), Reference(OWN, operation_id)
    if revision is None:
        return TestState(operation_id)
    alarms = Counter(alarm.pair for alarm in tx.alarms_of(operation_id))
    return TestState(
        operation_id=operation_id,
        revision=revision.number,
        status=revision.status,
        determination="" if verdict is None else verdict.determination,
        tentative=verdict is not None and verdict.tentative,
        not_answered=() if verdict is None else verdict.not_answered,
        refused=() if verdict is None else verdict.refused,
        conflicts=tuple(
            TestConflict(
                node_id=other.reference.node_id or tx.identity().node_id,
                operation_id=other.reference.operation_id,
                state=conflict.state,
                band=conflict.match.band,
                overlap=conflict.match.overlap,
                alarms=alarms[conflict.pair],
            )
            for conflict in tx.conflicts_of(own)
            if told(conflict.side(own), other := conflict.other(own), conflict.match)
        ),
    )
