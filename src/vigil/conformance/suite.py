"""The partner that the suite acts as: it says what it wants, answers as each check wants it, and keeps what it hears.

Knows no socket and no clock of its own: `wire` carries messages to the tested node, `receive` is called with what the
node sends, `pause` lets the world go on for a moment.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from vigil.conformance import forging
from vigil.conformance.identity import Identity
from vigil.conformance.wire import PATHS, NoAnswer, Response, Wire, token_of
from vigil.engine.operation import Band, Geometry, Mode, Operation, Point, Site, Window
from vigil.protocol.canonical import JSON
from vigil.protocol.cover import is_first, place_tokens, subject_tokens
from vigil.protocol.envelope import LIFE_US, MOST_BYTES, SPOKEN, Malformed, Message, opened, seal
from vigil.protocol.messages import Acknowledgement, Plain, Points, Query, Reply, Sighting, Tidings, Trouble, Withdrawal
from vigil.protocol.nodes import Capabilities
from vigil.protocol.pairing import read_news
from vigil.protocol.signing import Signer
from vigil.protocol.store import Card, Disclosure, Outcome
from vigil.protocol.testing import Action, TestConflict, TestOrder, TestState

MINUTE, HOUR = 60_000_000, 3_600_000_000
RADIUS_M = 300.0
CARD = Card("Suite agency", "R. Okafor", "+12025550143", "search_warrant", plain_clothes=True)
PLANNED = Card("Test agency", "T. Alvarez", "+12025550155", "search_warrant")
TOLD: dict[str, Callable[[JSON], Any]] = {
    "match": Tidings.read,
    "withdrawal": Withdrawal.read,
    "acknowledgement": Acknowledgement.read,
}
Read = TypeVar("Read")
Answerer = Callable[[Message, Query], Response]


@dataclass(frozen=True, slots=True)
class Until:
    """What a check waits for: `holds` is called again and again. `expected` says it in words."""

    expected: str
    holds: Callable[[], object]


Check = Generator[Until, None, None]


class Failed(Exception):
    """The tested node does not do what is required. What was sent, what came, what was expected."""

    def __init__(self, expected: str, came: str, sent: str = "") -> None:
        super().__init__(f"expected {expected}; came {came}")
        self.expected, self.came, self.sent = expected, came, sent


@dataclass
class Suite:
    """One run. Seconds: `deadline` for an answer, `patience` for what the node does by itself, `late` for an answer
    that comes too late for any node. `many`: so many operations are met at once in one check. `spot` is where the
    first operation lies (longitude, latitude).
    """

    identity: Identity
    wire: Wire
    now: Callable[[], int]
    new_id: Callable[[], str]
    pause: Callable[[], None]
    epoch: int
    deadline: float = 10.0
    patience: float = 60.0
    late: float = 20.0
    many: int = 60
    spot: tuple[float, float] = (-150.0, 20.0)
    sequence: int = 1000
    skew: int = 0
    """The tested node's clock less this one's, microseconds."""
    heard: list[Message] = field(default_factory=list)
    misread: list[str] = field(default_factory=list)
    """What came from the node and was no whole message of the protocol."""
    answers: dict[str, Answerer] = field(default_factory=dict)
    """How to answer the queries about one operation; the others are answered that nothing meets them."""
    planned: dict[str, Operation] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._queries: dict[str, list[tuple[Message, Query]]] = defaultdict(list)
        self._failures: dict[str, Exception] = {}

    @property
    def node_id(self) -> str:
        """This partner's node id."""
        return self.identity.own.node_id

    @property
    def tested(self) -> str:
        """The tested node's id."""
        return self.identity.partner.node_id

    # -- saying ------------------------------------------------------------------------------------------------

    def message(self, kind: str, content: JSON, **frame: Any) -> Message:
        """A message to the tested node, as it should be; `frame` replaces members of its frame."""
        fields = {
            "kind": kind,
            "id": self.new_id(),
            "sender": self.node_id,
            "to": self.tested,
            "issued_at": self.now() + self.skew,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "content": content,
        }
        return Message(**{**fields, **frame})

    def post(self, kind: str, token: bytes, said: str = "") -> Response:
        """Send bytes to the path of a kind. Raises NoAnswer."""
        self._note(f"{kind}: {said}" if said else kind)
        return self.wire.post(PATHS[kind], token, self.deadline)

    def send(self, message: Message, said: str = "", signer: Signer | None = None) -> Message:
        """Send a message; the whole signed answer to it. Raises NoAnswer or Malformed where that does not come."""
        token = seal(message, signer or self.identity.signer)
        return self.read(token_of(self.post(message.kind, token, said)), message.id)

    def read(self, token: bytes, message_id: str) -> Message:
        """The answer to the message of that id, checked like a node would."""
        answer = opened(token, self._keys)
        bound = (answer.in_reply_to, answer.sender, answer.to)
        if bound != (message_id, self.tested, self.node_id):
            raise Malformed("it is no answer to this message, or from another node, or for another")
        return answer

    def _keys(self, sender: str) -> Sequence[bytes]:
        return (self.identity.partner.key,) if sender == self.tested else ()

    def ask(self, query: Query, said: str = "", **frame: Any) -> Reply:
        """Put a query; the reply. Raises Failed where an error comes."""
        answer = self.send(self.message("query", query.content(), **frame), said or _told(query))
        if answer.kind != "reply":
            raise self.failed("a reply", self.described(answer))
        return Reply.read(answer.content)

    def tell(self, kind: str, content: JSON, said: str = "", **frame: Any) -> None:
        """Tell something that is to be taken."""
        answer = self.send(self.message(kind, content, **frame), said)
        self.expect(answer.kind == "taken", "taken", self.described(answer))

    def query(
        self,
        operation: Operation,
        revision: int = 1,
        silent: bool = False,
        card: Card = CARD,
        predicates: frozenset[str] = frozenset({"p1"}),
    ) -> Query:
        """The query about an operation of the suite's own; its subjects are blinded as points."""
        plain = Plain(replace(operation, subjects=frozenset()), silent, card) if operation.registered else None
        window = operation.subject_window
        return Query(
            operation_id=operation.operation_id,
            revision=revision,
            commitment=f"{operation.operation_id}/{revision}",
            mode=operation.mode,
            registered=operation.registered,
            expires_at=(window.end if window else self.now()) + HOUR,
            predicates=predicates,
            points=Points(subjects=tuple(self.blinded(operation)) if operation.registered else ()),
            plain=plain,
        )

    def blind_query(self, operation: Operation, revision: int = 1) -> Query:
        """The query without its plain part: place and time are blinded too."""
        query, first = self.query(operation, revision), is_first(self.node_id, self.tested)
        cells = self.identity.blinder.blind(self.tested, sorted(place_tokens(operation, first)))
        return replace(query, plain=None, points=replace(query.points, cells=tuple(cells)))

    def blinded(self, operation: Operation) -> list[str]:
        """The points of an operation's subjects."""
        first = is_first(self.node_id, self.tested)
        tokens = subject_tokens(operation.subjects, operation.subject_window, operation.mode, first)
        return self.identity.blinder.blind(self.tested, sorted(tokens))

    # -- planning on the tested node -----------------------------------------------------------------------------

    def operation(self, spot: tuple[float, float] | None = None, **more: Any) -> Operation:
        """An operation of two hours, a day from now; on a spot that is nobody else's."""
        shape = more.pop("shape", None) or Point(*(spot or self.next_spot()))
        sites = more.pop("sites", None)
        sites = (self.site(shape),) if sites is None else sites
        return Operation(self.new_id(), sites, **{"mode": Mode.TEST, **more})

    def site(self, shape: Geometry, **more: Any) -> Site:
        """A site of two hours, from the same full hour a day from now."""
        start = self.now() // HOUR * HOUR + 24 * HOUR
        return Site(
            **{"geometry": shape, "radius_m": RADIUS_M, "starts_at": start, "ends_at": start + 2 * HOUR, **more}
        )

    def next_spot(self) -> tuple[float, float]:
        """A place farther from all others than any radius here."""
        longitude, latitude = self.spot
        self.spot = (longitude, latitude + 0.1) if latitude < 60 else (longitude + 0.2, 20.0)
        return self.spot

    def register(
        self,
        operation: Operation,
        answer: Answerer | None = None,
        disclosure: Disclosure = Disclosure.CONTACT_ONLY,
        card: Card = PLANNED,
    ) -> str:
        """Let the tested node register an operation; queries about it are answered as wished. Its id."""
        if answer is not None:
            self.answers[operation.operation_id] = answer
        self.planned[operation.operation_id] = operation
        self.order(Action.REGISTER, operation.operation_id, operation, disclosure, card)
        return operation.operation_id

    def edit(self, operation: Operation, disclosure: Disclosure = Disclosure.CONTACT_ONLY) -> TestState:
        """Let the tested node store the next revision."""
        self.planned[operation.operation_id] = operation
        return self.order(Action.EDIT, operation.operation_id, operation, disclosure, PLANNED)

    def cancel(self, operation_id: str) -> TestState:
        """Let the tested node cancel it."""
        self.planned.pop(operation_id, None)
        return self.order(Action.CANCEL, operation_id)

    def state(self, operation_id: str) -> TestState:
        """How the operation stands now."""
        return self.order(Action.STATE, operation_id)

    def order(self, action: Action, operation_id: str, *more: Any) -> TestState:
        """One order to the tested node. Raises Failed where it is not followed."""
        order = TestOrder(action, operation_id, *more)
        answer = self.send(self.message("test-operations", order.content()), f"{action} {operation_id}")
        if answer.kind != "test-operations-answer":
            raise self.failed("the state of the operation", self.described(answer))
        return TestState.from_content(answer.content)

    def conflicts(self, operation_id: str, other: str) -> list[TestConflict]:
        """The conflicts of a planned operation with one of the suite's, as its owner is told."""
        conflicts = self.state(operation_id).conflicts
        return [one for one in conflicts if (one.node_id, one.operation_id) == (self.node_id, other)]

    # -- hearing -----------------------------------------------------------------------------------------------

    def receive(self, path: str, token: bytes) -> Response:
        """What the tested node sends."""
        try:
            message = opened(token, self._keys)
            content = self._content(message)
            if PATHS.get(message.kind) != path:
                raise Malformed(f"a {message.kind} at {path}")
            if message.to != self.node_id:
                raise Malformed("it is for another node")
        except Malformed as error:
            self.misread.append(f"at {path}: {error}")
            return Response(b"", 401, "application/problem+json")
        with self._lock:
            self.heard.append(message)
            if isinstance(content, Query):
                self._queries[content.operation_id].append((message, content))
        if isinstance(content, Query):
            return self._replied(message, content)
        return self.answer(message, *self._answered(message))

    def _content(self, message: Message) -> Any:
        """What a message of the node says. Raises Malformed."""
        if message.kind == "query":
            return Query.read(message.content)
        if message.kind == "pairing":
            return read_news(message.content, self.tested, (self.identity.partner.key,))
        return TOLD[message.kind](message.content) if message.kind in TOLD else None

    def _replied(self, message: Message, query: Query) -> Response:
        """As the check wants it; what fails on the way is the check's failure, and no answer."""
        try:
            return self.answers.get(query.operation_id, self.nothing)(message, query)
        except (Failed, NoAnswer, Malformed) as error:
            self._failures[query.operation_id] = error
            return Response(cut=True)

    def _answered(self, message: Message) -> tuple[str, JSON]:
        if message.kind in TOLD:
            return "taken", {}
        if message.kind == "pairing":
            return "pairing-answer", {"taken": True}
        if message.kind == "health":
            return "health-answer", {"now": self.now()}
        if message.kind == "capabilities":
            return "capabilities-answer", Capabilities(
                SPOKEN, ("p1",), (Mode.TEST,), False, MOST_BYTES, LIFE_US, self.now()
            ).content()
        return "error", Trouble("unknown_kind", self.now(), (1, 2)).content()

    def answer(self, message: Message, kind: str, content: JSON, edit: forging.Edit | None = None) -> Response:
        """A signed answer to a message of the node; `edit` changes its payload before it is signed."""
        frame = {"in_reply_to": message.id, "version": message.version}
        token = seal(self.message(kind, content, **frame), self.identity.signer)
        return Response(forging.edited(token, self.identity.signer, edit) if edit else token)

    def reply(
        self,
        query: Query,
        sightings: Sequence[Sighting] = (),
        outcome: Outcome = Outcome.ANSWERED,
        raised: Points | None = None,
    ) -> Reply:
        """The reply to a query, its points raised."""
        if raised is None:
            subjects, cells = query.points.subjects, query.points.cells
            raise_ = self.identity.blinder.raised
            raised = Points(tuple(raise_(self.tested, subjects)), tuple(raise_(self.tested, cells)))
        return Reply(
            evaluated_at=self.now(),
            outcome=outcome,
            operation_id=query.operation_id,
            revision=query.revision,
            commitment=query.commitment,
            raised=raised,
            sightings=tuple(sightings),
        )

    def nothing(self, message: Message, query: Query) -> Response:
        """The honest answer where nothing of the suite's meets the operation."""
        return self.answer(message, "reply", self.reply(query).content())

    def sighting(self, operation: Operation, met: Window, **more: Any) -> Sighting:
        """What the suite tells of an own operation."""
        fields = {
            "operation_id": operation.operation_id,
            "revision": 1,
            "band": Band.DIRECT,
            "overlap": met,
            "silent": False,
            "tentative": operation.tentative,
            "card": CARD,
        }
        return Sighting(**{**fields, **more})

    def determined(self, operation_id: str, wanted: str) -> Until:
        """Until the planned operation's determination is this one."""
        return Until(f"the determination {wanted}", lambda: self.state(operation_id).determination == wanted)

    def asked(self, operation_id: str, revision: int, times: int = 1) -> Until:
        """Until the node has asked about this revision so often."""
        expected = f"a query about revision {revision}" + ("" if times == 1 else f", the {times}th time")
        return Until(expected, lambda: len(self.queries(operation_id, revision)) >= times)

    def queries(self, operation_id: str, revision: int | None = None) -> list[tuple[Message, Query]]:
        """What the node has asked about one of its operations, in order. Raises what failed while it was answered."""
        if operation_id in self._failures:
            raise self._failures.pop(operation_id)
        with self._lock:
            asked = list(self._queries[operation_id])
        return [one for one in asked if revision in (None, one[1].revision)]

    # -- judging -----------------------------------------------------------------------------------------------

    def expect(self, holds: object, expected: str, came: object) -> None:
        """Raises Failed unless it holds."""
        if not holds:
            raise self.failed(expected, str(came) or "nothing")

    def failed(self, expected: str, came: str) -> Failed:
        """The failure with what was said last."""
        return Failed(expected, came, "; ".join(self.sent[-3:]))

    def refused(self, token: bytes, kind: str = "health", said: str = "") -> None:
        """Send what must not be taken: either an unsigned refusal comes, or a signed `error`; never another answer."""
        response = self.post(kind, token, said)
        if response.status == 200:
            answer = opened(token_of(response), self._keys)
            self.expect(answer.kind == "error", "a refusal", self.described(answer))
        else:
            self.expect(400 <= response.status < 500, "a refusal", f"HTTP status {response.status}")

    def trouble(self, message: Message, said: str, signer: Signer | None = None) -> Trouble:
        """Send what a signed `error` must answer; what it says."""
        answer = self.send(message, said, signer)
        self.expect(answer.kind == "error", "a signed error", self.described(answer))
        return Trouble.read(answer.content)

    def described(self, answer: Message) -> str:
        """A message in a few words; never a place or a subject."""
        content = answer.content if isinstance(answer.content, dict) else {}
        shown = {name: content[name] for name in ("code", "outcome", "revision", "determination") if name in content}
        if "sightings" in content:
            shown["sightings"] = len(content["sightings"])
        return f"{answer.kind} {shown}" if shown else answer.kind

    def tidy(self) -> None:
        """Cancel what was planned, so that the tested node asks no more about it."""
        for operation_id in list(self.planned):
            try:
                self.cancel(operation_id)
            except (NoAnswer, Malformed, Failed):
                return

    def learn_clock(self) -> None:
        """Ask for the node's clock, and stamp by it from now on where it is far off."""
        with suppress(NoAnswer, Malformed):  # the checks will tell
            told = self.send(self.message("health", {}), "health").content.get("now")
            if type(told) is int and abs(told - self.now()) > LIFE_US // 4:
                self.skew = told - self.now()

    def _note(self, said: str) -> None:
        with self._lock:
            self.sent.append(said)
            del self.sent[:-20]


def _told(query: Query) -> str:
    return f"revision {query.revision} of {query.operation_id}" + ("" if query.registered else ", cancelled")
