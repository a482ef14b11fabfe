"""A case study read, and an encounter begun: on a phone's width, without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.conftest import Visit
from tests.browser.steps import press
from tests.browser.test_door import Reader

pytestmark = pytest.mark.browser


def test_a_case_study_is_read_and_an_encounter_is_begun(page_of: Visit, server: str, chromium: Browser) -> None:
    reader = Reader(chromium.new_page(viewport={"width": 360, "height": 740}), "cases")
    reader.page.goto(f"{server}/login/")
    page = page_of("ruth.calloway", "/near-miss/cases/", width=360, height=740, java_script_enabled=False)
    page.get_by_role("link", name="Up the stairs alone").click()
    expect(page.get_by_role("heading", name="The offender")).to_be_visible()
    reader.look(page)
    page.goto("/near-miss/encounters/new/")
    page.get_by_label("What brought them together").fill("A stop behind a store.")
    press(page, "Submit to the reviewers")
    expect(page.get_by_label("What brought them together")).to_have_value("A stop behind a store.")
    reader.look(page)
    page.get_by_label("Title").fill("Behind the store")
    press(page, "Save the draft")
    page.get_by_label("Why it is held").fill("The appeal is open.")
    press(page, "Hold it")
    expect(page.get_by_role("main")).to_contain_text("Set by Ruth Calloway")
    reader.look(page)
    page.goto("/near-miss/encounters/")
    expect(page.get_by_role("row", name="Behind the store")).to_contain_text("until lifted")
    reader.look(page)
    reader.page.close()
