"""From a report at the door to a published lesson and the reporter's answer: on a phone's width, without JavaScript."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import PATIENCE, Visit, environment
from tests.browser.steps import press, sent
from tests.browser.test_door import Reader

from vigil.apps.near_miss.demo import PASSPHRASE
from vigil.config import backups, envelope

pytestmark = pytest.mark.browser
NAME, STREET, MINUTE = "Quillfeather", "Zebrafish Road", "at 02:41"
STORY = f"{MINUTE} Officer {NAME} and I stopped a car on {STREET}. The driver had a knife under the seat."
BEHIND, AGENT = "203.0.113.77", "PlantedAgent/7"
QUESTION, ANSWER, DONE = "Was it day, by chance?", "It was dark, and raining sideways.", "Searches are trained anew."
REASON = "No money for lamps before spring."
NEW_PASSPHRASE = "heron gravel lantern tide"
REVIEW, WHO, REVIEWERS = "/near-miss/review/", "/near-miss/review/who/", "/near-miss/reviewers/"


def unlock(page: Page, passphrase: str) -> Page:
    page.get_by_label("Passphrase of your key").fill(passphrase)
    press(page, "Open for half an hour")
    return page


def report(page: Page) -> str:
    """Tell it at the door; the receipt."""
    page.goto("/report/")
    page.get_by_label("What happened?").fill(STORY)
    press(page, "Next: the scene")
    page.get_by_label("Kind of call").select_option("traffic")
    press(page, "Next: why")
    page.get_by_label("Search missed something").check()
    press(page, "Next: check")
    press(page, "Next: send it")
    return sent(page)


def with_receipt(page: Page, receipt: str) -> None:
    page.goto("/receipt/")
    page.get_by_label("Receipt").fill(receipt)
    press(page, "Open")


def waiting(page: Page) -> set[str]:
    """The addresses of the reports in the queue."""
    return set(re.findall(r'href="(/near-miss/review/[0-9a-f-]{36}/)"', page.content()))


@pytest.mark.long
def test_from_the_door_to_the_lesson_and_the_reporters_answer(
    visit: Visit,
    page_of: Visit,
    server: str,
    door_port: int,
    data_folder: Path,
    tmp_path: Path,
    chromium: Browser,
    sessions: dict[str, Any],
) -> None:
    phone = {"width": 360, "height": 740, "java_script_enabled": False}
    reader = Reader(chromium.new_page(viewport={"width": 360, "height": 740}), "near-miss")
    reader.page.goto(f"{server}/login/")
    officer = chromium.new_context(
        base_url=f"http://127.0.0.1:{door_port}",
        viewport={"width": 360, "height": 740},
        java_script_enabled=False,
        user_agent=AGENT,
        extra_http_headers={"X-Forwarded-For": BEHIND},
    )
    officer.set_default_timeout(PATIENCE)
    reporter = officer.new_page()

    sessions.pop("nadia.stone", None)  # naming asks for a login of just now
    admin = visit("nadia.stone", REVIEWERS, **phone)
    admin.get_by_label("Person").select_option(label="Ruth Calloway")
    press(admin, "Name")
    admin.goto("/near-miss/foreign/import/")
    press(admin, "Check this file")
    expect(admin.locator("main")).to_contain_text("Choose a file.")
    reader.look(admin)
    first = page_of("ruth.calloway", REVIEW, **phone)
    first.get_by_label("A passphrase that you use nowhere else").fill(NEW_PASSPHRASE)
    first.get_by_label("The same again").fill(NEW_PASSPHRASE)
    press(first, "Make the key")
    reader.look(first)
    second = page_of("tom.vasquez", WHO, **phone)  # of another agency than the administrator
    second.get_by_text("Confirm or reject Ruth Calloway").click()
    second.get_by_label("Passphrase of your own key").fill("not the one")
    press(second, "Confirm")
    expect(second.locator("main")).to_contain_text("This is not the passphrase of your key.")
    reader.look(second)
    second.get_by_label("Passphrase of your own key").fill(PASSPHRASE)
    press(second, "Confirm")
    first.goto(REVIEW)
    unlock(first, NEW_PASSPHRASE)
    second.goto(REVIEW)
    unlock(second, PASSPHRASE)
    of_the_demo = waiting(second)
    expect(second.locator("main")).to_contain_text("Coded: another reviewer publishes")
    receipt = report(reporter)

    first.reload()
    reader.look(first)
    (ours,) = waiting(first) - of_the_demo
    first.goto(ours)
    expect(first.locator("main")).to_contain_text(f"Officer {NAME} and I")
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
    second.get_by_label("Question").fill(QUESTION)
    press(second, "Ask")
    with_receipt(reporter, receipt)
    expect(reporter.locator(".letter.theirs")).to_contain_text(QUESTION)
    reporter.get_by_label("Answer or add").fill(ANSWER)
    press(reporter, "Send")
    reader.look(reporter)
    second.goto(REVIEW)
    expect(second.locator(f'tr:has([href="{ours}"])')).to_contain_text("The reporter wrote")
    second.goto(ours)
    expect(second.locator("main")).to_contain_text(ANSWER)
    second.get_by_label("What was done").fill(DONE)
    press(second, "Tell")
    first.reload()
    expect(first.locator("main")).to_contain_text("lessons say: Traffic stop or pursuit.")
    reader.look(first)
    press(first, "Publish")

    library = page_of("ines.ferro", "/near-miss/", **phone)
    reader.look(library)
    library.get_by_role("link", name="Knife under the seat").click()
    expect(library.locator("main")).to_contain_text("Have the driver step out first.")
    expect(library.locator("main")).not_to_contain_text(NAME)
    reader.look(library)
    library.goto("/near-miss/patterns/?group=traffic")
    expect(library.locator("main")).to_contain_text("The circumstances")
    reader.look(library)
    with_receipt(reporter, receipt)
    expect(reporter.locator("main")).to_contain_text("Published as a lesson")
    expect(reporter.locator(".letter.theirs").last).to_contain_text(DONE)
    reader.look(reporter)

    library.goto("/near-miss/")
    library.get_by_role("link", name="Knife under the seat").click()
    library.get_by_role("link", name="Recommend something").click()
    press(library, "Recommend")
    expect(library.locator("main")).to_contain_text("Choose a person, or name an office")
    reader.look(library)
    library.get_by_label("What is to be done").fill("Buy lamps for the search of cars.")
    library.get_by_label("Owner: a person").select_option(label="Ruth Calloway")
    library.get_by_label("Due on").fill(str(date.today() + timedelta(days=30)))  # noqa: DTZ011
    press(library, "Recommend")
    library.get_by_role("link", name="Buy lamps for the search of cars.").click()
    library.get_by_role("link", name="Change it").click()
    reader.look(library)
    press(library, "Save")
    first.goto("/near-miss/recommendations/")
    reader.look(first)
    first.get_by_role("link", name="Buy lamps for the search of cars.").click()
    first.get_by_label("Not done", exact=True).check()
    first.get_by_label("What was done, or why not").fill(REASON)
    reader.look(first)
    press(first, "Save")
    second.goto("/near-miss/review/outcomes/")
    reader.look(second)
    with second.expect_navigation():
        second.locator("form", has_text="Buy lamps").get_by_role("button", name="Tell the reporter").click()
    with_receipt(reporter, receipt)
    expect(reporter.locator(".letter.theirs").last).to_contain_text(REASON)
    assert officer.cookies() == []
    officer.close()
    reader.page.close()

    planted = (NAME, STREET, MINUTE, BEHIND, AGENT, QUESTION, ANSWER, DONE, REASON, NEW_PASSPHRASE)
    planted += (receipt, receipt.replace(" ", ""))
    found, told = [], set()
    for where, content in left_behind(page_of, data_folder, tmp_path):
        lower = content.lower()
        found += [(where, one) for one in planted if one.lower().encode() in lower]
        if b"have the driver step out first." in lower:
            told.add(where)
    assert found == []
    assert {"the backup's vigil.sqlite3", "/near-miss/lessons/csv/"} <= told, "what was published is found"


def left_behind(page_of: Visit, data_folder: Path, tmp_path: Path) -> Iterator[tuple[str, bytes]]:
    """Every byte that the running node and its door left: disk, logs, a backup opened, files taken out, the trail."""
    files = {file.name: file.read_bytes() for file in data_folder.rglob("*") if file.is_file()}
    assert {"vigil.sqlite3", "vigil.sqlite3-wal", "door.sqlite3", "log.txt"} <= set(files)
    yield from files.items()
    backup = tmp_path / "node.vigil"
    command = [sys.executable, "-m", "vigil.cli.main", "backup", "--data", str(data_folder), str(backup)]
    subprocess.run(command, env=environment(data_folder), check=True, stdout=subprocess.DEVNULL)
    private = envelope.read_private((data_folder / backups.PRIVATE).read_text())
    with backups._opened(backup, private) as archive:
        members = {
            f"the backup's {member.name}": read.read() for member in archive if (read := archive.extractfile(member))
        }
    assert {"the backup's vigil.sqlite3", "the backup's door.sqlite3"} <= set(members)
    yield from members.items()
    for person, paths in (
        ("ines.ferro", ("/near-miss/lessons/json/", "/near-miss/lessons/csv/", "/near-miss/")),
        ("noel.archer", ("/audit/records/",)),
    ):
        browser = page_of(person).context.request
        for path in paths:
            answer = browser.get(path)
            assert answer.status == 200, path
            yield path, answer.body()
