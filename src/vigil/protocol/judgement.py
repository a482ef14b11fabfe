"""How one pair's row changes, and who of this node is told (specification, sections 6 and 7). Pure.

A conflict belongs to a pair and survives revisions. Each own side is judged for itself, because a silent operation
hides a shared subject from the other side: what is news to one may be nothing to the other.
"""

from __future__ import annotations

from dataclasses import replace

from vigil.engine.operation import Band, Basis, Match
from vigil.protocol.canonical import place_digests
from vigil.protocol.messages import Plain, Query, Sighting
from vigil.protocol.store import (
    OWN,
    Alarm,
    AlarmKind,
    Conflict,
    ConflictState,
    Pair,
    Reference,
    Revision,
    Route,
    Side,
)

_STRENGTH = {None: 0, Band.NEAR: 1, Band.DIRECT: 2}


def own_side(revision: Revision) -> Side:
    """A side of this node's own operation."""
    return Side(
        reference=Reference(OWN, revision.operation_id),
        revision=revision.number,
        silent=revision.silent,
        tentative=revision.operation.tentative,
        plain_clothes=revision.plain_clothes,
        armed_and_dangerous=revision.armed_and_dangerous,
        digest=revision.digest,
        places=place_digests(revision.operation),
    )


def asking_side(partner: str, query: Query, plain: Plain) -> Side:
    """A partner's operation as its own query describes it. The place itself is not kept, only whether it moved."""
    return Side(
        reference=Reference(partner, query.operation_id),
        revision=query.revision,
        silent=plain.silent,
        tentative=plain.operation.tentative,
        plain_clothes=plain.card.plain_clothes,
        armed_and_dangerous=plain.card.armed_and_dangerous,
        digest=query.commitment,
        places=place_digests(plain.operation),
        card=plain.card,
    )


def sighted_side(partner: str, sighting: Sighting) -> Side:
    """A partner's operation as far as its answer discloses it."""
    return Side(
        reference=Reference(partner, sighting.operation_id),
        revision=sighting.revision,
        silent=sighting.silent,
        tentative=sighting.tentative,
        plain_clothes=sighting.card.plain_clothes,
        armed_and_dangerous=sighting.card.armed_and_dangerous,
        card=sighting.card,
    )


def told(side: Side, other: Side, match: Match) -> bool:
    """Whether this side may know of the match: a silent operation's subject match is its own owner's alone.

    Where both are silent both are told: each is the owner of a silent operation, and a missed conflict is worse.
    """
    return match.basis is not Basis.SUBJECT or side.silent or not other.silent


def visible(conflict: Conflict, reference: Reference) -> bool:
    """Whether the conflict stands and enters this side's determination. A past overlap is still a match."""
    side, other = conflict.side(reference), conflict.other(reference)
    return conflict.state is not ConflictState.WITHDRAWN and told(side, other, conflict.match)


def judged(
    old: Conflict | None, one: Side, two: Side, match: Match | None, now: int
) -> tuple[Conflict | None, tuple[Alarm, ...]]:
    """The pair's row after an evaluation of these two sides, and the alarms that belong in the same transaction.

    `match` None means that the two do not match (any more). None for the row: there is nothing to store.
    """
    a, b = sorted((one, two), key=lambda side: side.reference)
    if old is not None:
        a, b = _remembering(a, old.a), _remembering(b, old.b)
    if match is None:
        if old is None or old.state is ConflictState.WITHDRAWN:
            return None, ()
        new = replace(old, a=a, b=b, state=ConflictState.WITHDRAWN)
    else:
        state = ConflictState.PAST if match.overlap.end <= now else ConflictState.OPEN
        if old is None:
            new = Conflict(a=a, b=b, match=match, state=state, found_at=now, changed_at=now)
        else:
            new = replace(old, a=a, b=b, match=_detailed(match, old), state=state)
    if new == old:
        return None, ()
    kinds = [(side, other, _kind(old, new, side, other)) for side, other in ((a, b), (b, a))]
    change = new.change + any(kind is not None for _, _, kind in kinds)
    new = replace(new, changed_at=now, change=change)
    return new, tuple(_alarm(new, side, other, kind, now) for side, other, kind in kinds if kind is not None)


def _remembering(new: Side, old: Side) -> Side:
    """An answer tells neither place nor content: keep what a query of that side told before."""
    return replace(new, places=new.places or old.places, digest=new.digest or old.digest)


def _detailed(match: Match, old: Conflict) -> Match:
    """An answer tells neither distance nor subjects: where it says nothing new, keep the fuller match."""
    poorer = match.distance_m is None and not match.subjects
    same = (match.band, match.overlap) == (old.match.band, old.match.overlap)
    return old.match if poorer and same else match


def _kind(old: Conflict | None, new: Conflict, side: Side, other: Side) -> AlarmKind | None:
    if side.reference.node_id != OWN:
        return None
    before = old is not None and old.state is ConflictState.OPEN and visible(old, side.reference)
    after = new.state is ConflictState.OPEN and visible(new, side.reference)
    if not before or old is None:
        return AlarmKind.DETECTED if after else None
    if not after:
        return None if new.state is ConflictState.PAST else AlarmKind.WITHDRAWN
    if _worsened(old, new):
        return AlarmKind.WORSENED
    return AlarmKind.CHANGED if _differs(old, new) else None


def _worsened(old: Conflict, new: Conflict) -> bool:
    """What ends "already spoke": a higher band, an overlap earlier or elsewhere, a flag that turns dangerous (6).

    A tentative match whose time is now fixed counts too: until then nobody was escalated to.
    """
    return (
        _STRENGTH[new.match.band] > _STRENGTH[old.match.band]
        or new.match.overlap.start < old.match.overlap.start
        or (new.match.band is not None and (_elsewhere(old.a, new.a) or _elsewhere(old.b, new.b)))
        or _more_dangerous(old.a, new.a)
        or _more_dangerous(old.b, new.b)
        or (old.tentative and not new.tentative)
    )


def _elsewhere(old: Side, new: Side) -> bool:
    return bool(old.places) and not new.places <= old.places


def _more_dangerous(old: Side, new: Side) -> bool:
    return (new.plain_clothes and not old.plain_clothes) or (new.armed_and_dangerous and not old.armed_and_dangerous)


def _differs(old: Conflict, new: Conflict) -> bool:
    """Whether the meeting, the extent of a side or what is disclosed of it changed.

    Distance and subjects follow from the extents. Learning the content of a partner's operation for the first time,
    after only its answer was known, is no change.
    """
    met = (old.match.band, old.match.overlap) != (new.match.band, new.match.overlap)
    return met or _other_side(old.a, new.a) or _other_side(old.b, new.b)


def _other_side(old: Side, new: Side) -> bool:
    edited = bool(old.digest) and old.digest != new.digest
    return edited or replace(old, revision=0, digest="", places=frozenset()) != replace(
        new, revision=0, digest="", places=frozenset()
    )


def _alarm(conflict: Conflict, side: Side, other: Side, kind: AlarmKind, now: int) -> Alarm:
    place = conflict.match.basis is not Basis.SUBJECT
    return Alarm(
        key=f"{_pair_text(conflict.pair)}#{conflict.change}:{side.reference.operation_id}",
        pair=conflict.pair,
        operation_id=side.reference.operation_id,
        kind=kind,
        route=Route.DECONFLICTOR if side.silent and place else Route.OWNER,
        tentative=conflict.tentative,
        masked=other.silent,
        raised_at=now,
    )


def _pair_text(pair: Pair) -> str:
    return "|".join(f"{one.node_id}:{one.operation_id}" for one in (pair.a, pair.b))
