"""Plans as people change them: series, the timeline, moves and splits, and drafts that nothing takes away."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import DANA, LENA, PASSWORD, TOM, Visit, Watch
from tests.browser.steps import beyond, fill_register, register, tab_to
from tests.browser.test_pages import _axe

pytestmark = pytest.mark.browser

Spot = Callable[[], str]
SAVED = re.compile(r"Draft saved on the server \d\d:\d\d:\d\d")


def fits(page: Page, watch: Watch, name: str) -> None:
    """At 360 px nothing lies beside the screen; no violation there either."""
    page.set_viewport_size({"width": 360, "height": 740})
    beside = beyond(page)
    assert beside <= 0, f"{name} is {beside} px wider than the screen"
    _axe(page, watch, name)
    page.set_viewport_size({"width": 1440, "height": 900})


def test_the_same_surveillance_each_night(page_of: Visit, watch: Watch, spot: Spot) -> None:
    place = spot()
    register(page_of(TOM), place, starts="2026-11-30 22:30", ends="+3h")
    page = page_of(DANA)
    register(page, place, starts="2200 tomorrow", ends="+6h", kind="fixed_surveillance")
    page.get_by_role("link", name="Repeat it").click()
    fits(page, watch, "repeat")
    page.get_by_role("button", name="Show the days").click()
    expect(page.locator(".error-summary")).to_contain_text("Give the last day, or how many")
    page.get_by_label("Or how many more").fill("6")
    page.get_by_role("button", name="Show the days").click()
    expect(page.locator("#days-title")).to_have_text("6 days, NOT REGISTERED yet")
    fits(page, watch, "repeat, with days")
    page.get_by_role("button", name="Register all 6 and check each").click()
    expect(page.locator("h1")).to_have_text("A series of 7 operations")
    expect(page.locator("main")).not_to_contain_text("NOT REGISTERED")
    fits(page, watch, "series")
    page.get_by_label("Which").first.select_option(index=3)
    page.get_by_label("Unit").select_option("hours")
    page.get_by_role("button", name="Move them and ask again").click()
    expect(page.locator(".flash")).to_contain_text("operations moved")
    page.goto("/operations/")
    expect(page.get_by_role("link", name="In a series").first).to_be_visible()
    page.get_by_role("link", name="In a series").first.click()
    page.get_by_role("link", name=re.compile(r"^1\. ")).click()
    page.get_by_role("link", name="This and the following").click()
    page.get_by_role("button", name="Cancel them").click()
    expect(page.locator(".flash")).to_contain_text("7 operations cancelled")


def test_the_timeline_by_keyboard_and_on_a_phone(page_of: Visit, watch: Watch, spot: Spot) -> None:
    page = page_of(DANA, "/timeline/")
    _axe(page, watch, "timeline")
    tab_to(page, ".lanes a")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict h1")).to_be_visible()
    page.goto("/timeline/?span=day")
    expect(page.locator(".lanes")).to_contain_text("24:00")
    fits(page, watch, "timeline of a day")
    page.get_by_role("link", name="After").click()
    expect(page.get_by_label("How long")).to_have_value("day")
    bare = page_of(DANA, "/timeline/", java_script_enabled=False, width=360)
    expect(bare.locator(".lanes a").first).to_be_visible()


def test_moved_split_and_refused_with_what_was_typed(page_of: Visit, watch: Watch, spot: Spot) -> None:
    page = page_of(DANA, "/operations/register/")
    fill_register(page, spot())
    page.get_by_role("button", name=re.compile("Add another (site|place)")).click()
    page.fill("#sites-1-place", spot())
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()
    other = page_of(LENA, page.url)
    page.get_by_text("Move in time").click()
    page.get_by_label("By", exact=True).fill("3")
    page.get_by_role("button", name="Move it and ask again").click()
    expect(page.locator(".flash")).to_contain_text("Moved")
    other.get_by_text("Move in time").click()
    other.get_by_label("By", exact=True).fill("5")
    # The open page has followed; a window that was asleep has not.
    other.evaluate("() => { document.querySelector('#move [name=revision]').value = '1' }")
    other.get_by_role("button", name="Move it and ask again").click()
    expect(other.locator(".flash")).to_contain_text("somebody changed this operation meanwhile")
    expect(other.get_by_label("By", exact=True)).to_have_value("5")
    fits(other, watch, "operation, refused")
    page.get_by_text("Split off sites").click()
    page.get_by_role("checkbox", name=re.compile(r"^2\.")).check()
    page.get_by_role("button", name="Split and ask again for both").click()
    expect(page.locator(".flash")).to_contain_text("This is the new operation")


def test_a_draft_outlives_the_login_in_an_open_window(visit: Visit, spot: Spot) -> None:
    page = visit(LENA, "/operations/register/")
    fill_register(page, spot())
    bar = page.locator(".bottom-bar [data-saved]")
    expect(bar).to_contain_text(SAVED)
    assert "draft=" in page.url
    page.context.clear_cookies(name="vigil_session")
    page.locator("#fold-case summary").click()
    page.fill("#case_number", "C26-KEPT")
    expect(bar).to_contain_text("your login has ended")
    second = page.context.new_page()
    second.goto("/login/")
    second.fill("#username", LENA)
    second.fill("#password", PASSWORD)
    second.click("button[type=submit]")
    second.wait_for_url(lambda url: "/login" not in url)
    expect(bar).to_contain_text(SAVED)
    expect(page.locator("#case_number")).to_have_value("C26-KEPT")
    page.reload()
    expect(page.locator("#case_number")).to_have_value("C26-KEPT")
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()


def test_a_draft_outlives_the_network_and_says_that_nothing_was_registered(visit: Visit, spot: Spot) -> None:
    page = visit(LENA, "/operations/register/")
    fill_register(page, spot())
    bar = page.locator(".bottom-bar [data-saved]")
    expect(bar).to_contain_text(SAVED)
    page.context.set_offline(True)
    page.fill("#ends_at", "+3h")
    page.click(".bottom-bar button.primary")
    expect(bar).to_contain_text("NOT REGISTERED: the node does not answer")
    expect(page.locator("#ends_at")).to_have_value("+3h")
    page.context.set_offline(False)
    expect(bar).to_contain_text(SAVED)
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()


def test_without_a_script_what_was_sent_after_the_login_ended_is_sent_again(
    visit: Visit, watch: Watch, spot: Spot
) -> None:
    page = visit(LENA, "/operations/register/", java_script_enabled=False, width=360)
    fill_register(page, spot())
    page.context.clear_cookies(name="vigil_session")
    page.locator("#register").get_by_role("button", name=re.compile("Register")).last.click()
    expect(page.locator("main")).to_contain_text("What you sent is kept")
    page.fill("#username", LENA)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("h1")).to_have_text("Not done yet: send it now?")
    page.get_by_role("button", name="Send it now").click()
    expect(page.locator(".verdict h1")).to_be_visible()
