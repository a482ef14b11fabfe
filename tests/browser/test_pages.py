"""Every page at every size: no accessibility violation, nothing beside the screen, nothing from another host.

With VIGIL_SCREENSHOTS=folder each is also stored as a picture, light and dark.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import DANA, PAUL, RUTH, Visit, Watch
from tests.browser.steps import COLOURS, beyond, press, register, violations

pytestmark = pytest.mark.browser

PAGES = {
    "login": "/login/",
    "today": "/",
    "operations": "/operations/",
    "past": "/operations/?when=past",
    "register": "/operations/register/",
    "conflicts": "/conflicts/",
    "map": "/map/",
    "import": "/import/",
    "account": "/account/",
    "passkeys": "/account/login/",
    "code app": "/account/login/app/",
    "locks": "/locks/",
    "emergency": "/emergency/",
    "confirm": "/account/confirm/",
    "api": "/api/",
    "calendar": "/calendar/",
    "views": "/operations/views/?when=week",
    "search": "/find/",
    "missing": "/operations/00000000-0000-0000-0000-000000000000/",
}
READERS = {"login": None, "import": RUTH, "account": PAUL, "locks": PAUL, "emergency": PAUL}
WIDTHS = (390, 768, 1440)
HEIGHT = {390: 844, 768: 1024, 1440: 900}
AXE_AT = (WIDTHS[0], WIDTHS[-1])
"""Phone and desk; between them only the layout is looked at."""
LONG = {"api"}
"""Pages that take axe some four seconds: on the phone only."""
PAINTED_ON_THE_PHONE = {"today", "register", "conflict"}
"""Colours are looked at on every page at the desk; on the phone, where the same sheet paints the same parts, on these
and on what is looked at there alone: it is two thirds of what axe costs.
"""
LINKS_ALONE = {"today", "operations", "conflicts", "map"}
"""Pages of which each link that stands alone is large enough for a thumb."""
SHOTS = os.environ.get("VIGIL_SCREENSHOTS", "")


def at_each_width(page: Page) -> Iterator[int]:
    """One width after the other, of one loading: scripts ask for no width, so that only the sheets tell them apart."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT[width]})
        yield width


def _check_at_each_width(page: Page, watch: Watch, name: str) -> None:
    for width in at_each_width(page):
        _check(page, watch, name, width)


def _check(page: Page, watch: Watch, name: str, width: int) -> None:
    page.wait_for_load_state("load")
    for _ in page.locator("[data-map], [data-pin-map]").all():
        page.wait_for_selector("[data-ready=yes], .has-failed")
    beside = beyond(page)
    assert beside <= 0, f"{name} at {width} is {beside} px wider than the screen"
    if width == WIDTHS[0] and name in LINKS_ALONE:
        assert page.evaluate(SMALL_LINKS) == [], f"a link of {name} that stands alone is 24 px high"
    if width in AXE_AT and (width == WIDTHS[0] or name not in LONG):
        _axe(page, watch, name, colours=width == WIDTHS[-1] or name in PAINTED_ON_THE_PHONE | LONG)
    shoot(page, watch, name, width)


def _axe(page: Page, watch: Watch, name: str, *rules: str, colours: bool = True) -> None:
    watch.testing = True
    found = violations(page, *rules, without=() if colours else COLOURS[:1])
    page.evaluate("() => 1")
    watch.testing = False
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def shoot(page: Page, watch: Watch, name: str, width: int) -> None:
    if not SHOTS:
        return
    folder = Path(SHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    watch.testing = True
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
    page.emulate_media(color_scheme="light")
    page.evaluate("() => 1")
    watch.testing = False


@pytest.mark.parametrize("name", PAGES)
def test_page(page_of: Visit, watch: Watch, name: str) -> None:
    page = page_of(READERS.get(name, DANA), PAGES[name], width=WIDTHS[0], webgl=name in ("map", "register"))
    _check_at_each_width(page, watch, name)
    _check_at_four_times_the_size(page)


def _check_at_four_times_the_size(page: Page) -> None:
    """Nothing is beside the screen, and nothing under the bars."""
    page.set_viewport_size({"width": 320, "height": 256})
    beside = beyond(page)
    assert beside <= 0, f"{beside} px wider than the screen"
    if page.locator(".bottom-bar").count():
        assert page.locator(".bottom-bar").evaluate("node => getComputedStyle(node).position") == "static"


def test_answers_and_a_conflict(visit: Visit, watch: Watch) -> None:
    page = visit(DANA, "/conflicts/", width=WIDTHS[0])
    page.locator("tbody a").first.click()
    page.locator(".verdict").wait_for()
    own = page.get_by_role("link", name="Open your operation")
    for width in at_each_width(page):
        _check(page, watch, "conflict", width)
        assert own.is_visible()
    own.click()
    _check_at_each_width(page, watch, "answer-conflict")
    page.goto("/operations/?state=no_known_conflict")
    page.locator("tbody a").first.click()
    _check_at_each_width(page, watch, "answer-no-known-conflict")
    page.context.set_offline(True)
    page.locator(".is-old").wait_for()
    for width in at_each_width(page):
        shoot(page, watch, "not-connected", width)


def test_errors_on_the_form(page_of: Visit, watch: Watch) -> None:
    page = page_of(DANA, "/operations/register/", width=WIDTHS[0])
    page.fill("#sites-0-place", "Springfield")
    page.click(".bottom-bar button.primary")
    page.locator(".error-summary").wait_for()
    _check_at_each_width(page, watch, "register-errors")


def test_the_other_themes_have_no_violation_either(visit: Visit, watch: Watch) -> None:
    page, theme = visit(DANA, "/", width=390, height=844, webgl=True), "dark"
    _choose(page, theme)
    for path in ("/", "/operations/", "/operations/register/", "/conflicts/", "/map/", "/import/"):
        page.goto(path)
        theme = _look_in_both(page, watch, path, theme)
    page.goto("/conflicts/")
    page.locator("tbody a").first.click()
    page.locator(".verdict").wait_for()
    _look_in_both(page, watch, "conflict", theme)


def _look_in_both(page: Page, watch: Watch, name: str, theme: str) -> str:
    """In the theme that was chosen before, and in the other, which is the next page's."""
    assert _ground(page) == GROUND[theme], "the choice holds on the next page"
    _axe(page, watch, f"{name}, {theme}", *COLOURS)
    other = "night" if theme == "dark" else "dark"
    _choose(page, other)
    _axe(page, watch, f"{name}, {other}", *COLOURS)
    return other


def _choose(page: Page, theme: str) -> None:
    page.get_by_label("Light or dark").click()
    page.get_by_role("button", name=theme.capitalize()).click()
    page.keyboard.press("Escape")
    assert _ground(page) == GROUND[theme]


GROUND = {"light": "rgb(247, 249, 250)", "dark": "rgb(28, 29, 31)", "night": "rgb(13, 9, 7)"}


def _ground(page: Page) -> str:
    return str(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))


def test_without_a_choice_the_theme_follows_the_device(visit: Visit) -> None:
    page = visit(DANA, "/", color_scheme="dark")
    assert _ground(page) == GROUND["dark"]
    page.emulate_media(color_scheme="light")
    assert _ground(page) == GROUND["light"]


def test_a_change_of_theme_loses_nothing_typed_and_repaints_the_map(visit: Visit, watch: Watch) -> None:
    page = visit(DANA, "/operations/register/", webgl=True)
    page.wait_for_selector("[data-ready=yes]")
    page.fill("#starts_at", "0600 tomorrow")
    before = _middle_of_the_map(page)
    page.get_by_label("Light or dark").click()
    page.get_by_role("button", name="Night").click()
    assert page.input_value("#starts_at") == "0600 tomorrow"
    page.wait_for_function(
        "before => document.querySelector('.maplibregl-canvas').toDataURL().length !== before", arg=before
    )


def _middle_of_the_map(page: Page) -> int:
    return int(page.evaluate("() => document.querySelector('.maplibregl-canvas').toDataURL().length"))


def test_without_a_script_the_theme_is_a_form(visit: Visit) -> None:
    page = visit(DANA, "/operations/?when=past", java_script_enabled=False)
    page.locator(".themes summary").click()
    press(page, "Night")
    assert page.url.endswith("/operations/?when=past")
    assert page.locator("[data-sheet=night]").get_attribute("media") == "screen"


def test_each_target_is_large_enough_for_a_thumb(page_of: Visit) -> None:
    page = page_of(DANA, width=390, height=844)
    register(page, "30.0500, -71.9500")
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, .rail a, input, select, summary")]
          .filter((node) => node.offsetParent && !node.closest(".usa-sr-only") && node.type !== "hidden")
          .map((node) => [node.getBoundingClientRect(), node.outerHTML.slice(0, 80)])
          .filter(([box]) => box.width && box.height < 43.5 && !(box.height >= 22 && box.width <= 24))
          .map(([box, text]) => `${Math.round(box.height)} px: ${text}`)"""
    )
    assert not small, "\n".join(small)


def test_an_answer_fits_the_smallest_phone(page_of: Visit) -> None:
    page = page_of(DANA, "/conflicts/", width=360, height=740)
    page.locator("tbody a").first.click()
    page.get_by_role("link", name="Open your operation").click()
    page.locator(".verdict").wait_for()
    assert beyond(page) <= 0


SMALL_LINKS = """
() => [...document.querySelectorAll("main a")].filter((node) => node.offsetParent && node.getClientRects().length)
  .filter((node) => node.parentElement.textContent.trim() === node.textContent.trim())
  .filter((node) => node.getBoundingClientRect().height < 24).map((node) => node.outerHTML.slice(0, 90))
"""


def test_a_link_that_stands_alone_is_at_least_24_px_high(page_of: Visit) -> None:
    """On a page that `test_page` reads as somebody else."""
    assert page_of(DANA, "/account/", width=390, height=844).evaluate(SMALL_LINKS) == []


CUT_TITLE = """
() => { const [title, bar] = [".phone-title > span", ".top"].map((one) => document.querySelector(one));
  return title.scrollWidth > title.clientWidth || title.getBoundingClientRect().height > bar.clientHeight; }
"""


@pytest.mark.parametrize("path", ["/operations/register/", "/interests/register/", "/whom-to-call/", "/study/numbers/"])
def test_a_phone_shows_the_whole_title(page_of: Visit, path: str) -> None:
    page = page_of(RUTH if path.startswith("/study/") else DANA, path, width=360, height=740)
    for width in (360, 390):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate(CUT_TITLE) is False, width


def test_at_night_an_exercise_is_told_in_red_and_amber_alone(visit: Visit, watch: Watch) -> None:
    page = visit(DANA, "/operations/?when=all", width=390)
    page.context.add_cookies([{"name": "theme", "value": "night", "url": watch.origin}])
    page.get_by_role("link", name=re.compile("EXERCISE: ")).first.click()
    said = page.locator(".top .mode")
    expect(said).to_have_text("Exercise")
    for width in AXE_AT:
        page.set_viewport_size({"width": width, "height": 900})
        assert said.is_visible(), width
        colours = page.evaluate(FRAME_COLOURS)
        assert colours
        cold = [(red, green, blue) for red, green, blue in colours if blue > red or green > red]
        assert cold == [], f"no violet and no blue at {width}"
        _axe(page, watch, f"exercise at night, {width}")


FRAME_COLOURS = """
() => [...document.querySelectorAll(".rail, .top, .mode")].flatMap((node) => {
  const look = getComputedStyle(node);
  return [look.backgroundColor, look.backgroundImage, look.borderTopColor, look.borderBottomColor, look.color].join(" ")
    .match(/rgb\\(\\d+, \\d+, \\d+\\)/g).map((one) => one.match(/\\d+/g).map(Number));
})
"""


def test_without_a_script_the_map_says_what_it_needs(page_of: Visit) -> None:
    page = page_of(DANA, "/map/", java_script_enabled=False)
    assert page.get_by_text("The map needs JavaScript.").is_visible()
    page.goto("/operations/register/")
    assert page.get_by_text("The map needs JavaScript.").is_visible()


def test_each_fault_is_said_with_its_fields_name_and_once_at_the_field(page_of: Visit) -> None:
    page = page_of(DANA, "/operations/register/")
    page.fill("#sites-0-place", "Nowhere at all")
    page.fill("#starts_at", "yesterdayish")
    page.click(".bottom-bar button.primary")
    summary = page.locator(".error-summary")
    summary.wait_for()
    page.wait_for_load_state("networkidle")
    text = summary.inner_text()
    assert "Site 1: This place was not recognised." in text
    assert "Starts: This time was not recognised." in text
    for sentence, where in (("This place was not recognised", ".where"), ("This time was not recognised", ".when")):
        shown = page.locator(where).get_by_text(sentence).all()
        assert sum(one.is_visible() for one in shown) == 1, sentence


def test_without_webgl_the_map_is_a_plain_drawing_that_opens_the_same_cards(page_of: Visit, watch: Watch) -> None:
    page = page_of(DANA, "/map/")
    page.get_by_text("A plain drawing stands here instead.").wait_for()
    page.locator(".plain-map .zone").first.wait_for()
    shown = set(page.locator(".plain-map [data-of]").evaluate_all("nodes => nodes.map((node) => node.dataset.of)"))
    listed = set(page.locator("[data-row]").evaluate_all("nodes => nodes.map((node) => node.dataset.id)"))
    assert shown == listed, "the drawing holds what the table holds"
    _axe(page, watch, "map without WebGL")
    page.locator(".plain-map .zone").last.click()  # the smallest: no other lies over it
    page.locator("[data-card] h2").wait_for()
    page.select_option("[data-type-filter]", "dignitary")
    assert page.locator(".plain-map g:not(.out)").count() == page.locator("[data-row]:not([hidden])").count() + 1


def test_without_webgl_the_form_draws_the_zones_and_a_click_sets_the_pin(page_of: Visit, watch: Watch) -> None:
    page = page_of(DANA, "/operations/register/")
    page.get_by_text("A plain drawing stands here instead.").wait_for()
    page.locator(".plain-map .land").wait_for()
    page.select_option("#operation_type", "search_warrant")
    drawing = page.locator(".plain-map")
    box = drawing.bounding_box()
    assert box
    drawing.click(position={"x": box["width"] * 0.5, "y": box["height"] * 0.5})
    zone = page.locator(".plain-map .zone.own")
    zone.wait_for()
    # The middle of the node's region, from a click within half a kilometre of a pixel.
    latitude, longitude = (float(part) for part in page.input_value("#sites-0-place").split(","))
    west, south, east, north = json.loads(page.get_attribute("[data-pin-map]", "data-bounds") or "")
    assert latitude == pytest.approx((south + north) / 2, abs=0.02)
    assert longitude == pytest.approx((west + east) / 2, abs=0.02)
    assert page.input_value("[data-source]") == "pin"
    small = zone.get_attribute("d") or ""
    page.locator("#defaults summary").click()
    page.locator("#radius_m").fill("1000")
    expect(zone).not_to_have_attribute("d", small)
    # 1,000 m to each side of the middle, in degrees of latitude.
    assert zone.evaluate("node => node.getBBox().height") == pytest.approx(2000 / 111_000, rel=0.01)
    wide = zone.get_attribute("d") or ""
    # 180 degrees is no edge: 4 km of line are not drawn once round the earth, and so it is said how they are changed.
    page.fill("#sites-0-place", "LINESTRING(179.98 52,-179.98 52.01)")
    expect(page.locator("[data-read]")).to_contain_text("It cannot be moved on the map: change its text.")
    expect(zone).not_to_have_attribute("d", wide)
    assert zone.evaluate("node => node.getBBox().width") == pytest.approx(0.04, abs=0.02)
    page.locator("[data-add-site]").click()
    page.fill("#sites-1-place", "52.0, -179.97")
    page.locator('.plain-map [data-of="1"] .zone.own').wait_for()
    _axe(page, watch, "form without WebGL")


def test_zones_that_cannot_be_loaded_are_told_and_asked_for_again(visit: Visit, watch: Watch) -> None:
    page = visit(DANA, webgl=True)
    # Until it is pressed: a change elsewhere loads them too.
    page.add_init_script("""
        const real = window.fetch;
        let pressed = false;
        document.addEventListener("click", (event) => { pressed ||= event.target.matches("[data-zones-again]"); },
          true);
        window.fetch = (...what) => String(what[0]).endsWith("/map/zones/") && !pressed
          ? Promise.resolve(new Response("{}", { status: 404 })) : real(...what);
    """)
    page.goto("/map/")
    said = page.get_by_text("The zones could not be loaded: the map shows none of them.")
    said.wait_for()
    assert page.locator("[data-row]").count() > 0
    page.get_by_role("button", name="Try again").click()
    said.wait_for(state="hidden")


def test_paper_holds_map_legend_and_list_in_light_colours_whatever_the_theme(visit: Visit) -> None:
    page = visit(DANA, "/map/", webgl=True)
    page.wait_for_selector("[data-map][data-ready=yes]")
    page.get_by_label("Light or dark").click()
    page.get_by_role("button", name="Night").click()
    page.locator(".plain-map .zone").first.wait_for(state="attached")
    page.emulate_media(media="print")
    assert page.locator(".plain-map .zone").count() == page.locator("[data-row]").count()
    for part in (".plain-map", ".map-legend", "[data-row]"):
        assert page.locator(part).first.is_visible()
    assert page.locator(".plain-map .land").evaluate("node => getComputedStyle(node).fill") == "rgb(244, 245, 246)"
    assert len(page.pdf()) > 10_000


def test_what_was_done_is_read_out_and_has_the_focus(page_of: Visit) -> None:
    page = page_of(DANA, "/operations/register/")
    page.get_by_role("button", name="Save and leave").click()
    said = page.get_by_role("status").filter(has_text="Saved as a draft.")
    said.wait_for()
    assert said.evaluate("node => node === document.activeElement")


ON_TOP_OF_THE_HEADING = """
() => {
  const heading = document.querySelector("h1").getBoundingClientRect();
  const bar = document.querySelector(".demo-bar").getBoundingClientRect();
  return bar.bottom > heading.top;
}
"""
SEEN_IN_PRINT = """
() => [...document.querySelectorAll("main button, main input, main select, main .button:not([href]), .rail, .top")]
  .filter((node) => node.getClientRects().length && getComputedStyle(node).visibility !== "hidden")
  .map((node) => node.outerHTML.slice(0, 80))
"""


@pytest.mark.parametrize("name", ["today", "operations", "map", "conflict", "answer"])
def test_paper_has_words_and_no_buttons(page_of: Visit, name: str) -> None:
    page = page_of(DANA, PAGES.get(name, "/conflicts/"), width=816, height=1056)
    if name not in PAGES:
        page.locator("tbody a").first.click()
        page.locator(".verdict").wait_for()
    if name == "answer":
        page.get_by_role("link", name="Open your operation").click()
        page.wait_for_url("**/operations/**")
    page.emulate_media(media="print")
    assert page.evaluate(SEEN_IN_PRINT) == []
    assert not page.evaluate(ON_TOP_OF_THE_HEADING)
    for block in page.locator(".state-block").all():
        assert block.evaluate("node => getComputedStyle(node).color") == "rgb(0, 0, 0)"
    if name in ("conflict", "answer"):
        assert "(410) 555-01" in page.locator("main").inner_text()
