"""Another language than English: every page in a made-up Spanish that marks each text it was asked for."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from gettext import NullTranslations
from typing import Any

import pytest
from django.core import serializers
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation import trans_real
from tests.apps.deconfliction.plans import phone, plan, site

from vigil import texts
from vigil.apps.deconfliction import actions, notices, places, words
from vigil.apps.deconfliction.models import Conflict
from vigil.apps.deconfliction.plan import RENEWED, Contact, Disclosure
from vigil.apps.deconfliction.plans import repeat, series
from vigil.apps.deconfliction.study import studies
from vigil.config.middleware import PageLanguage
from vigil.platform.accounts.models import Membership, User
from vigil.platform.agencies.models import Agency, Node
from vigil.platform.doors import addresses
from vigil.protocol.store import AlarmKind
from vigil.web.languages import translated

OF_THE_PLAN = "Lou Lead, Sue, 1200 Harbor Street, seize the ledger"
SYSTEMS = {"RISSafe", "SAFETNet", "Case", "Explorer", "NDPIX", "JOHN", "SMITH"}
SYSTEMS |= {"NASA", "ASRS", "Firefighter", "Near", "Miss"}
"""Names of other systems and services, and a person in an example."""
OPERATIONS = b"""operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude
A-1,MD0000100,raid,2026-09-05T10:00:00Z,2026-09-05T12:00:00Z,39.29,-76.6122
B-1,MD0000200,raid,2026-09-05T11:00:00Z,2026-09-05T13:00:00Z,39.2963,-76.6122
"""
NO_TEXT = SYSTEMS | {"Vigil", "API", "CSV", "PDF", "FAQ", "KML", "WKT", "JSON", "GeoJSON", "UTC", "EDT", "EST"}


class Marked(NullTranslations):
    """Says each text in brackets, so that what stands outside them was never asked for; neither were values put in."""

    _catalog: dict[str, str] = {}  # noqa: RUF012 - looked for by Django

    def gettext(self, message: str) -> str:
        return marks(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return marks(msgid1 if n == 1 else msgid2)

    def to_language(self) -> str:
        return "es"


def marks(message: str) -> str:
    """`⟦Starts ⟧{when}⟦.⟧`."""
    return "⟦" + re.sub(r"\{\w+\}|%\(\w+\)s", r"⟧\g<0>⟦", message) + "⟧"


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch, translating: None) -> Iterator[None]:
    monkeypatch.setitem(trans_real._translations, "es", Marked())
    with translation.override("es"):
        yield


def unmarked(page: str) -> set[str]:
    """The words of a page that stand outside the brackets: in texts and in attributes that are read."""
    page = re.sub(r"<(script|style|svg|code|kbd)\b.*?</\1>", "", page, flags=re.S)
    # What is English in every language says so.
    page = re.sub(r'<(article|div|dl|li|section)\b[^>]*\blang="en"[^>]*>.*?</\1>', "", page, flags=re.S)
    attributes = re.findall(r'\b(?:aria-label|aria-description|placeholder|title|alt)="([^"]*)"', page)
    said = html.unescape("\n".join([re.sub(r"<[^>]*>", "\n", page), *attributes]))
    while re.search(r"⟦[^⟦⟧]*⟧", said):
        said = re.sub(r"⟦[^⟦⟧]*⟧", " ", said)
    return words_of(said)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", text))


def data_of(*tables: Any) -> set[str]:
    """The words of all rows."""
    rows = [row for table in tables for row in serializers.serialize("python", table.objects.all())]
    return words_of(json.dumps([list(row["fields"].values()) for row in rows], default=str))


@pytest.mark.slow
@pytest.mark.django_db
def test_every_page_asks_for_each_of_its_texts(login: Any, people: Any, now: Any, marked: None) -> None:
    for role in ("officer", "supervisor", "watch_desk", "agency_admin"):
        Membership.objects.create(user=people.user("erin"), agency=people.port_calvert, role=role)
    data = data_of(User, Agency, Node) | NO_TEXT
    client, opened, left = login("erin"), 0, {}
    for address, _ in addresses():
        if "<" in address or address.startswith(("api/", "live/", "logout/")):
            continue
        answer = client.get(f"/{address}")
        if answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html"):
            opened += 1
            if bare := unmarked(answer.content.decode()) - data:
                left[address] = sorted(bare)
    assert opened > 20
    assert left == {}, left


@pytest.mark.slow
@pytest.mark.django_db
def test_pages_of_a_conflict_ask_for_each_of_their_texts(login: Any, people: Any, now: Any, marked: None) -> None:
    """Everything beside the marked texts is data: names, places, numbers, zones."""
    flags = {"plain_clothes": True, "disclosure": Disclosure.TYPE_AND_CONTACT, "supervisor": Contact("Sue", "")}
    other = actions.register_operation(people.actor("dave"), plan(now, armed_and_dangerous=True, **flags), now)
    own = actions.register_operation(
        people.actor("alice"), plan(now, site(now), site(now), subjects=(phone(),), **flags), now
    )
    for person, operation in (("dave", other), ("alice", own)):
        actions.run_due_search(people.actor(person), operation.pk, now)
    conflict = Conflict.objects.get().pk
    study = studies.begin_study(people.actor("bob"), {"radii_m": [500.0], "buffers_min": []}, OPERATIONS, "", now)
    studies.run_waiting(study.pk)
    data = data_of(User, Agency, Node) | words_of(OF_THE_PLAN) | NO_TEXT
    left = {}
    for person, address in (
        *(("alice", f"/{page}/") for page in ("operations", "conflicts", "map", "timeline", "history")),
        *(("alice", f"/operations/{own.pk}/{part}") for part in ("", "edit/", "repeat/")),
        ("alice", "/operations/register/"),
        ("alice", "/"),
        ("alice", f"/conflicts/{conflict}/"),
        ("carol", f"/conflicts/{conflict}/"),
        ("bob", f"/study/{study.pk}/"),
    ):
        answer = login(person).get(address)
        assert answer.status_code == 200, address
        if bare := unmarked(answer.content.decode()) - data:
            left[person, address] = sorted(bare)
    assert left == {}, left


@pytest.mark.parametrize(
    ("said", "stored", "data"),
    [
        (places.said, "Line of 3 points, 19 km long", set()),
        (places.said, "Area with 4 corners, 800 m²", set()),
        (places.said, "Baltimore MD", {"Baltimore"}),
        (repeat.said, "Each day", set()),
        (repeat.said, "Every 3 days", set()),
        (repeat.said, "Each Monday, Tuesday and Friday", set()),
        (notices.said, notices.TEXTS[AlarmKind.DETECTED], set()),
        (notices.said, notices.CALL_THE_DESK_AT.format(phone="(410) 555-0100"), set()),
        (words.note_words, "asked: this node only", set()),
        (words.note_words, "zone widened by 250 m: the place is not exact until a pin is set", set()),
        (words.said_reason, RENEWED, set()),
        (words.said_reason, "Informant", {"Informant"}),
    ],
)
def test_what_is_stored_in_english_is_said_in_the_readers_language(
    said: Any, stored: str, data: set[str], marked: None
) -> None:
    assert unmarked(said(stored)) == data
    assert texts_alone(said(stored)) == stored


def texts_alone(said: str) -> str:
    return said.replace("⟦", "").replace("⟧", "")


@pytest.mark.django_db
def test_why_a_day_of_a_series_was_refused_is_stored_in_english(people: Any, now: Any, marked: None) -> None:
    alice, late = people.actor("alice"), now + timedelta(days=30)
    operation = actions.register_operation(alice, plan(now), now)
    made = series.plan_series(alice, operation.pk, 1, repeat.Pattern(repeat.How.NIGHTLY, count=1), None, now)
    series.go_on(alice, made.pk, late)
    sentence = "Its time was over before it could be registered."
    assert [one.problem for one in made.members.filter(operation=None)] == [sentence]
    assert [one.problem for one in series.series_detail(alice, made.pk, late).waiting] == [f"⟦{sentence}⟧"]
    assert made.pattern == "Each day"


@pytest.mark.django_db
def test_the_page_says_its_language_and_brings_the_texts_of_its_scripts(client: Any, marked: None) -> None:
    page = client.get("/login/").content.decode()
    assert '<html lang="es"' in page
    assert '<script src="/texts.js?es"></script>' in page
    assert "gettext" in client.get("/texts.js").content.decode()


@pytest.mark.parametrize(("address", "said"), [("/operations/", "⟦Save⟧"), ("/api/", "⟦Save⟧"), ("/api/v1/me", "Save")])
def test_pages_speak_the_language_of_the_browser_and_the_api_english(address: str, said: str, marked: None) -> None:
    answer = PageLanguage(lambda request: HttpResponse(translation.gettext("Save")))
    request = RequestFactory().get(address, headers={"Accept-Language": "es-PR,es;q=0.9"})
    assert answer(request).content.decode() == said


@pytest.mark.django_db
def test_an_english_page_fetches_no_texts(client: Any) -> None:
    page = client.get("/login/").content.decode()
    assert '<html lang="en"' in page
    assert "texts.js?" not in page


def test_numbers_keep_the_point_that_scripts_and_coordinates_need(marked: None) -> None:
    from django.template import Context, Template

    assert Template("{{ n }}").render(Context({"n": 39.25})) == "39.25"


def test_the_libraries_speak_the_language_of_the_request(marked: None) -> None:
    assert texts.gettext("A {thing}.") == "⟦A ⟧{thing}⟦.⟧"
    assert texts.ngettext("{n} row", "{n} rows", 2) == "⟦⟧{n}⟦ rows⟧"


def test_a_language_is_there_once_its_texts_are_compiled(tmp_path: Any) -> None:
    assert translated(tmp_path) == []
    for code, file in (("es", "django.mo"), ("es_PR", "django.mo"), ("fr", "django.po")):
        folder = tmp_path / code / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / file).write_bytes(b"")
    assert translated(tmp_path) == [("es", "español"), ("es-pr", "español")]
