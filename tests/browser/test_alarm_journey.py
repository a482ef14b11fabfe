"""From the alarm to the agreement: two agencies, a page and a telephone, and the desk between them; the desk's entry
for a caller, and the pages of how people are reached. With VIGIL_SCREENSHOTS=folder each step is stored as a picture.
"""

from __future__ import annotations

import queue
import re
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import DANA, INES, NADIA, PATIENCE, PAUL, TOM, Visit, Watch
from tests.browser.steps import fill_plan, register
from tests.browser.test_pages import _axe, shoot
from tests.browser.test_setup_pages import fits

from vigil.cli.gateway import TestGateway

pytestmark = pytest.mark.browser

PHONE = "+14105550139"
"""Of this one operation: Tom's own hears again and again of what other tests registered."""


def test_both_are_alarmed_one_answers_by_page_one_by_text_they_talk_and_settle(
    page_of: Visit, spot: Any, gateway: TestGateway, watch: Watch
) -> None:
    texts: queue.Queue[str] = queue.Queue()

    def arrived(message_id: str) -> None:
        if gateway.got[message_id].message["to"] == PHONE and gateway.got[message_id].code:
            texts.put(message_id)

    place = spot()
    register(page_of(TOM), place, phone=PHONE)
    gateway.arrived = arrived
    page = page_of(DANA)
    register(page, place)
    page.get_by_role("link", name=re.compile("Open conflict")).first.click()
    page.wait_for_url("**/conflicts/*/")
    address = page.url

    # Both are alarmed: a text has come to the other side, and says nothing of what it is about.
    text = texts.get(timeout=PATIENCE / 1000)
    said = gateway.got[text].message["text"]
    assert not re.search(r"Port Calvert|Whitlock|conflict|BAY-", said, re.IGNORECASE)
    expect(page.locator(".way")).to_contain_text("Your side has not answered its alarm for")
    expect(page.locator(".contact")).to_contain_text(re.compile(r"It comes back at \d\d:\d\d if nobody has talked"))
    shoot(page, watch, "alarm-1-told", 1440)

    # One side answers on the page, the other by the code of its text.
    page.get_by_role("button", name="I have seen this").click()
    expect(page.locator(".way h2")).to_contain_text("Your side took")
    expect(page.locator(".way")).to_contain_text("Acknowledged")
    expect(page.locator(".way")).not_to_contain_text("Vasquez")
    assert gateway.reply(text) == {"taken": True}
    expect(page.locator(".steps")).to_contain_text(re.compile(r"you \d\d:\d\d; they \d\d:\d\d"))
    assert gateway.reply(text) == {"taken": False}
    shoot(page, watch, "alarm-2-both-answered", 1440)

    # The desk connects them and logs who spoke with whom, and how it knew them.
    desk = page_of(INES, address)
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
    shoot(desk, watch, "alarm-3-talked", 1440)

    # What they agreed ends it on every page.
    desk.get_by_label("Do it together").check()
    desk.get_by_role("button", name="Log and settle").click()
    expect(desk.get_by_role("heading", level=1)).to_contain_text("Settled: Do it together")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Settled")
    shoot(page, watch, "alarm-4-settled", 1440)
    desk.set_viewport_size({"width": 360, "height": 800})
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    _axe(desk, watch, "an alarm's way")


def test_the_desk_enters_for_a_caller_and_reads_the_answer_out(page_of: Visit, spot: Any, watch: Watch) -> None:
    desk = page_of(INES, "/desk/enter/", width=360, height=800)
    desk.get_by_role("button", name="Register for the caller").click()
    expect(desk.locator(".error-summary")).to_be_visible()
    fits(desk, watch)
    shoot(desk, watch, "entry-1-refused", 360)
    desk.get_by_label("Caller's name").fill("Hal Hart")
    desk.get_by_label("Caller's telephone").fill("410 555 0155")
    desk.get_by_label("Caller's agency").select_option(label="None of these")
    desk.get_by_label("If none of these: which").fill("Harbor Task Force")
    desk.get_by_label("Called back").check()
    fill_plan(desk, spot())
    desk.get_by_role("button", name="Register for the caller").click()
    expect(desk.get_by_role("heading", name="Say")).to_be_visible()
    expect(desk.locator(".lead")).to_contain_text("Entered for Hal Hart, Harbor Task Force")
    expect(desk.locator(".script").first).to_contain_text(re.compile(r"BAY-\d\d-\d+"))
    fits(desk, watch)
    shoot(desk, watch, "entry-2-read-out", 360)


def test_pages_of_how_people_are_reached(page_of: Visit, watch: Watch) -> None:
    for person, path in ((DANA, "/account/ways/"), (NADIA, "/channels/"), (PAUL, "/setup/webhooks/")):
        fits(page_of(person, path, width=360, height=800), watch)
