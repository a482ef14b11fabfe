"""From the alarm to the agreement: two agencies, a page and a telephone, and the desk between them."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

from playwright.sync_api import expect
from tests.browser.conftest import DANA, INES, TOM, Visit, Watch
from tests.browser.steps import register
from tests.browser.test_pages import _axe

from vigil.cli.gateway import TestGateway

TOMS_PHONE = "+14105550131"


def test_both_are_alarmed_one_answers_by_page_one_by_text_they_talk_and_settle(
    visit: Visit, spot: Any, gateway: TestGateway, watch: Watch, tmp_path: Path
) -> None:
    texts: list[str] = []
    came = threading.Event()

    def arrived(message_id: str) -> None:
        if gateway.got[message_id].message["to"] == TOMS_PHONE and gateway.got[message_id].code:
            texts.append(message_id)
            came.set()

    place = spot()
    register(visit(TOM), place)
    gateway.arrived = arrived
    page = visit(DANA)
    register(page, place)
    page.get_by_role("link", name=re.compile("Open conflict")).first.click()
    address = page.url

    def picture(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)

    # Both are alarmed: a text has come to the other side, and says nothing of what it is about.
    assert came.wait(30)
    text = gateway.got[texts[-1]].message["text"]
    assert not re.search(r"Port Calvert|Whitlock|conflict|BAY-", text, re.IGNORECASE)
    expect(page.locator(".way")).to_contain_text("Your side has not answered its alarm for")
    expect(page.locator(".contact")).to_contain_text(re.compile(r"It comes back at \d\d:\d\d if nobody has talked"))
    picture("1-alarmed")

    # One side answers on the page, the other by the code of its text.
    page.get_by_role("button", name="I have seen this").click()
    expect(page.locator(".way h2")).to_contain_text("Your side took")
    expect(page.locator(".way")).to_contain_text("Acknowledged")
    expect(page.locator(".way")).not_to_contain_text("Vasquez")
    assert gateway.reply(texts[-1]) == {"taken": True}
    expect(page.locator(".steps")).to_contain_text(re.compile(r"you \d\d:\d\d; they \d\d:\d\d"))
    assert gateway.reply(texts[-1]) == {"taken": False}
    picture("2-both-answered")

    # The desk connects them and logs who spoke with whom, and how it knew them.
    desk = visit(INES, address)
    expect(desk.locator(".way")).to_contain_text("Vasquez")
    desk.fill("#whom", "")
    desk.get_by_role("button", name="We have talked").click()
    expect(desk.locator(".error-summary")).to_contain_text("Give a name")
    desk.fill("#who", "Det. Dana Whitlock")
    desk.fill("#whom", "Tpr. Tom Vasquez")
    desk.select_option("#identity_check", "called_back")
    desk.get_by_role("button", name="We have talked").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Both sides talked at")
    expect(desk.locator(".history")).to_contain_text(
        "Det. Dana Whitlock with Tpr. Tom Vasquez, By telephone, Called back"
    )
    desk.screenshot(path=tmp_path / "3-talked.png", full_page=True)

    # What they agreed ends it on every page.
    desk.get_by_label("Do it together").check()
    desk.get_by_role("button", name="Log and settle").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Settled: Do it together")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Settled")
    picture("4-settled")
    desk.set_viewport_size({"width": 360, "height": 800})
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    _axe(desk, watch, "an alarm's way")
