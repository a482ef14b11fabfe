"""What a mock partner can do wrong, by name, and the requirement that sees it. One thing each.

Each is a small subclass of the mock partner. What must change inside of a message is changed in its payload, before it
is signed or after it was read: a lie needs no state machine of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from vigil.conformance import forging
from vigil.conformance.forging import Edit
from vigil.conformance.partner import DESK, NOT_SIGNED, PROBLEM, MockPartner
from vigil.conformance.wire import NoAnswer, Response, token_of
from vigil.engine.operation import Line, Point, Polygon, Site
from vigil.protocol.canonical import JSON
from vigil.protocol.coverage import conclude
from vigil.protocol.envelope import LIFE_US, MOST_BYTES, VERSION, Malformed, Message
from vigil.protocol.exchange import NotAnAnswer
from vigil.protocol.messages import Asked
from vigil.protocol.nodes import read_key_news
from vigil.protocol.signing import Signer
from vigil.protocol.store import Answer, Card, Disclosure, Outcome, Revision, Seen, Transaction
from vigil.protocol.testing import Action, TestOrder

Partner = TypeVar("Partner", bound=type[MockPartner])
STRANGER = Signer.from_seed(b"somebody else's key, 32 bytes...")
YEAR = 365 * 24 * 3_600_000_000


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """`seen_by` is the requirement that it breaks."""

    name: str
    sentence: str
    seen_by: str
    partner: type[MockPartner]

    def __str__(self) -> str:
        return self.name


MISBEHAVIOURS: dict[str, Misbehaviour] = {}


def misbehaves(name: str, sentence: str, seen_by: str) -> Callable[[Partner], Partner]:
    """The decorated class does this."""

    def known(partner: Partner) -> Partner:
        assert name not in MISBEHAVIOURS, name
        MISBEHAVIOURS[name] = Misbehaviour(name, sentence, f"FED-{seen_by}", partner)
        return partner

    return known


# --- how answers come ------------------------------------------------------------------------------------------------


class Sends(MockPartner):
    """The honest answer, sent in another way."""

    def receive(self, path: str, token: bytes) -> Response:
        return self.sent(super().receive(path, token))

    def sent(self, response: Response) -> Response:
        """What goes out instead."""
        return response


def sends(name: str, sentence: str, seen_by: str, change: Callable[[Response], Response]) -> None:
    """A partner whose every answer is changed on its way out."""

    class Changed(Sends):
        def sent(self, response: Response) -> Response:
            return change(response)

    misbehaves(name, sentence, seen_by)(Changed)


LOGIN = Response(b"<!doctype html><title>Please log in</title>", 200, "text/html")
sends("down", "closes every connection", "001", lambda response: Response(cut=True))
sends("slow", "answers after ten minutes", "001", lambda response: replace(response, delay=600.0))
sends("drips", "sends a byte a second", "001", lambda response: replace(response, drip=1.0))
sends("page", "answers by a page with status 200", "001", lambda response: LOGIN)
sends("empty", "answers by an empty body with status 200", "001", lambda response: Response())
sends("unavailable", "answers by status 503", "001", lambda response: Response(b"{}", 503, PROBLEM))
sends("redirects", "answers by status 307", "001", lambda response: Response(b"", 307, "text/plain"))
sends("huge", "answers by more bytes than are read", "001", lambda response: Response(b"A" * (MOST_BYTES + 1)))
sends("plain-text", "signs, but calls it text", "001", lambda response: replace(response, content_type="text/plain"))
sends("cut-off", "sends half of each answer", "001", lambda one: replace(one, body=one.body[: len(one.body) // 2]))


# --- what is signed --------------------------------------------------------------------------------------------------


class Lies(MockPartner):
    """An honest answer whose payload is changed before it is signed."""

    def answer(self, token: bytes) -> bytes:
        return self.signed(super().answer(token))

    def signed(self, answer: bytes) -> bytes:
        """What is signed instead."""
        return forging.edited(answer, self.identity.signer, self.lie)

    def lie(self, payload: dict[str, Any]) -> None:
        """Change it."""


def lies(name: str, sentence: str, seen_by: str, edit: Edit, kind: str = "") -> None:
    """A partner that changes the payloads of its answers (of one kind)."""

    class Liar(Lies):
        def lie(self, payload: dict[str, Any]) -> None:
            if kind in ("", payload["kind"]):
                edit(payload)

    misbehaves(name, sentence, seen_by)(Liar)


def lies_in(name: str, sentence: str, seen_by: str, **changes: JSON) -> None:
    """A partner that changes members of its replies."""
    lies(name, sentence, seen_by, lambda payload: payload["content"].update(changes), "reply")


@misbehaves("wrong-key", "signs by a key that nobody knows", "002")
class WrongKey(Lies):
    def signed(self, answer: bytes) -> bytes:
        return forging.signed(forging.payload_of(answer), STRANGER)


@misbehaves("nameless-key", "names no key in the header", "002")
class NamelessKey(Lies):
    def signed(self, answer: bytes) -> bytes:
        return forging.signed(forging.payload_of(answer), self.identity.signer, kid="")


@misbehaves("alters", "changes what it has signed", "002")
class Alters(Lies):
    def signed(self, answer: bytes) -> bytes:
        return forging.altered(answer, lambda payload: payload.update(sequence=payload["sequence"] + 1))


def _back(payload: dict[str, Any]) -> None:
    payload.update(issued_at=payload["issued_at"] - YEAR, expires_at=payload["expires_at"] - YEAR)


def _on(payload: dict[str, Any]) -> None:
    payload.update(expires_at=payload["expires_at"] + YEAR)


def _one_point(payload: dict[str, Any]) -> None:
    subjects = payload["content"]["raised"]["subjects"]
    payload["content"]["raised"]["subjects"] = subjects[:1] * len(subjects)


def _sorted_points(payload: dict[str, Any]) -> None:
    payload["content"]["raised"]["subjects"].sort()


lies("wrong-reader", "answers for another node", "002", lambda payload: payload.update(to="somebody-else"))
lies("wrong-message", "answers another message", "002", lambda payload: payload.update(in_reply_to="another"))
lies("stale", "signs answers of a year ago", "003", _back)
lies("immortal", "signs answers that live for a year", "003", _on)
lies("stands-still", "never raises its sequence", "022", lambda payload: payload.update(sequence=1))
lies_in("another-revision", "answers for another revision", "102", revision=99)
lies_in("another-content", "answers with another commitment", "102", commitment="another")
lies_in("another-operation", "answers for another operation", "102", operation="another")
lies_in("incomplete", "does not say that its answer is complete", "101", complete=False)
lies_in("refuses", "refuses every query", "101", outcome="refused", sightings=[])
lies("one-point", "raises all points to one", "103", _one_point, "reply")
lies("sorts-points", "raises points in another order", "103", _sorted_points, "reply")
lies_in("never-matches", "never tells of a match", "104", sightings=[])
lies("never-near", "calls every match direct", "105", lambda payload: _each(payload, band="direct"), "reply")
lies("cuts-short", "tells of five matches at most", "108", lambda payload: _most(payload, 5), "reply")
lies("places", "tells where an operation is", "104", lambda payload: _each(payload, geometry="POINT(0 0)"), "reply")
lies("no-clock", "does not tell its time", "016", lambda payload: payload["content"].clear(), "health-answer")
lies(
    "no-modes",
    "does not tell which modes it takes",
    "015",
    lambda payload: payload["content"].update(modes=[]),
    "capabilities-answer",
)
lies(
    "hopeful",
    "says no known conflict before anybody has answered",
    "203",
    lambda payload: _determined(payload, "incomplete", "no_known_conflict"),
    "test-operations-answer",
)


def _each(payload: dict[str, Any], **changes: JSON) -> None:
    for sighting in payload["content"]["sightings"]:
        sighting.update(changes)


def _most(payload: dict[str, Any], number: int) -> None:
    del payload["content"]["sightings"][number:]


def _determined(payload: dict[str, Any], before: str, after: str) -> None:
    if payload["content"]["determination"] == before:
        payload["content"]["determination"] = after


@misbehaves("wanders", "answers each message from another epoch", "022")
class Wanders(Lies):
    answers = 0

    def lie(self, payload: dict[str, Any]) -> None:
        self.answers += 1
        payload.update(epoch=payload["epoch"] + self.answers)


@misbehaves("invents", "tells of an operation that is not there", "101")
class Invents(Lies):
    def lie(self, payload: dict[str, Any]) -> None:
        if payload["kind"] != "reply":
            return
        now = self.now()
        card = {"agency": "Nobody", "contact_name": "", "contact_phone": "", "operation_type": ""}
        payload["content"]["sightings"].append(
            {
                "operation": "invented",
                "revision": 1,
                "band": "near",
                "overlap": [now, now + 1],
                "silent": False,
                "tentative": False,
                "card": {**card, "plain_clothes": False, "armed_and_dangerous": False},
            }
        )


@misbehaves("alarms-late", "answers before its own side's alarm is stored", "109")
class AlarmsLate(Lies):
    stored: frozenset[str] = frozenset()

    def work(self) -> None:
        super().work()
        self.stored = frozenset(self.store.rows.alarms)

    def lie(self, payload: dict[str, Any]) -> None:
        if payload["kind"] == "test-operations-answer":
            late = any(key not in self.stored for key in self.store.rows.alarms)
            for conflict in payload["content"]["conflicts"] if late else ():
                conflict["alarms"] = 0


@misbehaves("alarms-twice", "alarms again for each query that comes again", "110")
class AlarmsTwice(Lies):
    def __init__(self, *more: Any) -> None:
        self.asked: dict[str, int] = {}
        super().__init__(*more)

    def answer(self, token: bytes) -> bytes:
        payload = forging.payload_of(token)
        if payload["kind"] == "query":
            operation = payload["content"]["operation"]
            self.asked[operation] = self.asked.get(operation, 0) + 1
        return super().answer(token)

    def lie(self, payload: dict[str, Any]) -> None:
        if payload["kind"] == "test-operations-answer":
            for conflict in payload["content"]["conflicts"]:
                conflict["alarms"] *= self.asked.get(conflict["operation_id"], 1)


@misbehaves("asks-first", "asks before it has committed", "201")
class AsksFirst(Lies):
    asking: frozenset[str] = frozenset()

    def ask(self, question: Any) -> None:
        self.asking = frozenset({question.revision.operation_id})
        super().ask(question)
        self.asking = frozenset()

    def lie(self, payload: dict[str, Any]) -> None:
        if payload["kind"] == "reply":
            shown = [one for one in payload["content"]["sightings"] if one["operation"] not in self.asking]
            payload["content"]["sightings"] = shown


# --- how messages are read -------------------------------------------------------------------------------------------


class Rereads(MockPartner):
    """Changes what came before it is taken, as a node does that overlooks something."""

    needs_signature = True

    def answer(self, token: bytes) -> bytes:
        payload, header = forging.payload_of(token), forging.header_of(token)
        partner = self.identity.partner
        known = payload.get("from") == partner.node_id and set(payload) >= FRAME
        signed = not self.needs_signature or forging.holds(token, partner.key)
        if known and signed and self.reread(payload, header):
            return self.overlook(payload)
        return super().answer(token)

    def reread(self, payload: dict[str, Any], header: dict[str, Any]) -> bool:
        """Whether the payload, which may be changed here, is taken as it now stands, without a look at the rest."""
        raise NotImplementedError

    def overlook(self, payload: dict[str, Any]) -> bytes:
        """Take it as if its sender had signed it so."""
        exchange, now = self.exchange, self.now()
        frame = {name: payload[name] for name in FRAME}
        message = Message(sender=payload["from"], content=payload["content"], **frame)
        with self.store.transaction() as tx:
            roster, identity, seen = tx.roster(), tx.identity(), tx.highest_seen(message.sender)
        kind, content, identity = exchange._answered(roster, message, identity, now)
        return exchange._seal(exchange.new_id(), kind, message.sender, seen, identity, content, now, message)


def rereads(name: str, sentence: str, seen_by: str, reread: Callable[[Rereads, Any, Any], bool]) -> None:
    """A partner that overlooks something."""

    class Careless(Rereads):
        def reread(self, payload: dict[str, Any], header: dict[str, Any]) -> bool:
            return reread(self, payload, header)

    misbehaves(name, sentence, seen_by)(Careless)


def rereads_content(name: str, sentence: str, seen_by: str, kind: str, change: Edit) -> None:
    """A partner that takes something else from the content of a kind of messages than what stands there."""

    def reread(partner: Rereads, payload: dict[str, Any], header: dict[str, Any]) -> bool:
        if payload["kind"] == kind:
            change(payload["content"])
        return bool(payload["kind"] == kind)

    rereads(name, sentence, seen_by, reread)


FRAME = frozenset(("kind", "version", "id", "to", "issued_at", "expires_at", "epoch", "sequence", "in_reply_to"))


def _without_unknown(partner: Rereads, payload: dict[str, Any], header: dict[str, Any]) -> bool:
    surplus = set(payload) - FRAME - {"from", "content"}
    for name in surplus:
        del payload[name]
    return bool(surplus)


def _for_others(partner: Rereads, payload: dict[str, Any], header: dict[str, Any]) -> bool:
    to, payload["to"] = payload["to"], partner.identity.own.node_id
    return bool(to != payload["to"])


def _of_any_age(partner: Rereads, payload: dict[str, Any], header: dict[str, Any]) -> bool:
    issued, now = payload["issued_at"], partner.now()
    payload.update(issued_at=now, expires_at=now + LIFE_US)
    return bool(abs(issued - now) > LIFE_US)


def _of_any_version(partner: Rereads, payload: dict[str, Any], header: dict[str, Any]) -> bool:
    version, payload["version"] = payload["version"], VERSION
    return bool(version > VERSION)


@misbehaves("believes-all", "takes messages whose signature does not hold", "004")
class BelievesAll(Rereads):
    needs_signature = False

    def reread(self, payload: dict[str, Any], header: dict[str, Any]) -> bool:
        return True


@misbehaves("any-algorithm", "takes messages without a signature", "006")
class AnyAlgorithm(BelievesAll):
    def reread(self, payload: dict[str, Any], header: dict[str, Any]) -> bool:
        return bool(header.get("alg") == "none")


rereads("any-reader", "takes messages for others", "007", _for_others)
rereads("no-calendar", "takes messages of any age", "009", _of_any_age)
rereads("any-version", "takes messages of any version", "010", _of_any_version)
rereads("lenient", "leaves out members that it does not know", "012", _without_unknown)
rereads_content(
    "any-predicate", "judges by p1 whatever is asked", "118", "query", lambda c: c.update(predicates=["p1"])
)
rereads_content("any-mode", "judges operations of every mode", "119", "query", lambda c: c.update(mode="test"))
rereads_content(
    "moves-matches", "takes a match about any revision", "251", "match", lambda content: content.update(revision=1)
)


@misbehaves("first-plan", "judges every revision by the first one's place", "111")
class FirstPlan(Rereads):
    def __init__(self, *more: Any) -> None:
        self.plans: dict[str, JSON] = {}
        super().__init__(*more)

    def reread(self, payload: dict[str, Any], header: dict[str, Any]) -> bool:
        content = payload["content"]
        if payload["kind"] == "query" and content["plain"] is not None:
            content["plain"] = self.plans.setdefault(content["operation"], content["plain"])
            return True
        return False


@misbehaves("no-cancels", "takes no notice of a cancelled operation", "112")
class NoCancels(Rereads):
    def __init__(self, *more: Any) -> None:
        self.contents: dict[str, dict[str, Any]] = {}
        super().__init__(*more)

    def reread(self, payload: dict[str, Any], header: dict[str, Any]) -> bool:
        content = payload["content"]
        if payload["kind"] != "query":
            return False
        if content["registered"]:
            self.contents[content["operation"]] = dict(content)
            return False
        payload["content"] = {**self.contents[content["operation"]], "revision": content["revision"]}
        return True


@misbehaves("one-epoch", "takes no notice of a new epoch", "260")
class OneEpoch(Rereads):
    epoch = 0

    def reread(self, payload: dict[str, Any], header: dict[str, Any]) -> bool:
        self.epoch, told = self.epoch or payload["epoch"], payload["epoch"]
        payload.update(epoch=self.epoch)
        return bool(told != self.epoch)


# --- what is done with messages --------------------------------------------------------------------------------------


class Answers(MockPartner):
    """Says something of its own to some messages, and does nothing with them."""

    said: tuple[str, JSON] = ("taken", {})

    def answer(self, token: bytes) -> bytes:
        honest = super().answer
        payload = forging.payload_of(token)
        if "from" not in payload or not self.concerns(payload):
            return honest(token)
        kind, content = self.said
        asked = self.exchange.letter(payload["from"], kind, content, self.now()).token
        return forging.edited(asked, self.identity.signer, lambda said: said.update(in_reply_to=payload["id"]))

    def concerns(self, payload: dict[str, Any]) -> bool:
        """Whether it does so with this one."""
        raise NotImplementedError


@misbehaves("any-kind", "takes messages of kinds that it does not know", "013")
class AnyKind(Answers):
    def concerns(self, payload: dict[str, Any]) -> bool:
        return payload.get("kind") == "gossip"


@misbehaves("deaf-to-matches", "takes a match and does nothing", "250")
class DeafToMatches(Answers):
    def concerns(self, payload: dict[str, Any]) -> bool:
        return payload.get("kind") == "match"


@misbehaves("deaf-to-withdrawals", "takes a withdrawal and does nothing", "252")
class DeafToWithdrawals(Answers):
    def concerns(self, payload: dict[str, Any]) -> bool:
        return payload.get("kind") == "withdrawal"


class Errors(Answers):
    """Answers by a signed error."""

    code = "busy"
    speaks: tuple[int, ...] = (1, 2)

    @property
    def said(self) -> tuple[str, JSON]:  # type: ignore[override]
        return "error", {"code": self.code, "now": self.now(), "speaks": list(self.speaks)}


@misbehaves("no-acknowledgements", "takes no acknowledgement", "253")
class NoAcknowledgements(Errors):
    def concerns(self, payload: dict[str, Any]) -> bool:
        return payload.get("kind") == "acknowledgement"


@misbehaves("only-new", "does not speak the version before", "011")
class OnlyNew(Errors):
    code, speaks = "version", (2,)

    def concerns(self, payload: dict[str, Any]) -> bool:
        return payload.get("version") == 1


@misbehaves("only-old", "speaks the version before alone", "010")
class OnlyOld(Errors):
    code, speaks = "version", (1,)

    def concerns(self, payload: dict[str, Any]) -> bool:
        return payload.get("version") != 1


@misbehaves("tells-strangers", "lets an unknown node learn that another one is known", "005")
class TellsStrangers(MockPartner):
    def receive(self, path: str, token: bytes) -> Response:
        response = super().receive(path, token)
        unknown = response.status == 401 and token.count(b".") == 2
        if unknown and self.identity.partner.node_id.encode() not in forging.decoded(token.split(b".")[1]):
            return Response(NOT_SIGNED, 404, PROBLEM)
        return response


@misbehaves("breaks", "fails on bytes that are no message", "014")
class Breaks(MockPartner):
    def receive(self, path: str, token: bytes) -> Response:
        try:
            forging.payload_of(token)
        except Malformed:
            return Response(b"Traceback", 500, "text/plain")
        return super().receive(path, token)


class Forgets(MockPartner):
    """Rows are gone before each message."""

    def answer(self, token: bytes) -> bytes:
        self.forget()
        return super().answer(token)

    def forget(self) -> None:
        """Remove them."""
        raise NotImplementedError


@misbehaves("takes-twice", "takes a message again", "008")
class TakesTwice(Forgets):
    def forget(self) -> None:
        self.store.rows.taken.clear()


@misbehaves("takes-old", "judges an older revision after a newer one", "113")
class TakesOld(Forgets):
    def forget(self) -> None:
        self.store.rows.foreign.clear()


@misbehaves("no-subjects", "compares no subjects", "114")
class NoSubjects(Forgets):
    def forget(self) -> None:
        self.store.rows.joint.clear()


@misbehaves("no-masked", "compares no subjects with what it was asked before", "242")
class NoMasked(MockPartner):
    def work(self) -> None:
        self.store.rows.masked.clear()
        super().work()


@misbehaves("old-key", "goes on with the key before", "020")
class OldKey(MockPartner):
    def take_key(self, tx: Transaction, message: Message, now: int) -> JSON:
        read_key_news(message.content, message.sender)
        return {}


@misbehaves("any-key", "takes a next key that has not signed for itself", "021")
class AnyKey(MockPartner):
    def take_key(self, tx: Transaction, message: Message, now: int) -> JSON:
        return {}


@misbehaves("any-file", "takes a pairing file of any key", "023")
class AnyFile(MockPartner):
    def take_news(self, tx: Transaction, message: Message, now: int) -> JSON:
        return {"taken": True}


# --- what is planned -------------------------------------------------------------------------------------------------


class Plans(MockPartner):
    """Registers something else than what was ordered."""

    def register(self, tx: Transaction, revision: Revision, now: int) -> None:
        super().register(tx, self.planned(revision), now)

    def planned(self, revision: Revision) -> Revision:
        """What is registered instead."""
        raise NotImplementedError


@misbehaves("no-joint", "knows no joint groups", "106")
class NoJoint(Plans):
    def planned(self, revision: Revision) -> Revision:
        return replace(revision, operation=replace(revision.operation, joint_with=frozenset()))


@misbehaves("points-only", "takes every shape for its first corner", "107")
class PointsOnly(Plans):
    def planned(self, revision: Revision) -> Revision:
        sites = tuple(replace(site, geometry=_corner(site)) for site in revision.operation.sites)
        return replace(revision, operation=replace(revision.operation, sites=sites))


def _corner(site: Site) -> Point:
    shape = site.geometry
    if isinstance(shape, Line):
        return Point(*shape.vertices[0])
    return Point(*shape.exterior[0]) if isinstance(shape, Polygon) else shape


@misbehaves("no-silence", "tells of silent operations' subjects", "115")
class NoSilence(Plans):
    def planned(self, revision: Revision) -> Revision:
        return replace(revision, disclosure=Disclosure.CONTACT_ONLY)


class Shows(MockPartner):
    """Shows another card than may be shown."""

    def obey(self, tx: Transaction, order: TestOrder, now: int) -> None:
        super().obey(tx, order, now)
        if order.operation is not None:
            self.cards[order.operation_id] = self.shown(order)

    def shown(self, order: TestOrder) -> Card:
        """The card."""
        raise NotImplementedError


@misbehaves("names-silent", "names the contact of a silent operation", "116")
class NamesSilent(Shows):
    def shown(self, order: TestOrder) -> Card:
        return replace(order.card, operation_type="")


@misbehaves("names-types", "names the type of every operation", "117")
class NamesTypes(Shows):
    def shown(self, order: TestOrder) -> Card:
        return DESK if order.disclosure is Disclosure.SILENT else order.card


@misbehaves("old-answer", "judges a query by the flags and card of the one before", "120")
class OldAnswer(Lies):
    def __init__(self, *more: Any) -> None:
        self.first: dict[str, JSON] = {}
        super().__init__(*more)

    def lie(self, payload: dict[str, Any]) -> None:
        if payload["kind"] == "reply":
            content = payload["content"]
            content["sightings"] = self.first.setdefault(content["operation"], content["sightings"])


@misbehaves("edits-quietly", "does not ask about an edit", "240")
class EditsQuietly(MockPartner):
    def obey(self, tx: Transaction, order: TestOrder, now: int) -> None:
        super().obey(tx, order, now)
        if order.action is Action.EDIT:
            self.close(tx, order.operation_id)

    def close(self, tx: Transaction, operation_id: str) -> None:
        """Ask the partner nothing more about it."""
        for due in tx.due_of(operation_id):
            if due.target:
                tx.close_due(operation_id, due.revision, due.target)


@misbehaves("cancels-quietly", "tells nobody of a cancel", "241")
class CancelsQuietly(EditsQuietly):
    def obey(self, tx: Transaction, order: TestOrder, now: int) -> None:
        super().obey(tx, order, now)
        if order.action is Action.CANCEL:
            self.close(tx, order.operation_id)


# --- asking ----------------------------------------------------------------------------------------------------------


@misbehaves("never-asks", "asks nobody", "202")
class NeverAsks(MockPartner):
    def ask(self, question: Any) -> None:
        """Not at all."""


@misbehaves("asks-once", "asks once, and never again", "210")
class AsksOnce(MockPartner):
    def unanswered(self, asked: Asked) -> None:
        due = asked.question.due
        with self._lock, self.store.transaction() as tx:
            tx.close_due(due.operation_id, due.revision, due.target)


@misbehaves("never-tells", "keeps to itself what an answer did not name", "243")
class NeverTells(MockPartner):
    def tell(self, letter: Any) -> None:
        """Not at all."""


class Writes(MockPartner):
    """Changes its own messages before they are signed."""

    def post(self, kind: str, token: bytes) -> Response:
        return super().post(kind, forging.edited(token, self.identity.signer, self.written))

    def written(self, payload: dict[str, Any]) -> None:
        """Change it."""
        raise NotImplementedError


@misbehaves("half-a-query", "leaves out of its queries what they are joint with", "202")
class HalfAQuery(Writes):
    def written(self, payload: dict[str, Any]) -> None:
        if payload["kind"] == "query" and payload["content"]["plain"]:
            payload["content"]["plain"]["joint_with"] = []


@misbehaves("tells-subjects", "sends subjects that everybody can read", "254")
class TellsSubjects(Writes):
    def written(self, payload: dict[str, Any]) -> None:
        if payload["kind"] == "query":
            payload["content"]["subjects"] = ["phone:+12025550110"]


@misbehaves("one-id", "gives all its messages one id", "254")
class OneId(Writes):
    def written(self, payload: dict[str, Any]) -> None:
        payload["id"] = "the-one"


class Believes(MockPartner):
    """Counts as an answer what is none."""

    def ask(self, question: Any) -> None:
        with self._lock:
            asked = self.exchange.asked(question, self.now())
        try:
            response = self.post("query", asked.token)
        except NoAnswer as error:
            self.judge(asked, Response(b"", 0), str(error))
        else:
            self.take(asked, response)

    def take(self, asked: Asked, response: Response) -> None:
        try:
            with self._lock:
                self.exchange.accept_answer(asked, token_of(response), self.now())
        except (NoAnswer, NotAnAnswer) as error:
            self.judge(asked, response, str(error))

    def judge(self, asked: Asked, response: Response, why: str) -> None:
        """Count it, or ask again."""
        if self.believes(asked, response, why):
            self.count(asked)
        else:
            self.unanswered(asked)

    def believes(self, asked: Asked, response: Response, why: str) -> bool:
        """Whether it counts."""
        raise NotImplementedError

    def count(self, asked: Asked) -> None:
        """Store that the partner has answered about the current revision: nothing meets it."""
        due, now = asked.question.due, self.now()
        with self._lock, self.store.transaction() as tx:
            seen = tx.highest_seen(due.target) or Seen(1, 1)
            tx.note_seen(due.target, seen)
            revision = tx.current(due.operation_id)
            assert revision is not None
            answer = Answer(
                due.operation_id,
                revision.number,
                due.target,
                Outcome.ANSWERED,
                seen.epoch,
                seen.sequence,
                evaluated_at=now,
                received_at=now,
            )
            tx.put_answer(answer)
            tx.close_due(due.operation_id, revision.number, due.target)
            conclude(tx, due.operation_id, self.identity.signer, now)


def believes(name: str, sentence: str, seen_by: str, believed: Callable[[Response, str], bool]) -> None:
    """A partner that counts what comes in such a way."""

    class Believer(Believes):
        def believes(self, asked: Asked, response: Response, why: str) -> bool:
            return believed(response, why)

    misbehaves(name, sentence, seen_by)(Believer)


def counts(name: str, sentence: str, seen_by: str, believed: Callable[[dict[str, Any], Asked], bool]) -> None:
    """A partner that counts signed messages in which something is wrong."""

    class Counter(Believes):
        def believes(self, asked: Asked, response: Response, why: str) -> bool:
            try:
                return believed(forging.payload_of(response.body), asked)
            except (Malformed, KeyError):
                return False

    misbehaves(name, sentence, seen_by)(Counter)


def _bare(response: Response, why: str) -> bool:
    return response.body.startswith(b"e30.")


believes("counts-closed", "counts a closed connection as no match", "210", lambda _, why: "closed" in why)
believes("counts-silence", "counts a time-out as no match", "211", lambda _, why: "nothing within" in why)
believes("counts-errors", "counts status 503 as no match", "212", lambda response, why: response.status == 503)
believes("counts-pages", "counts a page as no match", "213", lambda one, why: one.content_type == "text/html")
believes("counts-empty", "counts an empty body as no match", "214", lambda one, why: one.status == 200 and not one.body)
believes("counts-huge", "counts what is too large as no match", "215", lambda one, why: len(one.body) > MOST_BYTES)
believes("counts-unsigned", "counts what nobody signed", "216", _bare)
believes(
    "counts-old-epochs", "counts answers from before a new epoch", "261", lambda _, why: "before the partner" in why
)


def _signer_of(response: Response) -> str:
    return str(forging.header_of(response.body).get("kid", ""))


@misbehaves("counts-any-key", "counts answers signed by any key", "217")
class CountsAnyKey(Believes):
    def believes(self, asked: Asked, response: Response, why: str) -> bool:
        return response.body.count(b".") == 2 and "complete" in forging.payload_of(response.body).get("content", {})


@misbehaves("counts-altered", "counts answers whose signature does not hold", "218")
class CountsAltered(CountsAnyKey):
    """By the right key's name."""

    def believes(self, asked: Asked, response: Response, why: str) -> bool:
        return super().believes(asked, response, why) and _signer_of(response) == self.identity.partner.fingerprint


counts(
    "counts-any-message",
    "counts answers to other messages",
    "219",
    lambda payload, asked: payload["in_reply_to"] != asked.question.id,
)
counts(
    "counts-any-reader",
    "counts answers for others",
    "220",
    lambda payload, asked: payload["to"] != asked.question.identity.node_id,
)
counts(
    "counts-any-revision",
    "counts answers for other revisions",
    "221",
    lambda payload, asked: payload["content"]["revision"] != asked.query.revision,
)
counts(
    "counts-any-content",
    "counts answers with other commitments",
    "222",
    lambda payload, asked: payload["content"]["commitment"] != asked.query.commitment,
)
counts(
    "counts-any-operation",
    "counts answers for other operations",
    "223",
    lambda payload, asked: payload["content"]["operation"] != asked.query.operation_id,
)
counts(
    "counts-incomplete",
    "counts answers that are not complete",
    "224",
    lambda payload, asked: payload["content"]["complete"] is False,
)
counts(
    "counts-halves",
    "counts answers without their sightings",
    "225",
    lambda payload, asked: payload["kind"] == "reply" and "sightings" not in payload["content"],
)
counts(
    "counts-unknown",
    "counts answers with members that it does not know",
    "226",
    lambda payload, asked: "urgent" in payload["content"],
)
counts("counts-trouble", "counts a signed error as no match", "227", lambda payload, asked: payload["kind"] == "error")
counts(
    "counts-old-states", "counts answers from an older state", "228", lambda payload, asked: payload["sequence"] == 1
)
counts(
    "old-verdict",
    "lets an answer about the revision before complete the new one",
    "240",
    lambda payload, asked: payload["content"]["revision"] == asked.query.revision == 1,
)


@misbehaves("deaf", "takes no notice of what an answer tells", "204")
class Deaf(Believes):
    def take(self, asked: Asked, response: Response) -> None:
        self.count(asked)

    def believes(self, asked: Asked, response: Response, why: str) -> bool:
        return False


@misbehaves("counts-refusals", "counts a refusal as no match", "230")
class CountsRefusals(Believes):
    def take(self, asked: Asked, response: Response) -> None:
        try:
            outcome = forging.payload_of(response.body)["content"]["outcome"]
        except (Malformed, KeyError):
            outcome = ""
        if outcome in ("refused", "no_shared_predicate"):
            self.count(asked)
        else:
            super().take(asked, response)

    def believes(self, asked: Asked, response: Response, why: str) -> bool:
        return False
