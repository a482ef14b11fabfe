"""Passkeys in a real browser with a virtual authenticator: made, used alone, used after the password, refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from tests.browser.conftest import LENA, PASSWORD, PATIENCE, Visit, Watch
from tests.browser.steps import beyond

pytestmark = pytest.mark.browser

JO = "jo.hensley"


@dataclass
class Key:
    """A virtual authenticator of one page, as a security key with PIN or a device's own."""

    devtools: CDPSession
    id: str

    def set(self, **options: Any) -> None:
        """Whether its holder shows who they are."""
        self.devtools.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, **options})

    def remove(self) -> None:
        """Lose it."""
        self.devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})


def give_key(page: Page, **more: Any) -> Key:
    """Plug one in."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True} | more
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return Key(devtools, made["authenticatorId"])


@pytest.fixture
def page(server: str, chromium: Browser) -> Iterator[Page]:
    """A page by name: a passkey belongs to a name, never to a bare address."""
    named = server.replace("127.0.0.1", "localhost")
    watch = Watch(named)
    context = chromium.new_context(base_url=named, viewport={"width": 360, "height": 800})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    watch.over(page)
    yield page
    context.close()
    assert not watch.faults, "\n".join(watch.faults)


def log_in(page: Page, username: str) -> None:
    page.goto("/login/")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    expect(page.locator("header.top")).to_be_visible()


def log_out(page: Page) -> None:
    page.goto("/account/")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#username")).to_be_visible()


def add_passkey(page: Page, name: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Name of the passkey").fill(name)
    page.get_by_role("button", name="Add a passkey").click()


def test_a_passkey_is_made_and_logs_in_alone(page: Page) -> None:
    key = give_key(page)
    log_in(page, JO)
    add_passkey(page, "key on my ring")
    expect(page.locator("ol.codes li")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    page.goto("/account/login/")
    expect(page.get_by_text("key on my ring")).to_be_visible()
    assert beyond(page) <= 0
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("This device holds a passkey of yours already.")).to_be_visible()
    log_out(page)
    page.goto("/login/?next=%2Foperations%2F%3Fmine%3Dyes")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/operations/?mine=yes")
    expect(page.get_by_role("heading", level=1)).to_have_text("Operations")
    page.goto("/account/login/")
    expect(page.locator(".rows li", has_text="key on my ring")).to_contain_text("Last used")
    log_out(page)

    key.set(isUserVerified=False)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_text("No passkey was used.")).to_be_visible()
    key.remove()
    give_key(page)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_text("No passkey was used.")).to_be_visible()
    expect(page.locator("#username")).to_be_visible()


def test_a_passkey_that_is_copied_between_devices_is_refused(page: Page) -> None:
    give_key(page, defaultBackupEligibility=True)
    log_in(page, JO)
    add_passkey(page, "in the cloud")
    expect(page.get_by_role("alert")).to_contain_text("copied to other devices")
    expect(page.get_by_text("in the cloud")).to_have_count(0)


def test_the_screen_hides_after_thirty_minutes_and_keeps_what_was_typed(visit: Visit) -> None:
    page = visit(LENA, "/operations/register/", width=360)
    page.clock.install()
    page.reload()
    page.locator("#fold-case summary").click()
    page.fill("#case_number", "C26-HIDDEN")
    page.context.set_offline(True)
    page.clock.fast_forward("29:00")
    expect(page.locator("#case_number")).to_be_visible()
    page.clock.fast_forward("02:00")
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    expect(page.locator("main")).to_be_hidden()
    expect(page.locator("header.top")).to_be_hidden()
    assert "C26-HIDDEN" not in page.locator("body").inner_text()
    page.context.set_offline(False)
    page.clock.run_for(6000)
    expect(page.locator("#case_number")).to_be_visible()
    expect(page.locator("#case_number")).to_have_value("C26-HIDDEN")
    expect(page.get_by_role("heading", name="Locked")).to_have_count(0)


def test_a_page_with_nothing_typed_is_left_for_the_login(visit: Visit) -> None:
    page = visit(LENA, "/operations/?mine=yes")
    page.clock.install()
    page.reload()
    page.context.clear_cookies()
    page.clock.fast_forward("31:00")
    # What left first may be overtaken by what leaves next, for the same page: only where that ends is looked at.
    expect(page).to_have_url(re.compile(re.escape("/login/?next=%2Foperations%2F%3Fmine%3Dyes") + "$"))
