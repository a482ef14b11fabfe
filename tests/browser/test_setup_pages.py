"""Administrators: whom to call, the policy and the agency's own rules, each with axe and at 360 px."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import PAUL, Visit, Watch
from tests.browser.steps import beyond, press, violations

pytestmark = pytest.mark.browser


def fits(page: Page, watch: Watch) -> None:
    page.wait_for_load_state("load")
    beside = beyond(page)
    assert beside <= 0, f"{beside} px wider than the screen"
    watch.testing = True
    found = violations(page)
    page.evaluate("() => 1")
    watch.testing = False
    assert found.violations_count == 0, found.generate_report()


def test_a_place_is_asked_by_click_and_by_keyboard(page_of: Visit, watch: Watch) -> None:
    page = page_of(PAUL, "/whom-to-call/", width=1280)
    page.get_by_role("button", name="Add the shipped names and regions").click()
    page.locator("input[name=wide]").click(position={"x": 525, "y": 148})
    expect(page.get_by_text("MAGLOCLEN (RISS)").first).to_be_visible()
    expect(page.get_by_role("heading", name="Maryland")).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 800})
    page.locator("input[name=narrow]").click(position={"x": 22, "y": 30})
    expect(page.get_by_role("heading", name="Oregon")).to_be_visible()
    page.get_by_label("ZIP code, state").fill("Oregon")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This list knows none").first).to_be_visible()
    fits(page, watch)


def test_a_changed_rule_is_told_beside_the_adopted_policy(page_of: Visit, watch: Watch) -> None:
    page = page_of(PAUL, "/policy/", width=360)
    page.get_by_label("Name and rank of who signs").fill("Chief Ann Ash")
    page.get_by_role("button", name="Adopt").click()
    page.get_by_role("button", name="I have read it").click()
    expect(page.get_by_text("You said that you have read it")).to_be_visible()
    page.goto(page.url.replace("/policy/", "/agency/rules/"))
    page.get_by_label("Raid, radius").fill("0")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nothing was saved")).to_be_visible()
    fits(page, watch)
    page.get_by_label("Raid, radius").fill("350")
    press(page, "Save")
    page.goto(page.url.replace("/agency/rules/", "/policy/"))
    expect(page.get_by_text("the settings now say “Raid: 350 m")).to_be_visible()
    fits(page, watch)
    page.goto(page.url.replace("/policy/", "/agency/rules/"))
    page.get_by_label("Raid, radius").fill("300")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
