"""Partners that take messages wrongly: how they read them, what they do with them, what they plan."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from vigil.conformance import forging
from vigil.conformance.forging import Edit
from vigil.conformance.misbehaving import misbehaves
from vigil.conformance.partner import DESK, NOT_SIGNED, PROBLEM, MockPartner
from vigil.conformance.wire import Response
from vigil.engine.operation import Line, Point, Polygon, Site
from vigil.protocol.canonical import JSON, from_base64url
from vigil.protocol.envelope import LIFE_US, VERSION, Malformed, Message
from vigil.protocol.messages import Asked
from vigil.protocol.nodes import read_key_news
from vigil.protocol.store import Card, Disclosure, Reference, Revision, Transaction
from vigil.protocol.testing import Action, TestOrder

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
        if unknown and self.identity.partner.node_id.encode() not in from_base64url(token.split(b".")[1]):
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


@misbehaves("hides-newer", "lets an older revision that an answer names hide the newer one", "244")
class HidesNewer(MockPartner):
    def take(self, asked: Asked, response: Response) -> None:
        with suppress(Malformed, KeyError):
            for sighting in forging.payload_of(response.body)["content"]["sightings"]:
                self.store.rows.masked.pop(Reference(asked.question.partner.node_id, sighting["operation"]), None)
        super().take(asked, response)


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
