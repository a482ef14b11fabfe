"""The door's pages in this process: what is refused and how, what is checked, what the receipt opens."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.door.served import heading, hidden, receipt_on

from vigil.door import drop, receipt_views, receipts, report_views, sealing, tickets
from vigil.door import settings as own
from vigil.door.founding import found
from vigil.door.headers import HEADERS
from vigil.door.models import Kind, Letter, Report, Reviewer, Stage

pytestmark = pytest.mark.django_db(databases=["door"])  # always SQLite, of the door's own
STORY = (
    "Saturday around 02:40 Officer Brandt, 3C14 and I went to a burglar alarm at the old Fenwick cannery on Pier Road. "
    "As the only K-9 handler on nights I had the dog in front of me."
)
TODAY = date(2026, 11, 24)


@pytest.fixture
def door(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[int, bytes]:
    """A door with three reviewers, ripe tickets and quick hashes; the reviewers' private keys."""
    settings.ROOT_URLCONF, settings.MIDDLEWARE, settings.TEMPLATES = own.ROOT_URLCONF, own.MIDDLEWARE, own.TEMPLATES
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = own.DATA_UPLOAD_MAX_MEMORY_SIZE
    monkeypatch.setattr(receipts, "MEMORY_KIB", 8)
    monkeypatch.setattr(receipts, "PASSES", 1)
    monkeypatch.setattr(report_views.tickets, "ripens", lambda: 0.0)
    found("Bay region near miss", "Elm County", ["Port Calvert Police"])
    pairs = {number: sealing.draw_pair() for number in (1, 2, 3)}
    for number, (_, public) in pairs.items():
        Reviewer.objects.create(pk=number, public=public)
    return {number: private for number, (private, _) in pairs.items()}


def post(path: str, *fields: tuple[str, str]) -> tuple[int, str]:
    """As a browser sends a form."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name, []).append(value)
    from urllib.parse import urlencode

    body = urlencode(values, doseq=True)
    answer = Client().post(path, body, content_type="application/x-www-form-urlencoded")
    return answer.status_code, answer.content.decode()


def send(story: str = STORY, *more: tuple[str, str]) -> str:
    """A report, quickly; its receipt."""
    page = Client().get("/report/").content.decode()
    fields = [field for field in hidden(page) if field[0] != "step"]
    status, page = post("/report/", *fields, ("step", "send"), ("happened", story), *more, ("go", "send"))
    assert status == 200
    return receipt_on(page)


def on(page: str, *fields: tuple[str, str]) -> str:
    """The next page, with what this one carries."""
    return post("/report/", *hidden(page), *fields)[1]


def test_no_answer_sets_a_cookie_and_each_has_the_headers(door: dict[int, bytes]) -> None:
    for path in ("/", "/report/", "/receipt/", "/protects/", "/help/", "/style.css", "/nowhere/"):
        answer = Client().get(path)
        assert not answer.cookies, path
        assert {name: answer[name] for name in HEADERS} == HEADERS, path
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]


def test_the_check_offers_and_people_decide(door: dict[int, bytes]) -> None:
    page = Client().get("/report/").content.decode()
    page = on(page, ("happened", STORY), ("go", "next"))
    scene = (("call_type", "alarm"), ("time_band", "0001-0600"), ("kit", "armor"), ("kit", "lights"))
    page = on(page, *scene, ("month", "1999-01"), ("go", "next"))
    drop.say_sharing({("alarm", "1801-2400"): 7})
    page = on(page, ("factor", "light"), ("primary", "dispatch_information"), ("go", "next"))
    assert "Perhaps fewer than 5 published lessons have the same kind of call and time of day." in page
    drop.say_sharing({("alarm", "0001-0600"): 40})
    assert heading(page) == "4 things in your story could still point at you"
    page = on(page, ("go", "replace:1"))
    assert "40 published lessons have the same kind of call and time of day." in page
    page = on(page, ("go", "own:2"))
    page = on(page, ("own_words", "my partner, SSN 219-09-9999"), ("go", "use:2"))
    assert "Social Security number" in page
    assert 'value="my partner, SSN 219-09-9999"' in page
    page = on(page, ("own_words", "my partner"), ("go", "use:2"))
    page = on(page, ("go", "keep:4"))
    assert heading(page) == "1 thing in your story could still point at you"
    assert "We found 4. You fixed 2." in page
    page = on(page, ("go", "undo:1"))
    assert heading(page).startswith("2 things")
    page = on(page, ("go", "all"))
    assert "my partner" in page
    page = on(on(page, ("go", "edit")), ("happened", STORY + " It was dark."), ("go", "next"))
    page = on(on(page, ("go", "next")), ("go", "next"))
    assert heading(page) == "You looked at everything that was found"
    page = on(page, ("go", "next"))
    assert heading(page) == "Send it"
    assert Report.objects.count() == 0
    page = on(page, ("go", "send"))
    (report,) = Report.objects.all()
    for number, private in door.items():
        (read,) = drop.reviewers_open(report, Reviewer.objects.get(pk=number), private)
        assert read.text is not None
        for gone in ("Brandt", "Fenwick", "02:40", "1999-01"):
            assert gone not in read.text
        for there in ("my partner", "the only K-9 handler", '"light"', "dispatch_information", '["armor", "lights"]'):
            assert there in read.text, there


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ("  ", "Tell what happened"),
        ("x" * 2_000_000, "2,000,000 characters; at most 10,000"),
        ("He had SSN 219-09-9999 on the sheet.", "Social Security number"),
        (
            "NAME: DOE, JOHN\nRAP SHEET FBI NO 123456AB1 SID MD1234567 DOB: 01/02/1980 ARREST DATE CHARGE DISPOSITION",
            "criminal history",
        ),
    ],
    ids=["empty", "2 MB", "social security", "rap sheet"],
)
@pytest.mark.parametrize(("step", "go"), [("what", "next"), ("check", "all"), ("send", "back"), ("send", "send")])
def test_what_cannot_be_sent_is_told_and_nothing_typed_is_lost(
    door: dict[int, bytes], story: str, said: str, step: str, go: str
) -> None:
    status, page = post("/report/", ("step", step), ("happened", story), ("tell", "keep this"), ("go", go))
    assert status == 422
    assert said in page
    assert "keep this" in page
    assert story.strip()[:200] in page
    assert Report.objects.count() == 0


def test_a_form_that_no_page_of_ours_made_is_read_as_far_as_it_can_be(door: dict[int, bytes]) -> None:
    odd = ("5", "{}", '["Officer Brandt"]', '["a", "b", 3]', "[" * 100_000, "\x00", "é")
    fields = [("step", "check"), ("happened", STORY), ("go", "next"), ("month", "0000-99"), ("primary", "none")]
    status, page = post("/report/", *fields, *(("choice", one) for one in odd), ("factor", "\x00"), ("ticket", "é.é"))
    assert status == 200
    assert heading(page) == "Send it"


def test_a_picture_is_not_taken_and_the_pages_say_so_where_one_would_be_sent(door: dict[int, bytes]) -> None:
    assert "no pictures" in Client().get("/report/").content.decode()
    assert "No pictures" in post("/receipt/", ("receipt", send()))[1]
    Report.objects.all().delete()
    from io import BytesIO

    picture = BytesIO(b"\xff\xd8\xff\xe1Exif GPSLatitude 39.29")
    picture.name = "scene.jpg"
    answer = Client().post("/report/", {"happened": "see the picture", "picture": picture})
    assert answer.status_code == 415
    assert "place, time and device" in answer.content.decode()
    assert Report.objects.count() == 0


def test_what_is_sent_twice_is_one_report_with_one_receipt(door: dict[int, bytes]) -> None:
    page = Client().get("/report/").content.decode()
    fields = [*(one for one in hidden(page) if one[0] != "step"), ("step", "send"), ("happened", STORY), ("go", "send")]
    receipts_shown = {receipt_on(post("/report/", *fields)[1]) for _ in range(3)}
    assert len(receipts_shown) == 1
    assert Report.objects.count() == Letter.objects.count() == 1
    assert send() not in receipts_shown
    assert Report.objects.count() == 2


def test_an_unripe_ticket_waits_or_works_and_loses_nothing(
    door: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_views.tickets, "ripens", lambda: 7.0)
    monkeypatch.setattr(tickets, "PROVEN", 1e9)
    monkeypatch.setattr(tickets, "LEAST_BITS", 6)
    status, page = post("/report/", ("step", "send"), ("happened", STORY), ("go", "send"))
    assert status == 429
    assert "Press Send again in" in page
    assert ("happened", STORY) in hidden(page)
    assert Report.objects.count() == 0
    (ticket,) = re.findall('data-ticket="([^"]*)" data-bits="6"', page)
    numbers = [str(number) for number in range(10_000)]
    proof = next(number for number in numbers if report_views.tickets.is_proven(ticket, number))
    wrong = next(number for number in numbers if not report_views.tickets.is_proven(ticket, number))
    carried = [field for field in hidden(page) if field[0] != "proof"]
    assert post("/report/", *carried, ("proof", wrong), ("go", "send"))[0] == 429
    assert receipt_on(post("/report/", *carried, ("proof", proof), ("go", "send"))[1])


def test_the_receipt_opens_the_dialogue_both_ways(door: dict[int, bytes]) -> None:
    receipt = send()
    (report,) = Report.objects.all()
    drop.reviewers_write(report, Kind.QUESTION, "Was the other agency on your channel?", TODAY)
    drop.reviewers_write(report, Kind.DONE, "Dispatch now says who is inside.", TODAY)
    _, page = post("/receipt/", ("receipt", receipt.lower()), ("go", "open"))
    assert "Was the other agency on your channel?" in page
    assert "Dispatch now says who is inside." in page
    _, page = post("/receipt/", ("receipt", receipt), ("go", "answer"), ("text", "No, Sgt. Miller had another."))
    assert "This could point at you" in page
    assert report.letters.count() == 3
    for _ in range(2):  # pressed twice
        post("/receipt/", ("receipt", receipt), ("go", "replaced"), ("text", "No, Sgt. Miller had another."))
    status, page = post("/receipt/", ("receipt", receipt), ("go", "as-typed"), ("text", "SSN 219-09-9999"))
    assert status == 422
    read = drop.reviewers_open(report, Reviewer.objects.get(pk=2), door[2])
    assert [one.kind for one in read] == [Kind.REPORT, Kind.QUESTION, Kind.DONE, Kind.ANSWER]
    assert "Miller" not in str(read[-1].text)
    assert str(read[-1].text).endswith("had another.")
    for question in ("Did you tell dispatch?", "Did you tell your partner?"):
        drop.reviewers_write(report, Kind.QUESTION, question, TODAY)
        post("/receipt/", ("receipt", receipt), ("go", "answer"), ("text", "Yes, I did."))
    read = drop.reviewers_open(report, Reviewer.objects.get(pk=2), door[2])
    assert [one.text for one in read[4:]] == [
        "Did you tell dispatch?",
        "Yes, I did.",
        "Did you tell your partner?",
        "Yes, I did.",
    ]


def test_who_takes_it_back_leaves_no_text(door: dict[int, bytes]) -> None:
    receipt = send()
    _, page = post("/receipt/", ("receipt", receipt), ("go", "withdraw"))
    assert "Yes, destroy it" in page
    assert Letter.objects.count() == 1
    post("/receipt/", ("receipt", receipt), ("go", "withdraw-now"))
    assert Letter.objects.count() == 0
    assert Report.objects.get().stage == Stage.WITHDRAWN
    _, page = post("/receipt/", ("receipt", receipt), ("go", "answer"), ("text", "one more thing"))
    assert "You took this report back" in page
    assert "one more thing" in page, "what was typed stands there to be copied"
    assert not drop.reviewers_write(Report.objects.get(), Kind.QUESTION, "Are you there?", TODAY)
    drop.move_on(Report.objects.get(), Stage.PUBLISHED)
    assert Report.objects.get().stage == Stage.WITHDRAWN
    assert Letter.objects.count() == 0


@pytest.mark.parametrize(("name", "go"), [("reporter_writes", "as-typed"), ("find", "open")])
def test_what_another_page_takes_back_in_between_is_never_shown_as_kept(
    door: dict[int, bytes], monkeypatch: pytest.MonkeyPatch, name: str, go: str
) -> None:
    receipt, step = send(), getattr(drop, name)

    def taken_back_after(*args: Any) -> Any:
        done = step(*args)
        drop.withdraw(Report.objects.get())
        return done

    monkeypatch.setattr(drop, name, taken_back_after)
    status, page = post("/receipt/", ("receipt", receipt), ("go", go), ("text", "one more thing"))
    assert status == 200
    assert "You took this report back" in page
    assert "It is written" not in page
    assert "one more thing" in page, "what was typed stands there to be copied"
    assert Letter.objects.count() == 0


@pytest.mark.slow
def test_a_wrong_receipt_a_thousand_times_locks_nobody_out(door: dict[int, bytes]) -> None:
    receipt = send()
    wrong = [receipts.written(number) for number in range(1000)]
    assert {post("/receipt/", ("receipt", one))[0] for one in wrong} == {422}
    status, page = post("/receipt/", ("receipt", receipt))
    assert status == 200
    assert heading(page) == "Your report"


def test_one_is_looked_up_at_a_time_and_a_full_line_keeps_the_receipt(door: dict[int, bytes]) -> None:
    receipt = send()
    places = 0
    while receipt_views.LINE.acquire(blocking=False):
        places += 1
    try:
        status, page = post("/receipt/", ("receipt", receipt))
    finally:
        for _ in range(places):
            receipt_views.LINE.release()
    assert status == 503
    assert receipt in page
    assert post("/receipt/", ("receipt", receipt))[0] == 200


def test_a_reviewer_lets_another_read_and_what_is_destroyed_nobody_reads(door: dict[int, bytes]) -> None:
    receipt = send()
    (report,) = Report.objects.all()
    private, public = sealing.draw_pair()
    newcomer, old = Reviewer.objects.create(public=public), Reviewer.objects.get(pk=1)
    assert drop.reviewers_open(report, newcomer, private)[0].text is None
    assert drop.let_read(report, old, door[1], newcomer) == 1
    assert drop.let_read(report, old, door[1], newcomer) == 0
    assert "Brandt" in str(drop.reviewers_open(report, newcomer, private)[0].text)
    with pytest.raises(sealing.Unreadable):
        drop.reviewers_open(report, old, door[2])
    assert drop.destroy(report.letters.all()) == 1
    assert drop.reviewers_open(report, old, door[1])[0].text is None
    assert "The text was destroyed." in post("/receipt/", ("receipt", receipt))[1]


def test_without_three_reviewers_nothing_is_taken(door: dict[int, bytes]) -> None:
    Reviewer.objects.filter(pk=1).update(is_active=False)
    status, page = post("/report/", ("step", "send"), ("happened", STORY), ("go", "send"))
    assert status == 503
    assert heading(page) == "This door is not open yet"
    assert "Start a report" not in Client().get("/").content.decode()


def test_every_text_of_the_form_stands_on_its_page(door: dict[int, bytes]) -> None:
    page = Client().get("/report/").content.decode()
    assert len(re.findall("<textarea", page)) == 4
    page = on(page, ("happened", STORY), ("go", "next"))
    assert page.count("<select") + page.count("<fieldset") == 25
    page = on(page, ("go", "next"))
    assert page.count('name="factor"') == 25
