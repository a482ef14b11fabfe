"""Lessons go to the partners that the administrator chose, come from those that are shown, and are taken back."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.deconfliction.elm_node import AtOnce, ElmNode
from tests.protocol.make_message_vectors import LESSON
from tests.protocol.test_schemas import is_read, mutants, validator

from vigil.apps.deconfliction.federation.answering import answer
from vigil.apps.deconfliction.federation.lanes import Lane
from vigil.apps.near_miss import jobs
from vigil.apps.near_miss.models import Alert, Lesson, PartnerPublication
from vigil.apps.near_miss.partners import publications
from vigil.core.privacy.suppression import K
from vigil.platform import clock
from vigil.platform.agencies.models import this_node
from vigil.protocol.exchange import NotAnAnswer

ADDRESS = "/near-miss/partners/"
ALERT = {**LESSON, "what": "alert", "said": {"text": "Doors open outward there.", "published_on": "2026-11-20"}}
PUBLIC = {
    *("title", "text", "lessons", "call_type", "time_band", "month", "factors", "primary", "published_on"),
}


@pytest.fixture
def elm(people: Any, now: datetime) -> ElmNode:
    node = ElmNode(now)
    node.told = []  # type: ignore[attr-defined]

    def take(tx: Any, message: Any, now: int) -> Any:
        node.told.append(message.content)  # type: ignore[attr-defined]
        return {"taken": True}

    node.exchange.handlers = {**node.exchange.handlers, "publication": take}
    return node


def told(elm: Any, now: datetime) -> list[dict[str, Any]]:
    """What the job and the lane bring to the partner now."""
    elm.told.clear()
    with clock.fixed(now):
        jobs.hand_out(now)
        while Lane(UUID(elm.id), elm.send, clock.now, AtOnce()).round():
            pass
    return sorted(elm.told, key=lambda content: str(content["what"]))


def published(**fields: Any) -> Lesson:
    said = {**LESSON["said"], "scene": {"injury": ["none"]}, **fields}  # type: ignore[dict-item]
    return Lesson.objects.create(**said | {"published_on": fields.get("published_on", date(2026, 11, 20))})


@pytest.mark.db
@pytest.mark.django_db(databases=["default", "door"])
def test_what_is_published_here_goes_to_the_partners_that_were_chosen_and_comes_back(
    login: Any, elm: Any, now: datetime
) -> None:
    lesson = published()
    Alert.objects.create(text="Doors open outward there.", goes_out_at=now - timedelta(hours=1))
    Alert.objects.create(text="Not before six.", goes_out_at=now + timedelta(hours=1))
    assert told(elm, now) == [], "nobody chose"
    erin = login("erin")
    assert "Elm Region" in erin.get(ADDRESS).content.decode()
    assert erin.post(ADDRESS, {"partner": str(uuid4()), "sends": "on"}).status_code == 404
    assert login("alice").post(ADDRESS, {"partner": elm.id, "sends": "on"}).status_code == 403
    assert login("erin").post(ADDRESS, {"partner": elm.id, "sends": "on"}).status_code == 302

    alert, sent = told(elm, now)
    assert all(validator("publication").is_valid(content) for content in (alert, sent))
    assert (sent["id"], sent["revision"], set(sent["said"])) == (str(lesson.pk), 1, PUBLIC)
    assert sent["said"]["call_type"] == "", "one alone is not said"
    assert (alert["what"], alert["said"]["text"]) == ("alert", "Doors open outward there.")
    assert told(elm, now) == []
    late = published(published_on=now.date())
    assert told(elm, now) == [], "no earlier than people here are told"
    late.delete()

    # Down for a while, it is told all the same; then the newest alone counts.
    elm.down = "no_connection"
    others = [published() for _ in range(K - 1)]
    assert told(elm, now) == []
    elm.down = ""
    again = told(elm, now + timedelta(minutes=10))
    assert {one["id"]: one["revision"] for one in again} == {str(one.pk): 1 for one in others} | {sent["id"]: 2}
    assert {one["said"]["call_type"] for one in again} == {lesson.call_type}, "now they say it together"
    with CaptureQueriesContext(connection) as asked:
        jobs.hand_out(now + timedelta(minutes=10))
    assert len(asked) <= 6
    assert not [one for one in asked if '"text"' in one["sql"]], "nothing is read while nothing changed"
    lesson.delete()
    (gone,) = (one for one in told(elm, now + timedelta(minutes=11)) if one["said"] is None)
    assert (gone["id"], gone["revision"], gone["said"]) == (sent["id"], 3, None)
    Lesson.objects.all().delete()
    told(elm, now + timedelta(minutes=11))
    login("erin").post(ADDRESS, {"partner": elm.id})
    (taken_back,) = told(elm, now + timedelta(minutes=12))
    assert (taken_back["id"], taken_back["said"]) == (alert["id"], None)


@pytest.mark.db
@pytest.mark.django_db(databases=["default", "door"])
def test_what_a_partner_publishes_is_shown_under_its_name_until_it_is_taken_back(
    login: Any, elm: Any, now: datetime
) -> None:
    def tell(content: Any) -> Any:
        letter = elm.exchange.letter(str(this_node().pk), "publication", content, int(now.timestamp() * 1e6))
        return elm.exchange.taken(letter, answer(letter.token, now), int(now.timestamp() * 1e6))

    def library(**facets: str) -> str:
        page: str = login("alice").post("/near-miss/", facets).content.decode()
        return page

    fresh = {**ALERT, "id": str(uuid4()), "said": {**ALERT["said"], "published_on": now.date().isoformat()}}  # type: ignore[dict-item]
    assert tell(LESSON) == tell(fresh) == {"taken": True}
    assert tell(LESSON) == {"taken": False}, "no news"
    assert "Crossfire" not in library(), "nobody chose to show it"
    login("erin").post(ADDRESS, {"partner": elm.id, "shows": "on"})
    page = library()
    for words in ("Crossfire at a traffic stop", "from Elm Region, 2026-11-20", "Doors open outward there."):
        assert words in page
    assert "Crossfire" in library(words="drew") and "Crossfire" not in library(words="zebra")  # noqa: PT018
    assert Lesson.objects.count() == 0, "it is nobody's lesson here"
    PartnerPublication.objects.bulk_create(
        PartnerPublication(
            partner_id=elm.id,
            number=uuid4(),
            what="lesson",
            revision=1,
            title=f"Stop {n:02}",
            factors=["light"],
            call_type="traffic",
            published_on=date(2026, 11, 1),
        )
        for n in range(60)
    )
    first, last = (library(factor="light", call_type="traffic", partners_page=at) for at in ("", "2"))
    assert "60 lessons from partner nodes" in first
    assert "Stop 49 " in first and "Stop 50 " not in first  # noqa: PT018
    assert "Page 2 of 2" in last
    assert "Stop 50 " in last and "Stop 49 " not in last  # noqa: PT018
    with pytest.raises(NotAnAnswer, match="malformed"):
        tell({**LESSON, "revision": 2, "reporter": "alice"})
    assert tell({**LESSON, "revision": 3, "said": None}) == {"taken": True}
    assert tell({**LESSON, "revision": 2}) == {"taken": False}, "what comes late brings nothing back"
    assert "Crossfire" not in library()
    assert "Crossfire" not in json.dumps(list(PartnerPublication.objects.values("title", "text", "lessons")))


@pytest.mark.parametrize("content", [LESSON, ALERT, {**LESSON, "said": None}], ids=["lesson", "alert", "taken back"])
def test_schema_and_reader_refuse_the_same(content: Any) -> None:
    assert publications.read(content).content() == content
    schema = validator("publication")
    apart = []
    for path, mutate in mutants(content):
        mutant = mutate(content)
        if is_read(publications.read, mutant) != schema.is_valid(mutant):
            apart.append((path, repr(mutant)[:80]))
    assert apart == []


def test_a_day_that_never_was_is_refused() -> None:
    said = {**LESSON["said"], "published_on": "2026-02-30"}  # type: ignore[dict-item]
    assert not is_read(publications.read, {**LESSON, "said": said})
