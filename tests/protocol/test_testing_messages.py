"""What the conformance suite asks for: written, read again, and refused where it is not whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from protocol.desk import HOUR, Desk, a_revision, a_site
from protocol.trace import NORTH, SOUTH, START
from vigil.engine.operation import Band, Mode, Window
from vigil.protocol.envelope import Malformed
from vigil.protocol.store import Card, ConflictState, Disclosure, Status
from vigil.protocol.testing import Action, TestConflict, TestOrder, TestState, state_of

OPERATION = a_revision("x", a_site(), subjects=("phone:+12025550143",), mode=Mode.TEST).operation
ORDER = TestOrder(Action.REGISTER, "x", OPERATION, Disclosure.SILENT, Card("Vienna", "R. Okafor", "+12025550100"))
MET = TestConflict(SOUTH, "y", ConflictState.OPEN, Band.NEAR, Window(START, START + HOUR), 1)
STATE = TestState("x", 2, Status.REGISTERED, "conflict", False, (SOUTH,), (), (MET, replace(MET, band=None)))


def test_orders_and_states_are_read_as_they_were_written() -> None:
    for order in (ORDER, TestOrder(Action.CANCEL, "x"), TestOrder(Action.STATE, "x")):
        assert TestOrder.from_content(order.content()) == order
    for state in (STATE, TestState("nowhere")):
        assert TestState.from_content(state.content()) == state


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.pop("operation"),
        lambda content: content.update(surplus=1),
        lambda content: content.update(action="purge"),
        lambda content: content.update(action="state"),
        lambda content: content.update(operation_id="y"),
        lambda content: content["operation"].update(mode="live"),
        lambda content: content["operation"].update(registered=False),
        lambda content: content["card"].update(plain_clothes="no"),
        lambda content: content["card"].update(agency=None),
        lambda content: content["card"].update(place="here"),
    ],
)
def test_an_order_that_is_not_whole_is_refused(spoil: Callable[[Any], object]) -> None:
    content: Any = ORDER.content()
    spoil(content)
    with pytest.raises(Malformed):
        TestOrder.from_content(content)


@pytest.mark.parametrize(
    "wrong",
    [
        {"revision": 0},
        {"revision": True},
        {"status": None},
        {"determination": "clear"},
        {"tentative": 0},
        {"refused": SOUTH},
        {"conflicts": [{**MET.content(), "alarms": -1}]},
        {"conflicts": [{**MET.content(), "overlap": [2, 1]}]},
        {"conflicts": [None]},
    ],
)
def test_a_state_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        TestState.from_content({**STATE.content(), **wrong})


def test_the_state_is_that_of_the_stored_rows() -> None:
    desk = Desk()
    desk.submit(a_revision("x", a_site()))
    desk.submit(a_revision("y", a_site(), disclosure=Disclosure.SILENT))
    with desk.store.transaction() as tx:
        assert state_of(tx, "nowhere") == TestState("nowhere")
        x = state_of(tx, "x")
    (met,) = x.conflicts
    assert (x.revision, x.status, x.determination) == (1, Status.REGISTERED, "conflict")
    assert (met.node_id, met.operation_id, met.state, met.alarms) == (NORTH, "y", ConflictState.OPEN, 1)
    assert TestState.from_content(x.content()) == x


def test_the_state_holds_no_match_that_the_owner_is_not_told() -> None:
    desk, shared = Desk(), ("phone:+12025550143",)
    desk.submit(a_revision("x", a_site(), subjects=shared))
    desk.submit(a_revision("y", a_site((-80.0, 38.9)), subjects=shared, disclosure=Disclosure.SILENT))
    with desk.store.transaction() as tx:
        assert [len(state_of(tx, name).conflicts) for name in ("x", "y")] == [0, 1]
