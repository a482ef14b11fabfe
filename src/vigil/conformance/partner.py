"""The mock partner: a small node over a store in memory, which speaks the real protocol with one other node.

It answers, asks until it is answered, and takes what a partner of mode `test` may ask for (`protocol.testing`). Nothing
outlives the process. `misbehaviours` are small subclasses that do one thing wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from vigil.conformance.identity import Identity
from vigil.conformance.wire import PATHS, NoAnswer, Response, Wire, token_of
from vigil.engine.operation import Mode
from vigil.protocol.canonical import JSON
from vigil.protocol.envelope import LIFE_US, MOST_BYTES, SPOKEN, Malformed, Message
from vigil.protocol.exchange import Exchange, Letter, NotAnAnswer
from vigil.protocol.memory import MemoryStore
from vigil.protocol.messages import Asked, Question
from vigil.protocol.node import Node
from vigil.protocol.nodes import Capabilities, read_key_news
from vigil.protocol.pairing import read_news
from vigil.protocol.store import Card, Disclosure, Partner, Revision, Roster, Status, Transaction
from vigil.protocol.testing import Action, TestOrder, state_of

PROBLEM = "application/problem+json"
NOT_SIGNED = b'{"type": "about:blank", "title": "Not a signed message of a partner of this node.", "status": 401}'
DESK = Card("", "Watch desk", "+12025550100")
AGENCY = "mock agency"


class MockPartner:
    """One node. `now` gives microseconds UTC, `new_id` a fresh id for each message, `wire` leads to the other node.

    `receive` may be called from several threads; `work` does what is due and is called again and again by one.
    """

    exchange_class: type[Exchange] = Exchange
    asks_for_s = 5.0

    def __init__(
        self, identity: Identity, wire: Wire, now: Callable[[], int], new_id: Callable[[], str], epoch: int
    ) -> None:
        self.identity, self.wire, self.now = identity, wire, now
        self.cards: dict[str, Card] = {}
        self.store = MemoryStore(identity.own.node_id, epoch, cards=self.cards)
        self.node = Node(self.store, identity.signer)
        handlers = {
            "capabilities": self.tell_capabilities,
            "keys": self.take_key,
            "pairing": self.take_news,
            "test-operations": self.take_order,
        }
        self.exchange = self.exchange_class(self.node, identity.signer, identity.blinder, new_id, handlers)
        self._lock = threading.RLock()
        self.node.change_roster([self._partner(identity.partner.key)], now())

    def _partner(self, key: bytes) -> Partner:
        other = self.identity.partner
        return Partner(other.node_id, other.name, other.desk_phone, public_key=key, modes=frozenset({Mode.TEST}))

    # -- answering ---------------------------------------------------------------------------------------------

    def receive(self, path: str, token: bytes) -> Response:
        """The answer to one message."""
        try:
            with self._lock:
                return Response(self.answer(token))
        except Malformed:
            return Response(NOT_SIGNED, 401, PROBLEM)

    def answer(self, token: bytes) -> bytes:
        """The signed answer. Raises Malformed where no partner signed the message."""
        return self.exchange.receive(token, self.now())

    def tell_capabilities(self, tx: Transaction, message: Message, now: int) -> JSON:
        """What this node can."""
        return Capabilities(SPOKEN, ("p1",), (Mode.TEST,), False, MOST_BYTES, LIFE_US, now).content()

    def take_key(self, tx: Transaction, message: Message, now: int) -> JSON:
        """The other node's next key counts at once, the one before no longer."""
        key = read_key_news(message.content, message.sender)
        roster = tx.roster()
        tx.set_roster(Roster(roster.number, (replace(roster.members[0], public_key=key),)))
        return {}

    def take_news(self, tx: Transaction, message: Message, now: int) -> JSON:
        """The other node's newest pairing file; this partner goes on with the one that it was started with."""
        read_news(message.content, message.sender, tx.roster().members[0].keys)
        return {"taken": True}

    def take_order(self, tx: Transaction, message: Message, now: int) -> JSON:
        """Register, edit or cancel as the test partner wants it; how the operation stands then."""
        order = TestOrder.from_content(message.content)
        self.obey(tx, order, now)
        return state_of(tx, order.operation_id).content()

    def obey(self, tx: Transaction, order: TestOrder, now: int) -> None:
        """Commit the revision that is ordered, if one is."""
        current = tx.current(order.operation_id)
        if order.operation is not None:
            if current is None or (order.action is Action.EDIT and current.operation != order.operation):
                self.register(tx, _revision(order, 1 if current is None else current.number + 1), now)
                self.cards[order.operation_id] = _card(order)
        elif order.action is Action.CANCEL and current is not None and current.status is not Status.CANCELLED:
            cancelled = replace(current.operation, registered=False)
            self.register(
                tx, replace(current, operation=cancelled, number=current.number + 1, status=Status.CANCELLED), now
            )

    def register(self, tx: Transaction, revision: Revision, now: int) -> None:
        """Commit a revision with its *search due* rows."""
        self.node.register(revision, now, within=tx)

    # -- asking ------------------------------------------------------------------------------------------------

    def work(self) -> None:
        """Search what is due, put every question that is due, tell what is to be told: once each."""
        with self._lock:
            for due in self.node.due(self.now()):
                self.node.search(due.operation_id, self.now())
            questions = self.exchange.questions(self.now())
        for question in questions:
            self.ask(question)
        with self._lock:
            letters = self.exchange.letters(self.now())
        for letter in letters:
            self.tell(letter)

    def ask(self, question: Question) -> None:
        """Put one question and take in what comes back."""
        with self._lock:
            asked = self.exchange.asked(question, self.now())
        try:
            response = self.post("query", asked.token)
        except NoAnswer:
            self.unanswered(asked)
        else:
            self.take(asked, response)

    def post(self, kind: str, token: bytes) -> Response:
        """Send a message. Raises NoAnswer where nothing comes back."""
        return self.wire.post(PATHS[kind], token, self.asks_for_s)

    def take(self, asked: Asked, response: Response) -> None:
        """What came back counts if it is a whole answer to this very question; else it is asked again."""
        try:
            token = token_of(response)
            with self._lock:
                self.exchange.accept_answer(asked, token, self.now())
        except (NoAnswer, NotAnAnswer):
            self.unanswered(asked)

    def unanswered(self, asked: Asked) -> None:
        """Nothing that counts came."""
        with self._lock:
            self.exchange.unreachable(asked.question.due, self.now())

    def tell(self, letter: Letter) -> None:
        """Tell one thing until it was taken."""
        kind = letter.outgoing.kind if letter.outgoing else "health"
        try:
            token = token_of(self.post(kind, letter.token))
            with self._lock:
                self.exchange.taken(letter, token, self.now())
        except (NoAnswer, NotAnAnswer):
            with self._lock:
                self.exchange.untaken(letter, self.now())


def _revision(order: TestOrder, number: int) -> Revision:
    assert order.operation is not None
    return Revision(
        order.operation,
        number,
        AGENCY,
        disclosure=order.disclosure,
        plain_clothes=order.card.plain_clothes,
        armed_and_dangerous=order.card.armed_and_dangerous,
    )


def _card(order: TestOrder) -> Card:
    """What the other side may see (specification, section 7)."""
    if order.disclosure is Disclosure.SILENT:
        return DESK
    if order.disclosure is Disclosure.CONTACT_ONLY:
        return replace(order.card, operation_type="")
    return order.card
