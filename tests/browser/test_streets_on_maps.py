"""Streets in the browser: an address typed and picked, the streets drawn under it, the page that keeps them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import DANA, Visit, Watch, environment
from tests.browser.test_setup_pages import fits
from tests.platform import made_streets as made

pytestmark = pytest.mark.browser
NADIA = "nadia.stone"


@pytest.fixture(scope="module")
def town(server: str, data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The made-up town on the served node; taken out again, for the other tests know no streets."""
    folder = tmp_path_factory.mktemp("town")

    def places(*arguments: str) -> None:
        command = [sys.executable, "-m", "vigil.cli.main", "places", *arguments]
        done = subprocess.run(command, env=environment(data_folder), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    places("import", str(made.zipped(made.write_shapefile(folder, made.grid()))), "--source", "Made up")
    yield "Made up"
    places("remove", "Made up")


def test_an_address_is_picked_and_stands_among_its_streets(town: str, visit: Visit, watch: Watch) -> None:
    page = visit(DANA, "/operations/register/", width=1280, webgl=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("Site 1", exact=True).fill("250 Alder St")
    # The first place that a server reads waits for its list of towns.
    expect(page.get_by_text("No street is called exactly Alder St")).to_be_visible()
    page.get_by_role("button", name="250 E Alder St, Baltimore MD 21202").click()
    expect(page.get_by_text(re.compile(r"Good to about \d+ m"))).to_be_visible()
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').filter(r => r.name.endsWith('.pmtiles')).length > 1"
    )
    assert not [url for url in asked if "39.28" in url or "76.6" in url or "Alder" in url]
    fits(page, watch)


def test_the_page_of_streets_removes_an_import(town: str, page_of: Visit, watch: Watch) -> None:
    page = page_of(NADIA, "/setup/streets/", width=360)
    expect(page.get_by_role("heading", name="Made up")).to_be_visible()
    fits(page, watch)
    page.get_by_text("Remove Made up").first.click()
    expect(page.get_by_role("button", name="Remove Made up")).to_be_visible()
    fits(page, watch)
