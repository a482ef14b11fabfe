"""A node administrator sets the node up: what is missing, a person with a first password, the desk; and help."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import DANA, Visit, Watch
from tests.browser.steps import app_code
from tests.browser.test_pages import SMALL_LINKS
from tests.browser.test_setup_pages import fits

pytestmark = pytest.mark.browser

NADIA = "nadia.stone"
"""Administers the node of the demo."""
OWN = "quiet-otter-meadow"


def log_in(page: Page, username: str, password: str) -> None:
    page.fill("#username", username)
    page.fill("#password", password)
    page.click("button[type=submit]")


def test_a_new_person_gets_in_only_with_a_password_of_their_own(visit: Visit, page_of: Visit, watch: Watch) -> None:
    page = page_of(NADIA, "/setup/", width=360)
    fits(page, watch)
    page.get_by_role("link", name="People", exact=True).click()
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Full name").fill("Frank Field")
    page.get_by_label("User name").fill("frank field")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Nobody was added")).to_be_visible()
    expect(page.get_by_label("Full name")).to_have_value("Frank Field")
    fits(page, watch)
    page.get_by_label("User name").fill("frank.field")
    page.get_by_role("button", name="Add").click()
    first = page.locator("[data-secret]").inner_text()
    fits(page, watch)
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("Has not yet changed the first password")).to_be_visible()
    fits(page, watch)

    frank = visit(None, "/login/", width=360)
    log_in(frank, "frank.field", first)
    expect(frank.get_by_role("heading", name="Choose your own password")).to_be_visible()
    fits(frank, watch)
    frank.goto("/operations/")
    expect(frank.get_by_role("heading", name="Choose your own password")).to_be_visible()
    for label, text in (("Present password", first), ("New password", OWN), ("The new one again", OWN)):
        frank.get_by_label(label, exact=True).fill(text)
    frank.keyboard.press("Enter")
    expect(frank.get_by_text("Your new password counts")).to_be_visible()
    expect(frank.get_by_role("heading", name="How will you log in?")).to_be_visible()
    fits(frank, watch)
    frank.get_by_role("link", name="Set up a code app").click()
    fits(frank, watch)
    secret = frank.locator("code.secret").inner_text()
    frank.get_by_label("Six digits").fill(app_code(secret))
    frank.keyboard.press("Enter")
    expect(frank.locator("ol.codes li")).to_have_count(10)
    fits(frank, watch)
    code = frank.locator("ol.codes li").first.inner_text()
    frank.get_by_role("link", name="I have kept them").click()
    expect(frank.locator("header.top")).to_be_visible()

    second = visit(None, "/login/", width=360)
    typed: list[str] = []
    for now, is_in in (
        (lambda: app_code(secret, ahead=-3), False),
        (lambda: app_code(secret, ahead=1), True),
        (lambda: typed[-1], False),
        (lambda: code, True),
        (lambda: code, False),
    ):
        second.goto("/login/")
        log_in(second, "frank.field", OWN)
        expect(second.get_by_role("heading", name="One more step")).to_be_visible()
        if not typed:
            fits(second, watch)
        typed.append(now())
        second.fill("#code", typed[-1])
        second.keyboard.press("Enter")
        if is_in:
            expect(second.locator("header.top")).to_be_visible()
            second.context.clear_cookies()
        else:
            expect(second.get_by_role("alert")).to_contain_text("does not count")
            if len(typed) == 1:
                fits(second, watch)

    page.reload()
    page.get_by_role("button", name="Switch the account off").click()
    expect(page.get_by_text("The account is off.")).to_be_visible()
    frank.goto("/operations/")
    expect(frank.locator("#username")).to_be_visible()
    log_in(frank, "frank.field", OWN)
    expect(frank.get_by_text("switched off")).to_be_visible()


def test_the_search_for_people_puts_no_name_into_the_address(page_of: Visit, watch: Watch) -> None:
    page = page_of(NADIA, "/setup/people/", width=1280)
    page.get_by_label("Name, user name or unit").fill("whitlock")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Dana Whitlock")).to_be_visible()
    expect(page.get_by_role("link", name="Tom Vasquez")).to_have_count(0)
    assert "whitlock" not in page.url.lower()
    fits(page, watch)


def test_hours_that_cannot_be_read_are_told_at_their_day(page_of: Visit, watch: Watch) -> None:
    page = page_of(NADIA, "/setup/watch-desk/", width=360)
    opens = page.get_by_label("Wednesday opens")
    was = opens.input_value()
    opens.fill("8 am")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Wednesday: give both times")).to_be_visible()
    expect(opens).to_have_value("8 am")
    fits(page, watch)
    opens.fill(was)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile("^Saved"))).to_be_visible()


@pytest.mark.parametrize(
    "path",
    [
        *("/setup/", "/setup/people/", "/setup/people/new/", "/setup/agencies/", "/setup/agency/", "/setup/node/"),
        *("/setup/watch-desk/", "/setup/retention/", "/account/password/", "/help/", "/help/people/"),
    ],
)
def test_set_up_pages_fit_a_telephone_a_screen_reader_and_a_finger(page_of: Visit, watch: Watch, path: str) -> None:
    page = page_of(NADIA, path, width=360)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    fits(page, watch)
    assert page.evaluate(SMALL_LINKS) == []


def test_the_question_mark_explains_the_page_it_stands_on(page_of: Visit, watch: Watch) -> None:
    page = page_of(DANA, "/operations/register/", width=360)
    page.get_by_role("link", name="Help for this page").click()
    expect(page.get_by_role("heading", name="Register an operation")).to_be_visible()
    expect(page.get_by_role("heading", name="What it does not prove")).to_be_visible()
    fits(page, watch)
    page.get_by_role("link", name="All help and questions").click()
    page.get_by_text("Does “no known conflict” mean that I am safe?").click()
    expect(page.get_by_text("Teams that registered with nobody are not found")).to_be_visible()
    fits(page, watch)


def test_help_works_without_a_script(page_of: Visit) -> None:
    page = page_of(DANA, "/help/", java_script_enabled=False)
    page.get_by_role("link", name="Conflicts", exact=True).last.click()
    expect(page.get_by_text("Call the other side. Then say that you have talked")).to_be_visible()
