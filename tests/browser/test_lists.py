"""Search, saved views, acts on ticked operations, the calendar and the API's page as people do them in the browser."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from icalendar import Calendar
from playwright.sync_api import Page, expect
from tests.browser.conftest import DANA, LENA, RUTH, Visit, Watch
from tests.browser.steps import register
from tests.browser.test_pages import _axe

pytestmark = pytest.mark.browser

Spot = Callable[[], str]


@pytest.fixture
def axe(watch: Watch) -> Callable[[Page], None]:
    """No fault that axe finds."""
    return lambda page: _axe(page, watch, "lists")


def search(page: Page, text: str) -> None:
    """From wherever one is, by keys alone."""
    page.locator("h1").first.click()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/find/")


def test_the_search_by_keys_from_any_page(page_of: Visit, spot: Spot, axe: Callable[[Page], None]) -> None:
    page = page_of(DANA)
    path = register(page, spot())
    reference = re.search(r"BAY-\d\d-\d{6}", page.locator("main").inner_text())
    assert reference is not None
    for address in ("/conflicts/", "/map/", "/operations/"):
        page.goto(address)
        search(page, reference[0])
        expect(page.locator(f'main a[href="{path}"]')).to_be_visible()
        assert page.url.endswith("/find/")
    axe(page)
    # A slash within a text is a slash.
    page.locator("#text").fill("")
    page.locator("#text").press("/")
    expect(page.locator("#text")).to_have_value("/")
    page.locator("h1").click()
    page.keyboard.press("?")
    page.wait_for_url("**/find/#keys")
    expect(page.locator("#keys")).to_contain_text("Search, from any page")
    axe(page)


def test_the_search_on_a_phone_without_a_script(page_of: Visit) -> None:
    page = page_of(DANA, "/find/", java_script_enabled=False, width=360)
    page.get_by_label("Search for").fill("Whitlock")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Operations")).to_be_visible()
    assert page.url.endswith("/find/")


def test_a_view_is_saved_opened_renamed_and_removed(page_of: Visit, axe: Callable[[Page], None]) -> None:
    page = page_of(LENA, "/operations/?when=all&type=raid")
    page.get_by_role("link", name="Save this view").click()
    expect(page.locator("main")).to_contain_text("All, Raid")
    page.get_by_label("Name").fill("All raids")
    page.get_by_label("Open the list with it").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("section", has_text="All raids").first).to_be_visible()
    axe(page)
    page.goto("/operations/")
    expect(page).to_have_url(re.compile(r"\?type=raid&when=all$"))
    expect(page.locator(".saved-views [aria-current]")).to_have_text("All raids")
    page.get_by_role("link", name="Show all").click()
    expect(page).to_have_url(re.compile(r"\?when=ahead$"))
    page.get_by_role("link", name="Save or change views").click()
    page.locator("section", has_text="All raids").get_by_label("Name").last.fill("")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator(".error")).to_contain_text("Give the view a name")
    axe(page)
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".flash")).to_contain_text("All raids is gone")
    page.goto("/operations/")
    expect(page).to_have_url(re.compile(r"/operations/$"))


def test_ticked_operations_are_cancelled_and_the_cancel_is_undone(
    page_of: Visit, spot: Spot, axe: Callable[[Page], None]
) -> None:
    page = page_of(DANA)
    paths = [register(page, spot(), starts="0400 tomorrow") for _ in range(3)]
    ids = [path.split("/")[-2] for path in paths]
    page.goto("/operations/?when=ahead&mine=yes")
    boxes = page.locator("[data-tick]")
    ours = [page.locator(f'[data-tick][value^="{one}"]') for one in ids]
    expect(ours[0]).to_be_visible()
    page.get_by_label("All on this page").check()
    assert boxes.count() == page.locator("[data-tick]:checked").count()
    page.get_by_label("All on this page").uncheck()
    order = page.locator("[data-tick]").evaluate_all("boxes => boxes.map((box) => box.value.split(':')[0])")
    first, last = sorted(order.index(one) for one in ids)[0], sorted(order.index(one) for one in ids)[-1]
    boxes.nth(first).click()
    boxes.nth(last).click(modifiers=["Shift"])
    assert page.locator("[data-tick]:checked").count() == last - first + 1
    for place in range(first, last + 1):
        if order[place] not in ids:
            boxes.nth(place).click()
    expect(page.locator("[data-ticked]")).to_contain_text("3 ticked")
    axe(page)
    page.locator("#selected").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancel 3 operations?")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Cancel these 3").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 operations cancelled")
    axe(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("3 operations registered again")
    page.goto(paths[0])
    expect(page.locator(".verdict h1")).to_have_text("No known conflict")


def test_all_on_the_page_is_moved_without_a_script_on_a_phone(page_of: Visit, spot: Spot) -> None:
    registering = page_of(RUTH)
    path = register(registering, spot(), starts="0430 tomorrow")
    page = page_of(RUTH, "/operations/?when=ahead&mine=yes", java_script_enabled=False, width=360)
    page.locator(f'[name="ticked"][value^="{path.split("/")[-2]}"]').check()
    page.locator("#selected").get_by_role("button", name="Move by a day").click()
    page.get_by_label("Days").fill("2")
    page.get_by_role("button", name="Show the new times").click()
    expect(page.locator("main")).to_contain_text("becomes")
    page.get_by_role("button", name="Move it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 operation moved")


def test_a_calendar_address_is_made_read_and_revoked(
    page_of: Visit, spot: Spot, axe: Callable[[Page], None], server: str
) -> None:
    page = page_of(DANA)
    register(page, spot())
    page.goto("/operations/")
    page.get_by_role("link", name="Calendar").click()
    page.get_by_role("button", name="Make an address").click()
    address = page.locator("[data-secret]").inner_text().replace("\n", "")
    axe(page)
    with urllib.request.urlopen(address) as answer:
        calendar = Calendar.from_ical(answer.read())
    assert any("Search warrant" in str(event["SUMMARY"]) for event in calendar.walk("VEVENT"))
    page.get_by_role("button", name="Revoke this address").click()
    expect(page.locator("main")).to_contain_text("no longer works")
    with pytest.raises(urllib.error.HTTPError) as gone:
        urllib.request.urlopen(address)
    assert gone.value.code == 404
    gone.value.close()
