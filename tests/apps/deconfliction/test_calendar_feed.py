"""The calendar feed: what a calendar program reads, what it never reads, and who stops it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from icalendar import Calendar
from tests.apps.deconfliction.plans import phone, site
from tests.apps.deconfliction.test_actions import register, supervises
from tests.conftest import NOON

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.models import CalendarFeed
from vigil.apps.deconfliction.plan import Disclosure
from vigil.apps.deconfliction.plans import planning
from vigil.apps.deconfliction.subjects import interests
from vigil.config.logs import JsonLines
from vigil.engine.operation import Mode
from vigil.platform import clock
from vigil.platform.accounts.models import Membership
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]
SECRET = re.compile(r"http://testserver(/calendar/vgc_[\w-]{43}\.ics)")
AWAY = (-77.5, 38.0)


@pytest.fixture
def made(login: Callable[[str], Any], now: datetime) -> Callable[..., str]:
    """`made("alice")`: the path of a new feed of hers, as the page shows it this once."""

    def of(name: str, which: str = "all") -> str:
        page = login(name).post("/calendar/", {"do": "create", "which": which})
        (path,) = SECRET.findall(page.content.decode())
        return str(path)

    return of


def events(path: str, browser: Client | None = None) -> dict[str, Any]:
    """Reference to event, as the library that reads calendars sees it."""
    answer = (browser or Client()).get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/calendar")
    calendar = Calendar.from_ical(answer.content)
    return {str(event["SUMMARY"]).rsplit(" ", 1)[-1]: event for event in calendar.walk("VEVENT")}


def test_a_calendar_reads_times_type_and_number_and_nothing_else(people: Any, made: Any, now: datetime) -> None:
    mine = register(people, "alice", now, subjects=(phone(),))
    register(people, "dave", now, site(now, AWAY))
    path = made("alice")
    (event,) = events(path).values()
    assert str(event["SUMMARY"]) == f"Search warrant {mine.reference}"
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (mine.starts_at, mine.ends_at)
    assert (str(event["STATUS"]), event["SEQUENCE"], str(event["UID"])) == ("CONFIRMED", 1, str(mine.pk))
    assert set(event) == {
        *("UID", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "SUMMARY", "STATUS", "CLASS"),
    }
    text = Client().get(path).content.decode()
    for hidden in ("Harbor", "39.29", "76.61", "C26-000123", "ledger", "4105550142", "Lou Lead", "Arden"):
        assert hidden not in text


def test_a_change_raises_the_sequence_and_a_cancel_says_so(people: Any, made: Any, now: datetime) -> None:
    mine = register(people, "alice", now)
    alice, path = people.actor("alice"), made("alice")
    planning.move_operation(alice, mine.pk, 1, now, days=1)
    moved = events(path)[mine.reference]
    assert (moved["SEQUENCE"], moved.decoded("DTSTART")) == (2, mine.starts_at + timedelta(days=1))
    actions.cancel_operation(alice, mine.pk, 2, now)
    cancelled = events(path)[mine.reference]
    assert (cancelled["SEQUENCE"], str(cancelled["STATUS"])) == (3, "CANCELLED")


def test_over_a_change_of_clocks_an_event_is_as_long_as_the_operation(people: Any, made: Any, now: datetime) -> None:
    # The clocks of New York go forward at 2 o'clock on 14 March 2027.
    before = datetime(2027, 3, 14, 6, 30, tzinfo=UTC)
    night = register(people, "alice", now, site(now, starts_in=before - now, lasts=timedelta(hours=2)))
    event = events(made("alice"))[night.reference]
    assert event.decoded("DTSTART") == before
    assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(hours=2)
    assert b"DTSTART:20270314T063000Z" in Client().get(made("alice")).content


def test_exercises_and_tentative_ones_say_so_and_long_lines_are_folded(people: Any, made: Any, now: datetime) -> None:
    people.node.name = "Bay Region of the Greater Chesapeake and Potomac, ä, Watch and Deconfliction Centre"
    people.node.save()
    exercise = register(people, "alice", now, mode=Mode.EXERCISE)
    week = register(people, "alice", now, site(now, lasts=timedelta(days=5)), tentative=True)
    path = made("alice")
    found = events(path)
    assert str(found[exercise.reference]["SUMMARY"]).startswith("EXERCISE: ")
    assert str(found[week.reference]["STATUS"]) == "TENTATIVE"
    content = Client().get(path).content
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    assert Calendar.from_ical(content)["X-WR-CALNAME"] == f"Vigil, {people.node.name}"


def test_only_ones_own_where_that_was_chosen(people: Any, made: Any, now: datetime) -> None:
    mine = register(people, "alice", now)
    bobs = register(people, "bob", now, site(now, AWAY))
    assert set(events(made("alice", "mine"))) == {mine.reference}
    assert set(events(made("alice", "all"))) == {mine.reference, bobs.reference}


def test_a_silent_operation_is_in_the_calendars_of_those_who_may_see_it(people: Any, made: Any, now: datetime) -> None:
    supervises(people, "alice")
    silent = register(people, "alice", now, disclosure=Disclosure.SILENT)
    seen = {name for name in ("alice", "bob", "carol") if silent.reference in events(made(name))}
    assert seen == {"alice", "carol"}


def test_unknown_revoked_expired_and_switched_off_look_alike(people: Any, made: Any, login: Any, now: datetime) -> None:
    def gone(path: str, at: datetime = NOON) -> str:
        with clock.fixed(at):
            answer = Client(REMOTE_ADDR=f"10.0.0.{len(pages)}").get(path)
        assert answer.status_code == 404
        return re.sub(r"<code>[0-9a-f]+</code>|<time[^>]*>[^<]*</time>", "", answer.content.decode())

    pages: list[str] = []
    pages.append(gone("/calendar/vgc_unknown.ics"))
    replaced = made("alice")
    revoked = made("alice")
    pages.append(gone(replaced))
    login("alice").post("/calendar/", {"do": "revoke"})
    pages.append(gone(revoked))
    kept = made("alice")
    pages.append(gone(kept, now + timedelta(days=366)))
    Membership.objects.filter(user=people.user("alice")).update(active=False)
    pages.append(gone(kept))
    Membership.objects.filter(user=people.user("alice")).update(active=True, role="agency_admin")
    pages.append(gone(kept))
    Membership.objects.filter(user=people.user("alice")).update(role="officer")
    assert events(kept) == {}
    people.user("alice").is_active = False
    people.user("alice").save()
    pages.append(gone(kept))
    assert len(set(pages)) == 1
    assert len(pages) == 7


def test_the_secret_is_kept_as_a_hash_and_shown_once(made: Any, login: Any) -> None:
    path = made("alice")
    token = path.split("/")[-1].removesuffix(".ics")
    assert token not in login("alice").get("/calendar/").content.decode()
    (feed,) = CalendarFeed.objects.values()
    assert token not in str(feed)
    assert token not in str(list(AuditRecord.objects.values()))


def test_no_log_line_holds_the_secret(made: Any, caplog: pytest.LogCaptureFixture) -> None:
    path = made("alice")
    with caplog.at_level(logging.DEBUG):
        Client().get(path)
        Client().get("/calendar/vgc_wrongwrongwrong.ics")
    lines = [JsonLines().format(record) for record in caplog.records]
    assert any('"route": "calendar/<str:token>.ics"' in line for line in lines)
    assert "vgc_" not in "".join(lines)


def test_its_use_is_counted_and_recorded_once_an_hour(made: Any, people: Any, now: datetime) -> None:
    path = made("alice")
    for minutes in (0, 20, 40, 70):
        with clock.fixed(now + timedelta(minutes=minutes)):
            Client().get(path)
    feed = CalendarFeed.objects.get()
    assert (feed.uses, feed.last_used_at) == (4, now + timedelta(minutes=70))
    records = AuditRecord.objects.filter(verb="deconfliction.feed.read")
    assert [record.actor_id for record in records] == [people.user("alice").pk] * 2
    verbs = AuditRecord.objects.values_list("verb", flat=True)
    assert "deconfliction.feed.create" in verbs


def test_a_program_that_has_it_is_told_that_nothing_changed(people: Any, made: Any, now: datetime) -> None:
    mine = register(people, "alice", now)
    path = made("alice")
    first = Client().get(path)
    again = Client().get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first["Cache-Control"] == "private, no-cache"
    actions.cancel_operation(people.actor("alice"), mine.pk, 1, now)
    assert Client().get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_wrong_guesses_are_slowed_down_and_the_right_secret_never_is(made: Any) -> None:
    path, guesser = made("alice"), Client(REMOTE_ADDR="10.1.1.1")
    answers = [guesser.get(f"/calendar/vgc_guess{number}.ics") for number in range(6)]
    assert [answer.status_code for answer in answers] == [404] * 5 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert events(path, guesser) == {}
    assert Client(REMOTE_ADDR="10.1.1.2").get("/calendar/vgc_guess.ics").status_code == 404


def test_long_past_ones_and_interests_are_left_out(people: Any, made: Any, now: datetime) -> None:
    old = register(people, "alice", now - timedelta(days=40), site(now - timedelta(days=40)))
    actions.end_operation(people.actor("alice"), old.pk, old.revision, now - timedelta(days=40) + timedelta(hours=4))
    recent = register(people, "alice", now, site(now, starts_in=timedelta(days=2)))
    lead = {"name": "Lou Lead", "phone": "410-555-0111"}
    subject = {"kind": "phone", "value": "410-555-0142"}
    interests.register_interest(people.actor("alice"), {"subjects": [subject], "lead_contact": lead}, now)
    assert set(events(made("alice"))) == {recent.reference}


def test_the_page_is_for_those_who_may_read_operations(login: Any) -> None:
    assert login("alice").get("/calendar/").status_code == 200
    assert login("erin").get("/calendar/").status_code == 403
