"""Near misses of other services in the library: whole or not at all, under their own name, not counted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.apps.near_miss.test_foreign_reading import AVIATION, FIRE, SAMPLE, changed
from tests.conftest import make_user

from vigil.apps.near_miss import leaves
from vigil.apps.near_miss.foreign import importing, lessons
from vigil.apps.near_miss.foreign.mapping import SOURCES
from vigil.apps.near_miss.models import ForeignLesson, Lesson
from vigil.cli.main import main
from vigil.core.actor import system
from vigil.core.errors import Invalid
from vigil.platform import clock
from vigil.platform.agencies.demonstration import DEMO_MARK
from vigil.platform.agencies.models import Node
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db(databases=["default", "door"])]
IMPORT = "/near-miss/foreign/import/"
Bring = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bring(people: Any, now: Any, tmp_path: Path, capsys: Any) -> Bring:
    """`vigil near-miss import` of such a file: exit code, output, and what went wrong."""

    def run(content: bytes, format: str, *options: str) -> tuple[int, str, str]:
        path = tmp_path / "export.csv"
        path.write_bytes(content)
        with clock.fixed(now):
            code = main(["near-miss", "import", str(path), "--format", format, *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def narrowed(client: Client, **facets: str) -> str:
    return client.post("/near-miss/", facets).content.decode()


def test_a_file_comes_in_whole_or_not_at_all_and_twice_changes_nothing(bring: Bring, now: Any) -> None:
    code, said, _ = bring(AVIATION, "asrs", "--dry-run")
    assert (code, ForeignLesson.objects.count()) == (0, 0)
    assert "Checked, nothing stored: 6 new" in said
    bad = changed(changed(AVIATION, 4, "Date", "soon"), 5, "Narrative", "")
    code, said, wrong = bring(bad, "asrs")
    assert (code, ForeignLesson.objects.count()) == (2, 0)
    assert "row 4: Date: Write the month as six digits" in wrong
    assert "row 5: Narrative: The report has no text." in wrong
    assert json.loads(bring(bad, "asrs", "--json")[1])["bad_rows"][1]["column"] == "Narrative"
    with pytest.raises(Invalid):
        lessons.take_in(system("test"), lessons.check(bad, SOURCES["asrs"], now.date()), len(bad))
    assert ForeignLesson.objects.count() == 0

    assert bring(AVIATION, "asrs")[0] == 0
    before = list(ForeignLesson.objects.values())
    code, said, _ = bring(AVIATION, "asrs")
    assert "0 new, 0 changed, 6 unchanged" in said
    assert list(ForeignLesson.objects.values()) == before
    named = changed(AVIATION, 3, "Narrative", "My instructor John Harwell took the controls on Pier Road.")
    code, said, _ = bring(named, "asrs")
    assert "0 new, 1 changed, 5 unchanged" in said
    assert re.search(r"person: \d, most often .*John Harwell", said)
    lesson = ForeignLesson.objects.get(number="D-1001")
    assert lesson.pk == next(one["id"] for one in before if one["number"] == "D-1001")
    assert (lesson.flags["person"], lesson.text) == (1, "My instructor John Harwell took the controls on Pier Road.")
    assert AuditRecord.objects.filter(verb="near_miss.foreign.import", outcome="done").count() == 3

    assert main(["near-miss", "remove", "firefighter"]) == 2
    assert main(["near-miss", "remove", "asrs"]) == 0
    assert ForeignLesson.objects.count() == 0


def test_they_are_shown_as_what_they_are_and_stand_among_our_own_only_when_asked_for(
    bring: Bring, people: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Client()
    reader.force_login(people.user("dave"))
    assert 'name="source"' not in narrowed(reader), "no facet where there is nothing to choose"
    Lesson.objects.create(
        title="Knife under the seat", text="A.", lessons="B.", primary="light", published_on=now.date()
    )
    bring(AVIATION, "asrs")
    bring(FIRE, "firefighter")

    own = narrowed(reader)
    assert "1 lesson</h2>" in own
    assert "reports of other services" not in own
    aviation = narrowed(reader, source="asrs")
    assert "6 reports of other services" in aviation
    assert "Knife under the seat" not in aviation
    assert '<span class="chip grey">Aviation</span>' in aviation
    assert "no law-enforcement data" in aviation
    both = narrowed(reader, source="all")
    assert "1 lesson</h2>" in both
    assert "11 reports of other services" in both
    for facets, n in (({"words": "mower runway"}, 1), ({"factor": "staffing"}, 2), ({"call_type": "driving"}, 1)):
        assert f"{n} report{'s' if n > 1 else ''} of other services" in narrowed(reader, source="all", **facets), facets
    assert "1 report of other services" in narrowed(reader, source="firefighter", words="volunteer lieutenant")

    monkeypatch.setattr(leaves, "A_PAGE", 4)
    first, last = narrowed(reader, source="asrs"), narrowed(reader, source="asrs", page="99")
    assert "Page 1 of 2" in first
    assert "Page 2 of 2" in last
    assert [page.count("near-miss/foreign/") for page in (first, last)] == [4 + 1, 2 + 1]

    lesson = ForeignLesson.objects.get(number="D-1002")
    for address in (f"/near-miss/foreign/{lesson.pk}/", f"/near-miss/foreign/{lesson.pk}/print/"):
        page = reader.get(address).content.decode()
        assert "Aviation, not law enforcement: NASA ASRS D-1002." in page
        assert "nobody has verified them" in page
        assert "Communication with dispatch (" in page
        assert '<dd lang="en">Workload, Human Factors</dd>' in page
        assert "<dt>Flight Phase</dt><dd>Initial Approach</dd>" in page
    given = json.loads(reader.get("/near-miss/foreign/json/firefighter/").content)
    assert (given["source"]["service"], given["source"]["is_law_enforcement"]) == ("Fire service", False)
    assert {(one["source"], one["service"]) for one in given["foreign_lessons"]} == {("firefighter", "Fire service")}
    assert len(json.loads(reader.get("/near-miss/lessons/json/").content)["lessons"]) == 1
    assert reader.get("/near-miss/foreign/json/nobody/").status_code == 404


def test_the_page_checks_a_file_and_stores_it_when_told_so(people: Any, login: Any, now: Any) -> None:
    erin, asked = login("erin"), []

    def send(content: bytes, source: str = "asrs") -> Any:
        return erin.post(IMPORT, {"source": source, "file": SimpleUploadedFile("export.csv", content)})

    assert "Nothing of another service" in erin.get(IMPORT).content.decode()
    assert IMPORT in erin.get("/near-miss/").content.decode()
    bad = send(changed(changed(AVIATION, 4, "Date", "soon"), 5, "Narrative", ""))
    assert bad.status_code == 422
    page = bad.content.decode()
    assert "Nothing stored: 2 bad rows" in page
    for row in (
        "4</td><td>Date</td><td>Write the month as six digits",
        "5</td><td>Narrative</td><td>The report has no",
    ):
        assert row in page
    assert '<option value="asrs" selected>' in page
    for refused in (send(AVIATION, "demo-fire"), send(b"x" * (importing.MOST + 1)), erin.post(IMPORT)):
        assert refused.status_code == 422

    named = changed(AVIATION, 3, "Narrative", "My instructor John Harwell took the controls on Pier Road.")
    kept = send(named)["Location"]
    page = erin.get(kept).content.decode()
    assert "6 new reports of NASA ASRS" in page
    assert re.search(r"D-1001</td>.*?<td class=\"number\"[^>]*>2</td>", page)
    assert ForeignLesson.objects.count() == 0, "nothing is stored before somebody says so"
    people.users["nell"] = make_user("nell", "Nell Noor", people.port_calvert, "node_admin")
    assert login("nell").get(kept).status_code == 404, "it is whose file it is"
    erin = login("erin")
    with pytest.MonkeyPatch.context() as watched:
        watched.setattr(lessons, "recognise", lambda text: asked.append(text) or ())
        assert erin.post(kept, {"go": "import"}).status_code == 302
    assert asked == [], "what was looked through is not again"
    assert sum(ForeignLesson.objects.get(number="D-1001").flags.values()) == 2
    assert erin.get(kept).status_code == 404
    again = send(named)["Location"]
    assert "Nothing in this file is new" in erin.get(again).content.decode()
    assert erin.post(again, {"go": "drop"}).status_code == 302
    assert erin.get(again).status_code == 404
    assert "6 reports" in erin.get(IMPORT).content.decode()
    assert erin.post("/near-miss/foreign/remove/", {"source": "asrs"}).status_code == 302
    assert erin.post("/near-miss/foreign/remove/", {"source": "asrs"}).status_code == 404
    assert ForeignLesson.objects.count() == 0
    verbs = AuditRecord.objects.filter(verb__startswith="near_miss.foreign.", outcome="done")
    assert {one.verb for one in verbs} == {"near_miss.foreign.import", "near_miss.foreign.remove"}


def test_the_made_up_ones_come_into_a_demonstration_alone(people: Any, now: Any, capsys: Any) -> None:
    assert main(["near-miss", "demo"]) == 2
    mark = Path(settings.VIGIL_DATA_DIR) / DEMO_MARK
    mark.touch()
    try:
        Node.objects.update(is_demo=True)
        assert main(["near-miss", "demo"]) == 0
        assert main(["near-miss", "list"]) == 0
    finally:
        mark.unlink()
    assert "demo-fire: 5 reports of Demo: fire service" in capsys.readouterr().out
    assert set(ForeignLesson.objects.values_list("source", flat=True)) == {"demo-aviation", "demo-fire"}


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLE.exists(), reason="the ASRS sample (../shared/data/asrs_sample) is not there")
def test_the_sample_of_926_reports_comes_in_whole(bring: Bring, people: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lessons, "recognise", lambda text: ())  # a third of a minute; the made-up ones go through it
    code, said, _ = bring(SAMPLE.read_bytes(), "asrs")
    assert (code, ForeignLesson.objects.count()) == (0, 926)
    assert "Airspace Structure (74)" in said
    reader = Client()
    reader.force_login(people.user("dave"))
    assert "926 reports of other services" in narrowed(reader, source="asrs")
    assert "0 lessons</h2>" in narrowed(reader)
