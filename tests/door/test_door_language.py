"""The door in another language: every page asks for each of its texts, in the language that the browser asks for."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from tests.door.served import hidden, receipt_on
from tests.door.test_door_pages import STORY, TODAY, door  # noqa: F401 - a fixture
from tests.web.test_translation import marked, unmarked, words_of  # noqa: F401 - a fixture

from vigil.core.privacy import recognise
from vigil.door import drop, report_views
from vigil.door.models import Kind, Report, Reviewer

ASKED, DONE, SAID = "Was the other agency on your channel?", "Dispatch now says who is inside.", "Sgt. Miller"
OURS = f"{STORY} {ASKED} {DONE} {SAID} Bay region near miss Elm County Port Calvert Police Copline FBI SSN"
DATA = words_of(OURS) | words_of(" ".join(span.proposal for text in (STORY, SAID) for span in recognise(text)))
"""What was typed, and what is put into an English narrative."""


class Spanish:
    """A browser whose reader speaks Spanish; `bare`: by page, the words that nobody asked a translation for."""

    def __init__(self) -> None:
        self.client, self.bare, self.seen = Client(headers={"Accept-Language": "es-PR,es;q=0.9"}), {}, 0

    def look(self, name: str, answer: Any) -> str:
        page = re.sub(r"[0-9A-Z]{4}( [0-9A-Z]{4}){3}", "", answer.content.decode())
        assert '<html lang="es"' in page, name
        self.seen += 1
        if bare := unmarked(page) - DATA:
            self.bare[name] = sorted(bare)
        shown: str = answer.content.decode()
        return shown

    def get(self, path: str) -> str:
        return self.look(path, self.client.get(path))

    def post(self, name: str, path: str, *fields: tuple[str, str]) -> str:
        form = "application/x-www-form-urlencoded"
        return self.look(name, self.client.post(path, urlencode(fields), content_type=form))


@pytest.mark.django_db(databases=["door"])
def test_every_page_asks_for_each_of_its_texts_in_the_browsers_language(
    door: dict[int, bytes],  # noqa: F811
    marked: None,  # noqa: F811
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    spanish = Spanish()
    for path in ("/", "/protects/", "/help/", "/receipt/", "/nowhere/"):
        spanish.get(path)
    page = spanish.get("/report/")
    spanish.post(
        "faults", "/report/", *hidden(page), ("go", "next"), ("tell", "SSN 219-09-9999"), ("right", "1 " * 5_001)
    )
    page = spanish.post("scene", "/report/", *hidden(page), ("happened", STORY), ("go", "next"))
    page = spanish.post("why", "/report/", *hidden(page), ("go", "next"))
    page = spanish.post("check", "/report/", *hidden(page), ("go", "next"))
    for go in ("replace:1", "keep:2", "own:3"):
        page = spanish.post(go, "/report/", *hidden(page), ("go", go))
    page = spanish.post("send", "/report/", *hidden(page), ("go", "next"))
    with monkeypatch.context() as patch:
        patch.setattr(report_views.tickets, "ripens", lambda: 7.0)
        spanish.post("wait", "/report/", *hidden(page), ("go", "send"))
    receipt = receipt_on(spanish.post("sent", "/report/", *hidden(page), ("go", "send")))
    spanish.post("again", "/report/", *hidden(page), ("go", "send"))
    report = Report.objects.get()
    drop.reviewers_write(report, Kind.QUESTION, ASKED, TODAY)
    drop.reviewers_write(report, Kind.DONE, DONE, TODAY)
    for typed in ("too short", "0" * 16):
        spanish.post("wrong receipt", "/receipt/", ("receipt", typed))
    for go in ("open", "answer", "withdraw", "withdraw-now"):
        spanish.post(f"dialogue {go}", "/receipt/", ("receipt", receipt), ("go", go), ("text", SAID))
    spanish.look("picture", spanish.client.post("/report/", {"happened": "x"}))
    spanish.post("too much", "/report/", *[("happened", "")] * 501)
    Reviewer.objects.all().delete()
    spanish.look("closed", spanish.client.get("/report/"))
    spanish.get("/")
    assert spanish.seen > 25
    assert spanish.bare == {}
