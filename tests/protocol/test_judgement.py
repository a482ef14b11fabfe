"""Property tests of how one pair's row changes and who is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine.operation import Band, Basis, Match, Window
from vigil.protocol.judgement import judged, visible
from vigil.protocol.store import OWN, Alarm, AlarmKind, Conflict, ConflictState, Reference, Side

A, B, FOREIGN = Reference(OWN, "a"), Reference(OWN, "b"), Reference("south", "t")
NOW = 1_000

windows = st.sampled_from([Window(0, 500), Window(0, 2000), Window(900, 2000), Window(1500, 3000)])
places = st.builds(
    lambda band, overlap, subjects: Match(Basis.BOTH if subjects else Basis.PLACE, overlap, band, 1.0, subjects),
    st.sampled_from(Band),
    windows,
    st.sampled_from([(), ("token",)]),
)
subjects = st.builds(lambda overlap: Match(Basis.SUBJECT, overlap, subjects=("token",)), windows)
matches = st.none() | places | subjects


def sides(reference: Reference) -> st.SearchStrategy[Side]:
    return st.builds(
        Side,
        reference=st.just(reference),
        revision=st.integers(1, 9),
        silent=st.booleans(),
        tentative=st.booleans(),
        plain_clothes=st.booleans(),
        armed_and_dangerous=st.booleans(),
        digest=st.sampled_from(["", "d1", "d2"]),
        places=st.sampled_from([frozenset(), frozenset({"p"}), frozenset({"p", "q"})]),
    )


def histories(other: Reference) -> st.SearchStrategy[list[tuple[Side, Side, Match | None]]]:
    return st.lists(st.tuples(sides(A), sides(other), matches), max_size=8)


def play(history: list[tuple[Side, Side, Match | None]]) -> tuple[Conflict | None, list[Alarm]]:
    conflict: Conflict | None = None
    alarms: list[Alarm] = []
    for one, two, match in history:
        new, raised = judged(conflict, one, two, match, NOW)
        conflict = conflict if new is None else new
        alarms += raised
    return conflict, alarms


@given(histories(B))
def test_what_a_side_was_told_last_is_what_stands(history: list[tuple[Side, Side, Match | None]]) -> None:
    conflict, alarms = play(history)
    for reference in (A, B):
        told = [alarm for alarm in alarms if alarm.operation_id == reference.operation_id]
        stands = conflict is not None and conflict.state is ConflictState.OPEN and visible(conflict, reference)
        if stands:
            assert told
            assert told[-1].kind is not AlarmKind.WITHDRAWN
        if told and told[-1].kind is AlarmKind.WITHDRAWN:
            assert not stands


@given(histories(B))
def test_keys_are_unique_and_the_same_judgement_again_tells_nobody(
    history: list[tuple[Side, Side, Match | None]],
) -> None:
    conflict, alarms = play(history)
    assert len({alarm.key for alarm in alarms}) == len(alarms)
    if history:
        one, two, match = history[-1]
        assert judged(conflict, one, two, match, NOW + 1)[1] == ()


@pytest.mark.slow
@given(histories(B))
def test_the_order_of_the_sides_does_not_matter(history: list[tuple[Side, Side, Match | None]]) -> None:
    assert play(history)[0] == play([(two, one, match) for one, two, match in history])[0]


@given(histories(FOREIGN))
def test_a_partners_side_is_never_alarmed_here(history: list[tuple[Side, Side, Match | None]]) -> None:
    _, alarms = play(history)
    assert {alarm.operation_id for alarm in alarms} <= {"a"}


@given(histories(B))
def test_already_spoke_holds_over_any_revisions_until_something_becomes_worse(
    history: list[tuple[Side, Side, Match | None]],
) -> None:
    """Specification 6: unless the band rises, the overlap begins earlier or elsewhere, or a flag turns dangerous. Both
    sides have spoken after each alarm; what is seen then is judged here without the code's own comparison.
    """
    conflict: Conflict | None = None
    known: dict[Reference, frozenset[str]] = {}
    for one, two, match in history:
        new, raised = judged(conflict, one, two, match, NOW)
        for side in (one, two):
            told_again = [a.kind for a in raised if a.operation_id == side.reference.operation_id]
            ends = bool({AlarmKind.DETECTED, AlarmKind.WORSENED}.intersection(told_again))
            other = two if side is one else one
            assert ends == _worse(conflict, new, side, other, match, known), (conflict, new)
        for side in (one, two):
            known[side.reference] = side.places or known.get(side.reference, frozenset())
        conflict = conflict if new is None else new


def _worse(
    old: Conflict | None,
    new: Conflict | None,
    side: Side,
    other: Side,
    match: Match | None,
    known: dict[Reference, frozenset[str]],
) -> bool:
    hidden = match is not None and match.basis is Basis.SUBJECT and other.silent and not side.silent
    if new is None or match is None or hidden or match.overlap.end <= NOW:
        return False
    stood = old is not None and old.state is ConflictState.OPEN and visible(old, side.reference)
    if old is None or not stood:
        return True
    ranks = {None: 0, Band.NEAR: 1, Band.DIRECT: 2}
    pairs = [(old.side(one.reference), one) for one in (side, other)]
    return any(
        (
            ranks[match.band] > ranks[old.match.band],
            match.overlap.start < old.match.overlap.start,
            match.band is not None
            and any(
                known.get(one.reference) and not (one.places or known[one.reference]) <= known[one.reference]
                for one in (side, other)
            ),
            any(one.plain_clothes > before.plain_clothes for before, one in pairs),
            any(one.armed_and_dangerous > before.armed_and_dangerous for before, one in pairs),
            old.tentative and not (side.tentative or other.tentative),
        )
    )


@given(sides(A), sides(B), places)
def test_a_past_overlap_alarms_nobody(one: Side, two: Side, match: Match) -> None:
    past = replace(match, overlap=Window(0, NOW))
    conflict, alarms = judged(None, one, two, past, NOW)
    assert conflict is not None
    assert conflict.state is ConflictState.PAST
    assert alarms == ()
