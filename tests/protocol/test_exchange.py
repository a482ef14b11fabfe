"""Two nodes: what counts as an answer, who is told, what restores and rosters do (specification 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from protocol.desk import DETECTED, FAR, HOUR, WITHDRAWN, Desk, a_revision, a_site
from protocol.trace import MINUTE, NORTH, SOUTH, START
from vigil.engine.operation import Window
from vigil.protocol.exchange import Exchange, NotAnAnswer
from vigil.protocol.memory import MemoryStore
from vigil.protocol.messages import Malformed, Query, Question, Reply, Sighting, Signed, Tidings
from vigil.protocol.node import Node
from vigil.protocol.signing import Signer
from vigil.protocol.store import AlarmKind, Card, Disclosure, Outcome, Partner, Reference, Status


class Post(Desk):
    """A node with a partner."""

    def __init__(self, node_id: str, seed: bytes) -> None:
        self.store = MemoryStore(node_id, epoch=ord(seed[:1]))
        self.node = Node(self.store, Signer.from_seed(seed))
        self.exchange = Exchange(self.node)
        self.now = START

    @property
    def partner(self) -> Partner:
        node_id = self.store.rows.identity.node_id
        return Partner(node_id, node_id[-1], "+12025550100", public_key=self.node.signer.public_key)

    def question(self, name: str) -> Question:
        return next(one for one in self.exchange.questions(self.now) if one.due.operation_id == name)


class Pairing:
    """North and South on each other's roster."""

    def __init__(self) -> None:
        self.north = Post(NORTH, b"N" * 32)
        self.south = Post(SOUTH, b"S" * 32)
        self.north.node.change_roster([self.south.partner], START)
        self.south.node.change_roster([self.north.partner], START)

    def ask(self, asker: Post, name: str) -> str:
        """The whole way there and back."""
        question = asker.question(name)
        return asker.exchange.accept_answer(question, self.answer(asker, question), asker.now).determination

    def answer(self, asker: Post, question: Question) -> Signed:
        replier = self.south if asker is self.north else self.north
        answer = replier.exchange.answer_query(Query.read(question.query.body()), replier.now)
        assert answer is not None
        return answer


@pytest.fixture
def pair() -> Pairing:
    return Pairing()


def test_no_known_conflict_needs_the_partners_answer(pair: Pairing) -> None:
    assert pair.north.submit(a_revision("x", a_site())) == "incomplete"
    assert pair.ask(pair.north, "x") == "no_known_conflict"
    assert pair.north.exchange.questions(START + HOUR) == []


def test_both_owners_are_alarmed_and_a_repeated_question_alarms_nobody_again(pair: Pairing) -> None:
    pair.south.submit(a_revision("t", a_site()))
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    answers = [pair.answer(pair.north, question) for _ in range(2)]
    assert pair.south.told("t") == [DETECTED]
    for answer in answers:
        assert pair.north.exchange.accept_answer(question, answer, START).determination == "conflict"
    assert pair.ask(pair.south, "t") == "conflict"
    assert pair.north.told("x") == pair.south.told("t") == [DETECTED]


def test_an_answer_tells_neither_distance_nor_subject(pair: Pairing) -> None:
    pair.south.submit(a_revision("t", a_site(), subjects=("token-1",)))
    pair.north.submit(a_revision("x", a_site(), subjects=("token-1",)))
    answer = pair.answer(pair.north, pair.north.question("x"))
    assert b"distance" not in answer.body
    assert b"token-1" not in answer.body
    assert b"POINT" not in answer.body


def test_an_answer_to_an_older_revision_never_completes_a_newer(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    answer = pair.answer(pair.north, question)
    pair.north.submit(a_revision("x", a_site(FAR), number=2))
    with pytest.raises(NotAnAnswer, match="revision 1; the current one is 2"):
        pair.north.exchange.accept_answer(question, answer, START)
    with pytest.raises(NotAnAnswer, match="something else"):
        pair.north.exchange.accept_answer(pair.north.question("x"), answer, START)
    assert pair.north.says("x") == "incomplete"


def changed(answer: Signed, pair: Pairing) -> Signed:
    return Signed(answer.body.replace(b'"complete":true', b'"complete":nope'), answer.signature)


def signed_by_the_asker(answer: Signed, pair: Pairing) -> Signed:
    return Signed(answer.body, pair.north.node.signer.sign(answer.body))


def incomplete(answer: Signed, pair: Pairing) -> Signed:
    return resigned(answer.body.replace(b'"complete":true', b'"complete":false'), pair)


def login_page(answer: Signed, pair: Pairing) -> Signed:
    return resigned(b"<html>Please log in</html>", pair)


def empty(answer: Signed, pair: Pairing) -> Signed:
    return resigned(b"{}", pair)


def in_anothers_name(answer: Signed, pair: Pairing) -> Signed:
    return resigned(replace(Reply.read(answer.body), node_id="other").body(), pair)


def with_a_text_for_a_number(answer: Signed, pair: Pairing) -> Signed:
    return resigned(answer.body.replace(b'"sequence":0', b'"sequence":"9"'), pair)


def resigned(body: bytes, pair: Pairing) -> Signed:
    return Signed(body, pair.south.node.signer.sign(body))


@pytest.mark.parametrize(
    "forge",
    [changed, signed_by_the_asker, incomplete, login_page, empty, in_anothers_name, with_a_text_for_a_number],
)
def test_whatever_is_not_a_whole_signed_answer_is_none(
    pair: Pairing, forge: Callable[[Signed, Pairing], Signed]
) -> None:
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    forged = forge(pair.answer(pair.north, question), pair)
    with pytest.raises(NotAnAnswer):
        pair.north.exchange.accept_answer(question, forged, START)
    assert pair.north.says("x") == "incomplete"
    assert pair.north.store.rows.answers == {}


def test_silence_is_asked_again_later_until_the_operation_is_over(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site(starts=START, hours=1)))
    waits = []
    for _ in range(9):
        question = pair.north.question("x")
        pair.north.exchange.unreachable(question.due, pair.north.now)
        (due,) = (one for one in pair.north.store.rows.due.values() if one.target == SOUTH)
        waits.append((due.run_after - pair.north.now) // 1_000_000)
        pair.north.now = due.run_after
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert pair.north.says("x") == "incomplete"
    pair.north.exchange.unreachable(pair.north.question("x").due, START + HOUR)
    assert pair.north.exchange.questions(START + 9 * HOUR) == []
    assert pair.north.says("x") == "incomplete"


def test_who_does_not_stand_on_the_roster_is_refused_and_the_refusal_named(pair: Pairing) -> None:
    pair.south.node.change_roster([], START)
    pair.north.submit(a_revision("x", a_site()))
    assert pair.ask(pair.north, "x") == "incomplete"
    verdict = pair.north.node.verdict("x")
    assert verdict is not None
    assert (verdict.refused, verdict.not_answered) == ((SOUTH,), ())
    pair.south.node.change_roster([pair.north.partner], START)
    pair.north.now += 5 * MINUTE
    assert pair.ask(pair.north, "x") == "no_known_conflict"


def test_a_partner_without_a_shared_predicate_is_never_an_answer(pair: Pairing) -> None:
    pair.north.node.change_roster([replace(pair.south.partner, predicates=frozenset({"p9"}))], START)
    pair.north.submit(a_revision("x", a_site()))
    assert pair.ask(pair.north, "x") == "incomplete"
    verdict = pair.north.node.verdict("x")
    assert verdict is not None
    assert verdict.refused == (SOUTH,)
    pair.south.submit(a_revision("t", a_site(FAR)))
    query = replace(pair.south.question("t").query, predicates=frozenset({"p9"}))
    answer = pair.north.exchange.answer_query(query, START)
    assert answer is not None
    assert Reply.read(answer.body).outcome is Outcome.NO_SHARED_PREDICATE


def test_an_edit_withdraws_at_the_partner_and_here(pair: Pairing) -> None:
    pair.south.submit(a_revision("t", a_site()))
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    assert pair.north.submit(a_revision("x", a_site(FAR), number=2)) == "conflict"  # South has not been heard yet
    assert pair.ask(pair.north, "x") == "no_known_conflict"
    assert pair.south.told("t") == [DETECTED, WITHDRAWN]
    assert pair.north.told("x") == [DETECTED, WITHDRAWN]


def test_a_cancel_is_told_here_at_once_and_at_the_partner_when_it_hears(pair: Pairing) -> None:
    pair.south.submit(a_revision("t", a_site()))
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    pair.north.submit(a_revision("x", a_site(), number=2, status=Status.CANCELLED))
    assert pair.north.told("x") == [DETECTED, WITHDRAWN]
    pair.ask(pair.north, "x")
    assert pair.south.told("t") == [DETECTED, WITHDRAWN]


def test_a_late_query_of_an_older_revision_changes_nothing(pair: Pairing) -> None:
    pair.south.submit(a_revision("t", a_site()))
    pair.north.submit(a_revision("x", a_site()))
    late = pair.north.question("x").query
    pair.north.submit(a_revision("x", a_site(FAR), number=2))
    pair.ask(pair.north, "x")
    assert pair.south.exchange.answer_query(late, START) is None
    assert pair.south.told("t") == []


def test_an_answer_older_than_the_partners_own_news_withdraws_nothing(pair: Pairing) -> None:
    """South answers *no match*, then registers and asks; its question overtakes the answer."""
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    answer = pair.answer(pair.north, question)
    pair.south.submit(a_revision("t", a_site()))
    pair.ask(pair.south, "t")
    assert pair.north.exchange.accept_answer(question, answer, START).determination == "conflict"
    assert pair.north.told("x") == [DETECTED]


def test_a_partner_restored_without_a_new_epoch_is_noticed(pair: Pairing) -> None:
    backup = pair.south.store.backup()
    pair.south.submit(a_revision("t", a_site()))
    pair.ask(pair.south, "t")  # North sees South's sequence 1
    pair.south.store.restore(backup)
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    with pytest.raises(NotAnAnswer, match="older state"):
        pair.north.exchange.accept_answer(question, pair.answer(pair.north, question), START)


def test_a_new_epoch_asks_the_partner_about_everything_again(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    pair.south.submit(a_revision("t", a_site()))
    pair.south.node.restore(77, START)
    pair.north.exchange.hear(SOUTH, 77, 1, START)
    assert pair.north.says("x") == "incomplete"
    assert pair.ask(pair.north, "x") == "conflict"
    assert pair.north.store.rows.seen[SOUTH].epoch == 77
    with pytest.raises(ValueError, match="draw a new one"):
        pair.south.node.restore(77, START)


def test_a_new_epoch_first_heard_in_an_answer_voids_what_was_said_before(pair: Pairing) -> None:
    for name in ("x", "y"):
        pair.north.submit(a_revision(name, a_site(FAR if name == "y" else (-90.0, 40.0))))
    pair.ask(pair.north, "x")
    late = pair.north.question("y")
    pair.south.node.restore(77, START)
    assert pair.ask(pair.north, "y") == "no_known_conflict"
    assert pair.north.says("x") == "incomplete"
    with pytest.raises(NotAnAnswer, match="new epoch"):
        pair.north.exchange.accept_answer(late, pair.answer(pair.north, late), START)
    assert pair.ask(pair.north, "x") == "no_known_conflict"


def test_an_answer_of_the_old_epoch_that_arrives_late_is_none(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    pair.north.submit(a_revision("y", a_site(FAR)))
    question = pair.north.question("y")
    old = pair.answer(pair.north, question)
    pair.south.node.restore(77, START)
    pair.north.exchange.accept_answer(question, pair.answer(pair.north, question), START)
    with pytest.raises(NotAnAnswer):
        pair.north.exchange.accept_answer(question, old, START)


def test_a_partner_that_joins_is_asked_about_everything_active(pair: Pairing) -> None:
    pair.north.node.change_roster([], START)
    assert pair.north.submit(a_revision("x", a_site())) == "no_known_conflict"
    pair.south.submit(a_revision("t", a_site()))
    pair.north.node.change_roster([pair.south.partner], START)
    assert pair.north.says("x") == "incomplete"
    assert pair.ask(pair.north, "x") == "conflict"


def test_a_silent_subject_match_stays_hidden_from_the_partners_owner(pair: Pairing) -> None:
    pair.south.submit(a_revision("silent", a_site(FAR), subjects=("t1",), disclosure=Disclosure.SILENT))
    pair.north.submit(a_revision("x", a_site(), subjects=("t1",)))
    assert pair.ask(pair.north, "x") == "no_known_conflict"
    assert pair.south.told("silent") == [DETECTED]
    assert pair.ask(pair.south, "silent") == "conflict"
    assert pair.north.told("x") == []
    assert pair.north.says("x") == "no_known_conflict"


def test_tidings_of_a_pair_alarm_this_side_once(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    sighting = Sighting("t", 1, None, Window(START, START + HOUR), False, False, Card("South Police", "Dave", "+1"))
    tidings = Tidings(SOUTH, ord("S"), 4, "x", 1, sighting)
    for _ in range(2):
        pair.north.exchange.receive_match(tidings, START)
    pair.north.exchange.receive_match(replace(tidings, revision=2), START)
    pair.north.exchange.receive_match(replace(tidings, origin="stranger"), START)
    assert pair.north.told("x") == [AlarmKind.DETECTED]
    assert pair.north.says("x") == "conflict"
    (conflict,) = pair.north.store.rows.conflicts.values()
    assert conflict.b.reference == Reference(SOUTH, "t")
    assert conflict.b.card == sighting.card


def test_messages_are_checked_when_they_are_read(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    query = pair.north.question("x").query
    assert Query.read(query.body()) == query
    for body in (b"", b"[]", query.body().replace(b'"kind":"query"', b'"kind":"reply"'), query.body()[:-20]):
        with pytest.raises(Malformed):
            Query.read(body)
    with pytest.raises(Malformed, match="digest"):
        replace(query, digest="0" * 64)
    moved = query.body().replace(b"POINT (-77", b"POINT (-78").replace(b"POINT(-77", b"POINT(-78")
    with pytest.raises(Malformed, match="digest"):
        Query.read(moved)
    sighting = Sighting("t", 1, None, Window(1, 2), False, False, Card())
    with pytest.raises(Malformed, match="only an answer"):
        Reply(SOUTH, 1, 1, 1, Outcome.REFUSED, "x", 1, query.digest, (sighting,))
