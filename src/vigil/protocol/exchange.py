"""A node's half towards its partners: questions, answers, queries answered, news heard (specification, section 8).

Sans-I/O like the node: the transport carries bytes and calls one method for each thing that happened. Whatever is not a
whole, signed answer to this very revision in the partner's current epoch is not an answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from vigil.engine.predicate import PREDICATE
from vigil.protocol import cover
from vigil.protocol.blinding import Blinder
from vigil.protocol.canonical import JSON
from vigil.protocol.comparison import (
    Shared,
    are_apart,
    compared,
    found_by,
    is_overtaken,
    masked_of,
    may_withdraw,
    meets_blind,
    place_of,
    together,
)
from vigil.protocol.coverage import conclude
from vigil.protocol.envelope import LIFE_US, SPOKEN, VERSION, Malformed, Message, opened, seal
from vigil.protocol.judgement import asking_side, own_side, sighted_side, told
from vigil.protocol.messages import (
    NO_POINTS,
    Acknowledgement,
    Asked,
    Plain,
    Points,
    Query,
    Question,
    Reply,
    Sighting,
    Tidings,
    Trouble,
    Withdrawal,
)
from vigil.protocol.node import Node
from vigil.protocol.signing import Signer
from vigil.protocol.steps import ask_again, conclude_all, extend_overdue, record, withdraw
from vigil.protocol.store import (
    LONGEST_RETRY_US,
    Answer,
    Card,
    Conflict,
    ConflictState,
    Due,
    Found,
    Identity,
    JointTokens,
    Outcome,
    Outgoing,
    Partner,
    Reference,
    Revision,
    Roster,
    SearchFailed,
    Seen,
    Side,
    Status,
    Transaction,
    Verdict,
    is_due,
)
from vigil.protocol.telling import may_be_told, sighting_of, tell_missed

WEEK_US = 7 * 24 * 3_600_000_000
FIRST_RETRY_US = 5_000_000
CLOCK_NEWS_US = 1_000_000
"""A partner's clock is noted again when it has moved by more than this against ours."""
BLIND_SINCE = 2
"""The first version of the messages that knows blind cells."""

Handler = Callable[[Transaction, Message, int], JSON]
"""Answers a further kind of message inside the transaction that took it; the content of the answer."""


class NotAnAnswer(Exception):
    """What came back does not count: the partner stays *not answered* and is asked again."""


class Refused(NotAnAnswer):
    """The partner has signed that this node is no partner of it any more."""


class NotTheirs(NotAnAnswer):
    """What came back is no signed answer of the partner's to this message: the partner was not reached."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message other than a query on its way to a partner: something told (`outgoing`) or asked (health, …)."""

    id: str
    partner: str
    kind: str
    token: bytes
    outgoing: Outgoing | None = None


class Exchange:
    """The partner half of one node.

    `signer` holds the partner key, `blinder` the exponents; `new_id` gives a fresh id for each message. `handlers`
    answer kinds of messages that concern the node and not its operations (capabilities, keys, …).
    """

    def __init__(
        self,
        node: Node,
        signer: Signer,
        blinder: Blinder,
        new_id: Callable[[], str],
        handlers: Mapping[str, Handler] | None = None,
    ) -> None:
        self.node = node
        self.store = node.store
        self.signer = signer
        self.blinder = blinder
        self.new_id = new_id
        self.handlers = {"health": _health, **(handlers or {})}

    # -- asking ------------------------------------------------------------------------------------------------

    def questions(
        self, now: int, operation_id: str | None = None, partner: str | None = None, most: int | None = None
    ) -> Sequence[Question]:
        """What is to be put to partners now: of one operation, or of all; to one partner, or to all; the first `most`.

        Each comes from a committed due row.
        """
        with self.store.transaction() as tx:
            members = {partner.node_id: partner for partner in tx.roster().members}
            rows = tx.due(now, partner, most) if operation_id is None else tx.due_of(operation_id)
            asked = [due for due in rows if due.target in members and is_due(due.run_after, now)]
            return [
                self._question(tx, members[due.target], due, revision)
                for due in asked
                if (revision := tx.current(due.operation_id))
            ]

    def _question(self, tx: Transaction, partner: Partner, due: Due, revision: Revision) -> Question:
        seen = tx.highest_seen(partner.node_id)
        registered = revision.operation.registered
        plain = registered and (due.exact or not _is_blind(partner, seen))
        return Question(
            id=self.new_id(),
            due=due,
            partner=partner,
            revision=revision,
            identity=tx.identity(),
            seen=seen,
            subjects=tuple(tx.subjects_of(revision.operation_id)) if registered else (),
            card=tx.card(revision.operation_id) if plain else None,
        )

    def asked(self, question: Question, now: int) -> Asked:
        """The question as bytes for the wire. Outside of any transaction: covering and blinding take their time."""
        partner, revision = question.partner, question.revision
        operation = revision.operation
        real_subjects, real_cells = self._texts(question)
        subjects, cells = self._filled(question, real_subjects), self._filled(question, real_cells)
        own_words = dict(question.subjects)
        points = self.blinder.blind(partner.node_id, [*subjects, *cells])
        query = Query(
            operation_id=revision.operation_id,
            revision=revision.number,
            commitment=self.blinder.keyed(f"commitment|{revision.digest}"),
            mode=operation.mode,
            registered=operation.registered,
            expires_at=_rounded_up(revision),
            predicates=frozenset({PREDICATE}),
            points=Points(tuple(points[: len(subjects)]), tuple(points[len(subjects) :])),
            plain=_plain(revision, question.card) if question.card else None,
        )
        token = self._seal(
            question.id, "query", partner.node_id, question.seen, question.identity, query.content(), now
        )
        words = tuple(own_words[cover.subject_of(text)] if text in real_subjects else "" for text in subjects)
        return Asked(question, query, token, words, tuple(text in real_cells for text in cells))

    def _texts(self, question: Question) -> tuple[frozenset[str], frozenset[str]]:
        """What is compared blind: the subjects in their spans, and with a blind partner the cells in theirs."""
        operation = question.revision.operation
        if not operation.registered:
            return frozenset(), frozenset()
        first = cover.is_first(question.identity.node_id, question.partner.node_id)
        canonical = [subject for subject, _ in question.subjects]
        return (
            cover.subject_tokens(canonical, operation.subject_window, operation.mode, first),
            cover.place_tokens(operation, first) if _is_blind(question.partner, question.seen) else frozenset(),
        )

    def _filled(self, question: Question, texts: frozenset[str]) -> Sequence[str]:
        """Filled up, so that the number tells little; a plain query without subjects has no points at all."""
        if not texts and (question.card is not None or not question.revision.operation.registered):
            return ()
        salt = self.blinder.keyed(f"salt|{question.partner.node_id}|{question.revision.digest}")
        return cover.padded(texts, bytes.fromhex(salt))

    def _seal(
        self,
        message_id: str,
        kind: str,
        partner: str,
        seen: Seen | None,
        identity: Identity,
        content: JSON,
        now: int,
        answered: Message | None = None,
    ) -> bytes:
        """The message signed; an answer is written in the version of what it answers."""
        version = seen.speaks if seen else VERSION
        if answered is not None and answered.version in SPOKEN:
            version = answered.version
        message = Message(
            kind=kind,
            id=message_id,
            sender=identity.node_id,
            to=partner,
            issued_at=now + (seen.clock if seen else 0),
            epoch=identity.epoch,
            sequence=identity.sequence,
            content=content,
            in_reply_to=answered.id if answered else "",
            version=version,
        )
        return seal(message, self.signer)

    def accept_answer(self, asked: Asked, token: bytes, now: int) -> Verdict:
        """Take a partner's answer in, with the conflicts it tells of; the verdict is returned after the commit.

        Raises NotAnAnswer where it does not count; then nothing is stored but what its clock and versions are, and the
        due row stays.
        """
        question = asked.question
        with self.store.transaction() as tx:
            partner = _member(tx, question.due.target)
            if partner is None:
                raise NotAnAnswer("The partner has left the roster.")
            message = _answer_to(partner, question.id, tx.identity(), token)
            trouble = _trouble_of(message)
            if trouble is None:
                return self._accept(tx, partner, asked, message, now)
            _learn(tx, partner, message, trouble, now)
            if trouble.code == "version" and not _shared(trouble) and tx.current(question.due.operation_id):
                tx.put_answer(_stored(asked, message, Outcome.REFUSED, now, now))
                conclude(tx, question.due.operation_id, self.node.signer, now)
        raise NotAnAnswer(f"The partner did not take the question: {trouble.code}.")

    def _accept(self, tx: Transaction, partner: Partner, asked: Asked, message: Message, now: int) -> Verdict:
        question, reply = asked.question, _reply_of(message)
        revision = tx.current(reply.operation_id)
        if revision is None:
            raise NotAnAnswer("The answer speaks of an operation that this node does not know.")
        self._refuse_unbound(asked, reply, revision)
        self._take_epoch(tx, question, message, reply, now)
        outcome = self._take_matches(tx, asked, message, reply, revision, now)
        tx.put_answer(_stored(asked, message, outcome, reply.evaluated_at, now))
        if outcome is Outcome.ANSWERED:
            tx.close_due(reply.operation_id, reply.revision, partner.node_id)
        elif outcome is Outcome.EXACT_WANTED:
            _reopen(tx, replace(question.due, run_after=now, exact=True), revision, now)
        else:
            again = replace(question.due, run_after=now + LONGEST_RETRY_US, attempts=question.due.attempts + 1)
            _reopen(tx, again, revision, now)
        verdict = conclude(tx, reply.operation_id, self.node.signer, now)
        assert verdict is not None
        return verdict

    def _refuse_unbound(self, asked: Asked, reply: Reply, revision: Revision) -> None:
        """Answers are bound to operation, revision and digest; an older one never completes a newer (condition 4)."""
        query = asked.query
        if (reply.operation_id, reply.revision, reply.commitment) != (
            query.operation_id,
            query.revision,
            query.commitment,
        ):
            raise NotAnAnswer("The answer speaks of something else than was asked.")
        if (query.revision, asked.question.revision.digest) != (revision.number, revision.digest):
            raise NotAnAnswer(f"The answer speaks of revision {reply.revision}; the current one is {revision.number}.")
        if reply.outcome is Outcome.EXACT_WANTED and (query.plain is not None or not query.registered):
            raise NotAnAnswer("The partner wants the plain query, which was put.")

    def _take_epoch(self, tx: Transaction, question: Question, message: Message, reply: Reply, now: int) -> None:
        """Condition 10: an answer below what was seen when the query was sent is none; a new epoch asks everything.

        An unknown epoch is a newer one only where the query was sent in knowledge of the last: epochs have no order.
        """
        partner, asked = question.due.target, question.seen
        seen = tx.highest_seen(partner)
        clock = reply.evaluated_at - now
        if seen is None:
            tx.note_seen(partner, Seen(message.epoch, message.sequence, clock=clock))
            return
        if (asked.round if asked else 0) != seen.round:
            raise NotAnAnswer("The question was sent before the partner announced a new epoch.")
        if asked is not None and message.sequence < asked.highest_of(message.epoch):
            raise NotAnAnswer("The partner answered from an older state than it had shown before.")
        clock = clock if abs(clock - seen.clock) > CLOCK_NEWS_US else seen.clock
        sequence = max(message.sequence, seen.highest_of(message.epoch))
        if message.epoch == seen.epoch:
            tx.note_seen(partner, replace(seen, sequence=sequence, clock=clock))
        elif asked is not None and asked.epoch == seen.epoch:
            tx.note_seen(partner, replace(seen, epoch=message.epoch, sequence=sequence, clock=clock))
            ask_again(tx, partner, now)
            conclude_all(tx, self.node.signer, now)
        else:
            raise NotAnAnswer("The answer was given in an epoch that is over.")

    def _take_matches(
        self, tx: Transaction, asked: Asked, message: Message, reply: Reply, revision: Revision, now: int
    ) -> Outcome:
        """Store what the answer tells, and what the joint tokens tell beyond it; what the answer then counts as."""
        side, partner = own_side(revision), message.sender
        shared: dict[Reference, Shared] = {}
        met_blind, joint = False, None
        if reply.outcome in (Outcome.ANSWERED, Outcome.EXACT_WANTED):
            joint = _joint(asked, reply)
            tx.put_joint(joint)
            shared, met_blind = compared(tx, joint, revision)
        named: set[str] = set()
        for sighting in reply.sightings:
            reference = Reference(partner, sighting.operation_id)
            if not _outdated(tx, reference, message.epoch, sighting.revision):
                named.add(sighting.operation_id)
                tx.note_foreign(reference, message.epoch, sighting.revision)
                by_subject = shared[reference].met if reference in shared else None
                record(tx, side, sighted_side(partner, sighting), together(sighting.match, by_subject), now)
        if reply.outcome is not Outcome.ANSWERED:
            return reply.outcome
        assert joint is not None
        # Also where the answer names an older revision: what the newer one shares is told by the tokens alone.
        for reference, one in shared.items():
            if reference.operation_id not in named:
                record(tx, side, one.side, together(place_of(tx, side, one.side), one.met), now)
        met = {sighting.operation_id for sighting in reply.sightings} | {one.operation_id for one in shared}
        left_out = _left_out(tx, partner, side, met)
        if asked.query.registered and asked.query.plain is None:
            # The partner leaves to its own questions what it cannot compare, and may not know that a conflict stands.
            others = [conflict.other(side.reference).reference for conflict in left_out]
            if met_blind or not all(are_apart(tx, joint, one) for one in others):
                return Outcome.EXACT_WANTED
        for conflict in left_out:
            withdraw(tx, conflict, side, now)
        tell_missed(tx, partner, side, named, revision, now)
        return Outcome.ANSWERED

    def unreachable(self, due: Due, now: int) -> None:
        """No answer came, or none that counts: ask again later, until answered or the operation is over.

        The determination stays as it is: silence is never an answer.
        """
        wait = min(FIRST_RETRY_US << min(due.attempts, 16), LONGEST_RETRY_US)
        with self.store.transaction() as tx:
            _later(tx, due, wait, now)

    # -- telling -----------------------------------------------------------------------------------------------

    def letters(self, now: int, partner: str | None = None, most: int | None = None) -> Sequence[Letter]:
        """What is to be told to partners now (or to one), sealed; the first `most`."""
        with self.store.transaction() as tx:
            members = {partner.node_id for partner in tx.roster().members}
            rows = [row for row in tx.outgoing(now, partner, most) if row.partner in members]
            kept = [row for row in rows if may_be_told(tx, row)]
            for row in rows:
                if row not in kept:
                    tx.close_outgoing(row.key)
            return [self._letter(tx, row.partner, row.kind, json.loads(row.content), now, row) for row in kept]

    def letter(self, partner: str, kind: str, content: JSON, now: int) -> Letter:
        """A message about the nodes themselves: health, capabilities, keys."""
        with self.store.transaction() as tx:
            return self._letter(tx, partner, kind, content, now)

    def _letter(
        self, tx: Transaction, partner: str, kind: str, content: JSON, now: int, outgoing: Outgoing | None = None
    ) -> Letter:
        message_id = self.new_id()
        token = self._seal(message_id, kind, partner, tx.highest_seen(partner), tx.identity(), content, now)
        return Letter(message_id, partner, kind, token, outgoing)

    def taken(self, letter: Letter, token: bytes, now: int) -> JSON:
        """The partner's answer to a letter: its content; what was told is told. Raises NotAnAnswer, Refused."""
        with self.store.transaction() as tx:
            partner = _member(tx, letter.partner)
            if partner is None:
                raise NotAnAnswer("The partner has left the roster.")
            message = _answer_to(partner, letter.id, tx.identity(), token)
            trouble = _trouble_of(message)
            if trouble is None:
                self._hear(tx, partner.node_id, message.epoch, message.sequence, now)
                if letter.outgoing:
                    tx.close_outgoing(letter.outgoing.key)
                return message.content
            _learn(tx, partner, message, trouble, now)
        kind = Refused if trouble.code == "refused" else NotAnAnswer
        raise kind(f"The partner did not take the message: {trouble.code}.")

    def untaken(self, letter: Letter, now: int) -> None:
        """Nobody took it: tell it again later, as long as it matters."""
        row = letter.outgoing
        if row is None:
            return
        wait = min(FIRST_RETRY_US << min(row.attempts, 16), LONGEST_RETRY_US)
        with self.store.transaction() as tx:
            tx.close_outgoing(row.key)
            if now + wait < row.until:
                tx.put_outgoing(replace(row, run_after=now + wait, attempts=row.attempts + 1))

    # -- answering ---------------------------------------------------------------------------------------------

    def receive(self, token: bytes, now: int) -> bytes:
        """Take in whatever a partner sent; the signed answer, which leaves only after all that it says is durable (I5).

        Raises Malformed where it is no whole message, Unsigned where nobody known has signed it.
        """
        with self.store.transaction() as tx:
            roster, identity = tx.roster(), tx.identity()
            message = opened(token, lambda sender: _keys(roster, sender))
            seen = tx.highest_seen(message.sender)
        code = _refusal(message, identity, now)
        if code:
            kind, content = "error", _trouble(code, now)
        else:
            kind, content, identity = self._answered(roster, message, identity, now)
        return self._seal(self.new_id(), kind, message.sender, seen, identity, content, now, message)

    def _answered(self, roster: Roster, message: Message, identity: Identity, now: int) -> _Said:
        """What is said to a message; the identity is that of the transaction that took it (condition 10)."""
        try:
            if message.kind == "query":
                return self._take_query(roster, message, now)
            with self._fresh(message, now) as tx:
                return self._take(tx, message, now)
        except _Replayed:
            code = "replayed"
        except Malformed:
            code = "malformed"
        except SearchFailed:
            code = "busy"
        return "error", _trouble(code, now), identity

    def _take(self, tx: Transaction, message: Message, now: int) -> _Said:
        if _member(tx, message.sender) is None:
            return "error", _trouble("refused", now), tx.identity()
        if message.kind in _TOLD:
            self._hear(tx, message.sender, message.epoch, message.sequence, now)
            _TOLD[message.kind](self, tx, message, now)
            return "taken", {}, tx.identity()
        handler = self.handlers.get(message.kind)
        if handler is None:
            return "error", _trouble("unknown_kind", now), tx.identity()
        self._hear(tx, message.sender, message.epoch, message.sequence, now)
        return f"{message.kind}-answer", handler(tx, message, now), tx.identity()

    @contextmanager
    def _fresh(self, message: Message, now: int) -> Iterator[Transaction]:
        """A transaction that first remembers the message that it takes."""
        with self.store.transaction() as tx:
            if not tx.remember(message.sender, message.id, max(message.expires_at, now) + LIFE_US):
                raise _Replayed
            yield tx

    def _take_query(self, roster: Roster, message: Message, now: int) -> _Said:
        query = Query.read(message.content)
        if message.version < BLIND_SINCE and (query.points.cells or (query.registered and query.plain is None)):
            raise Malformed("The query is blind, in a version that knows none.")
        partner = next((one for one in roster.members if one.node_id == message.sender), None)
        raised = NO_POINTS
        if partner is not None and query.mode in partner.modes:
            raised = self._raised(message.sender, query.points)
        with self._fresh(message, now) as tx:
            reply = self._evaluate(tx, message, query, raised, now)
            identity = tx.identity()
        if reply is None:
            return "error", _trouble("superseded", now), identity
        return "reply", reply.content(), identity

    def _raised(self, partner: str, points: Points) -> Points:
        try:
            raised = self.blinder.raised(partner, [*points.subjects, *points.cells])
        except ValueError as error:
            raise Malformed("The query has a point that is none.") from error
        border = len(points.subjects)
        return Points(tuple(raised[:border]), tuple(raised[border:]))

    def _evaluate(self, tx: Transaction, message: Message, query: Query, raised: Points, now: int) -> Reply | None:
        """Store this side's conflicts and alarms; the reply, or None where a newer revision was evaluated before."""
        partner = _member(tx, message.sender)
        if partner is None or query.mode not in partner.modes:
            return _reply(query, Outcome.REFUSED, now)
        self._hear(tx, message.sender, message.epoch, message.sequence, now)
        if PREDICATE not in query.predicates:
            return _reply(query, Outcome.NO_SHARED_PREDICATE, now)
        extend_overdue(tx, now)
        reference = Reference(message.sender, query.operation_id)
        if _outdated(tx, reference, message.epoch, query.revision):
            return None
        tx.note_foreign(reference, message.epoch, query.revision)
        side = asking_side(message.sender, query, query.plain) if query.plain else None
        met_blind = query.plain is None and query.registered and meets_blind(tx, reference, query, raised, now)
        tx.put_masked(masked_of(reference, query, raised, side, now if met_blind else None))
        if met_blind:
            return _reply(query, Outcome.EXACT_WANTED, now, raised)
        found = found_by(tx, message.sender, query.plain.operation, raised) if query.plain else ()
        sightings = self._judge(tx, reference, query.revision, side, found, now)
        return _reply(query, Outcome.ANSWERED, now, raised, sightings)

    def _judge(
        self,
        tx: Transaction,
        reference: Reference,
        revision: int,
        asker: Side | None,
        found: Sequence[Found],
        now: int,
    ) -> tuple[Sighting, ...]:
        """Store this side's conflicts and alarms; what the asker may be told of them."""
        sightings, touched = [], set()
        for one in found:
            own = tx.current(one.operation_id)
            assert own is not None
            assert asker is not None
            side = own_side(own)
            record(tx, asker, side, one.match, now)
            touched.add(one.operation_id)
            if told(asker, side, one.match):
                sightings.append(sighting_of(tx, side, one.match))
        for conflict in tx.conflicts_of(reference):
            operation_id = conflict.other(reference).reference.operation_id
            if operation_id not in touched and may_withdraw(tx, reference, asker, conflict):
                known = replace(conflict.side(reference), revision=revision)
                withdraw(tx, conflict, asker or known, now)
                touched.add(operation_id)
        for operation_id in sorted(touched):
            conclude(tx, operation_id, self.node.signer, now)
        return tuple(sightings)

    # -- hearing -----------------------------------------------------------------------------------------------

    def _hear_match(self, tx: Transaction, message: Message, now: int) -> None:
        """A partner saw a pair that this node may have missed: store it and alarm this side.

        Tidings about an older revision of the own operation are left to the question about the newer one.
        """
        tidings = Tidings.read(message.content)
        revision, sighting = tx.current(tidings.operation_id), tidings.sighting
        reference = Reference(message.sender, sighting.operation_id)
        if revision is None or revision.number != tidings.revision or revision.status is Status.DRAFT:
            return
        if not _outdated(tx, reference, message.epoch, sighting.revision):
            tx.note_foreign(reference, message.epoch, sighting.revision)
            record(tx, own_side(revision), sighted_side(message.sender, sighting), sighting.match, now)
            conclude(tx, revision.operation_id, self.node.signer, now)

    def _hear_withdrawal(self, tx: Transaction, message: Message, now: int) -> None:
        """A partner's operation no longer meets this revision of the own one."""
        told_of = Withdrawal.read(message.content)
        revision = tx.current(told_of.operation_id)
        reference = Reference(message.sender, told_of.other)
        if revision is None or revision.number != told_of.operation_revision:
            return
        for conflict in tx.conflicts_of(reference):
            own = conflict.other(reference).reference
            if own.operation_id != told_of.operation_id or told_of.revision < conflict.side(reference).revision:
                continue
            withdraw(tx, conflict, replace(conflict.side(reference), revision=told_of.revision), now)
            conclude(tx, revision.operation_id, self.node.signer, now)

    def _hear_acknowledgement(self, tx: Transaction, message: Message, now: int) -> None:
        acknowledgement = Acknowledgement.read(message.content)
        tx.put_acknowledgement(message.sender, acknowledgement)

    def hear(self, partner: str, epoch: int, sequence: int, now: int) -> None:
        """A partner's pairing or capabilities told its epoch and sequence."""
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
            if sequence > seen.sequence:
                tx.note_seen(partner, replace(seen, sequence=sequence))
        elif epoch == seen.announced:
            if sequence > seen.announced_sequence:
                tx.note_seen(partner, replace(seen, announced_sequence=sequence))
        else:
            tx.note_seen(partner, replace(seen, announced=epoch, announced_sequence=sequence))
            ask_again(tx, partner, now)
            conclude_all(tx, self.node.signer, now)


class _Replayed(Exception):
    """The message was taken before."""


# -- due rows ------------------------------------------------------------------------------------------------------


def _later(tx: Transaction, due: Due, wait: int, now: int) -> None:
    revision = tx.current(due.operation_id)
    if revision is None or revision.over_at <= now:
        tx.close_due(due.operation_id, due.revision, due.target)
    else:
        tx.postpone(due, now + wait)


def _reopen(tx: Transaction, due: Due, revision: Revision, now: int) -> None:
    """Ask again, even where an earlier answer has closed the row: what that said was just replaced."""
    if revision.over_at > now:
        tx.open_due(due)
    else:
        tx.close_due(due.operation_id, due.revision, due.target)


# -- messages ------------------------------------------------------------------------------------------------------


def _health(tx: Transaction, message: Message, now: int) -> JSON:
    return {"now": now}


def _is_blind(partner: Partner, seen: Seen | None) -> bool:
    """Whether operations are put to it as masked cells first."""
    return partner.blind and (seen is None or seen.speaks >= BLIND_SINCE)


def _plain(revision: Revision, card: Card) -> Plain:
    return Plain(replace(revision.operation, subjects=frozenset()), revision.silent, card)


def _rounded_up(revision: Revision) -> int:
    """The end of the week after which neither place nor subject of the revision can meet anything: tells no hour."""
    return -(-revision.over_at // WEEK_US) * WEEK_US


def _member(tx: Transaction, node_id: str) -> Partner | None:
    return next((partner for partner in tx.roster().members if partner.node_id == node_id), None)


def _keys(roster: Roster, sender: str) -> tuple[bytes, ...]:
    known = (partner for partner in (*roster.members, *roster.refused) if partner.node_id == sender)
    return next((partner.keys for partner in known), ())


def _refusal(message: Message, identity: Identity, now: int) -> str:
    """The code of why a signed message is not taken; empty where it is."""
    if message.to != identity.node_id or message.in_reply_to:
        return "malformed"
    if message.version not in SPOKEN:
        return "version"
    lives = message.issued_at - LIFE_US <= now <= message.expires_at
    return "" if lives and message.expires_at - message.issued_at <= LIFE_US else "clock"


def _trouble(code: str, now: int) -> JSON:
    return Trouble(code, now, SPOKEN).content()


def _shared(trouble: Trouble) -> int:
    """The newest version that both speak; 0: none."""
    return max((version for version in trouble.speaks if version in SPOKEN), default=0)


def _learn(tx: Transaction, partner: Partner, message: Message, trouble: Trouble, now: int) -> None:
    """What a partner's refusal of a message teaches: its clock, the versions it speaks."""
    before = tx.highest_seen(partner.node_id)
    seen = before or Seen(message.epoch, message.sequence)
    fresh = replace(seen, clock=trouble.now - now, speaks=_shared(trouble) or seen.speaks)
    if fresh != before:
        tx.note_seen(partner.node_id, fresh)


def _answer_to(partner: Partner, message_id: str, identity: Identity, token: bytes) -> Message:
    """The partner's message, which answers the one of this id. Raises NotAnAnswer."""
    try:
        message = opened(token, lambda sender: partner.keys if sender == partner.node_id else ())
    except Malformed as error:
        raise NotTheirs(str(error)) from error
    if (message.sender, message.to, message.in_reply_to) != (partner.node_id, identity.node_id, message_id):
        raise NotTheirs("The answer is somebody else's, or to another message.")
    if message.version not in SPOKEN:
        raise NotTheirs(f"The answer speaks version {message.version}.")
    return message


def _trouble_of(message: Message) -> Trouble | None:
    """Why the partner did not take what was sent; None where it did."""
    if message.kind != "error":
        return None
    try:
        return Trouble.read(message.content)
    except Malformed as error:
        raise NotAnAnswer(str(error)) from error


def _reply_of(message: Message) -> Reply:
    if message.kind != "reply":
        raise NotAnAnswer(f"The answer is no reply but {message.kind!r}.")
    try:
        return Reply.read(message.content)
    except Malformed as error:
        raise NotAnAnswer(str(error)) from error


def _left_out(tx: Transaction, partner: str, side: Side, met: set[str]) -> Sequence[Conflict]:
    """What stands with operations of the partner that it did not name: they no longer meet."""
    left_out = []
    for conflict in tx.conflicts_of(side.reference):
        reference = conflict.other(side.reference).reference
        # Judged against this very revision already: the partner's own later query knows better than this answer.
        older = conflict.side(side.reference).revision < side.revision
        if (
            conflict.state is not ConflictState.WITHDRAWN
            and (older or is_overtaken(tx, conflict, reference))
            and reference.node_id == partner
            and reference.operation_id not in met
        ):
            left_out.append(conflict)
    return left_out


def _joint(asked: Asked, reply: Reply) -> JointTokens:
    """The joint tokens that the answer makes of the points. Raises NotAnAnswer where it lacks some."""
    raised, query = reply.raised, asked.query
    if (len(raised.subjects), len(raised.cells)) != (len(query.points.subjects), len(query.points.cells)):
        raise NotAnAnswer("The answer did not raise every point of the query.")
    return JointTokens(
        operation_id=query.operation_id,
        revision=query.revision,
        partner=asked.question.due.target,
        subjects={token: word for token, word in zip(raised.subjects, asked.words, strict=True) if word},
        cells=frozenset(token for token, real in zip(raised.cells, asked.cells, strict=True) if real),
    )


def _stored(asked: Asked, message: Message, outcome: Outcome, evaluated_at: int, now: int) -> Answer:
    return Answer(
        operation_id=asked.query.operation_id,
        revision=asked.query.revision,
        partner=message.sender,
        outcome=outcome,
        epoch=message.epoch,
        sequence=message.sequence,
        evaluated_at=evaluated_at,
        received_at=now,
        body=message.signed.body,
        signature=message.signed.signature,
    )


def _reply(
    query: Query, outcome: Outcome, now: int, raised: Points = NO_POINTS, sightings: tuple[Sighting, ...] = ()
) -> Reply:
    return Reply(now, outcome, query.operation_id, query.revision, query.commitment, raised, sightings)


def _outdated(tx: Transaction, reference: Reference, epoch: int, revision: int) -> bool:
    """Whether a newer revision of that operation is known from the same epoch.

    After a restore the partner may count lower again: then what it says is news (a missed conflict is worse).
    """
    known = tx.foreign_revision(reference)
    return known is not None and known[0] == epoch and revision < known[1]


_Said = tuple[str, JSON, Identity]
_TOLD: Mapping[str, Callable[[Exchange, Transaction, Message, int], None]] = {
    "match": Exchange._hear_match,
    "withdrawal": Exchange._hear_withdrawal,
    "acknowledgement": Exchange._hear_acknowledgement,
}
