"""Partners that answer wrongly: how their answers come, and what they sign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vigil.conformance import forging
from vigil.conformance.forging import Edit
from vigil.conformance.misbehaving import STRANGER, misbehaves
from vigil.conformance.partner import PROBLEM, MockPartner
from vigil.conformance.wire import Response
from vigil.protocol.canonical import JSON
from vigil.protocol.envelope import MOST_BYTES

YEAR = 365 * 24 * 3_600_000_000


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
lies("blind-trust", "sees nothing in blind queries", "121", lambda payload: _answered(payload), "reply")
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


def _answered(payload: dict[str, Any]) -> None:
    payload["content"].update(outcome="answered")


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


@misbehaves("old-answer", "judges a query by the flags and card of the one before", "120")
class OldAnswer(Lies):
    def __init__(self, *more: Any) -> None:
        self.first: dict[str, JSON] = {}
        super().__init__(*more)

    def lie(self, payload: dict[str, Any]) -> None:
        if payload["kind"] == "reply":
            content = payload["content"]
            content["sightings"] = self.first.setdefault(content["operation"], content["sightings"])
