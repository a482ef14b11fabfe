"""Two nodes: what counts as an answer, who is told, what restores and rosters do (specification 8)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from protocol.desk import DETECTED, FAR, HOUR, WITHDRAWN, Desk, a_revision, a_site
from protocol.trace import MINUTE, NORTH, SOUTH, START
from vigil.engine.operation import Band, Mode, Window
from vigil.protocol.blinding import PartnerBlinder
from vigil.protocol.envelope import LIFE_US, Malformed, Message, Unsigned, opened, seal
from vigil.protocol.exchange import Exchange, NotAnAnswer
from vigil.protocol.memory import MemoryStore, MemoryTransaction
from vigil.protocol.messages import NO_POINTS, Asked, Query, Reply, Sighting, Tidings, Withdrawal
from vigil.protocol.node import Node
from vigil.protocol.signing import Signer
from vigil.protocol.store import AlarmKind, Card, Disclosure, Outcome, Partner, Reference, Status


class Post(Desk):
    """A node with a partner."""

    def __init__(self, node_id: str, seed: bytes) -> None:
        self.store = MemoryStore(node_id, epoch=ord(seed[:1]))
        self.node = Node(self.store, Signer.from_seed(seed))
        ids = itertools.count()
        blinder = PartnerBlinder(seed, node_id)
        self.exchange = Exchange(self.node, self.node.signer, blinder, lambda: f"{node_id[-1]}{next(ids)}")
        self.now = START
        self.blind = False

    @property
    def partner(self) -> Partner:
        node_id = self.store.rows.identity.node_id
        key = self.node.signer.public_key
        return Partner(node_id, node_id[-1], "+12025550100", public_key=key, blind=self.blind)

    def question(self, name: str) -> Asked:
        (question,) = self.exchange.questions(self.now, name)
        return self.exchange.asked(question, self.now)

    def open(self, token: bytes) -> Message:
        """Whatever this node has sealed."""
        return opened(token, lambda sender: (self.node.signer.public_key,))


class Pairing:
    """North and South on each other's roster."""

    answered: bytes
    count = 0

    def __init__(self, blind: bool = False) -> None:
        self.north = Post(NORTH, b"N" * 32)
        self.south = Post(SOUTH, b"S" * 32)
        self.north.blind = self.south.blind = blind
        self.north.node.change_roster([self.south.partner], START)
        self.south.node.change_roster([self.north.partner], START)

    def ask(self, asker: Post, name: str) -> str:
        """The whole way there and back."""
        question = asker.question(name)
        return asker.exchange.accept_answer(question, self.answer(asker, question), asker.now).determination

    def answer(self, asker: Post, question: Asked) -> bytes:
        replier = self.other(asker)
        return replier.exchange.receive(question.token, replier.now)

    def other(self, post: Post) -> Post:
        return self.south if post is self.north else self.north

    def tell(self, teller: Post) -> list[str]:
        """Hand over what the node tells unasked; the kinds."""
        letters = teller.exchange.letters(teller.now)
        for letter in letters:
            teller.exchange.taken(letter, self.other(teller).exchange.receive(letter.token, teller.now), teller.now)
        return [letter.outgoing.kind for letter in letters if letter.outgoing]


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
    questions = [pair.north.question("x") for _ in range(2)]
    answers = [pair.answer(pair.north, question) for question in questions]
    assert pair.south.told("t") == [DETECTED]
    for question, answer in zip(questions, answers, strict=True):
        assert pair.north.exchange.accept_answer(question, answer, START).determination == "conflict"
    assert pair.ask(pair.south, "t") == "conflict"
    assert pair.north.told("x") == pair.south.told("t") == [DETECTED]


def test_an_answer_tells_neither_distance_nor_subject(pair: Pairing) -> None:
    pair.south.submit(a_revision("t", a_site(), subjects=("token-1",)))
    pair.north.submit(a_revision("x", a_site(), subjects=("token-1",)))
    said = json.dumps(pair.south.open(pair.answer(pair.north, pair.north.question("x"))).content)
    assert "direct" in said
    assert not any(word in said for word in ("distance", "token-1", "POINT"))


def test_an_answer_to_an_older_revision_never_completes_a_newer(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    answer = pair.answer(pair.north, question)
    pair.north.submit(a_revision("x", a_site(FAR), number=2))
    with pytest.raises(NotAnAnswer, match="revision 1; the current one is 2"):
        pair.north.exchange.accept_answer(question, answer, START)
    with pytest.raises(NotAnAnswer, match="to another message"):
        pair.north.exchange.accept_answer(pair.north.question("x"), answer, START)
    assert pair.north.says("x") == "incomplete"


def changed(answer: Message, pair: Pairing) -> bytes:
    return pair.answered[:-8] + b"AAAAAAAA"


def signed_by_the_asker(answer: Message, pair: Pairing) -> bytes:
    return seal(answer, pair.north.node.signer)


def login_page(answer: Message, pair: Pairing) -> bytes:
    return b"<html>Please log in</html>"


def resealed(**changes: object) -> Callable[[Message, Pairing], bytes]:
    return lambda answer, pair: seal(replace(answer, **changes), pair.south.node.signer)  # type: ignore[arg-type]


def with_content(**changes: object) -> Callable[[Message, Pairing], bytes]:
    return lambda answer, pair: resealed(content={**answer.content, **changes})(answer, pair)


@pytest.mark.parametrize(
    "forge",
    [
        changed,
        signed_by_the_asker,
        login_page,
        resealed(content={}),
        resealed(kind="taken"),
        resealed(sender="other"),
        resealed(to="other"),
        resealed(version=9),
        resealed(in_reply_to="another"),
        with_content(complete=False),
        with_content(evaluated_at="9"),
        with_content(revision=2),
        with_content(commitment="0" * 64),
        with_content(further=1),
        with_content(outcome="exact_wanted"),
        with_content(raised={"subjects": ["00"], "cells": []}),
    ],
)
def test_whatever_is_not_a_whole_signed_answer_is_none(
    pair: Pairing, forge: Callable[[Message, Pairing], bytes]
) -> None:
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    pair.answered = pair.answer(pair.north, question)
    forged = forge(pair.south.open(pair.answered), pair)
    with pytest.raises(NotAnAnswer):
        pair.north.exchange.accept_answer(question, forged, START)
    assert pair.north.says("x") == "incomplete"
    assert pair.north.store.rows.answers == {}


def test_silence_is_asked_again_later_until_the_operation_is_over(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site(starts=START, hours=1)))
    waits = []
    for _ in range(9):
        question = pair.north.question("x")
        pair.north.exchange.unreachable(question.question.due, pair.north.now)
        (due,) = (one for one in pair.north.store.rows.due.values() if one.target == SOUTH)
        waits.append((due.run_after - pair.north.now) // 1_000_000)
        pair.north.now = due.run_after
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert pair.north.says("x") == "incomplete"
    pair.north.exchange.unreachable(pair.north.question("x").question.due, START + HOUR)
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
    asked = pair.south.open(pair.south.question("t").token)
    token = seal(replace(asked, content={**asked.content, "predicates": ["p9"]}), pair.south.node.signer)
    reply = Reply.read(pair.north.open(pair.north.exchange.receive(token, START)).content)
    assert reply.outcome is Outcome.NO_SHARED_PREDICATE


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
    late = pair.north.question("x").token
    pair.north.submit(a_revision("x", a_site(FAR), number=2))
    pair.ask(pair.north, "x")
    assert pair.south.open(pair.south.exchange.receive(late, START)).content["code"] == "superseded"
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


def test_the_first_answer_of_a_new_epoch_comes_from_no_older_state_than_it_has_shown(pair: Pairing) -> None:
    """A replica that lags behind the restored node answers as it was before an operation that North has heard of."""
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    pair.south.node.restore(77, START)
    replica = pair.south.store.backup()
    pair.south.submit(a_revision("t", a_site()))
    pair.ask(pair.south, "t")
    question = pair.north.question("x")
    primary = pair.south.store.backup()
    pair.south.store.restore(replica)
    answer = pair.answer(pair.north, question)
    pair.south.store.restore(primary)
    with pytest.raises(NotAnAnswer, match="older state"):
        pair.north.exchange.accept_answer(question, answer, START)
    assert pair.ask(pair.north, "x") == "conflict"
    assert pair.north.told("x") == [DETECTED]


def test_a_new_epoch_first_heard_in_an_answer_voids_what_was_said_before(pair: Pairing) -> None:
    for name in ("x", "y"):
        pair.north.submit(a_revision(name, a_site(FAR if name == "y" else (-90.0, 40.0))))
    pair.ask(pair.north, "x")
    late, once_more = pair.north.question("y"), pair.north.question("y")
    pair.south.node.restore(77, START)
    answer = pair.answer(pair.north, once_more)
    assert pair.north.exchange.accept_answer(once_more, answer, START).determination == "no_known_conflict"
    assert pair.north.says("x") == "incomplete"
    with pytest.raises(NotAnAnswer, match="new epoch"):
        pair.north.exchange.accept_answer(late, pair.answer(pair.north, late), START)
    assert pair.ask(pair.north, "x") == "no_known_conflict"


def test_an_answer_of_the_old_epoch_that_arrives_late_is_none(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    pair.north.submit(a_revision("y", a_site(FAR)))
    first, second = pair.north.question("y"), pair.north.question("y")
    old = pair.answer(pair.north, first)
    pair.south.node.restore(77, START)
    pair.north.exchange.accept_answer(second, pair.answer(pair.north, second), START)
    with pytest.raises(NotAnAnswer, match="new epoch"):
        pair.north.exchange.accept_answer(first, old, START)


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
    assert pair.ask(pair.south, "silent") == "conflict"
    assert pair.south.told("silent") == [DETECTED]
    assert pair.north.told("x") == []
    assert pair.north.says("x") == "no_known_conflict"


def a_sighting(**changes: object) -> Sighting:
    card = Card("South Police", "Dave", "+1")
    sighting = Sighting("t", 1, None, Window(START, START + HOUR), False, False, card)
    return replace(sighting, **changes)  # type: ignore[arg-type]


def hears(pair: Pairing, kind: str, content: object, sender: str = SOUTH) -> str:
    """North gets a message in South's hand; the kind of what it says, with the code of an error."""
    pair.count += 1
    message = Message(kind, f"m{pair.count}", sender, NORTH, pair.north.now, ord("S"), 0, content)
    said = pair.north.open(pair.north.exchange.receive(seal(message, pair.south.node.signer), pair.north.now))
    return said.content["code"] if said.kind == "error" else said.kind


def test_tidings_of_a_pair_alarm_this_side_once(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    tidings = Tidings("x", 1, a_sighting())
    assert [hears(pair, "match", tidings.content()) for _ in range(2)] == ["taken", "taken"]
    hears(pair, "match", replace(tidings, revision=2).content())
    with pytest.raises(Unsigned):
        hears(pair, "match", tidings.content(), sender="stranger")
    assert pair.north.told("x") == [AlarmKind.DETECTED]
    assert pair.north.says("x") == "conflict"
    (conflict,) = pair.north.store.rows.conflicts.values()
    assert conflict.b.reference == Reference(SOUTH, "t")
    assert conflict.b.card == a_sighting().card


def test_a_withdrawal_counts_for_the_revisions_that_it_names(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    hears(pair, "match", Tidings("x", 1, a_sighting(revision=3)).content())
    for late in (Withdrawal("x", 1, "t", 2), Withdrawal("x", 2, "t", 4), Withdrawal("y", 1, "t", 4)):
        hears(pair, "withdrawal", late.content())
    assert pair.north.told("x") == [DETECTED]
    hears(pair, "withdrawal", Withdrawal("x", 1, "t", 4).content())
    assert pair.north.told("x") == [DETECTED, WITHDRAWN]
    assert pair.north.says("x") == "no_known_conflict"


def test_what_a_partner_did_not_name_and_stands_here_is_told_to_it(pair: Pairing) -> None:
    """South's evaluation differs (another version of the predicate): North, which sees the pair, tells it."""
    pair.south.submit(a_revision("t", a_site()))
    pair.ask(pair.south, "t")
    pair.north.submit(a_revision("x", a_site()))
    hears(pair, "match", Tidings("x", 1, a_sighting(band=Band.NEAR)).content())
    pair.south.node.store.transaction = _without_matches(pair.south.store)  # type: ignore[method-assign]
    assert pair.ask(pair.north, "x") == "conflict"
    assert pair.tell(pair.north) == ["match"]
    assert pair.south.told("t") == [DETECTED]
    assert pair.tell(pair.north) == []


def test_a_subject_told_of_an_older_revision_is_withdrawn_when_the_tokens_come(pair: Pairing) -> None:
    """Found by seed 1806: the tidings came late, and the query that knew better before the tokens to judge it by."""
    subjects = ("phone:+12025550147",)
    pair.north.submit(a_revision("x", a_site(), subjects=subjects))
    pair.south.submit(a_revision("t", a_site(FAR), subjects=subjects))
    pair.south.submit(a_revision("t", a_site(FAR), number=2))
    hears(pair, "match", Tidings("x", 1, a_sighting(overlap=Window(START, START + 100 * HOUR))).content())
    pair.answer(pair.south, pair.south.question("t"))
    assert pair.north.told("x") == [DETECTED]
    assert pair.ask(pair.north, "x") == "no_known_conflict"
    assert pair.north.told("x") == [DETECTED, WITHDRAWN]


def test_a_subject_is_found_although_the_answer_names_an_older_revision(pair: Pairing) -> None:
    """Found by seed 984673: North had evaluated the newer one before it had the tokens to see the subject by; then a
    replica of South that lags named the older one.
    """
    subjects = ("phone:+12025550147",)
    pair.south.submit(a_revision("t", a_site(FAR), subjects=subjects))
    pair.ask(pair.south, "t")
    replica = pair.south.store.backup()
    pair.north.submit(a_revision("x", a_site(), subjects=subjects))
    question = pair.north.question("x")
    pair.south.submit(a_revision("t", a_site(FAR), number=2, subjects=subjects))
    pair.answer(pair.south, pair.south.question("t"))
    primary = pair.south.store.backup()
    pair.south.store.restore(replica)
    answer = pair.answer(pair.north, question)
    pair.south.store.restore(primary)
    assert [one.revision for one in Reply.read(pair.south.open(answer).content).sightings] == [1]
    assert pair.north.exchange.accept_answer(question, answer, START).determination == "conflict"
    assert pair.north.told("x") == [DETECTED]
    assert pair.tell(pair.north) == ["match"]
    assert pair.south.told("t") == [DETECTED]


def test_what_was_to_be_told_is_not_told_once_the_other_side_may_not_know(pair: Pairing) -> None:
    """Found by seed 10077: both were silent; before the match was told, the other side was so no more."""
    silent = {"subjects": ("phone:+12025550147",), "disclosure": Disclosure.SILENT}
    pair.south.submit(a_revision("t", a_site(FAR), **silent))
    pair.answer(pair.south, pair.south.question("t"))  # North knows its subjects; the answer is lost
    pair.north.submit(a_revision("x", a_site(), **silent))
    assert pair.ask(pair.north, "x") == "conflict"
    assert pair.north.store.rows.outgoing
    silent["disclosure"] = Disclosure.CONTACT_ONLY
    pair.south.submit(a_revision("t", a_site(FAR), number=2, **silent))
    pair.answer(pair.south, pair.south.question("t"))
    assert pair.north.exchange.letters(pair.north.now) == []
    assert not pair.north.store.rows.outgoing


def _without_matches(store: MemoryStore) -> Callable[[], AbstractContextManager[MemoryTransaction]]:
    open_transaction = store.transaction

    @contextmanager
    def blinded() -> Iterator[MemoryTransaction]:
        with open_transaction() as tx:
            tx.matching = lambda operation: []  # type: ignore[method-assign]
            yield tx

    return blinded


def test_a_message_is_taken_once(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    assert pair.south.open(pair.answer(pair.north, question)).kind == "reply"
    assert pair.south.open(pair.answer(pair.north, question)).content["code"] == "replayed"


def test_clocks_that_differ_are_learned_and_then_answer(pair: Pairing) -> None:
    """Condition 8: clock error moves deadlines only."""
    pair.south.now = START + 5 * HOUR
    pair.north.submit(a_revision("x", a_site()))
    with pytest.raises(NotAnAnswer, match="clock"):
        pair.ask(pair.north, "x")
    assert pair.north.store.rows.seen[SOUTH].clock == 5 * HOUR
    assert pair.ask(pair.north, "x") == "no_known_conflict"
    late = pair.north.question("x") if pair.north.exchange.questions(START, "x") else None
    assert late is None


def test_a_message_from_another_time_is_not_taken(pair: Pairing) -> None:
    health = Message("health", "m", SOUTH, NORTH, START - 2 * LIFE_US, ord("S"), 0, {})
    for message in (health, replace(health, issued_at=START + 2 * LIFE_US), replace(health, expires_at=START + HOUR)):
        said = pair.north.open(pair.north.exchange.receive(seal(message, pair.south.node.signer), START))
        assert said.content["code"] == "clock"
        assert said.content["now"] == START


def test_a_newer_version_is_told_what_is_spoken_here_and_then_spoken(pair: Pairing) -> None:
    newer = Message("health", "m", SOUTH, NORTH, START, ord("S"), 0, {}, version=9)
    said = pair.north.open(pair.north.exchange.receive(seal(newer, pair.south.node.signer), START))
    assert said.content == {"code": "version", "now": START, "speaks": [1, 2]}
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    old = {"code": "version", "now": START, "speaks": [0, 1]}
    answer = Message("error", "m", SOUTH, NORTH, START, ord("S"), 0, old, in_reply_to=question.question.id)
    with pytest.raises(NotAnAnswer, match="version"):
        pair.north.exchange.accept_answer(question, seal(answer, pair.south.node.signer), START)
    assert pair.north.says("x") == "incomplete"
    assert pair.north.open(pair.north.question("x").token).version == 1


def test_a_partner_that_speaks_no_version_of_ours_counts_as_refusing(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    old = {"code": "version", "now": START, "speaks": [7]}
    answer = Message("error", "m", SOUTH, NORTH, START, ord("S"), 0, old, in_reply_to=question.question.id)
    with pytest.raises(NotAnAnswer):
        pair.north.exchange.accept_answer(question, seal(answer, pair.south.node.signer), START)
    verdict = pair.north.node.verdict("x")
    assert verdict is not None
    assert (verdict.determination, verdict.refused) == ("incomplete", (SOUTH,))


def test_a_partner_for_tests_is_asked_about_operations_of_that_mode_alone(pair: Pairing) -> None:
    suite = replace(pair.south.partner, modes=frozenset({Mode.TEST}))
    pair.north.node.change_roster([suite], START)
    assert pair.north.submit(a_revision("x", a_site())) == "no_known_conflict"
    assert pair.north.submit(a_revision("y", a_site(), mode=Mode.TEST)) == "incomplete"
    assert pair.ask(pair.north, "y") == "no_known_conflict"
    pair.south.submit(a_revision("t", a_site()))
    assert Reply.read(pair.north.open(pair.answer(pair.south, pair.south.question("t"))).content).outcome is (
        Outcome.REFUSED
    )
    assert pair.north.told("x") == []
    pair.north.node.change_roster([], START)
    assert pair.north.store.rows.roster.former == ()


# -- subjects and places that are compared blind -------------------------------------------------------------------


@pytest.mark.parametrize("first", ["asker", "replier"])
def test_a_shared_subject_is_found_by_both_whichever_token_comes_last(pair: Pairing, first: str) -> None:
    pair.south.submit(a_revision("t", a_site(FAR), subjects=("s",)))
    pair.north.submit(a_revision("x", a_site(), subjects=("s",)))
    one, other = (pair.north, "x"), (pair.south, "t")
    if first == "replier":
        one, other = other, one
    pair.ask(*one)
    assert pair.ask(*other) == "conflict"
    assert pair.ask(*one) == "conflict" if one[0].exchange.questions(START, one[1]) else True
    assert (pair.north.told("x"), pair.south.told("t")) == ([DETECTED], [DETECTED])
    assert (pair.north.says("x"), pair.south.says("t")) == ("conflict", "conflict")


def test_no_subject_crosses_the_wire_as_such_and_the_same_twice_is_the_same(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site(), subjects=("phone:+12025550123",)))
    content = pair.north.open(pair.north.question("x").token).content
    assert "2025550123" not in json.dumps(content)
    assert len(content["points"]["subjects"]) == 32
    assert content["points"] == pair.north.open(pair.north.question("x").token).content["points"]


def test_an_operation_that_meets_nothing_stays_in_its_cells() -> None:
    pair = Pairing(blind=True)
    pair.south.submit(a_revision("t", a_site(FAR)))
    pair.ask(pair.south, "t")
    pair.north.submit(a_revision("x", a_site()))
    assert pair.north.open(pair.north.question("x").token).content["plain"] is None
    assert pair.ask(pair.north, "x") == "no_known_conflict"


def test_cells_that_meet_are_followed_by_the_exact_question() -> None:
    pair = Pairing(blind=True)
    pair.south.submit(a_revision("t", a_site()))
    pair.ask(pair.south, "t")
    pair.north.submit(a_revision("x", a_site()))
    assert pair.ask(pair.north, "x") == "incomplete"
    assert pair.south.told("t") == []
    assert pair.north.open(pair.north.question("x").token).content["plain"] is not None
    assert pair.ask(pair.north, "x") == "conflict"
    assert (pair.north.told("x"), pair.south.told("t")) == ([DETECTED], [DETECTED])


def test_whoever_is_asked_blind_from_now_on_is_asked_about_everything_again(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    pair.north.node.change_roster([replace(pair.south.partner, blind=True)], START)
    assert pair.north.says("x") == "incomplete"
    asked = pair.north.open(pair.north.question("x").token).content
    assert asked["plain"] is None
    assert len(asked["points"]["cells"]) == 32
    assert pair.ask(pair.north, "x") == "no_known_conflict"
    pair.north.node.change_roster([replace(pair.south.partner, blind=True)], START)
    assert pair.north.says("x") == "no_known_conflict"


@pytest.mark.parametrize("blind", ["north", "south"])
def test_where_only_one_node_asks_blind_nothing_is_missed(blind: str) -> None:
    pair = Pairing()
    getattr(pair, blind).blind = True
    for post in (pair.north, pair.south):
        post.node.change_roster([pair.other(post).partner], START)
    for post, name in ((pair.south, "t"), (pair.north, "x")):
        post.submit(a_revision(name, a_site()))
        while post.exchange.questions(START, name):
            asked = post.question(name)
            pair.ask(post, name)
    assert pair.north.open(asked.token).content["plain"] is not None, (
        "South holds none of its joint tokens, or asks plain"
    )
    assert (pair.north.says("x"), pair.south.says("t")) == ("conflict", "conflict")


def test_an_edit_after_the_exact_question_is_put_blind_again_and_withdraws() -> None:
    pair = Pairing(blind=True)
    pair.south.submit(a_revision("t", a_site()))
    pair.ask(pair.south, "t")
    pair.north.submit(a_revision("x", a_site()))
    pair.ask(pair.north, "x")
    pair.ask(pair.north, "x")
    pair.north.submit(a_revision("x", a_site(FAR), number=2))
    assert pair.north.open(pair.north.question("x").token).content["plain"] is None
    assert pair.ask(pair.north, "x") == "no_known_conflict"
    assert (pair.north.told("x"), pair.south.told("t")) == ([DETECTED, WITHDRAWN], [DETECTED, WITHDRAWN])


@pytest.mark.parametrize("outcome", ["exact_wanted", "refused"])
def test_nobody_goes_on_asking_about_an_operation_that_is_over(outcome: str) -> None:
    pair = Pairing(blind=True)
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    over = pair.north.store.rows.revisions["x", 1].over_at
    honest = pair.south.open(pair.answer(pair.north, question))
    answer = with_content(outcome=outcome)(honest, pair)
    pair.north.exchange.accept_answer(question, answer, over)
    assert pair.north.exchange.questions(over) == []


def test_blind_tokens_that_come_last_ask_for_the_exact_question() -> None:
    """South had no joint tokens yet when it answered; they come with North's answer, and South looks for itself."""
    pair = Pairing(blind=True)
    pair.south.submit(a_revision("t", a_site()))
    pair.north.submit(a_revision("x", a_site()))
    question = pair.north.question("x")
    pair.answer(pair.north, question)  # the answer is lost
    assert pair.ask(pair.south, "t") == "incomplete"
    assert pair.south.open(pair.south.question("t").token).content["plain"] is not None
    assert pair.ask(pair.south, "t") == "conflict"


def test_contents_are_checked_when_they_are_read(pair: Pairing) -> None:
    pair.north.submit(a_revision("x", a_site()))
    content = pair.north.open(pair.north.question("x").token).content
    assert Query.read(content).content() == content
    for wrong in (
        {},
        [],
        {**content, "further": 1},
        {**content, "revision": "1"},
        {**content, "revision": 0},
        {**content, "registered": 1},
        {**content, "points": {"subjects": [], "cells": [], "more": []}},
        {**content, "plain": {**content["plain"], "sites": [{}]}},
        {**content, "plain": {**content["plain"], "subjects": ["s"]}},
    ):
        with pytest.raises(Malformed):
            Query.read(wrong)
    with pytest.raises(Malformed, match="only an answer"):
        Reply(1, Outcome.REFUSED, "x", 1, "c", NO_POINTS, (a_sighting(),))
