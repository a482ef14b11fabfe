"""Drawing on the register map by pointer and by keys; the device's own position; the text stays the truth."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.conftest import DANA, Visit, Watch
from tests.browser.steps import COLOURS, beyond, fill_register, tab_to
from tests.browser.test_pages import _axe

pytestmark = pytest.mark.browser

HARBOR = "POLYGON((-76.61 39.28,-76.59 39.28,-76.59 39.29,-76.61 39.29,-76.61 39.28))"
READING = "**/operations/read-place/"
Spot = Callable[[], str]


def open_map(visit: Visit, **more: object) -> Page:
    """The register page with its map ready."""
    page = visit(DANA, "/operations/register/", webgl=True, **more)
    page.wait_for_selector("[data-pin-map][data-ready=yes]")
    page.select_option("#operation_type", "area_sweep")
    return page


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """The place on the screen that stands so far across and down the map, from 0 to 1."""
    box = page.locator("[data-pin-map] .maplibregl-canvas").bounding_box()
    assert box
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def tap(page: Page, *places: tuple[float, float]) -> None:
    for place in places:
        page.mouse.move(*at(page, *place))
        page.mouse.click(*at(page, *place))


def late_readings(page: Page, most: int) -> list[Route]:
    """The first readings of a place that the page asks for; each is answered when the test lets it `continue_`."""
    late: list[Route] = []
    page.route(READING, lambda route: late.append(route) if len(late) < most else route.continue_())
    return late


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """In one wide movement, as a busy browser sees each."""
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *end))
    page.mouse.up()


def corners(page: Page) -> list[tuple[float, float]]:
    """The pairs of numbers in the place field."""
    numbers = [float(text) for text in re.findall(r"-?\d+\.?\d*", page.input_value("#sites-0-place"))]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def read(page: Page, words: str) -> None:
    expect(page.locator("#sites-0-read")).to_contain_text(words)


SQUARE = ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))


def test_an_area_is_drawn_moved_by_a_corner_and_whole_undone_and_registered(page_of: Visit, spot: Spot) -> None:
    page = open_map(page_of)
    page.fill("#sites-0-place", spot())
    read(page, "Exact")
    page.get_by_role("button", name="Area").click()
    tap(page, *SQUARE, (0.2, 0.6))
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Finish").click()
    read(page, "Area with 4 corners")
    drawn, typed = corners(page), page.input_value("#sites-0-place")
    assert page.input_value("#sites-0-place").startswith("POLYGON((")
    assert all(abs(round(number, 6) - number) < 1e-12 for corner in drawn for number in corner), "six decimals"
    page.mouse.click(*at(page, 0.6, 0.6), button="right")
    read(page, "Area with 3 corners")
    page.get_by_role("button", name="Undo").click()
    read(page, "Area with 4 corners")
    assert corners(page) == drawn
    drag(page, (0.4, 0.4), (0.3, 0.3))
    expect(page.locator("#sites-0-place")).not_to_have_value(typed)
    bent, typed = corners(page), page.input_value("#sites-0-place")
    assert bent[0] != drawn[0]
    assert bent[1:-1] == drawn[1:-1], "only the corner that was dragged moved"
    drag(page, (0.5, 0.52), (0.55, 0.52))
    expect(page.locator("#sites-0-place")).not_to_have_value(typed)
    whole = corners(page)
    shifts = {round(new[0] - old[0], 5) for new, old in zip(whole, bent, strict=True)}
    assert len(shifts) == 1, "each corner moved by the same"
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    assert corners(page) == drawn
    fill_register(page, page.input_value("#sites-0-place"), kind="area_sweep")
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()
    page.get_by_role("link", name="Edit").first.click()
    page.wait_for_selector("[data-pin-map][data-ready=yes]")
    assert corners(page) == drawn, "an operation that is edited shows the same shape"
    read(page, "Area with 4 corners")


def test_a_line_is_drawn_with_keys_alone(page_of: Visit, spot: Spot) -> None:
    page = open_map(page_of)
    late = late_readings(page, most=2)
    with page.expect_request(READING):
        page.fill("#sites-0-place", spot())
    tab_to(page, "[data-tool=linestring]")
    page.keyboard.press("Enter")
    page.locator("[data-pin-map] .maplibregl-canvas").focus()
    page.keyboard.press("Enter")
    for reading in late:
        reading.continue_()  # the line is begun: the map moves no more
    page.unroute(READING)
    read(page, "Exact")
    for _ in range(2):
        carry(page, "ArrowRight")
        page.keyboard.press("Enter")
    page.keyboard.press("f")
    read(page, "Line of 3 points")
    line = corners(page)
    assert line[0][0] < line[1][0] < line[2][0], "each point lies east of the one before"
    assert len({round(latitude, 3) for _, latitude in line}) == 1, "and none north or south of it"
    page.keyboard.press("Control+z")
    expect(page.locator("#sites-0-place")).not_to_have_value(re.compile("LINESTRING"))


def carry(page: Page, key: str) -> None:
    """Press an arrow and wait until the map has stopped."""
    page.evaluate(
        """key => new Promise((done) => {
          const canvas = document.querySelector("[data-pin-map] .maplibregl-canvas");
          canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
          requestAnimationFrame(() => requestAnimationFrame(done));
        })""",
        key,
    )


def test_a_shape_is_picked_up_carried_and_put_down_with_keys(page_of: Visit) -> None:
    page = open_map(page_of)
    late = late_readings(page, most=1)
    page.fill("#sites-0-place", HARBOR)
    page.select_option("#operation_type", "area_sweep")  # asks once more; whichever comes first moves the map
    read(page, "Area with 4 corners")
    before = corners(page)
    page.get_by_role("button", name="Move").click()
    page.locator("[data-pin-map] .maplibregl-canvas").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-announce]")).to_contain_text("Picked.")
    page.keyboard.press("Enter")
    expect(page.locator("[data-announce]")).to_contain_text("Picked up.")
    late[0].continue_()
    page.unroute(READING)
    carry(page, "ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("[data-announce]")).to_contain_text("Put down.")
    read(page, "Area with 4 corners")
    expect(page.locator("#sites-0-place")).not_to_have_value(HARBOR)
    north = {round(new[1] - old[1], 4) for new, old in zip(corners(page), before, strict=True)}
    assert len(north) == 1
    assert north.pop() > 0, "carried north, whole"
    page.keyboard.press("Delete")
    expect(page.locator("#sites-0-place")).to_have_value("")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#sites-0-place")).not_to_have_value("")


def test_what_is_typed_is_drawn_and_what_is_drawn_is_typed(page_of: Visit) -> None:
    page = open_map(page_of)
    page.fill("#sites-0-place", "LINESTRING(39.28 -76.61,39.29 -76.59)")
    read(page, "look swapped")
    page.locator("#sites-0-read button").first.click()
    expect(page.locator("#sites-0-place")).to_have_value("LINESTRING(-76.61 39.28,-76.59 39.29)")
    read(page, "Line of 2 points")
    page.get_by_role("button", name="Add another site").click()
    page.fill("#sites-1-place", "39.285, -76.6")
    expect(page.locator("#sites-1-read")).to_contain_text("Exact")
    page.locator("#sites-1-place").focus()
    expect(page.locator("[data-help=pin] [data-pin-site]")).to_have_text("2")
    page.get_by_role("button", name="Remove site 1").click()
    expect(page.locator("#sites-0-place")).to_have_value("39.285, -76.6")


def test_the_drawing_buttons_have_names_and_no_theme_has_a_violation(visit: Visit, watch: Watch) -> None:
    page = open_map(visit, width=360, height=740)
    page.fill("#sites-0-place", HARBOR)
    read(page, "Area with 4 corners")
    page.get_by_role("button", name="Area").click()
    for theme in ("light", "dark", "night"):
        page.get_by_label("Light or dark").click()
        page.get_by_role("button", name=theme.capitalize()).click()
        page.keyboard.press("Escape")
        expect(page.locator(f"[data-themes] button[value={theme}]")).to_have_attribute("aria-pressed", "true")
        _axe(page, watch, f"drawing, {theme}", *(() if theme == "light" else COLOURS))
    assert beyond(page) <= 0


# --- the device's own position ---


def test_the_devices_position_is_taken_with_its_accuracy(visit: Visit) -> None:
    where = {"latitude": 39.2855, "longitude": -76.6005, "accuracy": 42.4}
    page = open_map(visit, geolocation=where, permissions=["geolocation"])
    page.get_by_role("button", name="Use my position").click()
    expect(page.locator("#sites-0-place")).to_have_value("39.285500, -76.600500")
    read(page, "good to 43 m, so we search that much wider")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#sites-0-place")).to_have_value("")


def test_a_position_that_is_refused_is_said_in_a_sentence(visit: Visit) -> None:
    page = open_map(visit, permissions=[])
    page.get_by_role("button", name="Use my position").click()
    read(page, "was told not to give your position")
    read(page, "Type the place or set a pin.")


def test_only_the_register_page_may_ask_for_the_position(page_of: Visit) -> None:
    page = page_of(DANA)
    for path, allowed in (("/", "()"), ("/map/", "()"), ("/operations/register/", "(self)")):
        answer = page.goto(path)
        assert answer
        assert f"geolocation={allowed}," in answer.headers["permissions-policy"]
