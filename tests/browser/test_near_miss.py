"""From a report at the door to a published lesson and the reporter's answer: on a phone's width, without JavaScript."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.test_door import Reader
from tests.door.served import served

pytestmark = pytest.mark.browser
STORY = "Officer Brandt and I stopped a car on Pier Road. The driver had a knife under the seat."
PASSPHRASE = "heron gravel lantern tide"
REVIEW, REVIEWERS = "/near-miss/review/", "/near-miss/reviewers/"
PEOPLE = {"dana.whitlock": "Dana Whitlock", "ruth.calloway": "Ruth Calloway"}


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_from_the_door_to_the_lesson_and_the_reporters_answer(
    visit: Any, server: str, data_folder: Path, chromium: Browser, sessions: dict[str, Any]
) -> None:
    phone = {"width": 360, "height": 740, "java_script_enabled": False}
    reader = Reader(chromium.new_page(viewport={"width": 360, "height": 740}))
    reader.page.goto(f"{server}/login/")
    with served(data_folder) as door:
        sessions.pop("nadia.stone", None)  # naming asks for a login of just now
        admin = visit("nadia.stone", REVIEWERS, **phone)
        for name in PEOPLE.values():
            admin.get_by_label("Person").select_option(label=name)
            press(admin, "Name")
        pages = {}
        for person in PEOPLE:
            page = pages[person] = visit(person, REVIEW, **phone)
            page.get_by_label("A passphrase that you use nowhere else").fill(PASSPHRASE)
            page.get_by_label("The same again").fill(PASSPHRASE)
            press(page, "Make the key")
            page.get_by_label("Passphrase of your key").fill(PASSPHRASE)
            press(page, "Open for half an hour")
        first, second = pages.values()
        receipt, _fields = door.send(STORY, ("call_type", "traffic"), ("factor", "search_missed"))

        first.reload()
        reader.look(first)
        first.locator("td a").click()
        expect(first.locator("main")).to_contain_text("Officer Brandt and I")
        press(first, "Save")
        expect(first.locator("main")).to_contain_text("Say whether others must hear of it now.")
        reader.look(first)
        first.get_by_label("No", exact=True).check()
        first.locator("#triage-reason").fill("Known.")
        press(first, "Save")
        reader.look(first)
        expect(first.get_by_label("Masked text")).not_to_have_value(STORY)
        press(first, "Give it to a second reviewer")
        expect(first.locator("main")).to_contain_text("Another reviewer must do the next step")

        second.goto(first.url)
        press(second, "I agree: nothing in it points at anybody")
        second.get_by_label("Title").fill("Knife under the seat")
        second.get_by_label("Lessons learned").fill("Have the driver step out first.")
        second.get_by_label("Primary factor").select_option("search_missed")
        reader.look(second)
        press(second, "Save the coding")
        second.get_by_label("What was done").fill("Searches are trained anew.")
        press(second, "Tell")
        first.reload()
        press(first, "Publish")

        library = visit("ines.ferro", "/near-miss/", **phone)
        reader.look(library)
        library.get_by_role("link", name="Knife under the seat").click()
        expect(library.locator("main")).to_contain_text("Have the driver step out first.")
        expect(library.locator("main")).not_to_contain_text("Brandt")
        status, told = door.post("/receipt/", [("receipt", receipt)])
        assert status == 200
        assert "Searches are trained anew." in told
        assert "Published as a lesson" in told
    reader.page.close()
