"""A node's half towards its partners: questions, answers, queries answered, news heard (specification, section 8).

Sans-I/O like the node: the transport carries the bytes and calls one method for each thing that happened.
Whatever is not a whole, signed answer to this very revision in the partner's current epoch is not an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vigil.engine.operation import Band, Match
from vigil.engine.predicate import PREDICATE
from vigil.protocol.coverage import conclude
from vigil.protocol.judgement import asking_side, own_side, sighted_side, told
from vigil.protocol.messages import Malformed, Query, Question, Reply, Sighting, Signed, Tidings
from vigil.protocol.node import Node
from vigil.protocol.signing import verify
from vigil.protocol.steps import ask_again, conclude_all, extend_overdue, record, withdraw
from vigil.protocol.store import (
    OWN,
    Answer,
    Due,
    Found,
    Outcome,
    Partner,
    Reference,
    Revision,
    Seen,
    Side,
    Transaction,
    Verdict,
)

FIRST_RETRY_US = 5_000_000
LONGEST_RETRY_US = 5 * 60_000_000


class NotAnAnswer(Exception):
    """What came back does not count: the partner stays *not answered* and is asked again."""


class Exchange:
    """The partner half of one node."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.store = node.store
        self.signer = node.signer

    # -- asking ------------------------------------------------------------------------------------------------

    def questions(self, now: int) -> Sequence[Question]:
        """What is to be put to partners now. Only committed revisions are among them: each comes from a due row."""
        with self.store.transaction() as tx:
            members = {partner.node_id for partner in tx.roster().members}
            rows = [due for due in tx.due(now) if due.target in members]
            return [self._question(tx, due, revision) for due in rows if (revision := tx.current(due.operation_id))]

    def _question(self, tx: Transaction, due: Due, revision: Revision) -> Question:
        identity = tx.identity()
        query = Query(
            origin=identity.node_id,
            epoch=identity.epoch,
            sequence=identity.sequence,
            operation=revision.operation,
            revision=revision.number,
            digest=revision.digest,
            silent=revision.silent,
            card=tx.card(revision.operation_id),
            predicates=frozenset({PREDICATE}),
        )
        return Question(due, query, tx.highest_seen(due.target))

    def accept_answer(self, question: Question, answer: Signed, now: int) -> Verdict:
        """Take a partner's answer in, with the conflicts it tells of; the verdict is returned after the commit.

        Raises NotAnAnswer where it does not count; then nothing is stored and the due row stays.
        """
        with self.store.transaction() as tx:
            partner = _member(tx, question.due.target)
            if partner is None:
                raise NotAnAnswer("The partner has left the roster.")
            reply = _read(partner, answer)
            revision = tx.current(reply.operation_id)
            if revision is None:
                raise NotAnAnswer("The answer speaks of an operation that this node does not know.")
            self._refuse_unbound(question, reply, revision)
            self._take_epoch(tx, question, reply, now)
            tx.put_answer(_stored(partner, reply, answer, now))
            self._take_sightings(tx, partner.node_id, reply, revision, now)
            if reply.outcome is Outcome.ANSWERED:
                tx.close_due(reply.operation_id, reply.revision, partner.node_id)
            else:
                _reopen(tx, question.due, revision, LONGEST_RETRY_US, now)
            verdict = conclude(tx, reply.operation_id, self.signer, now)
            assert verdict is not None
        return verdict

    def _refuse_unbound(self, question: Question, reply: Reply, revision: Revision) -> None:
        """Answers are bound to operation, revision and digest; an older one never completes a newer (condition 4)."""
        asked = question.query
        if (reply.operation_id, reply.revision, reply.digest) != (
            asked.operation.operation_id,
            asked.revision,
            asked.digest,
        ):
            raise NotAnAnswer("The answer speaks of something else than was asked.")
        if (reply.revision, reply.digest) != (revision.number, revision.digest):
            raise NotAnAnswer(f"The answer speaks of revision {reply.revision}; the current one is {revision.number}.")

    def _take_epoch(self, tx: Transaction, question: Question, reply: Reply, now: int) -> None:
        """Condition 10: an answer below what was seen when the query was sent is none; a new epoch asks everything.

        An unknown epoch is a newer one only where the query was sent in knowledge of the last: epochs have no order.
        """
        partner, asked = question.due.target, question.seen
        seen = tx.highest_seen(partner)
        if seen is None:
            tx.note_seen(partner, Seen(reply.epoch, reply.sequence))
            return
        if (asked.round if asked else 0) != seen.round:
            raise NotAnAnswer("The question was sent before the partner announced a new epoch.")
        if reply.epoch == seen.epoch:
            if asked is not None and asked.epoch == reply.epoch and reply.sequence < asked.sequence:
                raise NotAnAnswer("The partner answered from an older state than it had shown before.")
            tx.note_seen(partner, replace(seen, sequence=max(seen.sequence, reply.sequence)))
        elif asked is not None and asked.epoch == seen.epoch:
            tx.note_seen(partner, replace(seen, epoch=reply.epoch, sequence=reply.sequence))
            ask_again(tx, partner, now)
            conclude_all(tx, self.signer, now)
        else:
            raise NotAnAnswer("The answer was given in an epoch that is over.")

    def _take_sightings(self, tx: Transaction, partner: str, reply: Reply, revision: Revision, now: int) -> None:
        side = own_side(revision)
        for sighting in reply.sightings:
            reference = Reference(partner, sighting.operation_id)
            if not _outdated(tx, reference, reply.epoch, sighting.revision):
                tx.note_foreign(reference, reply.epoch, sighting.revision)
                record(tx, side, sighted_side(partner, sighting), sighting.match, now)
        if reply.outcome is not Outcome.ANSWERED:
            return
        named = {sighting.operation_id for sighting in reply.sightings}
        for conflict in tx.conflicts_of(side.reference):
            reference = conflict.other(side.reference).reference
            # Judged against this very revision already: the partner's own later query knows better than this answer.
            older = conflict.side(side.reference).revision < revision.number
            if older and reference.node_id == partner and reference.operation_id not in named:
                withdraw(tx, conflict, side, now)

    def unreachable(self, due: Due, now: int) -> None:
        """No answer came, or none that counts: ask again later, until answered or the operation is over.

        The determination stays as it is: silence is never an answer.
        """
        wait = min(FIRST_RETRY_US << min(due.attempts, 16), LONGEST_RETRY_US)
        with self.store.transaction() as tx:
            _later(tx, due, wait, now)

    # -- answering ---------------------------------------------------------------------------------------------

    def answer_query(self, query: Query, now: int) -> Signed | None:
        """Evaluate a partner's query; the reply leaves only after this side's own alarms are durable (I5).

        None: nothing to say, because a newer revision of that operation was evaluated before in the same epoch.
        Raises SearchFailed where the search cannot finish: then the partner gets no answer.
        """
        with self.store.transaction() as tx:
            reply = self._evaluate(tx, query, now)
        return None if reply is None else self._signed(reply)

    def _signed(self, reply: Reply) -> Signed:
        body = reply.body()
        return Signed(body, self.signer.sign(body))

    def _evaluate(self, tx: Transaction, query: Query, now: int) -> Reply | None:
        if _member(tx, query.origin) is None:
            return _reply(tx, query, Outcome.REFUSED, (), now)
        self._hear(tx, query.origin, query.epoch, query.sequence, now)
        if PREDICATE not in query.predicates:
            return _reply(tx, query, Outcome.NO_SHARED_PREDICATE, (), now)
        extend_overdue(tx, now)
        asker = asking_side(query)
        if _outdated(tx, asker.reference, query.epoch, query.revision):
            return None
        tx.note_foreign(asker.reference, query.epoch, query.revision)
        sightings = self._judge(tx, asker, tx.matching(query.operation), now)
        return _reply(tx, query, Outcome.ANSWERED, sightings, now)

    def _judge(self, tx: Transaction, asker: Side, found: Sequence[Found], now: int) -> tuple[Sighting, ...]:
        """Store this side's conflicts and alarms; what the asker may be told of them."""
        sightings, touched = [], set()
        for one in found:
            revision = tx.current(one.operation_id)
            assert revision is not None
            side = own_side(revision)
            record(tx, asker, side, one.match, now)
            touched.add(one.operation_id)
            if told(asker, side, one.match):
                sightings.append(_sighting(tx, side, one.match))
        for conflict in tx.conflicts_of(asker.reference):
            own = conflict.other(asker.reference).reference.operation_id
            if own not in touched:
                withdraw(tx, conflict, asker, now)
                touched.add(own)
        for operation_id in sorted(touched):
            conclude(tx, operation_id, self.signer, now)
        return tuple(sightings)

    # -- hearing -----------------------------------------------------------------------------------------------

    def receive_match(self, tidings: Tidings, now: int) -> None:
        """A partner saw a pair that this node may have missed: store it and alarm this side.

        Tidings about an older revision of the own operation are left to the question about the newer one.
        """
        with self.store.transaction() as tx:
            revision = tx.current(tidings.operation_id)
            if _member(tx, tidings.origin) is None:
                return
            self._hear(tx, tidings.origin, tidings.epoch, tidings.sequence, now)
            sighting = tidings.sighting
            reference = Reference(tidings.origin, sighting.operation_id)
            if revision is None or revision.number != tidings.revision:
                return
            if not _outdated(tx, reference, tidings.epoch, sighting.revision):
                tx.note_foreign(reference, tidings.epoch, sighting.revision)
                record(tx, own_side(revision), sighted_side(tidings.origin, sighting), sighting.match, now)
                conclude(tx, revision.operation_id, self.signer, now)

    def hear(self, partner: str, epoch: int, sequence: int, now: int) -> None:
        """A partner's health or capabilities told its epoch and sequence."""
        with self.store.transaction() as tx:
            self._hear(tx, partner, epoch, sequence, now)

    def _hear(self, tx: Transaction, partner: str, epoch: int, sequence: int, now: int) -> None:
        """Learn from a message that is no answer. A strange epoch may be a new one or a late message of an old one:

        either way nothing counts until the partner has answered again; only an answer settles which it is.
        """
        seen = tx.highest_seen(partner)
        if seen is None:
            tx.note_seen(partner, Seen(epoch, sequence))
        elif epoch == seen.epoch:
            tx.note_seen(partner, replace(seen, sequence=max(seen.sequence, sequence)))
        elif epoch != seen.announced:
            tx.note_seen(partner, replace(seen, announced=epoch))
            ask_again(tx, partner, now)
            conclude_all(tx, self.signer, now)


def _later(tx: Transaction, due: Due, wait: int, now: int) -> None:
    revision = tx.current(due.operation_id)
    if revision is None or revision.last_window_end <= now:
        tx.close_due(due.operation_id, due.revision, due.target)
    else:
        tx.postpone(due, now + wait)


def _reopen(tx: Transaction, due: Due, revision: Revision, wait: int, now: int) -> None:
    """Ask again later, even where an earlier answer has closed the row: what it said was just replaced by a refusal."""
    if revision.last_window_end > now:
        tx.open_due(replace(due, run_after=now + wait, attempts=due.attempts + 1))


def _member(tx: Transaction, node_id: str) -> Partner | None:
    return next((partner for partner in tx.roster().members if partner.node_id == node_id), None)


def _read(partner: Partner, answer: Signed) -> Reply:
    if not verify(partner.public_key, answer.body, answer.signature):
        raise NotAnAnswer(f"The answer is not signed by {partner.name}.")
    try:
        reply = Reply.read(answer.body)
    except Malformed as error:
        raise NotAnAnswer(str(error)) from error
    if reply.node_id != partner.node_id:
        raise NotAnAnswer(f"The answer names another node than {partner.name}.")
    return reply


def _stored(partner: Partner, reply: Reply, answer: Signed, now: int) -> Answer:
    return Answer(
        operation_id=reply.operation_id,
        revision=reply.revision,
        partner=partner.node_id,
        outcome=reply.outcome,
        epoch=reply.epoch,
        sequence=reply.sequence,
        evaluated_at=reply.evaluated_at,
        received_at=now,
        body=answer.body,
        signature=answer.signature,
    )


def _reply(tx: Transaction, query: Query, outcome: Outcome, sightings: tuple[Sighting, ...], now: int) -> Reply:
    identity = tx.identity()
    return Reply(
        node_id=identity.node_id,
        epoch=identity.epoch,
        sequence=identity.sequence,
        evaluated_at=now,
        outcome=outcome,
        operation_id=query.operation.operation_id,
        revision=query.revision,
        digest=query.digest,
        sightings=sightings,
    )


def _sighting(tx: Transaction, side: Side, match: Match) -> Sighting:
    assert side.reference.node_id == OWN
    band: Band | None = match.band
    return Sighting(
        operation_id=side.reference.operation_id,
        revision=side.revision,
        band=band,
        overlap=match.overlap,
        silent=side.silent,
        tentative=side.tentative,
        card=tx.card(side.reference.operation_id),
    )


def _outdated(tx: Transaction, reference: Reference, epoch: int, revision: int) -> bool:
    """Whether a newer revision of that operation is known from the same epoch.

    After a restore the partner may count lower again: then what it says is news (a missed conflict is worse).
    """
    known = tx.foreign_revision(reference)
    return known is not None and known[0] == epoch and revision < known[1]
