"""What people do on the pages, in few words."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Error, Page, expect


def fill_register(
    page: Page, place: str, starts: str = "0600 tomorrow", ends: str = "+2h", kind: str = "search_warrant"
) -> None:
    """Fill what a registration needs."""
    fill_plan(page, place, starts, ends, kind)
    if not page.input_value("#lead_contact-name"):
        page.fill("#lead_contact-name", "Det. Dana Whitlock")
        page.fill("#lead_contact-phone", "410-555-0128")


def fill_plan(
    page: Page, place: str, starts: str = "0600 tomorrow", ends: str = "+2h", kind: str = "search_warrant"
) -> None:
    """What, where and when."""
    page.select_option("#operation_type", kind)
    page.fill("#sites-0-place", place)
    page.fill("#starts_at", starts)
    page.fill("#ends_at", ends)


def register(page: Page, place: str, phone: str = "", **more: str) -> str:
    """Register an operation, with that telephone of its lead contact or the person's own; its path."""
    page.goto("/operations/register/")
    fill_register(page, place, **more)
    if phone:
        page.fill("#lead_contact-phone", phone)
    page.click(".bottom-bar button.primary")
    expect(page.locator(".verdict h1")).to_be_visible()
    return urlsplit(page.url).path


def press(page: Page, name: str) -> None:
    """Press a button that leads to a page, be it the same one anew, and wait until that one stands."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def sent(page: Page) -> str:
    """Press Send on the door's last step until the ticket is ripe, by the door's clock; the receipt."""
    press(page, "Send")
    while page.get_by_text("Press Send again").count():
        page.wait_for_timeout(500)
        press(page, "Send")
    return page.locator("#receipt").inner_text()


def app_code(secret: str, ahead: int = 0) -> str:
    """What a code app with the secret shows now, or so many half minutes ahead."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    code: str = format_hotp_value(hotp_value(secret.replace(" ", ""), int(time.time()) // 30 + ahead))
    return code


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(most):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe that a theme can break; what it finds by the others is the same in each."""


AXE = (
    """
globalThis.lookWithAxe = (options) => {
  if (!globalThis.axe) {
    class Kept {
      #key = Symbol();
      has(of) { return of != null && Object.hasOwn(of, this.#key); }
      get(of) { return of == null ? undefined : of[this.#key]; }
      set(of, value) { of[this.#key] = value; return this; }
      delete(of) { return delete of[this.#key]; }
    }
    class KeptSet extends Kept {
      add(of) { return this.set(of, true); }
    }
    (function (WeakMap, WeakSet) {
"""
    + AXE_SCRIPT
    + """
    })(Kept, KeptSet);
  }
  return axe.run(options);
};
"""
)
"""Axe, compiled when it is first asked to look. The private fields of its colours are kept in weak maps, which cost a
tenth of a look; these are kept in the colours themselves.
"""


def violations(page: Page, *rules: str, without: Sequence[str] = ()) -> AxeResults:
    """What axe finds, by all its rules, or by these, or by all but those `without`. A page that was being left when it
    began is looked at again, once the next one stands.
    """
    options: dict[str, object] = {"reporter": "no-passes"} | ({"runOnly": [*rules]} if rules else {})
    options["rules"] = {rule: {"enabled": False} for rule in without}
    try:
        return _looked(page, options)
    except Error:
        page.wait_for_load_state()
        page.locator("main").wait_for()
        return _looked(page, options)


def _looked(page: Page, options: dict[str, object]) -> AxeResults:
    found = page.evaluate("options => globalThis.lookWithAxe?.(options)", options)
    if found is None:
        page.evaluate(AXE)
        found = page.evaluate("options => lookWithAxe(options)", options)
    return AxeResults(found)


def beyond(page: Page) -> int:
    """How many pixels the page reaches beyond its window, once it stands: a link may have been followed just now."""
    page.wait_for_load_state()
    page.locator("main").wait_for()
    pixels: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return pixels
