"""A led exercise as its controller, evaluator and player meet it: plan, run, sheet, report; axe, 1280 and 360 px."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import INES, RUTH, Visit, Watch
from tests.browser.test_history_pages import narrow

pytestmark = pytest.mark.browser


def test_an_exercise_is_planned_run_rated_and_reported(visit: Visit, page_of: Visit, watch: Watch) -> None:
    """Ruth controls and Ines plays; the worker registers by itself, and Ruth's page shows it without being reloaded."""
    page = page_of(RUTH, "/exercises/", width=1280)
    page.get_by_role("button", name="Copy this scenario").click()
    expect(page.get_by_text("Nobody plays yet")).to_be_visible()
    page.get_by_role("link", name="Change 2 An operation is registered").click()
    page.get_by_label("Minute from the start").fill("0")
    page.get_by_role("button", name="Save the inject").click()
    page.get_by_label("Who", exact=True).select_option(label="Ines Ferro, Port Calvert PD")
    page.get_by_role("button", name="Name this person").click()
    narrow(page, watch)

    page.get_by_role("button", name="Start now").click()
    page.set_viewport_size({"width": 1280, "height": 900})
    registered = page.get_by_role("listitem").filter(has_text="Harbor Falls registers a raid.")
    expect(registered.get_by_text("by itself.")).to_be_visible()
    page.get_by_role("button", name="Release now 5").click()
    read_out = page.get_by_role("listitem").filter(has_text="The exercise begins.")
    read_out.get_by_label("Note on the inject of minute 0").fill("All here.")
    read_out.get_by_role("button", name="Done").click()
    read_out.get_by_role("button", name="Seen").click()
    expect(read_out.get_by_text("Seen in time")).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile(r"minute \d"))).to_be_visible()
    narrow(page, watch)

    desk = visit(INES, "/desk/", width=1280)
    desk.get_by_role("link", name="EXERCISE Pine Ridge").click()
    desk.get_by_role("button", name="I take this").click()
    expect(desk.get_by_text("Ines Ferro, you")).to_be_visible()
    desk.goto("/desk/enter/")
    expect(desk.get_by_text("You play in an exercise now.")).to_be_visible()

    page.get_by_role("link", name="Evaluator's sheet").click()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_text("Write down what you saw, in at most 1000 letters.").first).to_be_visible()
    page.get_by_label("What was done, by whom").fill("Ines took it at once.")
    page.get_by_label("What it is").select_option("strength")
    page.get_by_role("button", name="Write it down").click()
    page.get_by_label("P Performed without challenges").first.check()
    page.get_by_role("button", name="Rate Take up every conflict at once").click()
    expect(page.get_by_text("Reached in 1 of 1 conflicts")).to_be_visible()
    narrow(page, watch)

    page.get_by_role("link", name="The exercise", exact=True).first.click()
    page.get_by_role("button", name="End it").click()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(page.get_by_role("heading", name="EXERCISE: after-action report")).to_be_visible()
    page.get_by_label("What is mended").fill("Print the list of telephones")
    page.get_by_label("Owner").fill("Ruth Calloway")
    page.get_by_label("Due").fill("2027-01-31")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("due 2027-01-31")).to_be_visible()
    expect(page.get_by_text("Ines took it at once.").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (PDF)").click()
    assert download.value.suggested_filename == "after-action-report.pdf"
    narrow(page, watch)
