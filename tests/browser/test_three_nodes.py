"""Three nodes, as `vigil demo federation` starts them, in the browser: a conflict across two of them, and one that is
silent for a while.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import NO_WEBGL, PASSWORD, Watch, free_port
from tests.browser.steps import beyond, fill_register, violations

from vigil.cli import demo as demonstration

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.long]
READY_SECONDS, LEAVE_SECONDS = 480, 120
SOON = 90_000
"""So many milliseconds a partner that is back may take until the page says so by itself."""


@dataclass
class Demo:
    """The running demonstration."""

    process: subprocess.Popen[str]
    told: str

    @property
    def pages(self) -> dict[str, str]:
        """Each node's address by its short name."""
        return {
            found[2]: found[1] for found in re.finditer(r": (http://(\w+)\.localhost:\d+)/$", self.told, re.MULTILINE)
        }

    def switch(self, name: str, until: str) -> None:
        """Type a node's name; wait until the demonstration says so."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if until in line:
                return
        raise AssertionError(f"{name} was not switched")


def started(folder: Path, port: int) -> Demo:
    command = [sys.executable, "-m", "vigil.cli.main", "demo", "federation", "--data", str(folder), "--port", str(port)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("VIGIL_", "DJANGO_"))}
    process = subprocess.Popen(
        command, env=clean, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    patience = threading.Timer(READY_SECONDS, process.kill)
    patience.start()
    told = []
    assert process.stdout
    for line in process.stdout:
        told.append(line)
        if line.startswith("Ctrl+C ends"):
            break
    patience.cancel()
    assert process.poll() is None, "".join(told)
    return Demo(process, "".join(told))


@pytest.fixture
def demo(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Demo]:
    """Three nodes on three ports that are free. Their databases are migrated already: that takes longest."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's loop stands in this thread
    request.getfixturevalue("django_db_setup")
    with request.getfixturevalue("django_db_blocker").unblock():
        connection.ensure_connection()
        for name in demonstration.NAMES if connection.vendor == "sqlite" else ():
            (tmp_path / "federation" / name).mkdir(parents=True)
            with closing(sqlite3.connect(tmp_path / "federation" / name / "vigil.sqlite3")) as copy:
                connection.connection.backup(copy)
    one = started(tmp_path / "federation", free_port(following=2))
    yield one
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(LEAVE_SECONDS) == 130
    for stream in (one.process.stdin, one.process.stdout):
        assert stream
        stream.close()


def test_a_conflict_across_nodes_and_one_that_falls_silent(demo: Demo, chromium: Browser, tmp_path: Path) -> None:
    watches: list[Watch] = []
    expect.set_options(timeout=SOON)  # three nodes share the machine, and late answers change the page by themselves

    def visit(name: str, person: str, path: str, width: int = 1440) -> Page:
        address = demo.pages[name]
        context = chromium.new_context(
            base_url=address, viewport={"width": width, "height": 900}, timezone_id="America/New_York"
        )
        context.set_default_timeout(SOON)
        context.add_init_script(NO_WEBGL)
        page = context.new_page()
        watches.append(Watch(address))
        watches[-1].over(page)
        page.goto("/login/")
        page.fill("#username", person)
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit]")
        page.locator("header").wait_for()
        page.goto(path)
        return page

    starts, ends = re.findall(r"from (.+ (?:today|tomorrow)) to (.+ (?:today|tomorrow))\.", demo.told)[0]

    def register(page: Page, place: str) -> None:
        page.goto("/operations/register/")
        fill_register(page, place, starts, ends, kind="controlled_buy")
        page.click(".bottom-bar button.primary")
        expect(page.locator(".verdict h1")).to_be_visible()

    dana = visit("bay", "dana.whitlock", "/")
    register(dana, "39.5490, -76.0920")
    expect(dana.locator(".verdict h1")).to_contain_text("Call them before")
    expect(dana.locator("main")).to_contain_text("Lower Susquehanna PD")
    ned = visit("susquehanna", "ned.harlan", "/conflicts/")
    expect(ned.locator("main")).to_contain_text("Port Calvert PD")

    demo.switch("potomac", "is silent")
    register(dana, "39.0990, -76.8490")
    heading = dana.locator(".verdict h1")
    expect(heading).to_have_text("Incomplete: Potomac Crossing has not answered")
    expect(dana.locator(".verdict")).to_contain_text("Their area touches your place")
    call = dana.locator(".card.ask")
    expect(call).to_contain_text("(703) 555-0171")
    assert call.locator("a.button").get_attribute("href") == "tel:+17035550171"
    lines = dana.locator("section[aria-labelledby='coverage-title'] tbody tr")
    expect(lines.first).to_contain_text("Potomac Crossing")
    expect(lines.first).to_have_class("silent")
    watches[0].testing = True
    found = violations(dana)
    assert found.violations_count == 0, found.generate_report()
    dana.set_viewport_size({"width": 360, "height": 780})
    assert beyond(dana) == 0
    if keep := os.environ.get("VIGIL_SCREENSHOTS"):
        dana.screenshot(path=f"{keep}/incomplete-phone.png", full_page=True)
        dana.set_viewport_size({"width": 1440, "height": 900})
        dana.screenshot(path=f"{keep}/incomplete.png", full_page=True)
    ines = visit("bay", "ines.ferro", "/desk/")
    expect(ines.locator(".partner-strip")).to_contain_text("Potomac Crossing has not answered since")
    if keep:
        ines.screenshot(path=f"{keep}/desk.png", full_page=True)

    nadia = visit("bay", "nadia.stone", "/near-miss/partners/", 360)
    nadia.get_by_label("Send it what is published here").first.check()
    nadia.get_by_role("button", name="Save").first.click()
    expect(nadia.get_by_label("Send it what is published here").first).to_be_checked()
    expect(nadia.locator("main form h2")).to_have_count(2)
    watches[-1].testing = True
    found = violations(nadia)
    assert found.violations_count == 0, found.generate_report()
    assert beyond(nadia) == 0

    demo.switch("potomac", "is back")
    expect(heading).to_contain_text("Call them before", timeout=SOON)
    expect(ines.locator(".partner-strip")).to_have_count(0, timeout=SOON)
    maya = visit("potomac", "maya.reyes", "/conflicts/")
    expect(maya.locator("main")).to_contain_text("Port Calvert PD")
    if keep:
        maya.screenshot(path=f"{keep}/potomac.png", full_page=True)
    assert not [fault for watch in watches for fault in watch.faults]
