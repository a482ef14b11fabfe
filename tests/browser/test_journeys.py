"""What an officer does in the browser, by keyboard, by thumb, and without a script."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect
from tests.browser.conftest import DANA, INES, LENA, PASSWORD, PATIENCE, PAUL, RUTH, TOM, Visit
from tests.browser.steps import fill_register, register, tab_to

pytestmark = pytest.mark.browser

Spot = Callable[[], str]


def test_log_in_and_out(visit: Visit) -> None:
    page = visit(None, "/operations/")
    expect(page).to_have_url(re.compile(r"/login/\?next=%2Foperations%2F$"))
    page.fill("#username", DANA)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Operations")
    page.goto("/account/")
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/login/$"))


def test_a_wrong_password_is_said_and_the_name_is_kept(page_of: Visit) -> None:
    page = page_of(None, "/login/")
    page.fill("#username", "nobody.here")
    page.fill("#password", "wrong")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    expect(page.locator("#username")).to_have_value("nobody.here")


def test_registering_by_keyboard_alone_answers_with_whom_to_call(page_of: Visit, spot: Spot) -> None:
    place = spot()
    register(page_of(TOM), place)
    page = page_of(DANA, "/operations/register/")
    tab_to(page, "#operation_type")
    page.keyboard.type("Search w")
    tab_to(page, "#sites-0-place")
    page.keyboard.type(place)
    tab_to(page, "#starts_at")
    page.keyboard.type("0600 tomorrow")
    tab_to(page, "#ends_at")
    page.keyboard.press("Control+A")
    page.keyboard.type("+2h")
    tab_to(page, ".bottom-bar button.primary")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict.direct h1")).to_contain_text("Call them")
    expect(page.locator(".verdict .kicker")).to_have_text("Direct conflict with Old Line Patrol")
    expect(page.locator(".conflict-card .button.primary")).to_have_attribute("href", re.compile(r"^tel:\+1410555"))
    expect(page.locator("body")).not_to_contain_text(re.compile(r"\bclear\b", re.IGNORECASE))


def test_no_known_conflict_names_who_was_asked_and_the_receipt(page_of: Visit, spot: Spot) -> None:
    page = page_of(DANA)
    register(page, spot())
    expect(page.get_by_role("heading", level=1)).to_have_text("No known conflict")
    expect(page.locator(".verdict")).to_contain_text("Asked: this node only")
    expect(page.locator("main")).to_contain_text("Neighbouring agencies unknown")
    expect(page.locator(".facts", has_text="Receipt")).to_contain_text(re.compile(r"\d{6}, signed"))
    expect(page).to_have_title("Operation · Vigil")


def test_a_pin_is_set_by_keyboard(visit: Visit) -> None:
    page = visit(DANA, "/operations/register/", webgl=True, reduced_motion="no-preference")
    page.locator("[data-pin-map][data-ready=yes]").wait_for()
    tab_to(page, "[data-pin-map] [tabindex], [data-pin-map] canvas, [data-map-canvas]", most=80)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#sites-0-place")).to_have_value(re.compile(r"^3\d\.\d{6}, -7\d\.\d{6}$"))
    expect(page.locator("#sites-0-read")).to_contain_text("Pin. Exact.")


def test_a_place_is_read_back_with_its_uncertainty(page_of: Visit) -> None:
    page = page_of(DANA, "/operations/register/")
    page.fill("#sites-0-place", "21224")
    expect(page.locator("#sites-0-read")).to_contain_text("ZIP 21224")
    expect(page.locator("#sites-0-read")).to_contain_text("Set a pin")
    page.fill("#sites-0-place", "39 17 25 N, 76 36 44 W")
    expect(page.locator("#sites-0-read")).to_contain_text("Exact, 0 m off. Time zone E")


def test_swapped_coordinates_are_mended_by_one_button(page_of: Visit) -> None:
    page = page_of(DANA, "/operations/register/")
    page.fill("#sites-0-place", "-76.61, 39.29")
    page.locator("#sites-0-read").get_by_role("button", name="39.29000, -76.61000").click()
    expect(page.locator("#sites-0-read")).to_contain_text("Exact")
    expect(page.locator("#sites-0-place")).to_have_value(re.compile("^39.29N"))


def test_nothing_typed_is_lost_and_each_error_stands_at_its_field(page_of: Visit) -> None:
    page = page_of(DANA, "/operations/register/")
    page.fill("#sites-0-place", "Atlantis")
    page.fill("#starts_at", "0800 tomorrow")
    page.fill("#ends_at", "0700 tomorrow")
    page.fill("#lead_contact-phone", "12")
    page.click(".bottom-bar button.primary")
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("listitem")).to_have_count(4)
    for name, value in (("sites-0-place", "Atlantis"), ("starts_at", "0800 tomorrow"), ("lead_contact-phone", "12")):
        expect(page.locator(f"#{name}")).to_have_value(value)
    expect(page.locator("#ends_at-error")).to_contain_text("The end lies before the start")
    summary.get_by_role("link").filter(has_text="telephone number").click()
    expect(page.locator("#lead_contact-phone")).to_be_focused()


def test_a_doubled_local_time_offers_both_readings(page_of: Visit) -> None:
    page = page_of(DANA, "/operations/register/")
    fill_register(page, "39.29, -76.61", starts="2027-11-07 01:30", ends="2027-11-07 04:00")
    page.click(".bottom-bar button.primary")
    expect(page.locator("#starts_at-error")).to_contain_text("twice")
    page.locator("[data-choose=starts_at]").first.click()
    expect(page.locator("#starts_at")).to_have_value("2027-11-07T01:30:00-04:00")
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()


def test_several_sites_and_subjects(page_of: Visit, spot: Spot) -> None:
    page = page_of(DANA, "/operations/register/")
    fill_register(page, spot())
    page.get_by_role("button", name="Add another site").click()
    page.locator("#sites-1-place").fill(spot())
    page.get_by_role("button", name="Add another site").click()
    page.locator("#sites-2-place").fill("to be removed")
    page.get_by_role("button", name="Remove site 3").click()
    page.locator("#fold-subjects summary").click()
    page.locator("select[name=subjects-0-kind]").select_option("plate")
    page.locator("#subjects-0-value").fill("MD/7AB1234")
    page.click(".bottom-bar button.primary")
    page.get_by_text("Show 2 places").click()
    expect(page.locator("#places tbody tr")).to_have_count(2)
    page.get_by_text("Show 1 subject").click()
    expect(page.locator("#subjects")).to_contain_text("MD/7AB1234")


def test_a_draft_is_kept_on_the_server_and_shown_as_not_registered(page_of: Visit, spot: Spot) -> None:
    page = page_of(LENA, "/operations/register/")
    page.select_option("#operation_type", "raid")
    page.fill("#sites-0-place", spot())
    typed = page.input_value("#sites-0-place")
    expect(page.locator(".bottom-bar [data-saved]")).to_contain_text(
        re.compile(r"Draft saved on the server \d\d:\d\d:\d\d")
    )
    page.goto("/")
    row = page.locator(".rows li", has_text="NOT REGISTERED: raid").first
    row.get_by_role("link", name=re.compile("Finish draft")).click()
    expect(page.locator("#sites-0-place")).to_have_value(typed)
    fill_register(page, typed, kind="raid")
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()
    page.goto("/")
    expect(page.locator(".rows li", has_text="NOT REGISTERED: raid")).to_have_count(0)


def test_edit_cancel_and_undo(page_of: Visit, spot: Spot) -> None:
    page = page_of(DANA)
    register(page, spot())
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Edit BAY-")
    page.fill("#radius_m", "450")
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict")).to_contain_text("for revision 2")
    page.get_by_text("Show 1 place").click()
    expect(page.locator("#places")).to_contain_text("450 m")
    page.get_by_role("button", name="Cancel this operation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cancelled")
    page.get_by_role("button", name="Undo the cancel").click()
    expect(page.locator(".verdict")).to_contain_text("for revision 4")


def test_still_on_scene_and_ended(page_of: Visit, spot: Spot) -> None:
    page = page_of(DANA)
    register(page, spot(), starts="2026-01-05 06:00", ends="2026-01-05 08:00", kind="fixed_surveillance")
    page.get_by_role("button", name="Yes, still here").click()
    expect(page.locator(".flash")).to_contain_text("still on scene")
    expect(page.locator(".history")).to_contain_text("Extended")
    page.get_by_role("button", name="Ended, everyone has left").first.click()
    expect(page.locator(".facts").first).to_contain_text("Ended")


def test_a_conflict_is_seen_talked_about_and_settled(page_of: Visit, spot: Spot) -> None:
    place = spot()
    register(page_of(TOM), place)
    page = page_of(DANA)
    register(page, place)
    page.get_by_role("link", name=re.compile("Open conflict")).first.click()
    expect(page.locator("main")).not_to_contain_text(place)
    page.get_by_role("button", name="I have seen this").click()
    expect(page.locator(".steps")).to_contain_text(re.compile(r"you \d\d:\d\d; they not yet"))
    expect(page.locator("input[name=outcome]:checked")).to_have_count(0)
    page.get_by_role("button", name="Log and settle").click()
    expect(page.locator(".has-error")).to_contain_text("Choose what you agreed")
    page.fill("#talked-note", "Spoke with the sergeant")
    page.get_by_role("button", name="We have talked").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Both sides talked at")
    page.get_by_label("Do it together").check()
    page.get_by_role("button", name="Log and settle").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Settled")


def test_registering_by_thumb(visit: Visit, spot: Spot) -> None:
    page = visit(DANA, "/operations/register/", width=390, height=844, has_touch=True, is_mobile=True)
    page.select_option("#operation_type", "knock_and_talk")
    page.locator("#sites-0-place").fill(spot())
    page.get_by_role("button", name="In 1 hour").tap()
    expect(page.locator("#ends_at")).to_have_value("+2h")
    page.locator(".bottom-bar button.primary").tap()
    expect(page.locator(".verdict h1")).to_be_visible()


def test_registering_without_a_script(page_of: Visit, spot: Spot) -> None:
    page = page_of(DANA, "/operations/register/", java_script_enabled=False)
    page.get_by_role("button", name="Add another site").click()
    expect(page.locator("#sites-1-place")).to_be_visible()
    fill_register(page, spot())
    page.fill("#sites-1-place", "-76.61, 39.29")
    page.click(".bottom-bar button.primary")
    expect(page.locator("#sites-1-place-error")).to_contain_text("swapped")
    page.locator("button[name=choose]").first.click()
    expect(page.locator("#sites-1-place")).to_have_value(re.compile("^39.29N"))
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()


def rows(page: Page) -> int:
    """Rows shown in the table beside the map."""
    return page.locator("[data-row]:visible").count()


COUNT_PIXELS = """
() => {
  const map = document.querySelector("[data-map] canvas");
  const copy = document.createElement("canvas");
  copy.width = map.width; copy.height = map.height;
  const pen = copy.getContext("2d");
  pen.drawImage(map, 0, 0);
  const data = pen.getImageData(0, 0, copy.width, copy.height).data;
  let found = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
    const red = r > 150 && g < 60 && b < 60;
    const blue = b > 180 && r < 60 && g < 120;
    const orange = r > 170 && g > 60 && g < 120 && b < 50;
    if (red || blue || orange) found += 1;
  }
  return found;
}
"""


def test_map_and_table_are_filtered_together(page_of: Visit) -> None:
    page = page_of(DANA, "/map/", webgl=True)
    page.locator("[data-map][data-ready=yes]").wait_for()
    before = rows(page)
    assert before > 1
    # Other tests register out at sea, so the whole day may be seen from far away: a few dots are enough.
    _until(page, lambda: page.evaluate(COUNT_PIXELS) > 0)
    kind = page.locator("[data-row]").first.get_attribute("data-type") or ""
    page.select_option("[data-type-filter]", kind)
    only = rows(page)
    assert 0 < only < before
    expect(page.locator("[data-map-heading]")).to_contain_text(f"{only} operation")
    page.select_option("[data-type-filter]", "")
    page.locator("[data-to]").focus()
    for _ in range(200):
        if rows(page) == 0 or page.locator("[data-to]").input_value() == "1":
            break
        page.keyboard.press("PageDown")
    if rows(page) == 0:
        _until(page, lambda: page.evaluate(COUNT_PIXELS) == 0)
    assert rows(page) < before


def _until(page: Page, holds: Callable[[], bool]) -> None:
    """Poll by evaluate: `wait_for_function` with a string is refused by the content-security policy."""
    ends = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < ends
        page.wait_for_timeout(100)


def test_enter_in_the_table_opens_the_card(page_of: Visit) -> None:
    page = page_of(DANA, "/map/", webgl=True)
    page.locator("[data-map][data-ready=yes]").wait_for()
    row = page.locator("[data-row]").first
    row.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-card]")).to_be_visible()
    expect(page.locator("[data-card]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-card]")).to_be_hidden()


def test_without_webgl_the_table_is_the_map(visit: Visit) -> None:
    page = visit(DANA)
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    page.goto("/map/")
    expect(page.locator("[data-map-failed]").first).to_be_visible()
    assert rows(page) > 1


def test_a_new_conflict_appears_on_an_open_page_without_reload(page_of: Visit, spot: Spot) -> None:
    place = spot()
    watching = page_of(DANA)
    own = register(watching, place)
    expect(watching.get_by_role("heading", level=1)).to_have_text("No known conflict")
    watching.evaluate("() => { window.notReloaded = true; }")
    register(page_of(TOM), place)
    expect(watching.locator(".verdict.direct h1")).to_contain_text("Call them")
    toasts = watching.locator("[data-toasts]")  # what other tests registered may be told again just now
    expect(toasts.locator(".toast").first).to_be_visible()
    expect(toasts).not_to_contain_text(place)
    assert watching.evaluate("() => window.notReloaded")
    assert own in watching.url


def test_a_live_change_leaves_what_is_being_typed_alone(page_of: Visit, spot: Spot) -> None:
    place = spot()
    register(page_of(TOM), place)
    page = page_of(DANA)
    register(page, place)
    page.get_by_role("link", name=re.compile("Open conflict")).first.click()
    page.fill("#talked-note", "half a sen")
    other = page_of(TOM, "/conflicts/")
    other.goto(page.url)
    other.get_by_role("button", name="I have seen this").click()
    expect(page.locator(".steps")).to_contain_text(re.compile(r"they \d\d:\d\d"))
    expect(page.locator("#talked-note")).to_have_value("half a sen")
    expect(page.locator("#talked-note")).to_be_focused()


RECONNECT = "() => { dispatchEvent(new Event('offline')); dispatchEvent(new Event('online')); }"
"""The page asks for itself again once it is connected."""


def test_a_late_answer_never_replaces_a_later_one(visit: Visit, page_of: Visit, spot: Spot) -> None:
    place, page = spot(), visit(DANA)
    own = register(page, place)
    asked: list[Route] = []
    late: list[APIResponse] = []

    def hold_the_first(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            late.append(route.fetch())
        else:
            route.continue_()

    page.route(f"**{own}", hold_the_first)
    page.evaluate(RECONNECT)
    _until(page, lambda: bool(late))
    register(page_of(TOM), place)
    page.evaluate(RECONNECT)
    expect(page.locator("[data-lost]")).to_be_hidden()
    assert len(asked) == 1, "one at a time"
    asked[0].fulfill(response=late[0])
    expect(page.locator(".verdict.direct h1")).to_contain_text("Call them")


def test_a_lost_connection_greys_the_answer_and_names_the_desk(visit: Visit, spot: Spot) -> None:
    page = visit(DANA)
    register(page, spot())
    expect(page.locator("[data-lost]")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("[data-lost]")).to_contain_text("Not connected since")
    expect(page.locator(".verdict")).to_contain_text("Old answer")
    decoration = page.locator(".verdict h1").evaluate("node => getComputedStyle(node).textDecorationLine")
    assert decoration == "line-through"
    expect(page.locator(".call-desk .button")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("[data-lost]")).to_be_hidden()
    expect(page.locator(".verdict .old-answer")).to_be_hidden()


def test_slash_searches_and_a_number_leads_to_the_operation(page_of: Visit, spot: Spot) -> None:
    page = page_of(DANA)
    register(page, spot())
    reference = page.locator(".facts", has_text="Receipt").inner_text()
    found = re.search(r"BAY-\d\d-(\d{6})", reference)
    assert found
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type(found[1])
    page.keyboard.press("Enter")
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.locator("main")).to_contain_text(found[0])


def test_the_list_as_a_file_has_the_rows_of_the_page(page_of: Visit) -> None:
    page = page_of(DANA, "/operations/?when=today")
    shown = page.locator("tbody tr").count()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV of these").click()
    lines = waiting.value.path().read_text().splitlines()
    assert lines[0].startswith("Answer,Operation,Type,Starts")
    assert len(lines) == shown + 1


HEADER = "operation_id,agency_ori,operation_type,starts_at,ends_at,latitude,longitude,contact_name,contact_phone"
ORI = "MD0PCP100"


def file_row(number: str, place: str, phone: str = "410-555-0112") -> str:
    """A row of operations.csv for Port Calvert."""
    latitude, longitude = place.split(", ")
    times = "2030-03-05T06:00:00-05:00,2030-03-05T08:00:00-05:00"
    return f"{number},{ORI},search_warrant,{times},{latitude},{longitude},Dana Whitlock,{phone}"


def send(page: Page, text: str, mapping: str = "") -> None:
    """Send a file to the import page."""
    page.goto("/import/")
    page.set_input_files("#file", {"name": "plans.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.select_option("#mapping", mapping)
    page.get_by_role("button", name="Check this file").click()


def test_a_file_is_checked_first_and_then_imported(page_of: Visit, spot: Spot) -> None:
    page = page_of(RUTH, "/import/")
    rows = [file_row("W-1", spot()), file_row("W-2", spot())]
    send(page, "\n".join([HEADER, *rows, file_row("W-3", spot(), "12")]))
    expect(page.get_by_role("heading", level=1)).to_have_text("2 operations can be imported, 1 row cannot")
    expect(page.locator(".bad-rows")).to_contain_text("contact_phone")
    page.get_by_role("button", name=re.compile("^Import 2")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Imported: 2 new, 0 changed")
    page.get_by_role("link", name="See operations").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Operations")
    page.goto("/import/")
    send(page, "\n".join([HEADER, *rows]))
    expect(page.locator("dt:text-is('Of these known here already') + dd")).to_have_text("2")


def test_columns_of_another_name_are_chosen_and_kept(page_of: Visit, spot: Spot) -> None:
    latitude, longitude = spot().split(", ")
    row = f"X-9,2030-05-06 06:00,2030-05-06 09:00,{latitude},{longitude}"
    page = page_of(RUTH, "/import/")
    send(page, f"case,from,until,lat,lon\n{row}\n", "new")
    for name, column in (("operation_id", "case"), ("latitude", "lat"), ("longitude", "lon")):
        page.select_option(f"#column-{name}", column)
    page.select_option("#times-start", "from")
    page.select_option("#times-end", "until")
    for name, value in (("agency_ori", ORI), ("operation_type", "raid"), ("contact_name", "Ruth Calloway")):
        page.fill(f"#constant-{name}", value)
    page.fill("#constant-contact_phone", "410-555-0111")
    page.fill("#save_as", "Our records system")
    page.get_by_role("button", name="Check this file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 operation can be imported")
    page.goto("/import/")
    expect(page.locator("#mapping")).to_contain_text("Our records system")


def test_a_file_that_is_none_is_refused_in_words(page_of: Visit) -> None:
    page = page_of(RUTH, "/import/")
    send(page, "")
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator(".error-summary")).to_contain_text("empty")


def test_a_token_is_shown_once_and_can_be_revoked(page_of: Visit) -> None:
    page = page_of(PAUL, "/account/")
    page.fill("#token_name", "Records system")
    page.get_by_role("button", name="Create token").click()
    expect(page.locator("[data-secret]")).to_contain_text("vgl_")
    page.goto("/account/")
    expect(page.locator("[data-secret]")).to_have_count(0)
    page.get_by_role("button", name="Revoke Records system").click()
    expect(page.locator(".rows", has_text="Records system")).to_contain_text("Revoked")


def test_an_administrator_without_operations_lands_on_a_page_of_their_own(visit: Visit) -> None:
    page = visit(None, "/login/")
    page.fill("#username", PAUL)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    expect(page).to_have_url(re.compile("/import/$"))
    page.goto("/operations/")
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not do this")
    page.get_by_role("link", name="Go to the first page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import operations")


def test_the_watch_desk_sees_conflicts_of_both_sides(page_of: Visit, spot: Spot) -> None:
    place = spot()
    register(page_of(TOM), place)
    register(page_of(DANA), place)
    page = page_of(INES, "/conflicts/")
    page.locator("tbody a").first.click()
    expect(page.locator(".verdict h1")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Both sides")
