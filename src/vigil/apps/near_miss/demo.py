"""Near misses of the demo region: a door, three reviewers of three agencies with keys, and a report in every state.

Passphrase and receipts are printed at the start. Everything here is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from vigil.apps.near_miss import access, queries
from vigil.apps.near_miss.encounters import demo as cases
from vigil.apps.near_miss.followup import recommendations
from vigil.apps.near_miss.models import Lesson, Review
from vigil.apps.near_miss.review import actions, alerts, seats
from vigil.apps.near_miss.review.working import Reader
from vigil.core.actor import Actor
from vigil.core.privacy import recognise, surrogates
from vigil.door import drop, founding, receipts, sealing
from vigil.door.models import Door, Report
from vigil.door.story import Story
from vigil.platform.accounts.access import actor_of_user
from vigil.platform.accounts.models import User
from vigil.platform.agencies.models import Agency

ADMINISTRATOR = "nadia.stone"
REVIEWERS = ("dana.whitlock", "tom.vasquez", "jo.hensley")
SIZES = ("250+", "50-249", "10-49")
"""Of their agencies, by name."""
PASSPHRASE = "near miss bay demo"  # noqa: S105 - printed at the start, and of the demo alone
RECEIPT = "DEMO DEMO DEMO 000{n}"
ASKED, TOLD_OF = 2, 5
"""The numbers of the receipts whose reports have a question, and what was done."""
TOLD = (
    f"Near misses: reviewers {', '.join(REVIEWERS)}, passphrase of their keys: {PASSPHRASE}",
    f"  receipts to open at the door: {RECEIPT.format(n=ASKED)} (a question waits), "
    f"{RECEIPT.format(n=TOLD_OF)} (what was done)",
)
"""What the start prints."""


@dataclass(frozen=True, slots=True)
class Told:
    """One report, and how many weeks ago it came."""

    weeks: int
    happened: str
    call_type: str
    time_band: str
    factors: tuple[str, ...]
    more: dict[str, str]


@dataclass(frozen=True, slots=True)
class Recommended:
    """What the supervisor's agency does about the published one, due in so many days; the outcome where it ended."""

    text: str
    office: str
    due_in: int
    outcome: str = ""
    reason: str = ""


SUPERVISOR, WITNESS = "ruth.calloway", "lena.marsh"
RECOMMENDED = (
    Recommended("Buy two more hand-held metal detectors for the booking room.", "Fleet and supply", -6),
    Recommended("Train booking staff on what a blade in a waistband feels like.", "Training unit", 45),
    Recommended(
        "Give every handover a search of its own, with a line on the form that both officers sign.",
        "Jail operations",
        -2,
        "in_part",
        "The line is on the form. Not every shift signs it yet.",
    ),
)

REPORTS = (
    Told(
        0,
        "On a stop for a dead taillight the driver kept one hand between the seats. My partner saw the handle of a "
        "knife from the other side and said so. The driver put both hands on the wheel.",
        "traffic",
        "1801-2400",
        ("concealed_weapon", "positioning"),
        {"right": "A partner on the passenger's side with a view of the driver's right hand."},
    ),
    Told(
        1,
        "Saturday around 02:40 Officer Brandt and I went to a burglar alarm at the old Fenwick cannery on Pier Road. "
        "Two detectives of another agency were already inside. One stepped out of a dark office with his gun drawn.",
        "alarm",
        "0001-0600",
        ("talk_dispatch", "light"),
        {"change": "Dispatch should say who is inside before we go in."},
    ),
    Told(
        1,
        "The charger of a portable radio caught fire on the seat of the parked cruiser. It was the second one this "
        "month. Nobody sat in it.",
        "equipment",
        "1201-1800",
        ("equipment_fault",),
        {"tell": "Do not charge it on cloth."},
    ),
    Told(
        2,
        "At a family disturbance the husband came back through the kitchen while I was writing. I had told dispatch "
        "that he had left. My back was to the door.",
        "disturbance",
        "1801-2400",
        ("tunnel_vision", "positioning"),
        {"right": "The neighbor shouted."},
    ),
    Told(
        4,
        "We moved a prisoner between two cells after lunch. The search at booking had missed a blade in the waistband. "
        "He laid it on the bench himself.",
        "custody",
        "1201-1800",
        ("search_missed",),
        {"tell": "Search again at every handover, as if nobody had."},
    ),
    Told(
        5,
        "I slipped on the stairs of the station. Nothing happened.",
        "other",
        "0601-1200",
        ("terrain",),
        {},
    ),
)


def ensure(now: datetime) -> None:
    """Make the door, the reviewers' keys and the reports, where no reviewer of the demo has a key yet."""
    founding.ready()
    if access.has_keys():
        return
    today = now.date()
    door = founding.found(
        "Bay region near miss", "Elm and Oak County", sorted(Agency.objects.values_list("name", flat=True))
    )
    first, second, third = _reviewers()
    for number, told in enumerate(REPORTS, 1):
        _take(door, number, told, today - timedelta(weeks=told.weeks))
    reports = {number: _found(door, number) for number in range(1, len(REPORTS) + 1)}
    for number, go in ((2, _asks), (3, _alerts), (4, _codes), (5, _publishes), (6, _closes)):
        go(_Reviewing(reports[number], first, second), today)
    cases.add(_actor(SUPERVISOR), _actor(WITNESS), second, third, today)


def _reviewers() -> list[tuple[Actor, Reader]]:
    """Named, each with a key that another of them has confirmed."""
    made = []
    for username in REVIEWERS:
        seats.name_reviewer(_actor(ADMINISTRATOR), User.objects.get(username=username).pk)
        made.append(seats.make_key(_actor(username), PASSPHRASE, PASSPHRASE))
    for (agency, _unsaid), band in zip(seats.sizes(_actor(ADMINISTRATOR)), SIZES, strict=True):
        seats.say_size(_actor(ADMINISTRATOR), agency.pk, band)
    found = []
    for seat in made:
        other = seats.confirmers(seat)[0].user.username
        number = seats.confirm(_actor(other), seat.pk, sealing.fingerprint(bytes(seat.waiting)), PASSPHRASE).number
        actor = _actor(seat.user.username)
        found.append((actor, Reader(number or 0, actions.unwrap(actor, PASSPHRASE))))
    return found


def _actor(username: str) -> Actor:
    actor = actor_of_user(User.objects.get(username=username))
    assert actor is not None
    return actor


def _take(door: Door, number: int, told: Told, day: date) -> None:
    answers: dict[str, tuple[str, ...]] = {
        "call_type": (told.call_type,),
        "time_band": (told.time_band,),
        "month": (f"{day:%Y-%m}",),
    }
    story = Story({"happened": told.happened} | told.more, answers, told.factors, told.factors[0])
    drop.take(drop.key_of(_receipt(number), door), story.as_text(), day)


def _receipt(number: int) -> str:
    return receipts.read(RECEIPT.format(n=number)) or ""


def _found(door: Door, number: int) -> Report:
    report = drop.find(drop.name_of(_receipt(number), door))
    assert report is not None
    return report


class _Reviewing:
    """Two reviewers over one report."""

    def __init__(self, report: Report, first: tuple[Actor, Reader], second: tuple[Actor, Reader]) -> None:
        self.address = UUID(int=report.pk)
        self.report = report
        (self.first, self.one), (self.second, self.two) = first, second

    @property
    def revision(self) -> int:
        review = Review.objects.filter(report=self.report.pk).first()
        return review.revision if review else 0

    def triage(self, *, is_alert: bool, reason: str) -> None:
        actions.triage(self.first, self.address, self.revision, self.one, is_alert, reason)

    def mask(self) -> None:
        raw = queries.open_report(self.first, self.address, self.one).raw
        actions.mask(self.first, self.address, self.revision, self.one, surrogates(raw, recognise(raw)))

    def code(self, title: str, lessons: str, factors: tuple[str, ...]) -> None:
        actions.agree(self.second, self.address, self.revision, self.two)
        actions.code(self.second, self.address, self.revision, self.two, title, lessons, factors, factors[0])


def _asks(reviewing: _Reviewing, today: date) -> None:
    reviewing.triage(is_alert=False, reason="Known, and told at every roll call.")
    actions.ask(reviewing.first, reviewing.address, reviewing.one, "Was the other agency on your radio channel?", today)


def _alerts(reviewing: _Reviewing, today: date) -> None:
    reviewing.triage(is_alert=True, reason="The second charger in a month: others have the same.")
    reviewing.mask()
    text = "Two chargers of portable radios caught fire on car seats this month. Do not charge one on cloth."
    alerts.write(reviewing.first, reviewing.address, 0, reviewing.one, text)
    yesterday = datetime.combine(today - timedelta(days=1), time(), UTC)
    alerts.release(reviewing.second, reviewing.address, 1, reviewing.two, yesterday)


def _codes(reviewing: _Reviewing, today: date) -> None:
    reviewing.triage(is_alert=False, reason="No hazard beyond this call.")
    reviewing.mask()
    reviewing.code(
        "He came back through the kitchen",
        "Whoever has left can come back: one watches the doors while the other writes.",
        ("tunnel_vision", "positioning"),
    )


def _publishes(reviewing: _Reviewing, today: date) -> None:
    reviewing.triage(is_alert=False, reason="No hazard beyond this jail.")
    reviewing.mask()
    reviewing.code(
        "A blade that booking had missed",
        "Search again at every handover, as if nobody had searched before.",
        ("search_missed",),
    )
    actions.tell(
        reviewing.second,
        reviewing.address,
        reviewing.two,
        "Each handover now has its own search, with a line on the form.",
        today,
    )
    few = "The first of the library, and of a call that is common."
    lesson = actions.publish(
        reviewing.first, reviewing.address, reviewing.revision, reviewing.one, today, few_reason=few
    )
    assert isinstance(lesson, Lesson)
    for told in RECOMMENDED:
        _recommends(lesson, told, today)


def _recommends(lesson: Lesson, told: Recommended, today: date) -> None:
    supervisor, due_on = _actor(SUPERVISOR), today + timedelta(days=told.due_in)
    typed = {"text": told.text, "office": told.office, "due_on": due_on.isoformat()}
    row = recommendations.recommend(supervisor, lesson.pk, typed, min(today, due_on))
    if told.outcome:
        recommendations.end(supervisor, row.pk, told.outcome, told.reason, today)


def _closes(reviewing: _Reviewing, today: date) -> None:
    reviewing.triage(is_alert=False, reason="An ordinary slip.")
    actions.close(
        reviewing.first,
        reviewing.address,
        reviewing.revision,
        reviewing.one,
        "Too little is told to learn from.",
        today,
    )
