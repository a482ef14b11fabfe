"""Fishing as the watch desk meets it: budgets set, a case that appears by itself, its map, the review; axe, 360 px."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Visit, Watch
from tests.browser.steps import register
from tests.browser.test_history_pages import narrow

pytestmark = pytest.mark.browser


def test_a_case_appears_is_looked_at_and_settled(page_of: Visit, watch: Watch) -> None:
    admin = page_of("paul.drummond", "/agency/budgets/", width=1280)
    admin.get_by_label("One person, km² × hours").fill("nothing")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Give a whole number from 1 to 100,000.")).to_be_visible()
    narrow(admin, watch)
    desk = page_of("ines.ferro", "/fishing/?kind=area_time", width=1280)
    expect(desk.get_by_role("link", name="Lena Marsh")).to_have_count(0)  # what other tests asked may wait here too
    admin.get_by_label("One person, km² × hours").fill("1")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Saved.")).to_be_visible()

    register(page_of("lena.marsh", width=1280), "39.05, -76.95")
    case = desk.get_by_role("link", name="Lena Marsh")
    expect(case).to_be_visible()
    case.click()
    # The drawing stands behind the map, and in its place where the browser has no WebGL left.
    desk.locator("[data-plain] g[data-of]").first.wait_for(state="attached")
    expect(desk.get_by_text("the budget is 1.")).to_be_visible()
    narrow(desk, watch)
    desk.get_by_label("How you know").fill("Her sergeant knows of it.")
    desk.get_by_role("button", name="Settle").click()
    expect(desk.get_by_text("Choose what came of it.")).to_be_visible()
    expect(desk.get_by_label("How you know")).to_have_value("Her sergeant knows of it.")
    desk.get_by_label("Explained").check()
    desk.get_by_role("button", name="Settle").click()
    expect(desk.get_by_text("What was asked until now is not flagged again.")).to_be_visible()
    desk.goto("/fishing/?state=settled")
    expect(desk.get_by_role("cell", name="Explained")).to_be_visible()
    narrow(desk, watch)
