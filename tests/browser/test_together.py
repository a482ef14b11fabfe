"""Together, subjects and interests as people do them in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import DANA, INES, PAUL, RUTH, TOM, Visit, Watch
from tests.browser.steps import beyond, fill_register, press, register
from tests.browser.test_pages import _axe

pytestmark = pytest.mark.browser

Spot = Callable[[], str]
NADIA = "nadia.stone"


def test_two_teams_offer_accept_and_leave(page_of: Visit, spot: Spot) -> None:
    place = spot()
    theirs = register(page_of(TOM), place)
    page = page_of(DANA)
    own = register(page, place)
    page.locator(".conflict-card").get_by_role("link", name=re.compile("Open conflict")).click()
    page.get_by_role("button", name="Offer to run together").click()
    expect(page.locator("main")).to_contain_text("Waiting for Old Line Patrol to accept")
    other = page_of(TOM, theirs)
    expect(other.locator("main")).to_contain_text("Port Calvert PD asks to run it together")
    other.get_by_role("button", name="Accept").click()
    expect(other.locator(".verdict h1")).to_have_text("No known conflict")
    expect(other.locator("main")).to_contain_text("Run together with Port Calvert PD")
    page.goto(own)
    page.get_by_role("button", name="Leave").click()
    expect(page.locator(".verdict h1")).to_contain_text("Call them")


def test_the_card_is_previewed_and_a_subject_read_while_typing(page_of: Visit, spot: Spot) -> None:
    page = page_of(RUTH, "/operations/register/")
    fill_register(page, spot())
    page.locator("#fold-disclosure summary").click()
    card = page.locator("[data-card]")
    expect(card).to_contain_text("Not disclosed")
    page.get_by_label("Contact and type.").check()
    expect(card).to_contain_text("Search warrant")
    page.get_by_label("Silent.").check()
    expect(card).to_contain_text("call the watch desk")
    page.get_by_label("Contact only.").check()
    phone = page.input_value("#lead_contact-phone")[-4:]
    page.get_by_label("Hide my phone").check()
    expect(card).to_contain_text("through the watch desk")
    expect(card).not_to_contain_text(phone)
    page.locator("#fold-subjects summary").click()
    page.get_by_label("Kind of subject 1").select_option("plate")
    page.fill("#subjects-0-value", "7AB 1234")
    expect(page.locator("[data-subject-read]")).to_contain_text("Kept, but not compared")
    page.fill("#subjects-0-value", "md/7ab 1234")
    expect(page.locator("[data-subject-read]")).to_contain_text("Compared as MD/7AB1234")


def test_an_interest_without_a_script_on_a_phone(page_of: Visit) -> None:
    page = page_of(DANA, "/interests/register/", java_script_enabled=False, width=360)
    page.get_by_label("Kind of subject 1").select_option("phone")
    page.fill("#subjects-0-value", "4105550163")
    page.fill("#lead_contact-phone", "410-555-0128")
    page.get_by_role("button", name="Register and check").click()
    expect(page.locator(".verdict h1")).to_contain_text(re.compile("No known conflict|Shared subject|Call them"))
    page.goto("/interests/")
    row = page.locator("main li", has_text="4105550163").first
    row.get_by_role("button", name="Renew").click()
    expect(page.locator("main")).to_contain_text("Renewed for 180 days")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_administrator_founds_a_task_force_and_sees_who_looked(page_of: Visit, spot: Spot) -> None:
    officer = page_of(DANA)
    path = register(officer, spot())
    reference = officer.locator(".facts", has_text="Operation").first.inner_text()
    number = re.search(r"[A-Z]+-\d\d-\d{6}", reference)
    assert number
    page = page_of(PAUL, f"/looks/?reference={number[0]}")
    expect(page.locator("main")).to_contain_text("Dana Whitlock")
    page.goto("/task-forces/")
    page.fill("#name", "Harbor Group")
    page.get_by_label("Old Line Patrol").check()
    page.get_by_role("button", name="Found it").click()
    page.get_by_label("Dana Whitlock").check()
    press(page, "Save members")
    officer.goto(path)
    officer.get_by_label("Registered for").select_option(label="Harbor Group")
    officer.locator("form", has=officer.locator("#task_force")).get_by_role("button", name="Save").click()
    expect(officer.locator("main")).to_contain_text("Its members may read it now.")


@pytest.mark.parametrize(
    ("who", "path"),
    [
        (DANA, "/interests/"),
        (DANA, "/interests/register/"),
        (PAUL, "/task-forces/"),
        (PAUL, "/looks/?reference=BAY-26-000001"),
        (NADIA, "/node/deconflictor/"),
        (PAUL, "/agency/deconflictor/"),
    ],
)
def test_each_page_fits_a_phone_and_has_no_violation(page_of: Visit, watch: Watch, who: str, path: str) -> None:
    page = page_of(who, path, width=360, height=740)
    _fits(page, watch, path)


def test_an_offer_and_a_possible_subject_read_well_on_a_phone(page_of: Visit, watch: Watch, spot: Spot) -> None:
    place = spot()
    other = page_of(TOM, "/operations/register/")
    _with_plate(other, place, "MD/7QX4411")
    page = page_of(DANA, "/operations/register/")
    _with_plate(page, place, "7QX4411")
    expect(page.locator("main")).to_contain_text("Possibly the same subject")
    expect(page.locator("main")).to_contain_text("The plate number 7QX4411 is the same")
    _fits(page, watch, "possible match")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator(".conflict-card").get_by_role("link", name=re.compile("Open conflict")).click()
    _fits(page, watch, "conflict with an offer")
    page.get_by_role("button", name="Offer to run together").click()
    expect(page.locator("main")).to_contain_text("Waiting for Old Line Patrol to accept")
    other.reload()
    expect(other.locator("main")).to_contain_text("Port Calvert PD asks to run it together")
    _fits(other, watch, "offered")
    other.get_by_role("button", name="Refuse").click()
    expect(other.locator(".flash")).to_contain_text("Refused. The other side is told.")


def test_a_silent_operation_meets_another_through_its_deconflictor_alone(page_of: Visit, spot: Spot) -> None:
    place = spot()
    page = page_of(RUTH, "/operations/register/")
    fill_register(page, place)
    page.locator("#fold-disclosure summary").click()
    page.get_by_label("Silent.").check()
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()
    address = page.url
    own_agency = page_of(DANA, address)
    expect(own_agency.locator("h1")).to_have_text("There is nothing here that you may see")
    other = page_of(TOM)
    register(other, place)
    expect(other.locator("main")).to_contain_text(re.compile("[Ww]atch desk"))
    expect(other.locator("main")).not_to_contain_text("Ruth Calloway")
    expect(page_of(INES, address).locator(".verdict h1")).to_be_visible()


def _with_plate(page: Page, place: str, plate: str) -> None:
    fill_register(page, place)
    page.locator("#fold-subjects summary").click()
    page.get_by_label("Kind of subject 1").select_option("plate")
    page.fill("#subjects-0-value", plate)
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()


def _fits(page: Page, watch: Watch, name: str) -> None:
    """At 360 px nothing lies beside the screen, and axe finds nothing."""
    page.set_viewport_size({"width": 360, "height": 740})
    beside = beyond(page)
    assert beside <= 0, f"{name} is {beside} px wider than the screen"
    _axe(page, watch, name)
