"""A hostile officer looks for 20 hidden operations in a county: `python -m bench.fishing [--seed N]`.

Everything goes through the product's own actions on a node of its own: what the officer registers is searched, answered
and looked at by the worker five seconds later, as on a real node. For each way of looking it prints how many probes it
took until the officer was put before the watch desk, how many places (to within 1 km) were known by then, how many were
in the end if nobody had acted, and that the owner of every one that was found had been told. There is no peer.

The county is a square of 50 km; the 20 operations of two other agencies are registered a week ahead for one evening,
each with 300 m and a telephone as its subject. The officer knows the evening, which is more than most know.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    from vigil.apps.deconfliction.models import Operation
    from vigil.core.actor import Actor
    from vigil.engine.operation import Geometry

HIDDEN = 20
SIDE_M = 50_000.0
WEST, SOUTH = -77.0, 38.8
DEGREE_M = 111_195.0
KNOWN_M = 1_000.0
NUMBERS = 2_000
"""So many telephones the officer thinks possible."""
ZONE = "America/New_York"
A_WEEK = timedelta(days=7)
BEHIND = timedelta(seconds=5)
"""The worker looks so long after an answer."""


# --- the county ------------------------------------------------------------------------------------------------------

Place = tuple[float, float]
"""Metres east and north of the county's corner."""


def degrees(place: Place) -> tuple[float, float]:
    """Longitude and latitude."""
    north = SOUTH + place[1] / DEGREE_M
    return WEST + place[0] / (DEGREE_M * math.cos(math.radians(SOUTH + SIDE_M / 2 / DEGREE_M))), north


@dataclass(frozen=True)
class Hidden:
    """One operation that is looked for."""

    place: Place
    number: str
    operation_id: UUID


def number_of(index: int) -> str:
    """The telephone of that index."""
    return f"+1410555{index:04d}"


def hide(owners: Sequence[Actor], now: datetime, draw: random.Random) -> list[Hidden]:
    """Register the 20 operations, by turns of the owners, for the evening in a week."""
    from vigil.engine.operation import Point

    found = []
    for index, number in enumerate(draw.sample(range(NUMBERS), HIDDEN)):
        place = draw.uniform(1_000, SIDE_M - 1_000), draw.uniform(1_000, SIDE_M - 1_000)
        start = evening(now) + timedelta(minutes=draw.uniform(0, 180))
        drawn = Question(Point(*degrees(place)), 300.0, number=(number_of(number),))
        one = register(owners[index % len(owners)], drawn, start, timedelta(hours=3), now)
        found.append(Hidden(place, number_of(number), one.pk))
    return found


def evening(now: datetime) -> datetime:
    """When the hidden ones begin at the earliest."""
    return now + timedelta(days=7, hours=1)


# --- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """One registration, or (`edits`) one edit of the last. `known_m`: how far from its middle a place that it finds may
    lie at most; `rests` until the next, `drops` it right after the answer.
    """

    shape: Geometry | None
    radius_m: float = 300.0
    kind: str = "search_warrant"
    hours: float = 6.0
    number: tuple[str, ...] = ()
    edits: bool = False
    drops: bool = False
    rests: timedelta = timedelta(seconds=20)
    known_m: float = math.inf


Strategy = Callable[[random.Random], Generator[Question, list[Hidden], None]]
"""Yields questions, is sent what each has found."""


def register(
    actor: Actor, asked: Question, start: datetime, lasts: timedelta, now: datetime, last: Operation | None = None
) -> Operation:
    """Through the product's own actions, the search too; an edit of `last` where there is one."""
    from vigil.apps.deconfliction import actions
    from vigil.apps.deconfliction.plan import Contact, PlaceSource, Plan, PlannedSite, PlannedSubject
    from vigil.apps.deconfliction.plan_rows import instant
    from vigil.apps.deconfliction.wall_times import moment
    from vigil.engine.operation import Mode, Window

    begins, ends = instant(start), instant(start + lasts)
    sites = []
    if asked.shape is not None:
        walls = (moment(at, ZONE).wall for at in (start, start + lasts))
        placed = (asked.shape, asked.radius_m, 0.0, begins, ends, ZONE, *walls, 60.0, 60.0, PlaceSource.PIN)
        sites.append(PlannedSite(*placed))
    plan = Plan(
        operation_type=asked.kind,
        mode=Mode.LIVE,
        sites=tuple(sites),
        lead_contact=Contact("Lou Lead", "+14105550111"),
        subjects=tuple(PlannedSubject("phone", one, f"phone:{one}") for one in asked.number),
        span=None if sites else Window(begins, ends),
        span_zone="" if sites else ZONE,
    )
    if last is None:
        operation = actions.register_operation(actor, plan, now)
    else:
        operation = actions.revise_operation(actor, last.pk, last.revision, plan, now)
    actions.run_due_search(actor, operation.pk, now)
    return operation


# --- ways of looking -------------------------------------------------------------------------------------------------


def point(place: Place) -> Geometry:
    """A pin there."""
    from vigil.engine.operation import Point

    return Point(*degrees(place))


def square(west_m: float, south_m: float, side_m: float) -> Geometry:
    """A square with that corner and side."""
    from vigil.engine.operation import Polygon

    east, north = west_m + side_m, south_m + side_m
    corners = ((west_m, south_m), (east, south_m), (east, north), (west_m, north), (west_m, south_m))
    return Polygon(tuple(degrees(corner) for corner in corners))


def honeycomb(apart_m: float) -> list[Place]:
    """The county covered in rows, each shifted by half."""
    rows, columns = int(SIDE_M / (apart_m * 0.866)), int(SIDE_M / apart_m)
    return [
        ((column + 0.5 * (row % 2)) * apart_m, row * apart_m * 0.866)
        for row in range(rows)
        for column in range(columns)
    ]


def grid(draw: random.Random) -> Generator[Question, list[Hidden], None]:
    """The type's own radius, circle beside circle, all left standing."""
    for place in honeycomb(1_000):
        yield Question(point(place), known_m=600)


def grid_dropped(draw: random.Random) -> Generator[Question, list[Hidden], None]:
    """The same far apart, each cancelled once it is answered."""
    places = honeycomb(1_000)
    draw.shuffle(places)
    for place in places:
        yield Question(point(place), known_m=600, drops=True)


def scattered(draw: random.Random) -> Generator[Question, list[Hidden], None]:
    """Far apart and left standing, as fast as an API token allows."""
    places = honeycomb(1_000)
    draw.shuffle(places)
    for place in places:
        yield Question(point(place), known_m=600)


def large_areas(draw: random.Random) -> Generator[Question, list[Hidden], None]:
    """Saturation patrols over 20 km squares, then squares within what was found, each an operation of its own."""
    yield from _squares(20_000, edits=False)


def bisected(draw: random.Random) -> Generator[Question, list[Hidden], None]:
    """One saturation patrol over a square of 8 km, halved by edits where something was found."""
    yield from _squares(8_000, edits=True)


def _squares(side_m: float, *, edits: bool) -> Generator[Question, list[Hidden], None]:
    steps = int(SIDE_M / side_m) + 1
    for row in range(steps):
        for column in range(steps):
            yield from _halved(column * side_m, row * side_m, side_m, edits=edits, first=True)


def _halved(
    west_m: float, south_m: float, side_m: float, *, edits: bool, first: bool = False
) -> Generator[Question, list[Hidden], None]:
    found = yield Question(
        square(west_m, south_m, side_m),
        kind="saturation",
        edits=edits and not first,
        known_m=side_m / math.sqrt(2) + 600,
    )
    if not found or side_m < 1_000:
        return
    half = side_m / 2
    for east, north in ((0, 0), (half, 0), (0, half), (half, half)):
        yield from _halved(west_m + east, south_m + north, half, edits=edits)


def growing(draw: random.Random) -> Generator[Question, list[Hidden], None]:
    """One pin whose radius grows by edits: the distance to the nearest."""
    for place in honeycomb(6_000):
        for number, radius_m in enumerate((500, 1_000, 2_000, 4_000)):
            yield Question(point(place), radius_m, edits=number > 0, known_m=radius_m + 300)


def guessed(draw: random.Random) -> Generator[Question, list[Hidden], None]:
    """Telephones by the ten, as interests without a place."""
    numbers = [number_of(index) for index in range(NUMBERS)]
    draw.shuffle(numbers)
    for start in range(0, NUMBERS, 10):
        yield Question(None, kind="online_only", hours=24, number=tuple(numbers[start : start + 10]))


def patient(a_day: int) -> Strategy:
    """So many a day for a week: 3 km apart, three times the type's radius, two hours, nothing dropped or moved; where
    something was found, four of the type's own radius around it.
    """
    pause = timedelta(days=1) / a_day

    def asking(draw: random.Random) -> Generator[Question, list[Hidden], None]:
        places = honeycomb(3_000)
        draw.shuffle(places)
        for x, y in places:
            found = yield Question(point((x, y)), 900, hours=2, known_m=1_200, rests=pause)
            if found:
                for east, north in ((-600, -600), (600, -600), (-600, 600), (600, 600)):
                    yield Question(point((x + east, y + north)), 300, hours=2, known_m=600, rests=pause)

    return asking


STRATEGIES: dict[str, Strategy] = {
    "grid, left standing": grid,
    "grid, cancelled after the answer": grid_dropped,
    "scattered, left standing": scattered,
    "large areas, then smaller ones": large_areas,
    "one area halved by edits": bisected,
    "one radius grown by edits": growing,
    "telephones guessed": guessed,
    "patient, 25 a day": patient(25),
    "patient, 8 a day": patient(8),
}


# --- looking ---------------------------------------------------------------------------------------------------------


@dataclass
class Course:
    """What came of one way of looking; `flagged_at` counts probes, `reason` is the first flag."""

    probes: int = 0
    found: set[UUID] = field(default_factory=set)
    known: set[UUID] = field(default_factory=set)
    flagged_at: int | None = None
    flagged_after: timedelta = timedelta()
    found_then: int = 0
    known_then: int = 0
    reason: str = ""
    told: int = 0
    untold: int = 0


def look(actor: Actor, hidden: Sequence[Hidden], strategy: Strategy, now: datetime, seed: int, most: int) -> Course:
    """Ask up to `most` questions, whether or not somebody has noticed."""
    course, asking = Course(), strategy(random.Random(seed))
    start, last = now, None
    try:
        asked = next(asking)
        while course.probes < most and now < start + A_WEEK:
            last = register(
                actor, asked, evening(start), timedelta(hours=asked.hours), now, last if asked.edits else None
            )
            found = _found(actor, last, hidden, now)
            course.probes += 1
            course.found |= {one.operation_id for one in found}
            if asked.known_m <= KNOWN_M:
                course.known |= {one.operation_id for one in found}
            _count_told(course, last, found)
            if asked.drops:
                now += timedelta(minutes=1)
                _drop(actor, last, now)
            _notice(course, now + BEHIND, start)
            now += asked.rests
            asked = asking.send(found)
    except StopIteration:
        pass
    return course


def _found(actor: Actor, operation: Operation, hidden: Sequence[Hidden], now: datetime) -> list[Hidden]:
    """What the officer's own page shows of the hidden ones."""
    from vigil.apps.deconfliction import queries
    from vigil.apps.deconfliction.models import ConflictSide

    shown = [row.id for row in queries.operation_detail(actor, operation.pk, now).conflicts if row.standing == "open"]
    others = ConflictSide.objects.filter(conflict__in=shown).values_list("operation_id", flat=True)
    return [one for one in hidden if one.operation_id in set(others)]


def _count_told(course: Course, operation: Operation, found: Sequence[Hidden]) -> None:
    """Whether the owner of each had a notice before the answer was read."""
    from vigil.apps.deconfliction.models import ConflictSide, Operation
    from vigil.platform.notices.models import Notice

    for one in found:
        side = ConflictSide.objects.get(operation_id=one.operation_id, conflict__sides__operation_id=operation.pk)
        owner = Operation.objects.get(pk=one.operation_id).submitter_id
        notices = Notice.objects.filter(recipient_id=owner, object_ids__conflict=str(side.conflict_id))
        is_told = side.notified_at is not None and notices.exists()
        course.told, course.untold = course.told + is_told, course.untold + (not is_told)


def _drop(actor: Actor, operation: Operation, now: datetime) -> None:
    from vigil.apps.deconfliction import actions

    actions.cancel_operation(actor, operation.pk, operation.revision, now)
    actions.run_due_search(actor, operation.pk, now)


def _notice(course: Course, at: datetime, start: datetime) -> None:
    """What the worker does, and whether the watch desk now has a case."""
    from vigil.apps.deconfliction.jobs import WORKER
    from vigil.apps.deconfliction.models import FishingCase
    from vigil.apps.deconfliction.probing import probes, rules

    probes.note_next(WORKER, at)
    case = FishingCase.objects.prefetch_related("flags").first()
    if course.flagged_at is None and case is not None:
        course.flagged_at, course.flagged_after = course.probes, at - start
        course.found_then, course.known_then = len(course.found), len(course.known)
        course.reason = rules.NAMES[rules.Kind(case.flags.all()[0].kind)]


# --- a node of its own -----------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bench.fishing", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=60, help="questions of each way but the patient (default 60)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"VIGIL_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "vigil.config.settings"}
        untold = 0
        print(f"| way of looking | flagged at probe | after | first reason | known then | known of {HIDDEN} | told |")
        print("|---|---|---|---|---|---|---|")
        for name, course in courses(args.seed, args.most):
            untold += course.untold
            print(line(name, course), flush=True)
    sys.exit(1 if untold else 0)


def line(name: str, course: Course) -> str:
    """One row of the table."""
    flagged = "never" if course.flagged_at is None else f"{course.flagged_at} of {course.probes}"
    after = "" if course.flagged_at is None else f"{course.flagged_after.total_seconds() / 60:.0f} min"
    then = "" if course.flagged_at is None else f"{course.known_then} ({course.found_then} met)"
    told = f"{course.told} of {course.told + course.untold}"
    known = f"{len(course.known)} ({len(course.found)} met)"
    return f"| {name} | {flagged} | {after} | {course.reason} | {then} | {known} | {told} |"


def courses(seed: int, most: int) -> Iterator[tuple[str, Course]]:
    """Each way of looking on a fresh county: nothing of one is left for the next."""
    import django

    django.setup()
    from django.db import transaction

    from vigil.config import database

    now = datetime.now(UTC).replace(microsecond=0)
    database.prepare(now)
    owners, fisher = _people()
    hidden = hide(owners, now, random.Random(seed))
    for name, strategy in STRATEGIES.items():
        with transaction.atomic():
            yield name, look(fisher, hidden, strategy, now, seed, 7 * 25 if name.startswith("patient") else most)
            transaction.set_rollback(True)


def _people() -> tuple[list[Actor], Actor]:
    from vigil.core.actor import system
    from vigil.core.permissions import Role
    from vigil.platform.accounts.access import actor_of_user
    from vigil.platform.accounts.actions import NewUser, create_user
    from vigil.platform.agencies.actions import NewAgency, NewNode, create_agency, found_node

    desk = {"watch_desk_name": "Bay Watch Desk", "watch_desk_phone": "(410) 555-0100"}
    found_node(system("bench"), NewNode(name="Bay Region", code="BAY", **desk))
    made: list[Any] = []
    for number, role in enumerate((Role.OFFICER, Role.OFFICER, Role.OFFICER, Role.WATCH_DESK)):
        ori = f"MD000{number}000"
        agency = create_agency(
            system("bench"), NewAgency(ori, f"Agency {number}", f"A{number}", "MD", "", time_zone=ZONE)
        )
        wanted = NewUser(f"person{number}", f"Person {number}", "harbor-lantern-42", agency.pk, frozenset({role}))
        made.append(actor_of_user(create_user(system("bench"), wanted), agency.pk))
    return made[:2], made[2]


if __name__ == "__main__":
    main()
