"""FED-2xx: what a node asks, what counts as an answer, and what it tells unasked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from vigil.conformance import forging
from vigil.conformance.answering import meets, same_place
from vigil.conformance.frames import STRANGER
from vigil.conformance.requirements import requires
from vigil.conformance.suite import Answerer, Check, Suite, Until
from vigil.conformance.wire import Response
from vigil.engine.operation import Operation
from vigil.engine.predicate import match
from vigil.protocol.canonical import JSON, base64url
from vigil.protocol.envelope import MOST_BYTES, Message
from vigil.protocol.messages import Acknowledgement, Query, Sighting, Tidings, Trouble, Withdrawal
from vigil.protocol.store import ConflictState, Outcome
from vigil.protocol.testing import TestState

Spoil = Callable[[Suite, Message, Query], Response]


@requires("201", "A node commits an operation before it asks: while its query is open, it is found by others' queries.")
def commits_first(suite: Suite) -> Check:
    theirs = suite.operation()
    mine = same_place(suite, theirs)
    met: list[int] = []

    def answer(message: Message, query: Query) -> Response:
        if not met:
            met.append(len(suite.ask(suite.query(mine), "a query while the node waits for an answer").sightings))
        return suite.nothing(message, query)

    suite.register(theirs, answer)
    yield suite.asked(theirs.operation_id, 1)
    yield Until("an answer to a query while the node waits for one", lambda: met)
    suite.expect(met == [1], "the operation found while its own query is open", "nothing found")


@requires(
    "202", "A query says the whole revision: sites, window, flags, what it is joint with; the subjects as points."
)
def whole(suite: Suite) -> Check:
    subjects = frozenset({"phone:+12025550110", "plate:VA/ABC1234"})
    joint = frozenset({suite.new_id()})
    theirs = suite.operation(subjects=subjects, joint_with=joint, tentative=True)
    suite.register(theirs)
    yield suite.asked(theirs.operation_id, 1)
    query = suite.queries(theirs.operation_id)[0][1]
    suite.expect(query.plain is not None, "a plain query", "a blind one")
    assert query.plain is not None
    same = query.plain.operation == replace(theirs, subjects=frozenset())
    suite.expect(same, "the operation as it was registered", "another content")
    suite.expect(len(query.points.subjects) >= len(subjects), "a point for each subject", len(query.points.subjects))
    ends = max(site.window.end for site in theirs.sites)
    suite.expect(query.expires_at >= ends, "an expiry at or after the window's end", "an earlier one")
    points = suite.identity.blinder.raised(suite.tested, query.points.subjects)
    suite.expect(len(set(points)) == len(points), "points of P-256, all different", "equal ones")


@requires(
    "203", "Until the partner has answered, the determination is `incomplete` and names it; an answer completes it."
)
def incomplete(suite: Suite) -> Check:
    during: list[TestState] = []

    def answer(message: Message, query: Query) -> Response:
        during.append(suite.state(query.operation_id))
        return suite.nothing(message, query)

    theirs = suite.register(suite.operation(), answer)
    yield suite.asked(theirs, 1)
    yield suite.determined(theirs, "no_known_conflict")
    unanswered(suite, during[0])


def unanswered(suite: Suite, state: TestState) -> None:
    """The state says that this partner has not answered."""
    waits = state.determination in ("checking", "incomplete")
    suite.expect(waits, "incomplete", state.determination)
    named = state.determination == "checking" or suite.node_id in state.not_answered
    suite.expect(named, "this partner among those not answered", state.not_answered)


@requires("204", "A sighting in an answer makes the determination `conflict` and alarms the owner, once.")
def told_by_answer(suite: Suite) -> Check:
    theirs = suite.operation()
    mine = same_place(suite, theirs)
    suite.register(theirs, lambda message, query: _named(suite, message, query, mine, theirs))
    yield suite.determined(theirs.operation_id, "conflict")
    meets(suite, mine, theirs)
    conflicts = suite.conflicts(theirs.operation_id, mine.operation_id)
    came = [(one.state, one.band, one.alarms) for one in conflicts]
    met = match(mine, theirs)
    assert met is not None
    suite.expect(came == [(ConflictState.OPEN, met.band, 1)], "one open conflict with one alarm", came)


def _named(suite: Suite, message: Message, query: Query, mine: Operation, theirs: Operation) -> Response:
    return suite.answer(message, "reply", suite.reply(query, [_sighting(suite, mine, theirs)]).content())


def _sighting(suite: Suite, mine: Operation, theirs: Operation, **more: object) -> Sighting:
    met = match(mine, theirs)
    assert met is not None
    return suite.sighting(mine, met.overlap, band=met.band, **more)


# --- what is no answer ------------------------------------------------------------------------------------------------


def no_answer(suite: Suite, spoil: Spoil) -> Check:
    """The first query gets what is no answer: the operation stays incomplete, and the query comes again."""
    seen: list[TestState] = []

    def answer(message: Message, query: Query) -> Response:
        if len(suite.queries(query.operation_id)) == 1:
            return spoil(suite, message, query)
        seen.append(suite.state(query.operation_id))
        return suite.nothing(message, query)

    theirs = suite.register(suite.operation(), answer)
    counted = Until(
        "the query again, since nothing that came was an answer",
        lambda: seen or suite.state(theirs).determination in ("no_known_conflict", "conflict"),
    )
    yield suite.asked(theirs, 1)
    yield counted
    state = seen[0] if seen else suite.state(theirs)
    unanswered(suite, state)
    yield suite.determined(theirs, "no_known_conflict")


def _edited(edit: forging.Edit) -> Spoil:
    """The honest answer with its payload changed before it is signed."""
    return lambda suite, message, query: suite.answer(message, "reply", suite.reply(query).content(), edit)


def _content(**changes: JSON) -> Spoil:
    """The honest reply with members changed."""
    return _edited(lambda payload: payload["content"].update(changes))


def _wrong_key(suite: Suite, message: Message, query: Query) -> Response:
    token = suite.nothing(message, query).body
    return Response(forging.signed(forging.payload_of(token), STRANGER))


def _altered(suite: Suite, message: Message, query: Query) -> Response:
    return Response(forging.altered(suite.nothing(message, query).body, lambda payload: payload.update(sequence=9999)))


def _busy(suite: Suite, message: Message, query: Query) -> Response:
    return suite.answer(message, "error", Trouble("busy", suite.now() + suite.skew, (1, 2)).content())


def _late(suite: Suite, message: Message, query: Query) -> Response:
    return replace(suite.nothing(message, query), delay=suite.late)


HTML = Response(b"<!doctype html><title>Please log in</title>", 200, "text/html")
NO_ANSWERS: tuple[tuple[str, str, Spoil], ...] = (
    ("210", "A closed connection is no answer.", lambda *_: Response(cut=True)),
    ("211", "Silence until the deadline is no answer.", _late),
    ("212", "A status other than 200 is no answer.", lambda *_: Response(b"{}", 503, "application/problem+json")),
    ("213", "A page with status 200 is no answer.", lambda *_: HTML),
    ("214", "An empty body with status 200 is no answer.", lambda *_: Response()),
    (
        "215",
        "A message larger than is read is no answer.",
        lambda suite, message, query: Response(b"A" * (MOST_BYTES + 1)),
    ),
    (
        "216",
        "An answer that is not signed is none.",
        lambda suite, message, query: Response(b"e30." + base64url(b"{}") + b"."),
    ),
    ("217", "An answer signed by another key is none.", _wrong_key),
    ("218", "An answer that was altered after it was signed is none.", _altered),
    (
        "219",
        "An answer to another message is none.",
        _edited(lambda payload: payload.update(in_reply_to="another-message")),
    ),
    ("220", "An answer for another node is none.", _edited(lambda payload: payload.update(to="another-node"))),
    ("221", "An answer for another revision is none.", _content(revision=2)),
    ("222", "An answer with another commitment is none.", _content(commitment="another")),
    ("223", "An answer for another operation is none.", _content(operation="another")),
    ("224", "An answer that is not complete is none.", _content(complete=False)),
    (
        "225",
        "An answer without its sightings is none.",
        _edited(lambda payload: payload["content"].pop("sightings")),
    ),
    ("226", "An answer with a member that is not known is none.", _content(urgent=True)),
    ("227", "A signed `error` is no answer.", _busy),
    (
        "228",
        "An answer of a lower sequence than was seen when the query was sent is none.",
        _edited(lambda payload: payload.update(sequence=1)),
    ),
)


def _try(spoil: Spoil) -> Callable[[Suite], Check]:
    return lambda suite: no_answer(suite, spoil)


for _number, _sentence, _spoil in NO_ANSWERS:
    requires(_number, _sentence)(_try(_spoil))


@requires("230", "A partner that refuses makes the determination `incomplete: refused`, is named, and is asked again.")
def refused(suite: Suite) -> Check:
    for outcome in (Outcome.REFUSED, Outcome.NO_SHARED_PREDICATE):
        theirs = suite.register(suite.operation(), _outcome(suite, outcome))
        yield suite.asked(theirs, 1)
        yield Until(
            f"incomplete, refused by this partner ({outcome})",
            lambda theirs=theirs: suite.node_id in suite.state(theirs).refused,  # type: ignore[misc]
        )
        state = suite.state(theirs)
        suite.expect(state.determination == "incomplete", "incomplete", state.determination)


def _outcome(suite: Suite, outcome: Outcome) -> Answerer:
    return lambda message, query: suite.answer(message, "reply", suite.reply(query, outcome=outcome).content())


# --- revisions, cancels, epochs ---------------------------------------------------------------------------------------


@requires("240", "An edit is asked about anew, and an answer about the revision before never completes it.")
def edited(suite: Suite) -> Check:
    theirs = suite.operation()
    moved = replace(suite.operation(), operation_id=theirs.operation_id)
    seen: list[TestState] = []

    def answer(message: Message, query: Query) -> Response:
        if query.revision == 1 and not suite.queries(theirs.operation_id, 2) and not seen:
            seen.append(suite.edit(moved))  # while the first query is still open
        elif query.revision == 2:
            seen.append(suite.state(theirs.operation_id))
        return suite.nothing(message, query)

    suite.register(theirs, answer)
    yield suite.asked(theirs.operation_id, 2)
    yield Until("an answer about revision 2", lambda: len(seen) >= 2)
    suite.expect(seen[0].revision == 2, "revision 2", seen[0].revision)
    for state in seen[:2]:
        unanswered(suite, state)
    yield suite.determined(theirs.operation_id, "no_known_conflict")
    query = suite.queries(theirs.operation_id, 2)[0][1]
    same = query.plain is not None and query.plain.operation == moved
    suite.expect(same, "the new content", "the old one")


@requires("241", "A cancel is put to the partners: a query with `registered` false, without points and place.")
def cancelled(suite: Suite) -> Check:
    theirs = suite.register(suite.operation())
    yield suite.determined(theirs, "no_known_conflict")
    suite.cancel(theirs)
    yield suite.asked(theirs, 2)
    query = suite.queries(theirs, 2)[0][1]
    bare = not query.registered and query.plain is None and not query.points.subjects
    suite.expect(bare, "registered false, nothing of its content", "more")


@requires("242", "A shared subject is found from an answer: its raised points are compared with what was asked before.")
def subjects(suite: Suite) -> Check:
    shared = frozenset({"phone:+12025550109"})
    mine, theirs = suite.operation(subjects=shared), suite.operation(subjects=shared)
    suite.ask(suite.query(mine))
    suite.register(theirs)
    yield from _found_by_subject(suite, theirs, mine)


def _found_by_subject(suite: Suite, theirs: Operation, mine: Operation) -> Check:
    yield suite.determined(theirs.operation_id, "conflict")
    came = [(one.band, one.alarms) for one in suite.conflicts(theirs.operation_id, mine.operation_id)]
    suite.expect(came == [(None, 1)], "one conflict without a band, with one alarm", came)


@requires(
    "244",
    "What an answer names of an older revision hides no shared subject of the newer one, about which the partner has "
    "asked since.",
)
def older_revision_named(suite: Suite) -> Check:
    shared = frozenset({"phone:+12025550119"})
    mine, theirs = suite.operation(subjects=shared), suite.operation(subjects=shared)

    def answer(message: Message, query: Query) -> Response:
        if len(suite.queries(query.operation_id)) == 1:
            # The node cannot compare it yet: what it needs comes with this answer.
            suite.ask(suite.query(mine, revision=2), "revision 2, before the answer that names revision 1")
        return _named(suite, message, query, mine, theirs)

    suite.register(theirs, answer)
    yield from _found_by_subject(suite, theirs, mine)


@requires("243", "What a node sees and its partner's answer did not name, it tells the partner by `match`.")
def tells(suite: Suite) -> Check:
    theirs = suite.operation()
    mine = same_place(suite, theirs)

    def answer(message: Message, query: Query) -> Response:
        if len(suite.queries(query.operation_id)) == 1:
            suite.ask(suite.query(mine), "a query that meets, before the answer that names nothing")
        return suite.nothing(message, query)

    suite.register(theirs, answer)
    yield Until("a message `match` about the pair", lambda: _tidings(suite, theirs, mine))
    tidings = _tidings(suite, theirs, mine)[0]
    suite.expect(tidings.revision == 1, "revision 1 of this partner's operation", tidings.revision)


def _tidings(suite: Suite, theirs: Operation, mine: Operation) -> list[Tidings]:
    told = [Tidings.read(message.content) for message in list(suite.heard) if message.kind == "match"]
    pair = (theirs.operation_id, mine.operation_id)
    return [one for one in told if (one.sighting.operation_id, one.operation_id) == pair]


@requires("250", "A `match` about the current revision is taken: conflict and alarm; told again, no second alarm.")
def match_told(suite: Suite) -> None:
    theirs = suite.operation()
    mine = same_place(suite, theirs)
    suite.register(theirs)
    for _ in range(2):
        suite.tell("match", Tidings(theirs.operation_id, 1, _sighting(suite, mine, theirs)).content())
        came = [(one.state, one.alarms) for one in suite.conflicts(theirs.operation_id, mine.operation_id)]
        suite.expect(came == [(ConflictState.OPEN, 1)], "one open conflict with one alarm", came)


@requires(
    "251", "A `match` about another revision, or an operation that is not there, changes nothing; both look alike."
)
def match_of_another(suite: Suite) -> None:
    theirs = suite.operation()
    mine = same_place(suite, theirs)
    suite.register(theirs)
    sighting = _sighting(suite, mine, theirs)
    suite.tell("match", Tidings(theirs.operation_id, 2, sighting).content(), "a match about revision 2")
    suite.tell("match", Tidings(suite.new_id(), 1, sighting).content(), "a match about an unknown operation")
    came = suite.conflicts(theirs.operation_id, mine.operation_id)
    suite.expect(not came, "no conflict", came)


@requires("252", "A `withdrawal` ends the conflict, and its owner is told.")
def withdrawal_told(suite: Suite) -> None:
    theirs = suite.operation()
    mine = same_place(suite, theirs)
    suite.register(theirs)
    suite.tell("match", Tidings(theirs.operation_id, 1, _sighting(suite, mine, theirs)).content())
    suite.tell("withdrawal", Withdrawal(theirs.operation_id, 1, mine.operation_id, 2).content())
    came = [(one.state, one.alarms) for one in suite.conflicts(theirs.operation_id, mine.operation_id)]
    suite.expect(came == [(ConflictState.WITHDRAWN, 2)], "withdrawn, and told so", came)


@requires("253", "An `acknowledgement` of any step is taken.")
def acknowledged(suite: Suite) -> None:
    theirs = suite.operation()
    mine = same_place(suite, theirs)
    suite.register(theirs)
    meets(suite, mine, theirs)
    for step, outcome in (("acknowledged", ""), ("contacted", ""), ("resolved", "proceed")):
        said = Acknowledgement(theirs.operation_id, mine.operation_id, step, suite.now(), outcome)
        suite.tell("acknowledgement", said.content(), step)


@requires(
    "254", "Every message that a node sends is whole, signed, at its path, and holds no member that is not known."
)
def whole_messages(suite: Suite) -> None:
    suite.expect(suite.heard, "messages of the node", "none")
    suite.expect(not suite.misread, "whole messages only", "; ".join(suite.misread[:3]))
    ids = [message.id for message in suite.heard]
    suite.expect(len(ids) == len(set(ids)), "a fresh id for each message", "an id used twice")


@requires(
    "260", "A new epoch of the partner makes the node ask everything active again; until answered, incomplete.", True
)
def new_epoch(suite: Suite) -> Check:
    seen: list[TestState] = []

    def answer(message: Message, query: Query) -> Response:
        if len(suite.queries(query.operation_id)) > 1:
            seen.append(suite.state(query.operation_id))
        return suite.nothing(message, query)

    theirs = suite.register(suite.operation(), answer)
    yield suite.determined(theirs, "no_known_conflict")
    suite.epoch += 1
    suite.send(suite.message("health", {}), "a message of a new epoch")
    unanswered(suite, suite.state(theirs))
    yield suite.asked(theirs, 1, 2)
    yield suite.determined(theirs, "no_known_conflict")
    unanswered(suite, seen[0])


@requires("261", "An answer that was asked for before the partner told of a new epoch is no answer.", True)
def epoch_between(suite: Suite) -> Check:
    seen: list[TestState] = []

    def answer(message: Message, query: Query) -> Response:
        asked = len(suite.queries(query.operation_id))
        if asked > 1:
            seen.append(suite.state(query.operation_id))
            return suite.nothing(message, query)
        honest = suite.nothing(message, query)
        suite.epoch += 1
        suite.send(suite.message("health", {}), "a new epoch while a query is open")
        return honest

    theirs = suite.register(suite.operation(), answer)
    yield suite.asked(theirs, 1)
    yield from _asked_again(suite, theirs, seen, "the query again, after the new epoch")


@requires(
    "262",
    "Nor is the first answer of a new epoch, where its sequence is lower than was seen in that epoch when the query "
    "was sent.",
    True,
)
def new_epoch_of_a_replica(suite: Suite) -> Check:
    seen: list[TestState] = []

    def answer(message: Message, query: Query) -> Response:
        asked = len(suite.queries(query.operation_id))
        if asked == 2:
            return _edited(lambda payload: payload.update(sequence=2))(suite, message, query)
        if asked > 2:
            seen.append(suite.state(query.operation_id))
        return suite.nothing(message, query)

    theirs = suite.register(suite.operation(), answer)
    yield suite.determined(theirs, "no_known_conflict")
    suite.epoch += 1
    suite.send(suite.message("health", {}), "a message of a new epoch")
    yield suite.asked(theirs, 1, 2)
    yield from _asked_again(suite, theirs, seen, "the query again, since the answer came from an older state")


def _asked_again(suite: Suite, theirs: str, seen: list[TestState], expected: str) -> Check:
    """What came was no answer: `seen` is how the operation stood when its query came again, which is answered."""
    yield Until(expected, lambda: seen or suite.state(theirs).determination == "no_known_conflict")
    unanswered(suite, seen[0] if seen else suite.state(theirs))
    yield suite.determined(theirs, "no_known_conflict")
