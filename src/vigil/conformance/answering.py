"""FED-1xx: what a node answers to a query, and what it does before it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from vigil.conformance.requirements import requires
from vigil.conformance.suite import CARD, HOUR, MINUTE, PLANNED, Check, Suite
from vigil.engine.operation import Band, Line, Mode, Operation, Point, Polygon
from vigil.engine.predicate import match
from vigil.protocol.messages import Reply
from vigil.protocol.store import ConflictState, Disclosure, Outcome

NORTH_500_M = 0.0045
"""So many degrees of latitude are 500 m: farther than one radius of 300 m, nearer than two."""
NORTH_700_M = 0.0063


def same_place(suite: Suite, operation: Operation, **more: Any) -> Operation:
    """One of the suite's own on the very spot."""
    return suite.operation(shape=operation.sites[0].geometry, **more)


def named(reply: Reply) -> list[str]:
    """The operations that a reply tells of."""
    return [sighting.operation_id for sighting in reply.sightings]


def meets(suite: Suite, mine: Operation, theirs: Operation) -> Reply:
    """Ask; the reply must name exactly this one, as p1 judges the pair."""
    reply = suite.ask(suite.query(mine))
    met = match(mine, theirs)
    assert met is not None
    suite.expect(named(reply) == [theirs.operation_id], "one sighting", f"{len(reply.sightings)} sightings")
    (sighting,) = reply.sightings
    suite.expect(sighting.band is met.band, f"band {met.band}", sighting.band)
    suite.expect(sighting.overlap == met.overlap, f"overlap {met.overlap}", sighting.overlap)
    return reply


@requires("101", "A query that meets nothing is answered `answered`, complete, without a sighting.")
def nothing(suite: Suite) -> None:
    reply = suite.ask(suite.query(suite.operation()))
    suite.expect(reply.outcome is Outcome.ANSWERED, "answered", reply.outcome)
    suite.expect(not reply.sightings, "no sighting", f"{len(reply.sightings)} sightings")


@requires("102", "A reply names the operation, revision and commitment of its query.")
def bound(suite: Suite) -> None:
    query = suite.query(suite.operation(), revision=7)
    reply = suite.ask(query)
    came = (reply.operation_id, reply.revision, reply.commitment)
    asked = (query.operation_id, query.revision, query.commitment)
    suite.expect(came == asked, "operation, revision and commitment of the query", "others")


@requires("103", "A reply raises every point of the query, in its order, each by the same exponent.")
def raised(suite: Suite) -> None:
    subjects = frozenset({"phone:+12025550101", "email:a@example.org", "vin:1M8GDM9AXKP042788"})
    query = suite.query(suite.operation(subjects=subjects))
    first = suite.ask(query).raised.subjects
    turned = replace(query.points, subjects=tuple(reversed(query.points.subjects)))
    second = suite.ask(replace(query, revision=2, points=turned)).raised.subjects
    suite.expect(len(first) == len(query.points.subjects), "as many raised points as points", len(first))
    suite.expect(len(set(first)) == len(first), "another raised point for each point", "equal ones")
    suite.expect(tuple(reversed(second)) == first, "the same points raised the same, in the asker's order", "others")


@requires("104", "An operation inside the other's zone is told with band `direct` and the overlap of the windows.")
def direct(suite: Suite) -> None:
    theirs = suite.operation()
    suite.register(theirs)
    meets(suite, same_place(suite, theirs), theirs)


@requires("105", "Zones that touch without holding the other's place are told with band `near`.")
def near(suite: Suite) -> None:
    theirs = suite.operation()
    suite.register(theirs)
    longitude, latitude = suite.spot
    reply = meets(suite, suite.operation((longitude, latitude + NORTH_500_M)), theirs)
    suite.expect(reply.sightings[0].band is Band.NEAR, "near", reply.sightings[0].band)


@requires(
    "106", "What p1 does not match is not told: zones apart, windows that only touch, another mode, a joint pair."
)
def apart(suite: Suite) -> None:
    theirs = suite.operation()
    here = theirs.sites[0]
    mine = same_place(suite, theirs)
    suite.register(replace(theirs, joint_with=frozenset({mine.operation_id})))
    longitude, latitude = suite.spot
    after = replace(here, starts_at=here.ends_at, ends_at=here.ends_at + HOUR)
    for said, other in (
        ("zones 100 m apart", suite.operation((longitude, latitude + NORTH_700_M))),
        ("a window that begins where the other ends", suite.operation(sites=(after,))),
        ("a joint pair", replace(mine, joint_with=frozenset({theirs.operation_id}))),
    ):
        reply = suite.ask(suite.query(other), said)
        suite.expect(not reply.sightings, f"no sighting ({said})", f"{len(reply.sightings)} sightings")
    reply = suite.ask(suite.query(mine, revision=2), "joint for one side only")
    suite.expect(named(reply) == [theirs.operation_id], "a sighting while only one names the other", "none")


@requires("107", "Lines and polygons are compared by their shapes, buffers and uncertainty by their values.")
def shapes(suite: Suite) -> None:
    west, south = suite.next_spot()
    corridor = Line(((west, south), (west + 0.04, south)))
    theirs = suite.operation(shape=corridor)
    suite.register(theirs)
    middle, north = west + 0.02, south + NORTH_500_M
    area = Polygon(((middle, north), (middle + 0.01, north), (middle + 0.01, north + 0.01), (middle, north)))
    meets(suite, suite.operation(shape=area), theirs)
    beyond = Point(middle, south + NORTH_700_M)
    meets(suite, suite.operation(sites=(suite.site(beyond, uncertainty_m=150.0),)), theirs)
    end = theirs.sites[0].ends_at
    later = suite.site(Point(middle, south), starts_at=end + 30 * MINUTE, ends_at=end + HOUR, buffer_before=HOUR)
    meets(suite, suite.operation(sites=(later,)), theirs)


@requires("108", "Every operation that is met is told: none is left out, however many there are.")
def all_of_them(suite: Suite) -> None:
    week = 7 * 24 * HOUR
    theirs = [suite.operation() for _ in range(suite.many)]
    start = min(one.sites[0].starts_at for one in theirs) + week  # when none of the other checks has an operation
    for one in theirs:
        site = replace(one.sites[0], starts_at=start, ends_at=start + HOUR)
        suite.register(replace(one, sites=(site,)))
    wide = replace(theirs[0].sites[0], radius_m=2_000_000.0, starts_at=start, ends_at=start + HOUR)
    reply = suite.ask(suite.query(suite.operation(sites=(wide,))))
    missing = {one.operation_id for one in theirs} - set(named(reply))
    suite.expect(not missing, f"{suite.many} sightings", f"{suite.many - len(missing)}")


@requires("109", "A reply leaves only after the conflict it tells of and its own side's alarm are stored.")
def alarm_first(suite: Suite) -> Check:
    theirs = suite.operation()
    suite.register(theirs)
    mine = same_place(suite, theirs)
    reply = suite.ask(suite.query(mine))
    suite.expect(named(reply) == [theirs.operation_id], "a sighting", "none")
    conflicts = suite.conflicts(theirs.operation_id, mine.operation_id)
    suite.expect([one.alarms for one in conflicts] == [1], "one conflict with one alarm", conflicts)
    yield suite.determined(theirs.operation_id, "conflict")


@requires("110", "The same query again gets the same answer, and alarms nobody a second time.")
def once(suite: Suite) -> None:
    theirs = suite.operation()
    suite.register(theirs)
    mine = same_place(suite, theirs)
    first, second = suite.ask(suite.query(mine)), suite.ask(suite.query(mine), "the same query again")
    suite.expect(first.sightings == second.sightings, "the same sightings", "others")
    conflicts = suite.conflicts(theirs.operation_id, mine.operation_id)
    suite.expect([one.alarms for one in conflicts] == [1], "one conflict with one alarm", conflicts)


@requires("111", "A revision that no longer meets withdraws the conflict, and everyone alarmed is told.")
def moved(suite: Suite) -> None:
    withdrawn(suite, lambda mine: suite.operation())


@requires("112", "A query of a cancelled operation withdraws its conflicts.")
def cancelled(suite: Suite) -> None:
    withdrawn(suite, lambda mine: replace(mine, registered=False))


def withdrawn(suite: Suite, change: Callable[[Operation], Operation]) -> None:
    """The suite's operation meets one, then changes; that one's owner is told twice."""
    theirs = suite.operation()
    suite.register(theirs)
    mine = same_place(suite, theirs)
    meets(suite, mine, theirs)
    changed = replace(change(mine), operation_id=mine.operation_id)
    reply = suite.ask(suite.query(changed, revision=2))
    suite.expect(not reply.sightings, "no sighting", f"{len(reply.sightings)} sightings")
    conflicts = suite.conflicts(theirs.operation_id, mine.operation_id)
    states = [(one.state, one.alarms) for one in conflicts]
    suite.expect(states == [(ConflictState.WITHDRAWN, 2)], "withdrawn, and told so", states)


@requires("113", "A query of an older revision, after a newer one was evaluated, is no longer answered by a reply.")
def outdated(suite: Suite) -> None:
    theirs = suite.operation()
    suite.register(theirs)
    mine = same_place(suite, theirs)
    gone = replace(suite.operation(), operation_id=mine.operation_id)
    suite.ask(suite.query(gone, revision=2))
    trouble = suite.trouble(suite.message("query", suite.query(mine).content()), "revision 1 after revision 2")
    suite.expect(trouble.code == "superseded", "superseded", trouble.code)
    came = suite.conflicts(theirs.operation_id, mine.operation_id)
    suite.expect(not came, "no conflict from a revision that is over", came)


@requires("114", "A shared subject is found by joint tokens, once the node has put its own points to this partner.")
def subjects(suite: Suite) -> Check:
    shared = frozenset({"phone:+12025550107"})
    theirs = suite.operation(subjects=shared)
    suite.register(theirs)
    yield suite.determined(theirs.operation_id, "no_known_conflict")
    mine = suite.operation(subjects=shared)
    reply = suite.ask(suite.query(mine))
    suite.expect(named(reply) == [theirs.operation_id], "a sighting of the shared subject", named(reply))
    suite.expect(reply.sightings[0].band is None, "no band", reply.sightings[0].band)
    conflicts = suite.conflicts(theirs.operation_id, mine.operation_id)
    suite.expect([one.alarms for one in conflicts] == [1], "one conflict with one alarm", conflicts)


@requires("115", "A silent operation's subject match is told to its own owner alone.")
def silent_subject(suite: Suite) -> Check:
    shared = frozenset({"phone:+12025550108"})
    theirs = suite.operation(subjects=shared)
    suite.register(theirs, disclosure=Disclosure.SILENT)
    yield suite.determined(theirs.operation_id, "no_known_conflict")
    mine = suite.operation(subjects=shared)
    reply = suite.ask(suite.query(mine))
    suite.expect(not reply.sightings, "no sighting", f"{len(reply.sightings)} sightings")
    conflicts = suite.conflicts(theirs.operation_id, mine.operation_id)
    suite.expect([one.alarms for one in conflicts] == [1], "the silent owner's own alarm", conflicts)


@requires("116", "A silent operation's place match is told, with a card that names the watch desk and nothing else.")
def silent_place(suite: Suite) -> None:
    theirs = suite.operation()
    suite.register(theirs, disclosure=Disclosure.SILENT)
    reply = meets(suite, same_place(suite, theirs), theirs)
    (sighting,) = reply.sightings
    suite.expect(sighting.silent, "silent: true", "silent: false")
    leaks = {sighting.card.contact_name, sighting.card.contact_phone} & {PLANNED.contact_name, PLANNED.contact_phone}
    hidden = not leaks and not sighting.card.operation_type and not sighting.card.plain_clothes
    suite.expect(hidden, "a card of the watch desk alone", "the owner's own")


@requires("117", "A card names the operation's type only where its owner's disclosure level is `type_and_contact`.")
def cards(suite: Suite) -> None:
    for level, expected in ((Disclosure.CONTACT_ONLY, ""), (Disclosure.TYPE_AND_CONTACT, PLANNED.operation_type)):
        theirs = suite.operation()
        suite.register(theirs, disclosure=level)
        card = meets(suite, same_place(suite, theirs), theirs).sightings[0].card
        suite.expect(card.operation_type == expected, f"type {expected!r} at {level}", repr(card.operation_type))
        called = (card.contact_name, card.contact_phone)
        suite.expect(called == (PLANNED.contact_name, PLANNED.contact_phone), "the contact and telephone", "others")


@requires("118", "A query without a predicate version that the node evaluates gets outcome `no_shared_predicate`.")
def predicates(suite: Suite) -> None:
    reply = suite.ask(suite.query(suite.operation(), predicates=frozenset({"p99"})), "predicate p99 only")
    suite.expect(reply.outcome is Outcome.NO_SHARED_PREDICATE, "no_shared_predicate", reply.outcome)


@requires("119", "A query of a mode that is not agreed with this partner gets outcome `refused`.")
def modes(suite: Suite) -> None:
    reply = suite.ask(suite.query(suite.operation(mode=Mode.LIVE)), "a live operation")
    suite.expect(reply.outcome is Outcome.REFUSED, "refused", reply.outcome)


@requires("120", "A new revision is judged by its own content: band, overlap, flags and card are those of the newest.")
def revised(suite: Suite) -> None:
    theirs = suite.operation()
    suite.register(theirs)
    longitude, latitude = suite.spot
    mine = suite.operation((longitude, latitude + NORTH_500_M))
    meets(suite, mine, theirs)
    closer = replace(same_place(suite, theirs), operation_id=mine.operation_id)
    reply = suite.ask(suite.query(closer, revision=2, card=replace(CARD, armed_and_dangerous=True)))
    suite.expect([one.band for one in reply.sightings] == [Band.DIRECT], "one sighting, direct", reply.sightings)
    conflicts = suite.conflicts(theirs.operation_id, mine.operation_id)
    told = [(one.band, one.alarms) for one in conflicts]
    suite.expect(told == [(Band.DIRECT, 2)], "a conflict that is direct, told twice", told)


@requires(
    "121",
    "A blind query that may meet what this partner was asked about gets `exact_wanted`, then the plain one a reply.",
)
def blind(suite: Suite) -> Check:
    theirs = suite.operation()
    suite.register(theirs)
    yield suite.determined(theirs.operation_id, "no_known_conflict")
    mine = same_place(suite, theirs)
    reply = suite.ask(suite.blind_query(mine), "a blind query")
    suite.expect(reply.outcome is Outcome.EXACT_WANTED, "exact_wanted", reply.outcome)
    suite.expect(not reply.sightings, "no sighting", f"{len(reply.sightings)} sightings")
    meets(suite, mine, theirs)
