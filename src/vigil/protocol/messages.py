"""What nodes say to each other: plain values with canonical bytes, validated when they are read.

A query carries the exact place to the partner's machine (plain mode, specification 8); what people are shown is
limited by the card. Its operation's subjects are what both nodes compare by: blinding them is the transport's work.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from vigil.engine.operation import Band, Basis, Match, Operation, Window
from vigil.protocol.canonical import JSON, canonical_bytes, operation_content, operation_from_content, predicate_digest
from vigil.protocol.store import Card, Due, Outcome, Seen


class Malformed(ValueError):
    """A message that cannot be read whole; never answered, never counted as an answer."""


@dataclass(frozen=True, slots=True)
class Query:
    """One revision of the origin's operation, put to a partner. Idempotent by (origin, operation, revision)."""

    origin: str
    epoch: int
    sequence: int
    operation: Operation
    revision: int
    digest: str
    silent: bool
    card: Card
    predicates: frozenset[str]

    def __post_init__(self) -> None:
        _require_whole(self.epoch, self.sequence, self.revision)
        _require(bool(self.origin) and self.revision >= 1, "a query names its origin and a revision from 1")
        _require(self.digest == predicate_digest(self.operation), "the digest is not that of the operation")

    def body(self) -> bytes:
        return canonical_bytes(
            {
                "kind": "query",
                "origin": self.origin,
                "epoch": self.epoch,
                "sequence": self.sequence,
                "operation": operation_content(self.operation),
                "revision": self.revision,
                "digest": self.digest,
                "silent": self.silent,
                "card": asdict(self.card),
                "predicates": sorted(self.predicates),
            }
        )

    @classmethod
    def read(cls, body: bytes) -> Query:
        """The query again. Raises Malformed."""
        fields = _read(body, "query")
        try:
            fields["operation"] = operation_from_content(fields["operation"])
            fields["card"] = Card(**fields["card"])
            fields["predicates"] = frozenset(fields["predicates"])
            return cls(**fields)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Malformed(f"The query is not whole: {error}") from error


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
        _require(self.overlap.start < self.overlap.end, "an overlap ends after it starts")
        _require_whole(self.revision, self.overlap.start, self.overlap.end)
        _require(isinstance(self.operation_id, str), "an operation id is text")

    @property
    def match(self) -> Match:
        basis = Basis.SUBJECT if self.band is None else Basis.PLACE
        return Match(basis=basis, overlap=self.overlap, band=self.band)

    def content(self) -> JSON:
        return {
            "operation_id": self.operation_id,
            "revision": self.revision,
            "band": None if self.band is None else self.band.value,
            "overlap": [self.overlap.start, self.overlap.end],
            "silent": self.silent,
            "tentative": self.tentative,
            "card": asdict(self.card),
        }

    @classmethod
    def from_content(cls, content: JSON) -> Sighting:
        band = None if content["band"] is None else Band(content["band"])
        overlap, card = Window(*content["overlap"]), Card(**content["card"])
        return cls(**{**content, "band": band, "overlap": overlap, "card": card})


@dataclass(frozen=True, slots=True)
class Reply:
    """A partner's answer to one query, bound to operation, revision and digest (specification 8, condition 4)."""

    node_id: str
    epoch: int
    sequence: int
    evaluated_at: int
    outcome: Outcome
    operation_id: str
    revision: int
    digest: str
    sightings: tuple[Sighting, ...] = ()

    def __post_init__(self) -> None:
        _require_whole(self.epoch, self.sequence, self.evaluated_at, self.revision)
        _require(self.outcome is Outcome.ANSWERED or not self.sightings, "only an answer carries matches")

    def body(self) -> bytes:
        content = {
            "kind": "reply",
            "node_id": self.node_id,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "evaluated_at": self.evaluated_at,
            "outcome": self.outcome.value,
            "operation_id": self.operation_id,
            "revision": self.revision,
            "digest": self.digest,
            "complete": True,
            "sightings": [sighting.content() for sighting in self.sightings],
        }
        return canonical_bytes(content)

    @classmethod
    def read(cls, body: bytes) -> Reply:
        """The reply again. Raises Malformed, also where it does not say that it is complete."""
        fields = _read(body, "reply")
        try:
            _require(fields.pop("complete") is True, "it is not complete")
            fields["outcome"] = Outcome(fields["outcome"])
            fields["sightings"] = tuple(Sighting.from_content(one) for one in fields["sightings"])
            return cls(**fields)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Malformed(f"The reply is not whole: {error}") from error


@dataclass(frozen=True, slots=True)
class Tidings:
    """A pair that one node saw and tells the other (`POST matches`). `operation_id` is the told node's operation."""

    origin: str
    epoch: int
    sequence: int
    operation_id: str
    revision: int
    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Question:
    """A query on its way to a partner, with what this node had seen from that partner when it was sent."""

    due: Due
    query: Query
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class Signed:
    """Exact bytes and the signature over them."""

    body: bytes
    signature: bytes


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Malformed(f"The message is not valid: {otherwise}.")


def _require_whole(*numbers: object) -> None:
    _require(all(type(number) is int for number in numbers), "a count or an instant is not a whole number")


def _read(body: bytes, kind: str) -> dict[str, JSON]:
    try:
        fields = json.loads(body)
    except ValueError as error:
        raise Malformed("The message is not JSON.") from error
    _require(isinstance(fields, dict) and fields.pop("kind", None) == kind, f"it is not a {kind}")
    return dict(fields)
