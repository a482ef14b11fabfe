"""A real server with the demo region, and a headless Chromium that watches what every page does.

Each page that a test opens fails the test when it asks another host for anything, breaks the content-security policy,
or throws. Set VIGIL_BROWSER to use another browser than the first of BROWSERS.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from asyncio.events import _get_running_loop, _set_running_loop
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.browser.steps import AXE
from tests.conftest import made_once

from vigil.cli.gateway import SEND, TestGateway, over_http

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The headless shell draws the same pages and needs a third of the processor; `./test` names the same."""
BROWSER = os.environ.get("VIGIL_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
"""Its path; None for the one that playwright has installed for itself."""
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--in-process-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--enable-unsafe-swiftshader",
    "--use-angle=swiftshader",
    # No page lives long enough to earn what optimizing its scripts costs.
    "--js-flags=--no-opt --no-maglev",
)
PATIENCE = 60_000
"""Milliseconds that a page has for what is expected of it: the machine may be busy."""
expect.set_options(timeout=PATIENCE)
IDLE_SECONDS = 20 * 60
"""Whoever opened no page for so long logs in again: ten minutes later the node would ask for it."""
NO_WEBGL = """
const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return String(kind).startsWith("webgl") ? null : real.call(this, kind, ...more);
};
"""
"""Run in a page before its own scripts, it leaves the maps the plain drawing, for half the processor time."""
THROUGH_TOASTS = """
addEventListener("DOMContentLoaded", () => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".toasts { pointer-events: none }");
  document.adoptedStyleSheets = [sheet];
});
"""
"""What nobody answered in other tests is told again at any moment: it must not lie over what is to be clicked."""
NOWHERE = "about:blank"
PASSWORD = "bay-gateway-demo"
DANA, LENA, TOM = "dana.whitlock", "lena.marsh", "tom.vasquez"
"""Two officers of Port Calvert, one of the Old Line State Patrol."""
INES, RUTH, PAUL, NADIA = "ines.ferro", "ruth.calloway", "paul.drummond", "nadia.stone"
"""Watch desk, supervisor and administrator of Port Calvert; administrator of the node."""


def free_port(following: int = 0) -> int:
    """A port that nothing listens on, nor on so many that follow it: none of those that systems give to connections,
    of which one could take it before it is listened on.
    """
    while True:
        first = 20_000 + secrets.randbelow(12_000)
        try:
            for port in range(first, first + following + 1):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first


def make_demo(folder: Path) -> None:
    """The demo region in a new data folder."""
    command = [sys.executable, "-m", "vigil.cli.main", "setup", "--demo", "--data", str(folder)]
    subprocess.run(command, env=environment(folder), check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The served node's data folder, with the demo region."""
    made = made_once(tmp_path_factory, "demo", make_demo)
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("served") / "node"))


@pytest.fixture(scope="session")
def node_port() -> int:
    """Where the node will be: the gateway is told before."""
    return free_port()


@pytest.fixture(scope="session")
def gateway(node_port: int) -> Iterator[TestGateway]:
    """The gateway that the node's texts and calls go to; it sends nothing to anybody."""
    started = TestGateway(secrets.token_urlsafe(32), over_http(f"http://127.0.0.1:{node_port}")).start()
    yield started
    started.close()


@pytest.fixture(scope="session")
def door_port() -> int:
    """Where the node's door without names will be."""
    return free_port()


@pytest.fixture(scope="session")
def server(data_folder: Path, node_port: int, door_port: int, gateway: TestGateway) -> Iterator[str]:
    """The address of a node with the demo region, served as people serve it."""
    folder, port = data_folder, node_port
    vigil = Path(sys.executable).with_name("vigil")
    command = [str(vigil), "serve", "--demo", "--data", str(folder), "--port", str(port)]
    texts = {"VIGIL_GATEWAY_URL": f"{gateway.url}{SEND}", "VIGIL_GATEWAY_SECRET": gateway.secret}
    texts["VIGIL_DOOR_PORT"] = str(door_port)
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment(folder) | texts)
        try:
            _wait_for(f"http://127.0.0.1:{port}/login/", process, folder / "log.txt")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(60)


def environment(folder: Path) -> dict[str, str]:
    """Of a command on that data folder."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
    return ours | {"VIGIL_DATA_DIR": str(folder)}


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    # The server gives no sign but its answer; each try waits for the connection itself.
    for _ in range(3000):
        assert process.poll() is None, log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(address, timeout=60):
                return
        except (urllib.error.URLError, ConnectionError):
            process_wait(process)
    pytest.fail(f"no answer from {address}: {log.read_text()[-3000:]}")


def process_wait(process: subprocess.Popen[bytes]) -> None:
    """Wait a tenth of a second, or less when the process ends."""
    try:
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return


@pytest.fixture(scope="session")
def loops() -> list[asyncio.AbstractEventLoop | None]:
    """Playwright's loop, once it runs."""
    return []


@pytest.fixture(scope="session")
def chromium(loops: list[asyncio.AbstractEventLoop | None]) -> Iterator[Browser]:
    """The browser."""
    with sync_playwright() as playwright:
        path = BROWSER or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip(f"there is no browser at {path}: apt-get install {BROWSERS[0]}, or set VIGIL_BROWSER")
        browser = playwright.chromium.launch(executable_path=BROWSER, args=list(FLAGS))
        loops.append(_get_running_loop())
        yield browser
        _set_running_loop(loops[0])
        browser.close()


@pytest.fixture(autouse=True)
def no_loop_between_tests(loops: list[asyncio.AbstractEventLoop | None]) -> Iterator[None]:
    """Playwright's loop counts as running in this thread for as long as a test of the browser lasts: the database and
    other loops, which refuse to work beside one, are used by the tests that the same worker runs after it.
    """
    if loops:
        _set_running_loop(loops[0])
    yield
    _set_running_loop(None)


@dataclass
class Watch:
    """What went wrong on the pages of one test."""

    origin: str
    faults: list[str] = field(default_factory=list)
    testing: bool = False
    """While axe runs or a picture is taken, the tool itself puts styles into the page."""

    def over(self, page: Page) -> None:
        """Watch a page: other hosts, policy violations, exceptions, server errors."""
        page.on("request", lambda request: self._request(request.url))
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        page.on("response", lambda answer: self._status(answer.status, answer.url))

    def _request(self, url: str) -> None:
        if not url.startswith((self.origin + "/", "data:", "blob:")):
            self.faults.append(f"asked another host: {url}")

    def _console(self, kind: str, text: str) -> None:
        if not self.testing and kind == "error" and "Content Security Policy" in text:
            self.faults.append(text)

    def _status(self, status: int, url: str) -> None:
        if status >= 500:
            self.faults.append(f"{status} at {url}")


Visit = Callable[..., Page]


@dataclass
class Windows:
    """Browser windows on the served node, each watched, of people who have logged in."""

    server: str
    chromium: Browser
    sessions: dict[str, Any]
    watch: Watch
    kept: dict[tuple[str | None, bool, bool], tuple[Any, Page]] = field(default_factory=dict)

    def new(self, person: str | None, webgl: bool, **more: Any) -> Page:
        """A window with an empty page."""
        more = {"reduced_motion": "reduce", "timezone_id": "America/New_York"} | more  # each step of a motion is drawn
        context = self.chromium.new_context(base_url=self.server, storage_state=self._login(person), **more)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(THROUGH_TOASTS)
        if not webgl:
            context.add_init_script(NO_WEBGL)
        page = context.new_page()
        self.watch.over(page)
        return page

    def shared(self, person: str | None, webgl: bool, scripts: bool) -> Page:
        """The window of that person that stays, opened anew when they had to log in again."""
        state = self._login(person)
        of_login, page = self.kept.get((person, webgl, scripts), (None, None))
        if page is None or of_login is not state:
            if page is not None:
                page.context.close()
            page = self.new(person, webgl, java_script_enabled=scripts)
            page.add_init_script(AXE)
            self.kept[person, webgl, scripts] = state, page
        return page

    def _login(self, person: str | None) -> Any:
        """The cookies of one who has logged in."""
        if person is None:
            return None
        used, state = self.sessions.get(person, (-IDLE_SECONDS, None))
        if used + IDLE_SECONDS < time.monotonic():
            state = _log_in(self.chromium, self.server, person)
        self.sessions[person] = time.monotonic(), state
        return state


@pytest.fixture(scope="session")
def watch_of_all(server: str) -> Watch:
    """Over every page."""
    return Watch(server)


@pytest.fixture
def watch(watch_of_all: Watch) -> Iterator[Watch]:
    """Over every page of the test, which fails where it saw a fault."""
    watch_of_all.faults.clear()
    watch_of_all.testing = False
    yield watch_of_all
    assert not watch_of_all.faults, "\n".join(watch_of_all.faults)


@pytest.fixture(scope="session")
def windows(server: str, chromium: Browser, sessions: dict[str, Any], watch_of_all: Watch) -> Windows:
    """Opens windows on the served node."""
    return Windows(server, chromium, sessions, watch_of_all)


@pytest.fixture
def visit(windows: Windows, watch: Watch) -> Iterator[Visit]:
    """`visit("dana.whitlock", "/map/", width=390)`: a page of that person; other keyword arguments go to the context.

    Maps are plain drawings unless the test looks at one: `webgl=True`.
    """
    opened: list[Page] = []

    def open_page(
        person: str | None = None,
        path: str = NOWHERE,
        width: int = 1440,
        height: int = 900,
        webgl: bool = False,
        **more: Any,
    ) -> Page:
        page = windows.new(person, webgl, viewport={"width": width, "height": height}, **more)
        opened.append(page)
        page.goto(path)
        return page

    yield open_page
    for page in opened:
        page.context.close()


@pytest.fixture
def page_of(windows: Windows, watch: Watch) -> Iterator[Visit]:
    """As `visit`, in the window of that person that other tests use too: for tests that leave nothing in it and need no
    second one of the same person. A new window costs three times what most pages do.
    """
    used: list[Page] = []

    def show_page(
        person: str | None = None,
        path: str = NOWHERE,
        width: int = 1440,
        height: int = 900,
        webgl: bool = False,
        java_script_enabled: bool = True,
    ) -> Page:
        page = windows.shared(person, webgl, java_script_enabled)
        used.append(page)
        page.emulate_media(media="null")
        page.set_viewport_size({"width": width, "height": height})
        page.goto(path)
        return page

    yield show_page
    for page in used:
        page.goto(NOWHERE)


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """When those who have logged in already opened a page last, and their cookies."""
    return {}


def _log_in(chromium: Browser, server: str, person: str) -> Any:
    """Without a page, which costs more; tests/browser/test_journeys.py logs in as people do."""
    context = chromium.new_context(base_url=server)
    context.set_default_timeout(PATIENCE)
    context.request.get("/login/")
    token = next(one["value"] for one in context.cookies() if one["name"] == "vigil_csrf")
    form = {"username": person, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answer = context.request.post("/login/", form=form, max_redirects=0)
    assert answer.status == 302, f"{person} cannot log in: {answer.text()[:500]}"
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="session")
def spot() -> Callable[[], str]:
    """Coordinates that no other test of the run uses: 10 km apart, out at sea."""
    taken = iter(range(10_000))

    def next_spot() -> str:
        number = next(taken)
        return f"{30 + number % 50 * 0.1:.4f}, {-72 + number // 50 * 0.1:.4f}"

    return next_spot
