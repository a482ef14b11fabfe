"""History, purge and policy study as people use them, each with axe and at 360 px."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import DANA, RUTH, Visit, Watch
from tests.browser.steps import press, register
from tests.browser.test_setup_pages import fits

pytestmark = pytest.mark.browser
NADIA = "nadia.stone"
HEAD = "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude\n"


def narrow(page: Page, watch: Watch) -> None:
    fits(page, watch)
    page.set_viewport_size({"width": 360, "height": 800})
    fits(page, watch)


def test_what_was_cancelled_stands_in_the_history(page_of: Visit, watch: Watch, spot: Callable[[], str]) -> None:
    page = page_of(DANA, width=1280)
    register(page, spot())
    reference = page.get_by_text(re.compile(r"[A-Z]+-\d\d-\d{6}")).first.inner_text()
    number = re.search(r"[A-Z]+-\d\d-\d{6}", reference)
    assert number
    press(page, "Cancel this operation")
    page.goto("/history/?state=cancelled")
    expect(page.get_by_text(number[0])).to_be_visible()
    expect(page.get_by_role("button", name="CSV of these")).to_be_visible()
    page.get_by_label("What came of it").select_option("delay")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("None match")).to_be_visible()
    page.go_back()
    narrow(page, watch)


def test_a_legal_hold_is_set_by_number_and_lifted(page_of: Visit, watch: Watch, spot: Callable[[], str]) -> None:
    page = page_of(DANA)
    register(page, spot())
    number = re.search(r"[A-Z]+-\d\d-\d{6}", page.locator("main").inner_text())
    assert number
    page = page_of(NADIA, "/purge/", width=1280)
    field = page.get_by_label("Operation number")
    field.fill("BAY-99-000001")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Check the number")).to_be_visible()
    expect(field).to_have_value("BAY-99-000001")
    field.fill(number[0])
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{number[0]} is held")).to_be_visible()
    narrow(page, watch)
    page.get_by_role("button", name=f"Lift the hold of {number[0]}").click()
    expect(page.get_by_text(f"{number[0]} is no longer held")).to_be_visible()


def test_a_study_of_a_file_is_counted_while_one_watches(page_of: Visit, watch: Watch, tmp_path: Path) -> None:
    day = "2026-0{}-05T1{}:00:00Z"
    rows = [
        f"op-{number},MD0000100,raid,{day.format(6 + number % 3, number % 4)},{day.format(6 + number % 3, 5)},"
        f"{39 + number * 0.0015:.4f},-76.61\n"
        for number in range(60)
    ]
    file = tmp_path / "operations.csv"
    file.write_text(HEAD + "".join(rows))
    page = page_of(RUTH, "/study/", width=1280)
    page.get_by_label("Radii to try").fill("a lot")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_text("Give numbers from 0")).to_be_visible()
    fits(page, watch)
    page.get_by_label("Radii to try").fill("300, 1500")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_role("heading", name=re.compile("With 1500 m: .* times the alarms"))).to_be_visible()
    expect(page.locator(".chart .part.near").first).to_be_visible()
    page.get_by_label("Compare today with").select_option("300 m")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="By month: as registered and 300 m")).to_be_visible()
    narrow(page, watch)
    page.get_by_role("link", name="What each number means").click()
    expect(page.get_by_role("rowheader", name="Times today")).to_be_visible()
    narrow(page, watch)
