"""Partners that ask wrongly, or count as an answer what is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vigil.conformance import forging
from vigil.conformance.misbehaving import misbehaves
from vigil.conformance.partner import MockPartner
from vigil.conformance.wire import NoAnswer, Response, token_of
from vigil.protocol.coverage import conclude
from vigil.protocol.envelope import MOST_BYTES, Malformed
from vigil.protocol.exchange import NotAnAnswer
from vigil.protocol.messages import Asked
from vigil.protocol.store import Answer, Outcome, Seen


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
    "counts-new-replicas",
    "counts answers from an older state of a new epoch",
    "262",
    lambda payload, asked: payload["sequence"] == 2,
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
