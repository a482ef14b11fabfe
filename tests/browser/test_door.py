"""The door on a phone's width without JavaScript: from the first page to the receipt, and back by it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import PATIENCE, Watch
from tests.browser.steps import press, sent, violations
from tests.door.served import served

pytestmark = pytest.mark.browser
STORY = "Saturday around 02:40 Officer Brandt and I went to an alarm at the old Fenwick cannery on Pier Road."


@dataclass
class Reader:
    """A browser with scripts, into which pages are copied: axe is one. With VIGIL_SCREENSHOTS, pictures are kept."""

    page: Page
    journey: str = "door"
    seen: int = 0

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)

    def look(self, page: Page) -> None:
        """No violation of WCAG, and nothing wider than the screen."""
        self.seen += 1
        if keep := os.environ.get("VIGIL_SCREENSHOTS"):
            page.screenshot(path=f"{keep}/{self.journey}-{self.seen:02}.png", full_page=True)
        page.wait_for_load_state()
        self.page.set_content(page.content())
        found = violations(self.page)
        assert found.violations_count == 0, found.generate_report()
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url


def test_from_the_first_page_to_the_receipt_and_back(chromium: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as door:
        context = chromium.new_context(
            base_url=door.url, viewport={"width": 360, "height": 740}, java_script_enabled=False
        )
        context.set_default_timeout(PATIENCE)
        page, watch = context.new_page(), Watch(door.url)
        watch.over(page)
        reader = Reader(chromium.new_page(viewport={"width": 360, "height": 740}))
        reader.page.goto(f"{door.url}/help/")
        page.goto("/")
        reader.look(page)
        page.get_by_role("link", name="Start a report").click()
        press(page, "Next: the scene")
        expect(page.get_by_role("alert")).to_contain_text("Tell what happened")
        reader.look(page)
        page.get_by_label("What happened?").fill(STORY)
        expect(page.locator("main")).to_contain_text("Go back with the Back of this page, not with your browser's")
        press(page, "Next: the scene")
        page.get_by_label("Kind of call").select_option("alarm")
        page.get_by_label("Body armor").check()
        reader.look(page)
        press(page, "Next: why")
        page.get_by_label("Light or sight").check()
        reader.look(page)
        press(page, "Back")
        expect(page.get_by_label("Kind of call")).to_have_value("alarm")
        press(page, "Next: why")
        expect(page.get_by_label("Light or sight")).to_be_checked()
        press(page, "Next: check")
        expect(page.get_by_role("heading", level=1)).to_have_text("3 things in your story could still point at you")
        reader.look(page)
        page.get_by_role("button", name="Use my own words").nth(1).click()
        page.get_by_label("Your own words instead").fill("my partner")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        press(page, "Replace all that are left")
        reader.look(page)
        press(page, "Next: send it")
        expect(page.locator(".story")).to_contain_text("my partner")
        reader.look(page)
        receipt = sent(page)
        reader.look(page)
        page.get_by_role("link", name="I have written it down").click()
        page.get_by_role("link", name="I have a receipt").first.click()
        page.get_by_label("Receipt").fill("0000 0000 0000 0000")
        press(page, "Open")
        expect(page.get_by_role("alert")).to_contain_text("No report has this receipt")
        reader.look(page)
        page.get_by_label("Receipt").fill(receipt.lower())
        press(page, "Open")
        expect(page.locator(".letter")).to_contain_text("my partner")
        page.get_by_label("Answer or add").fill("It was raining.")
        press(page, "Send")
        expect(page.locator(".letter").last).to_contain_text("It was raining.")
        reader.look(page)
        for path in ("/protects/", "/help/"):
            page.goto(path)
            reader.look(page)
        assert context.cookies() == []
        context.close()
        work_instead_of_waiting(reader.page, door.url)
        reader.page.close()
        assert watch.faults == []


TO_THE_LAST_STEP = """() => {
  const form = document.forms[0];
  [form.step.value, form.ticket.value, form.querySelector(".bar .primary").value] = ["send", "", "send"];
}"""
"""As if everything before was done; the door draws a new ticket, which is not ripe."""


def work_instead_of_waiting(page: Page, url: str) -> None:
    """Where scripts run nobody presses twice."""
    the_browsers_back_is_the_pages(page, url)
    page.goto(f"{url}/report/")
    page.get_by_label("What happened?").fill("It was dark, and raining.")
    page.evaluate(TO_THE_LAST_STEP)
    with page.expect_response(lambda answer: answer.status == 429):  # the page works, and is gone soon
        page.get_by_role("button", name="Next: the scene").click()
    expect(page.locator("#receipt")).to_be_visible()


def the_browsers_back_is_the_pages(page: Page, url: str) -> None:
    """Where scripts run it loses nothing, and asks once before what is typed goes."""
    page.goto(f"{url}/report/")
    page.get_by_label("What happened?").fill(STORY)
    press(page, "Next: the scene")
    page.get_by_label("Kind of call").select_option("alarm")
    page.go_back()
    expect(page.get_by_label("What happened?")).to_have_value(STORY)
    page.wait_for_load_state()  # its script has run
    page.go_back()
    expect(page.get_by_role("status")).to_contain_text("Press Back once more")
    press(page, "Next: the scene")
    expect(page.get_by_label("Kind of call")).to_have_value("alarm")
    page.go_back()
    expect(page.get_by_label("What happened?")).to_have_value(STORY)
    page.wait_for_load_state()
    page.go_back()
    expect(page.get_by_role("status")).to_contain_text("Press Back once more")
    page.go_back()
    expect(page.get_by_role("link", name="Start a report")).to_be_visible()
