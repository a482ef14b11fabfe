"""One node alone: commit, search, say; who is told what, when a conflict changes, ends or is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from protocol.desk import (
    CHANGED,
    DETECTED,
    FAR,
    HERE,
    HOUR,
    NEAR_BY,
    WITHDRAWN,
    WORSENED,
    Desk,
    a_revision,
    a_site,
)
from protocol.trace import MINUTE, NORTH, START
from vigil.engine.operation import Band, Mode, Operation, Window
from vigil.protocol.memory import MemoryStore, MemoryTransaction
from vigil.protocol.node import Node
from vigil.protocol.store import (
    AlarmKind,
    ConflictState,
    Disclosure,
    Revision,
    Route,
    SearchFailed,
    StaleRevision,
    Status,
)


class AuditFailed(Exception):
    """Something of the caller's own could not be written."""


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_registration_is_committed_before_it_is_searched(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site()))
    desk.node.register(a_revision("b", a_site()), desk.now)
    assert desk.says("b") == "checking"
    assert [due.operation_id for due in desk.node.due(desk.now)] == ["b"]
    assert desk.node.search("b", desk.now).determination == "conflict"
    assert desk.node.due(desk.now) == []
    assert desk.told("a") == desk.told("b") == [DETECTED]
    assert desk.says("a") == "conflict"


def test_searching_again_tells_nobody_twice(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site()))
    desk.submit(a_revision("b", a_site()))
    desk.node.search("a", desk.now + MINUTE)
    desk.node.search("b", desk.now + MINUTE)
    assert desk.told("a") == desk.told("b") == [DETECTED]
    assert len(desk.store.rows.receipts) == 3


def test_the_own_rows_of_the_caller_commit_with_the_revision(desk: Desk) -> None:
    with suppress(AuditFailed), desk.store.transaction() as tx:
        desk.node.register(a_revision("a", a_site()), desk.now, within=tx)
        raise AuditFailed
    assert desk.store.rows.revisions == {}
    with desk.store.transaction() as tx:
        desk.node.register(a_revision("a", a_site()), desk.now, within=tx)
    assert desk.says("a") == "checking"


def test_an_edit_goes_back_to_checking_and_tells_the_old_and_the_new_extent(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site()))
    desk.submit(a_revision("c", a_site(FAR)))
    desk.submit(a_revision("b", a_site()))
    desk.node.register(a_revision("b", a_site(FAR), number=2), desk.now)
    assert desk.says("b") == "checking"
    desk.node.search("b", desk.now)
    assert desk.told("a") == [DETECTED, WITHDRAWN]
    assert desk.told("c") == [DETECTED]
    assert desk.told("b") == [DETECTED, DETECTED, WITHDRAWN]  # the new extent before the old
    assert (desk.says("a"), desk.says("b"), desk.says("c")) == ("no_known_conflict", "conflict", "conflict")


def test_a_cancel_tells_everyone_matched_and_its_undoing_asks_again(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site()))
    desk.submit(a_revision("b", a_site()))
    desk.submit(a_revision("b", a_site(), number=2, status=Status.CANCELLED))
    assert desk.told("a")[-1] is WITHDRAWN
    assert desk.says("a") == "no_known_conflict"
    assert desk.submit(a_revision("b", a_site(), number=3)) == "conflict"
    assert desk.told("a") == [DETECTED, WITHDRAWN, DETECTED]


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        ({"place": HERE}, WORSENED),  # band rises from near to direct
        ({"place": (-77.0, 38.9041)}, WORSENED),  # elsewhere
        ({"starts": START + HOUR - 1}, WORSENED),  # earlier
        ({"hours": 1}, CHANGED),
        ({"plain_clothes": True}, WORSENED),
        ({"armed_and_dangerous": True}, WORSENED),
        ({}, None),
    ],
)
def test_already_spoke_survives_all_but_what_makes_it_worse(
    desk: Desk, edit: dict[str, Any], kind: AlarmKind | None
) -> None:
    desk.submit(a_revision("a", a_site(starts=START)))
    desk.submit(a_revision("b", a_site(NEAR_BY)))
    assert desk.conflict("a", "b").match.band is Band.NEAR
    flags = {key: edit.pop(key) for key in ("plain_clothes", "armed_and_dangerous") if key in edit}
    desk.submit(a_revision("b", a_site(**{"place": NEAR_BY, **edit}), number=2, **flags))
    assert desk.told("a") == [DETECTED, *([kind] if kind else [])]
    assert desk.told("b") == desk.told("a")


def test_a_tentative_match_is_a_notice_and_fixing_the_time_starts_the_clock(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site(hours=12)))
    desk.submit(a_revision("b", a_site(hours=12), tentative=True))
    verdict = desk.node.verdict("a")
    assert verdict is not None
    assert (verdict.determination, verdict.tentative) == ("conflict", True)
    assert all(alarm.tentative for alarm in desk.store.rows.alarms.values())
    desk.submit(a_revision("b", a_site(starts=START + 2 * HOUR), number=2))
    assert desk.told("a") == [DETECTED, WORSENED]
    assert not list(desk.store.rows.alarms.values())[-1].tentative


def test_an_overlap_already_past_is_recorded_and_alarms_nobody(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site(starts=START - 9 * HOUR), status=Status.ENDED))
    assert desk.submit(a_revision("b", a_site(starts=START - 9 * HOUR), status=Status.ENDED)) == "conflict"
    assert desk.conflict("a", "b").state is ConflictState.PAST
    assert desk.store.rows.alarms == {}


def test_a_silent_subject_match_is_told_to_its_owner_alone(desk: Desk) -> None:
    desk.submit(a_revision("open", a_site(), subjects=("t1",)))
    silent = a_revision("silent", a_site(FAR), subjects=("t1",), disclosure=Disclosure.SILENT)
    assert desk.submit(silent) == "conflict"
    assert desk.told("silent") == [DETECTED]
    assert desk.told("open") == []
    assert desk.says("open") == "no_known_conflict"
    assert desk.node.search("open", desk.now).determination == "no_known_conflict"
    desk.submit(a_revision("silent", a_site(FAR), number=2, subjects=("t1",)))
    assert desk.told("open") == [DETECTED]
    assert desk.says("open") == "conflict"


def test_a_silent_place_match_goes_through_the_deconflictor(desk: Desk) -> None:
    desk.submit(a_revision("open", a_site()))
    desk.submit(a_revision("silent", a_site(), disclosure=Disclosure.SILENT))
    alarms = {alarm.operation_id: alarm for alarm in desk.store.rows.alarms.values()}
    assert (alarms["silent"].route, alarms["silent"].masked) == (Route.DECONFLICTOR, False)
    assert (alarms["open"].route, alarms["open"].masked) == (Route.OWNER, True)
    assert (desk.says("open"), desk.says("silent")) == ("conflict", "conflict")


def test_two_silent_operations_are_both_told_of_a_shared_subject(desk: Desk) -> None:
    for name, place in (("a", HERE), ("b", FAR)):
        desk.submit(a_revision(name, a_site(place), subjects=("t1",), disclosure=Disclosure.SILENT))
    assert desk.told("a") == desk.told("b") == [DETECTED]


def test_two_operations_are_joint_only_when_each_names_the_other(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site()))
    assert desk.submit(a_revision("b", a_site(), joint_with=frozenset({"a"}))) == "conflict"
    joined = a_revision("a", a_site(), number=2, joint_with=frozenset({"b"}))
    assert desk.submit(joined) == "no_known_conflict"
    assert desk.told("b") == [DETECTED, WITHDRAWN]


def test_a_draft_asks_nobody_and_its_cancel_neither(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site()))
    desk.node.register(a_revision("b", a_site(), status=Status.DRAFT), desk.now)
    assert desk.says("b") is None
    with pytest.raises(LookupError):
        desk.node.search("b", desk.now)
    desk.node.register(a_revision("b", a_site(), number=2, status=Status.CANCELLED), desk.now)
    assert desk.node.due(desk.now) == []
    assert desk.submit(a_revision("b", a_site(), number=3)) == "conflict"


@pytest.mark.parametrize("number", [1, 3])
def test_only_the_next_revision_is_stored(desk: Desk, number: int) -> None:
    desk.submit(a_revision("a", a_site()))
    with pytest.raises(StaleRevision, match="the next one is 2"):
        desk.node.register(a_revision("a", a_site(FAR), number=number), desk.now)
    assert desk.says("a") == "no_known_conflict"


def test_the_mode_is_fixed_and_a_registered_operation_is_no_draft_again(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site()))
    with pytest.raises(ValueError, match="mode"):
        desk.node.register(a_revision("a", a_site(), number=2, mode=Mode.EXERCISE), desk.now)
    with pytest.raises(ValueError, match="draft"):
        desk.node.register(a_revision("a", a_site(), number=2, status=Status.DRAFT), desk.now)


def test_a_revision_says_the_same_in_status_and_operation() -> None:
    with pytest.raises(ValueError, match="registered=False"):
        Revision(Operation("a"), 1, "agency", status=Status.CANCELLED)
    with pytest.raises(ValueError, match="from 1"):
        Revision(Operation("a"), 0, "agency")


# -- extension ---------------------------------------------------------------------------------------------------


def test_what_nobody_ended_is_extended_before_its_end_and_asks_again(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site(starts=START, hours=1)))
    assert desk.node.extend_overdue(START + 57 * MINUTE) == []
    (extended,) = desk.node.extend_overdue(START + 58 * MINUTE)
    assert (extended.number, extended.extensions) == (2, 1)
    assert extended.operation.sites[0].ends_at == START + 90 * MINUTE
    assert desk.says("a") == "checking"
    assert desk.node.due(START + HOUR)[0].revision == 2


def test_extension_goes_by_site_and_leaves_ended_sites_and_ended_operations_alone(desk: Desk) -> None:
    sites = (a_site(starts=START, hours=1), a_site(starts=START, hours=1), a_site(starts=START, hours=4))
    desk.submit(replace(a_revision("a", *sites), ended_sites=frozenset({0})))
    desk.submit(a_revision("b", a_site(FAR, starts=START, hours=1), status=Status.ENDED))
    desk.submit(a_revision("c", span=Window(START, START + HOUR), subjects=("t9",)))
    (extended,) = desk.node.extend_overdue(START + HOUR)
    ends = [(site.ends_at - START) // MINUTE for site in extended.operation.sites]
    assert (extended.operation_id, ends) == ("a", [60, 90, 240])


def test_a_node_that_was_down_extends_before_it_searches(desk: Desk) -> None:
    desk.submit(a_revision("a", a_site(starts=START, hours=1)))
    desk.now = START + 5 * HOUR + 10 * MINUTE
    assert desk.submit(a_revision("b", a_site(starts=desk.now, hours=1))) == "conflict"
    with desk.store.transaction() as tx:
        revision = tx.current("a")
    assert revision is not None
    assert revision.operation.sites[0].ends_at == START + 5 * HOUR + 30 * MINUTE
    assert revision.extensions == 9


# -- failure -----------------------------------------------------------------------------------------------------


class FailingTransaction(MemoryTransaction):
    def matching(self, operation: Operation) -> list[Any]:
        raise SearchFailed("a record cannot be read")


class FailingStore(MemoryStore):
    @contextmanager
    def transaction(self) -> Iterator[MemoryTransaction]:
        with super().transaction() as tx:
            tx.__class__ = FailingTransaction
            yield tx


def test_a_search_that_cannot_finish_fails_loudly_and_stays_checking(desk: Desk) -> None:
    failing = FailingStore(NORTH)
    node = Node(failing, desk.node.signer)
    node.register(a_revision("a", a_site()), START)
    with pytest.raises(SearchFailed):
        node.search("a", START)
    verdict = node.verdict("a")
    assert verdict is not None
    assert verdict.determination == "checking"
    assert node.due(START) == []
    (due,) = node.due(START + 5_000_000)
    assert due.attempts == 1


def test_transactions_are_never_nested_and_keep_nothing_after_an_error(desk: Desk) -> None:
    with pytest.raises(RuntimeError, match="never nested"), desk.store.transaction(), desk.store.transaction():
        pass
    before = desk.store.backup()
    with suppress(AuditFailed), desk.store.transaction() as tx:
        tx.advance_sequence()
        tx.put_revision(a_revision("a", a_site()))
        raise AuditFailed
    assert desk.store.backup() == before
    assert desk.submit(a_revision("b", a_site())) == "no_known_conflict"
