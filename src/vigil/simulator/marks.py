"""Branches that matter: a run of enough schedules must have reached every one of them, else it proves too little."""

from __future__ import annotations

from vigil.engine.operation import Basis
from vigil.protocol.store import Alarm, AlarmKind, Conflict, ConflictState, Reference, Route
from vigil.simulator.crashing import AFTER, BEFORE

ENOUGH = 5_000
"""Schedules of a run that must have reached every mark."""

_ACTS = {
    "fill_in": "registering",
    "send": "registering",
    "register": "registering",
    "revise": "an edit",
    "cancel_or_undo": "a cancel or its undoing",
    "end": "an end",
    "draft": "a draft",
    "search": "a search",
    "work": "the worker",
    "time_out": "giving up on an answer",
    "restart": "starting",
    "back_up_or_restore": "a restore",
    "leave_or_join": "a change of the roster",
    "mismatch": "a change of the roster",
    "taking an answer": "taking an answer in",
    "answering": "answering",
}
_REFUSALS = {
    "older state": "an answer from an older state does not count",
    "the current one is": "an answer to an older revision does not count",
    "before the partner announced": "an answer of before a new epoch does not count",
    "left the roster": "an answer of a partner that has left does not count",
    "somebody else's": "an answer to another message does not count",
    "not signed": "an answer signed by somebody else does not count",
    "clock": "a message from a wrong clock is refused",
    "version": "a message of an unknown version is refused",
    "replayed": "a message that comes twice is refused",
    "superseded": "a question that a newer one has overtaken",
    "busy": "a partner whose search fails does not answer",
}
_TOLD = {
    (AlarmKind.DETECTED, Basis.PLACE): "a place match is told",
    (AlarmKind.DETECTED, Basis.SUBJECT): "a subject match is told",
    (AlarmKind.DETECTED, Basis.BOTH): "a match in both is told",
}

MARKS = frozenset(
    {
        "a late answer",
        "a late answer after a conflict",
        "restore during a retry",
        "a new epoch while a question is on its way",
        "extension during a partition",
        "undo of a cancel during a partition",
        "a duplicate after a crash",
        "a question asked again",
        "a search that fails",
        "a partner has taken: match",
        "a partner has taken: acknowledgement",
        "a partner has taken: health",
        "a partner of the version before",
        "cells that met, and then the exact question",
        "a partner joins while operations are active",
        "a silent subject match is told to its owner alone",
        "a silent place match goes to the deconflictor",
        "a conflict became worse",
        "a conflict changed",
        "a conflict was withdrawn",
        "a tentative conflict",
        "an overlap already past alarms nobody",
        "a conflict across nodes",
        "a conflict inside one node",
        *(f"crash {where} a commit of {act}" for where in (BEFORE, AFTER) for act in set(_ACTS.values())),
        *_REFUSALS.values(),
        *_TOLD.values(),
    }
)


class Marks:
    """What one schedule has reached."""

    def __init__(self) -> None:
        self.reached: set[str] = set()

    def reach(self, mark: str) -> None:
        assert mark in MARKS, mark
        self.reached.add(mark)

    def crashed(self, where: str, doing: str) -> None:
        if doing in _ACTS:
            self.reach(f"crash {where} a commit of {_ACTS[doing]}")

    def not_an_answer(self, reason: str) -> None:
        for word, mark in _REFUSALS.items():
            if word in reason:
                self.reach(mark)

    def alarm(self, alarm: Alarm, conflict: Conflict, own: Reference) -> None:
        other = conflict.other(own)
        basis = conflict.match.basis
        self.reach(f"a conflict {'inside one node' if other.reference.node_id == own.node_id else 'across nodes'}")
        if alarm.kind is AlarmKind.DETECTED:
            self.reach(_TOLD[alarm.kind, basis])
        if alarm.kind is AlarmKind.WORSENED:
            self.reach("a conflict became worse")
        if alarm.kind is AlarmKind.CHANGED:
            self.reach("a conflict changed")
        if alarm.kind is AlarmKind.WITHDRAWN:
            self.reach("a conflict was withdrawn")
        if alarm.tentative:
            self.reach("a tentative conflict")
        if conflict.side(own).silent and not other.silent and basis is Basis.SUBJECT:
            self.reach("a silent subject match is told to its owner alone")
        if alarm.route is Route.DECONFLICTOR:
            self.reach("a silent place match goes to the deconflictor")

    def conflict(self, conflict: Conflict) -> None:
        if conflict.state is ConflictState.PAST:
            self.reach("an overlap already past alarms nobody")
