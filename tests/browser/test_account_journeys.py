"""An account from the request to the first password, and the administrators' pages, at 360 px with axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import INES, LENA, PAUL, Visit, Watch
from tests.browser.test_setup_pages import fits

pytestmark = pytest.mark.browser

TOASTS_STAY = """() => {
  const set = setTimeout;
  window.setTimeout = (act, ms, ...more) => (ms === 12000 ? 0 : set(act, ms, ...more));
}"""
"""A busy machine looks for one later than it goes away by itself."""
FILE = b"full_name,username,roles\nGail Grove,gail.grove,\nIvy Ives,ivy,chief\n"


def test_a_request_is_confirmed_and_approved_and_the_pages_fit_a_phone(page_of: Visit, watch: Watch) -> None:
    contact = page_of(LENA, "/account/", width=360)
    asking = page_of(None, "/account/ask/", width=360)
    typed = {"full_name": "Nina New", "phone": "410-555-0177", "ori": "MD0PCP100", "contact": "Lena Marsh"}
    for field, text in typed.items():
        asking.fill(f"#{field}", text)
    fits(asking, watch)
    contact.evaluate(TOASTS_STAY)
    asking.get_by_role("button", name="Ask").click()
    expect(asking.get_by_text("Your request was taken")).to_be_visible()

    toast = contact.locator(".toast", has_text="names you")
    expect(toast).to_be_visible()
    toast.get_by_role("link", name="Open").press("Enter")
    contact.get_by_role("button", name="I know them: sworn").click()
    expect(contact.get_by_text("Waits for an administrator")).to_be_visible()

    page = page_of(PAUL, "/accounts/", width=360)
    page.get_by_role("link", name="Nina New").click()
    expect(page.get_by_label("User name")).to_have_value("nina.new")
    fits(page, watch)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="The first password of Nina New")).to_be_visible()


def test_review_invitation_and_way_back_fit_a_phone(page_of: Visit, watch: Watch) -> None:
    page = page_of(PAUL, "/accounts/review/", width=360)
    fits(page, watch)
    page.get_by_role("group", name="Ruth Calloway").get_by_label("Still needed").check()
    page.get_by_role("button", name="Save the decisions").click()
    expect(page.get_by_text("1 account confirmed, 0 ended.")).to_be_visible()
    page.goto("/accounts/invite/")
    page.set_input_files("#file", {"name": "people.csv", "mimeType": "text/csv", "buffer": FILE})
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("Line 3, roles")).to_be_visible()
    page.get_by_role("button", name="Add them, show the sheet").click()
    expect(page.get_by_role("heading", name="1 person added")).to_be_visible()
    fits(page, watch)
    page.goto("/way-back/")
    page.get_by_label("Whom to help").fill("lena.marsh")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("button", name="Give a code")).to_be_visible()
    fits(page, watch)
    desk = page_of(INES, "/way-back/", width=360)
    desk.get_by_label("Whom to help").fill("Lena Marsh")
    desk.get_by_role("button", name="Find").click()
    expect(desk.get_by_text("Without a number on file")).to_be_visible()
