"""What nodes say to each other: the contents of the messages, validated when they are read (specification 8).

Everything that crosses the wire is built here. A query carries the exact place to the partner's machine (plain), or
only masked tokens (blind); what people are shown is limited by the card. Subjects are never sent but as blinded points.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vigil.engine.operation import Band, Basis, Match, Mode, Operation, Window
from vigil.protocol.canonical import JSON, operation_content, operation_from_content
from vigil.protocol.reading import flags, ids, instants, lines, listed, members, reading, require, revisions
from vigil.protocol.store import Card, Due, Identity, Outcome, Partner, Revision, Seen

_POINT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CARD_TEXTS = ("agency", "contact_name", "contact_phone", "operation_type")
_CARD_FLAGS = ("plain_clothes", "armed_and_dangerous")
MOST_POINTS = 1_024
"""An operation of 50 sites and 200 subjects never has more of either (`cover.MOST_TOKENS`, a power of two)."""


@dataclass(frozen=True, slots=True)
class Points:
    """Blinded points, or what became of them when they were raised; the order is the asker's."""

    subjects: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for points in (self.subjects, self.cells):
            require(len(points) <= MOST_POINTS, "it has too many points")
            require(all(map(_POINT.fullmatch, points)), "a point is 64 hexadecimal digits in lower case")

    def content(self) -> JSON:
        return {"subjects": list(self.subjects), "cells": list(self.cells)}

    @classmethod
    def from_content(cls, content: JSON) -> Points:
        members(content, "subjects", "cells")
        return cls(tuple(listed(content["subjects"])), tuple(listed(content["cells"])))


NO_POINTS = Points()


@dataclass(frozen=True, slots=True)
class Plain:
    """The plain part of a query: the operation as p1 compares it, without subjects, and its card."""

    operation: Operation
    silent: bool
    card: Card

    def __post_init__(self) -> None:
        require(not self.operation.subjects, "subjects are sent as points only")
        flags(self.silent)


@dataclass(frozen=True, slots=True)
class Query:
    """One revision of the origin's operation, put to a partner. Idempotent by (origin, operation, revision).

    `commitment` stands for the revision's digest, which could be guessed; `expires_at` is when nobody need remember
    the points any more. Without `plain` it is a blind query.
    """

    operation_id: str
    revision: int
    commitment: str
    mode: Mode
    registered: bool
    expires_at: int
    predicates: frozenset[str]
    points: Points
    plain: Plain | None

    def __post_init__(self) -> None:
        instants(self.expires_at)
        revisions(self.revision)
        flags(self.registered)
        ids(self.operation_id, self.commitment, *self.predicates)
        require(bool(self.predicates), "a query names the predicates that its node evaluates")
        require(self.registered or not (self.plain or self.points != NO_POINTS), "a cancel says nothing more")
        if self.plain is not None:
            whole = self.plain.operation
            same = (whole.operation_id, whole.mode, whole.registered) == (self.operation_id, self.mode, self.registered)
            require(same, "the plain part speaks of something else")

    def content(self) -> JSON:
        return {
            "operation": self.operation_id,
            "revision": self.revision,
            "commitment": self.commitment,
            "mode": self.mode.value,
            "registered": self.registered,
            "expires_at": self.expires_at,
            "predicates": sorted(self.predicates),
            "points": self.points.content(),
            "plain": None if self.plain is None else _plain_content(self.plain),
        }

    @classmethod
    def read(cls, content: JSON) -> Query:
        """The query again. Raises Malformed."""
        return reading("query", lambda: cls._from(content))

    @classmethod
    def _from(cls, content: JSON) -> Query:
        members(
            content,
            *(
                "operation",
                "revision",
                "commitment",
                "mode",
                "registered",
                "expires_at",
                "predicates",
                "points",
                "plain",
            ),
        )
        mode, registered = Mode(content["mode"]), content["registered"]
        plain = content["plain"]
        return cls(
            operation_id=content["operation"],
            revision=content["revision"],
            commitment=content["commitment"],
            mode=mode,
            registered=registered,
            expires_at=content["expires_at"],
            predicates=frozenset(listed(content["predicates"])),
            points=Points.from_content(content["points"]),
            plain=None if plain is None else _plain_from(plain, content["operation"], mode, registered),
        )


_QUERY = ("operation", "revision", "commitment", "mode", "registered", "expires_at", "predicates", "points", "plain")
_PLACE = ("tentative", "joint_with", "span", "sites")


def _plain_content(plain: Plain) -> JSON:
    whole = operation_content(plain.operation)
    return {**{name: whole[name] for name in _PLACE}, "silent": plain.silent, "card": _card_content(plain.card)}


def _plain_from(content: JSON, operation_id: str, mode: Mode, registered: bool) -> Plain:
    members(content, *_PLACE, "silent", "card")
    whole = {
        **{name: content[name] for name in _PLACE},
        "operation": operation_id,
        "mode": mode.value,
        "registered": registered,
        "subjects": [],
    }
    return Plain(operation_from_content(whole), content["silent"], read_card(content["card"]))


@dataclass(frozen=True, slots=True)
class Sighting:
    """One operation of the replier that the asked one meets: no place, no distance, no subject (section 7).

    `band` is None where they share only a subject.
    """

    operation_id: str
    revision: int
    band: Band | None
    overlap: Window
    silent: bool
    tentative: bool
    card: Card

    def __post_init__(self) -> None:
        instants(self.overlap.start, self.overlap.end)
        revisions(self.revision)
        require(self.overlap.start < self.overlap.end, "an overlap ends after it starts")
        ids(self.operation_id)
        flags(self.silent, self.tentative)

    @property
    def match(self) -> Match:
        basis = Basis.SUBJECT if self.band is None else Basis.PLACE
        return Match(basis=basis, overlap=self.overlap, band=self.band)

    def content(self) -> JSON:
        return {
            "operation": self.operation_id,
            "revision": self.revision,
            "band": None if self.band is None else self.band.value,
            "overlap": [self.overlap.start, self.overlap.end],
            "silent": self.silent,
            "tentative": self.tentative,
            "card": _card_content(self.card),
        }

    @classmethod
    def from_content(cls, content: JSON) -> Sighting:
        members(content, "operation", "revision", "band", "overlap", "silent", "tentative", "card")
        return cls(
            operation_id=content["operation"],
            revision=content["revision"],
            band=None if content["band"] is None else Band(content["band"]),
            overlap=_overlap(content["overlap"]),
            silent=content["silent"],
            tentative=content["tentative"],
            card=read_card(content["card"]),
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """A partner's answer to one query, bound to operation, revision and commitment (specification 8, condition 4).

    `raised` are the points of the query, each raised by the replier: the asker's joint tokens.
    """

    evaluated_at: int
    outcome: Outcome
    operation_id: str
    revision: int
    commitment: str
    raised: Points = NO_POINTS
    sightings: tuple[Sighting, ...] = ()

    def __post_init__(self) -> None:
        instants(self.evaluated_at)
        revisions(self.revision)
        ids(self.operation_id, self.commitment)
        require(self.outcome is Outcome.ANSWERED or not self.sightings, "only an answer carries matches")

    def content(self) -> JSON:
        return {
            "evaluated_at": self.evaluated_at,
            "outcome": self.outcome.value,
            "operation": self.operation_id,
            "revision": self.revision,
            "commitment": self.commitment,
            "complete": True,
            "raised": self.raised.content(),
            "sightings": [sighting.content() for sighting in self.sightings],
        }

    @classmethod
    def read(cls, content: JSON) -> Reply:
        """The reply again. Raises Malformed, also where it does not say that it is complete."""
        return reading("reply", lambda: cls._from(content))

    @classmethod
    def _from(cls, content: JSON) -> Reply:
        names = ("evaluated_at", "outcome", "operation", "revision", "commitment", "complete", "raised", "sightings")
        members(content, *names)
        require(content["complete"] is True, "it is not complete")
        return cls(
            evaluated_at=content["evaluated_at"],
            outcome=Outcome(content["outcome"]),
            operation_id=content["operation"],
            revision=content["revision"],
            commitment=content["commitment"],
            raised=Points.from_content(content["raised"]),
            sightings=tuple(Sighting.from_content(one) for one in listed(content["sightings"])),
        )


@dataclass(frozen=True, slots=True)
class Tidings:
    """A pair that one node sees and tells the other (`match`). `operation_id` is the told node's operation."""

    operation_id: str
    revision: int
    sighting: Sighting

    def __post_init__(self) -> None:
        revisions(self.revision)
        ids(self.operation_id)

    def content(self) -> JSON:
        return {"operation": self.operation_id, "revision": self.revision, "sighting": self.sighting.content()}

    @classmethod
    def read(cls, content: JSON) -> Tidings:
        return reading("match", lambda: cls._from(content))

    @classmethod
    def _from(cls, content: JSON) -> Tidings:
        members(content, "operation", "revision", "sighting")
        return cls(content["operation"], content["revision"], Sighting.from_content(content["sighting"]))


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A pair no longer meets (`withdrawal`): the teller's operation changed or was cancelled.

    `operation_id` is the told node's operation in the revision that the teller knows, `other` the teller's own.
    """

    operation_id: str
    operation_revision: int
    other: str
    revision: int

    def __post_init__(self) -> None:
        revisions(self.operation_revision, self.revision)
        ids(self.operation_id, self.other)

    def content(self) -> JSON:
        return {
            "operation": self.operation_id,
            "operation_revision": self.operation_revision,
            "other": self.other,
            "revision": self.revision,
        }

    @classmethod
    def read(cls, content: JSON) -> Withdrawal:
        return reading("withdrawal", lambda: cls._from(content))

    @classmethod
    def _from(cls, content: JSON) -> Withdrawal:
        members(content, "operation", "operation_revision", "other", "revision")
        return cls(content["operation"], content["operation_revision"], content["other"], content["revision"])


STEPS = ("acknowledged", "contacted", "resolved")
OUTCOMES = ("", "proceed", "joint", "delay", "cancel", "false_alarm", "same_operation")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The teller's side of a pair has acknowledged, spoken or settled (`acknowledgement`): no name, only the step.

    `outcome` is one of the specification's (section 6) where the step is `resolved`, else empty.
    """

    operation_id: str
    other: str
    step: str
    at: int
    outcome: str = ""

    def __post_init__(self) -> None:
        instants(self.at)
        ids(self.operation_id, self.other)
        require(self.step in STEPS and self.outcome in OUTCOMES, "the step or the outcome is not known")
        require(self.step == "resolved" or not self.outcome, "only what is resolved has an outcome")

    def content(self) -> JSON:
        return {
            "operation": self.operation_id,
            "other": self.other,
            "step": self.step,
            "at": self.at,
            "outcome": self.outcome,
        }

    @classmethod
    def read(cls, content: JSON) -> Acknowledgement:
        return reading("acknowledgement", lambda: cls._from(content))

    @classmethod
    def _from(cls, content: JSON) -> Acknowledgement:
        members(content, "operation", "other", "step", "at", "outcome")
        return cls(content["operation"], content["other"], content["step"], content["at"], content["outcome"])


CODES = ("clock", "version", "replayed", "malformed", "refused", "busy", "superseded", "unknown_kind")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a message was not taken (`error`); never an answer. `now` is the reader's clock, `speaks` its versions."""

    code: str
    now: int
    speaks: tuple[int, ...]

    def __post_init__(self) -> None:
        instants(self.now, *self.speaks)
        require(self.code in CODES, "the code is not known")

    def content(self) -> JSON:
        return {"code": self.code, "now": self.now, "speaks": list(self.speaks)}

    @classmethod
    def read(cls, content: JSON) -> Trouble:
        return reading("error", lambda: cls._from(content))

    @classmethod
    def _from(cls, content: JSON) -> Trouble:
        members(content, "code", "now", "speaks")
        return cls(content["code"], content["now"], tuple(listed(content["speaks"])))


@dataclass(frozen=True, slots=True)
class Question:
    """What a due row asks of a partner, before it is written: the revision, and what this node had seen by then."""

    id: str
    due: Due
    partner: Partner
    revision: Revision
    identity: Identity
    seen: Seen | None
    subjects: tuple[tuple[str, str], ...]
    """(canonical subject, the store's own word for it)."""
    card: Card | None
    """None: it is put blind, or cancelled."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that is on its way: the bytes, and what the points stand for when they come back raised."""

    question: Question
    query: Query
    token: bytes
    words: tuple[str, ...]
    """For each point of `query.points.subjects` the store's own word for the subject; empty for a filling."""
    cells: tuple[bool, ...]
    """For each point of `query.points.cells` whether it is no filling."""


def _card_content(card: Card) -> JSON:
    return {name: getattr(card, name) for name in (*_CARD_TEXTS, *_CARD_FLAGS)}


def read_card(content: JSON) -> Card:
    """A card again. Raises Malformed."""
    fields = members(content, *_CARD_TEXTS, *_CARD_FLAGS)
    lines(*(fields[name] for name in _CARD_TEXTS))
    flags(*(fields[name] for name in _CARD_FLAGS))
    return Card(**fields)


def _overlap(content: JSON) -> Window:
    start, end = content
    return Window(start, end)
