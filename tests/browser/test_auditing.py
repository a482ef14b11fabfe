"""The auditor's pages as an auditor uses them, with axe and at 360 px."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Visit, Watch
from tests.browser.test_history_pages import narrow

pytestmark = pytest.mark.browser
NOEL, VERA = "noel.archer", "vera.lindqvist"


def open_all_records(page: Page) -> None:
    page.get_by_role("link", name="All records").click()
    expect(page.get_by_role("heading", name="Audit records")).to_be_visible()


def test_the_week_is_looked_through_and_signed(page_of: Visit, watch: Watch, tmp_path: Path) -> None:
    page = page_of(NOEL, "/audit/", width=1280)
    expect(page.get_by_role("heading", name="Weekly review")).to_be_visible()
    page.get_by_role("button", name="I have looked through the week").click()
    expect(page.get_by_text("Last signed by Noel Archer")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("button", name="Take out the signed head").click()
    assert json.loads(Path(taken.value.path()).read_text())["node"]
    page.get_by_text("From how many on something is listed").click()
    narrow(page, watch)
    open_all_records(page)
    page.get_by_label("Act begins with").fill("audit.review.sign")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="audit.review.sign").first).to_be_visible()
    expect(page.get_by_label("Act begins with")).to_have_value("audit.review.sign")
    narrow(page, watch)


def test_an_agencys_auditor_has_no_menu_of_operations(page_of: Visit, watch: Watch) -> None:
    page = page_of(VERA, "/", width=1280)
    menu = page.get_by_role("navigation").first
    expect(menu.get_by_role("link", name="Audit")).to_be_visible()
    expect(menu.get_by_role("link", name="Operations")).to_have_count(0)
    menu.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("button", name="Take out the signed head")).to_have_count(0)
    narrow(page, watch)
