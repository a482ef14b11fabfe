"""What leaves the library: CSV, JSON and their dictionary, the roll-call sheet, the feed."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from vigil.apps.near_miss.models import Lesson
from vigil.apps.near_miss.out import exports, roll_call
from vigil.platform import clock
from vigil.platform.accounts.models import Membership
from vigil.platform.audit.models import AuditRecord

SECRET = re.compile(r"http://testserver(/near-miss/feed/vgl_[\w-]{43}\.atom)")


def lesson(title: str, call_type: str, month: str = "2026-10", text: str = "=1+1 is no formula.") -> Lesson:
    return Lesson.objects.create(
        title=title,
        text=text,
        lessons="Wait for the second car.\nSay where you stand.",
        call_type=call_type,
        time_band="0001-0600",
        month=month,
        factors=["light", "search_missed"],
        primary="light",
        published_on=date(2026, 11, 3),
    )


def lines(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@pytest.mark.db
@pytest.mark.django_db
def test_a_long_library_is_read_page_by_page(people: Any, login: Any) -> None:
    one = lesson("Stop 00", "traffic")
    Lesson.objects.bulk_create(
        Lesson(title=f"Stop {n:02}", factors=["light"], primary="light", published_on=one.published_on)
        for n in range(1, 60)
    )
    dave = login("dave")
    first, last = (
        dave.post("/near-miss/", {"factor": "light", "lessons_page": at}).content.decode() for at in ("", "2")
    )
    assert "60 lessons" in first
    assert "Stop 49<" in first
    assert "Stop 50<" not in first
    assert "Page 2 of 2" in last
    assert "Stop 50<" in last
    assert "Stop 49<" not in last


@pytest.mark.db
@pytest.mark.django_db
def test_files_hold_what_was_published_and_nothing_that_few_say(people: Any, login: Any) -> None:
    for number in range(5):
        lesson(f"Stop {number}", "traffic")
    lone = lesson("Lone alarm", "alarm", "2026-09")
    dave = login("dave")
    rows = lines(dave.get("/near-miss/lessons/csv/"))
    told = json.loads(dave.get("/near-miss/lessons/json/").content)["lessons"]
    dictionary = lines(dave.get("/near-miss/lessons/dictionary/"))
    columns = [one.name for one in exports.COLUMNS]
    assert list(rows[0]) == list(told[0]) == columns
    assert [one["column"] for one in dictionary if not one["code"]] == columns
    known = {(one["column"], one["code"]) for one in dictionary}
    for row, same in zip(rows, told, strict=True):
        assert row["factors"] == "; ".join(same["factors"])
        assert row["text"] == "'=1+1 is no formula."
        for column in ("call_type", "time_band", "primary"):
            assert (column, row[column]) in known
    by_title = {row["title"]: (row["call_type"], row["time_band"], row["month"]) for row in rows}
    assert by_title["Stop 3"] == ("traffic", "0001-0600", "2026-10")
    assert by_title["Lone alarm"] == ("", "", "")
    # The pages say of each lesson what the files say of it, and no search finds it by what they do not say.
    for row in rows:
        said = {"Traffic stop or pursuit", "Night, 00:01 to 06:00", "2026-10"} if row["call_type"] else set()
        for of in ("", "print/"):
            page = dave.get(f"/near-miss/lessons/{row['id']}/{of}").content.decode()
            facts = set(re.findall("<dd>(.*?)</dd>", page.partition("</dl>")[0]))
            assert facts - {"Light or sight", "Light or sight, Search missed something"} == said
    for narrowed, found in (
        ({"call_type": "alarm"}, 0),
        ({"call_type": "traffic"}, 5),
        ({"time_band": "0001-0600"}, 5),
    ):
        page = dave.post("/near-miss/", narrowed).content.decode()
        assert f">{found} lessons</h2>" in page
    page = dave.get("/near-miss/lessons/files/").content.decode()
    for one in dictionary:
        assert one["meaning"].partition("'")[0] in page

    sheet = dave.get(f"/near-miss/lessons/{lone.pk}/roll-call/")
    assert sheet.content.startswith(b"%PDF")
    assert AuditRecord.objects.filter(verb=exports.EXPORT, size=len(sheet.content)).exists()
    assert "alarm" not in str(roll_call._sheet(people.actor("dave"), lone)["facts"]).lower()


@pytest.mark.db
@pytest.mark.django_db
def test_a_sheet_is_one_page_however_long_the_lesson(people: Any) -> None:
    long = lesson("Long", "traffic", text="\n".join(["WORD " * 60] * 40))
    sheet = roll_call.give_roll_call(people.actor("dave"), long.pk)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1
    assert "Shortened" in roll_call._sheet(people.actor("dave"), long)["foot"]


@pytest.mark.db
@pytest.mark.django_db
def test_a_feed_reads_lessons_and_stops_with_its_person(people: Any, login: Any, now: Any) -> None:
    one = lesson("A & B", "traffic", text="Nobody reads this in a feed.")
    one.lessons = "Wait.\x0b Look."
    one.save()
    page = login("dave").post("/near-miss/feed/", {"do": "create"}).content.decode()
    (path,) = SECRET.findall(page)
    answer = Client().get(path)
    root = ElementTree.fromstring(answer.content)
    entry = root.find("{*}entry")
    assert entry is not None
    assert {child.tag.rpartition("}")[2]: child.text for child in entry} == {
        "id": one.pk.urn,
        "title": "A & B",
        "updated": "2026-11-03T00:00:00+00:00",
        "link": None,
        "category": None,
        "summary": "Wait. Look.",
    }
    assert entry.find("{*}link").attrib["href"] == f"http://testserver/near-miss/lessons/{one.pk}/"  # type: ignore[union-attr]
    assert Client().get(path, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert AuditRecord.objects.filter(verb="near_miss.feed.read").count() == 1
    assert path.rpartition("/")[2].removesuffix(".atom") not in str(list(AuditRecord.objects.values()))

    with clock.fixed(now + timedelta(days=366)):
        assert Client().get(path).status_code == 404
    Membership.objects.filter(user=people.user("dave")).update(active=False)
    assert Client().get(path).status_code == 404
    Membership.objects.filter(user=people.user("dave")).update(active=True)
    assert login("dave").post("/near-miss/feed/", {"do": "revoke"}).status_code == 302
    assert Client().get(path).status_code == 404


def test_a_text_is_cut_at_a_word_within_its_lines() -> None:
    assert roll_call.cut("One.\n\nTwo.", 2) == (["One.", "Two."], False)
    assert roll_call.cut("One.\nTwo.\nThree.", 2) == (["One.", "Two."], True)
    (kept,), is_cut = roll_call.cut("word " * 100, 1)
    assert kept.endswith("word …")
    assert is_cut
    assert len(kept) <= roll_call.LINE + 2
