"""Small pieces of every page: icons, state signs, times, phones.

Instants come as aware datetimes or as microseconds UTC (the engine's unit); both are shown in a named zone.
"""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import dateformat
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_noop as _

from vigil.engine.phones import PhoneError, read_phone
from vigil.web.navigation import Link

register = template.Library()

Instant = datetime | int

# State = shape + word + place. The shapes are drawn, never coloured letters; none is green.
_SIGNS = {
    "direct": '<path class="fill" d="M7.6 1.5h8.8l6.1 6.1v8.8l-6.1 6.1H7.6l-6.1-6.1V7.6z"/>'
    '<path class="on" d="M10.6 5.5h2.8l-.5 8h-1.8zM12 15.4a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2z"/>',
    "near": '<path class="fill" d="M12 .8 23.2 12 12 23.2.8 12z"/>'
    '<path class="on" d="M10.8 6.5h2.4l-.4 7h-1.6zM12 15a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8z"/>',
    "no_known_conflict": '<circle class="ring" cx="12" cy="12" r="9"/>',
    "incomplete": '<path class="ring" d="M7.5 4.2a9 9 0 1 0 9 0"/>',
    "checking": '<circle class="ring dashed" cx="12" cy="12" r="9"/>',
    "not_registered": '<rect class="ring dashed" x="3" y="3" width="18" height="18"/>',
    "answered": '<circle class="fill" cx="12" cy="12" r="11"/><path class="tick" d="m6.8 12.4 3.4 3.4 7-7.2"/>',
    "not_answered": '<circle class="ring dashed" cx="12" cy="12" r="9"/>',
    "not_covered": '<path class="ring" d="M5 12h14"/>',
}
WORDS = {
    "direct": _("Direct conflict"),
    "near": _("Near conflict"),
    "subject": _("Shared subject"),
    "conflict": _("Conflict"),
    "no_known_conflict": _("No known conflict"),
    "incomplete": _("Incomplete"),
    "checking": _("Checking"),
    "not_registered": _("NOT REGISTERED"),
    "draft": _("NOT REGISTERED"),
    "cancelled": _("Cancelled"),
    "registered": _("Registered"),
    "under_way": _("Under way"),
    "ended": _("Ended"),
    "open": _("Open"),
    "past": _("Past"),
    "withdrawn": _("Withdrawn"),
    "detected": _("Detected"),
    "notified": _("Notified"),
    "acknowledged": _("Acknowledged"),
    "contacted": _("Contacted"),
    "resolved": _("Resolved"),
    "expired_unacknowledged": _("Expired unacknowledged"),
    "accepted": _("Accepted"),
    "refused": _("Refused"),
}
_SAME_SHAPE = {
    "conflict": "direct",
    "subject": "near",
    "draft": "not_registered",
    "refused": "not_answered",
    "cancelled": "not_covered",
}


# Drawn many times on a page from a few names, so each is made once.
@register.simple_tag
@functools.cache
def icon(name: str) -> SafeString:
    """An icon of the U.S. Web Design System's sprite; decoration only, the word stands beside it."""
    href = f"{static('vendor/uswds/img/sprite.svg')}#{name}"
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false" viewBox="0 0 24 24"><use href="{}"></use></svg>', href
    )


@register.simple_tag
@functools.cache
def sign(state: str) -> SafeString:
    """The shape of a state; its word stands beside it in the page."""
    shape = _SAME_SHAPE.get(state, state)
    drawing = _SIGNS.get(shape, _SIGNS["checking"])
    return format_html(
        '<svg class="sign {}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>',
        shape.replace("_", "-"),
        mark_safe(drawing),  # noqa: S308 - constants of this file
    )


@register.simple_tag
def menu_entry(link: Link) -> SafeString:
    """One entry of the menu."""
    return _menu_entry(link, get_language())


@functools.lru_cache(maxsize=1000)  # every page has them all, and few differ from those of the page before
def _menu_entry(link: Link, language: str | None) -> SafeString:
    return render_to_string("web/_menu_entry.html", {"link": link})


@register.filter
def word(state: str) -> str:
    """The words of a state."""
    known = WORDS.get(state)
    return gettext(known) if known else str(state).replace("_", " ").capitalize()


def moment(at: Instant, zone: str) -> datetime:
    """The instant in a zone."""
    if isinstance(at, int):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return at.astimezone(ZoneInfo(zone or "UTC"))


@register.filter
def clock(at: Instant | None, zone: str) -> str:
    """`04:51:18 EDT`."""
    return f"{moment(at, zone):%H:%M:%S %Z}" if at is not None else ""


@register.filter
def hm(at: Instant | None, zone: str) -> str:
    """`05:30`."""
    return f"{moment(at, zone):%H:%M}" if at is not None else ""


@register.filter
def hms(at: Instant | None, zone: str) -> str:
    """`04:52:06`."""
    return f"{moment(at, zone):%H:%M:%S}" if at is not None else ""


@register.filter
def day(at: Instant | None, zone: str) -> str:
    """`Thu Sep 3`."""
    return _day(moment(at, zone).date(), get_language()) if at is not None else ""


@functools.lru_cache(maxsize=1000)  # a list shows many times of few days
def _day(on: date, language: str | None) -> str:
    # Translators: the order of weekday (D), month (M) and day (j); letters that are read get a backslash.
    return dateformat.format(on, gettext("D M j"))


@register.filter
def day_time(at: Instant | None, zone: str) -> str:
    """`Thu Sep 3, 06:00 EDT`."""
    return f"{day(at, zone)}, {moment(at, zone):%H:%M %Z}" if at is not None else ""


@register.filter
def iso(at: Instant | None) -> str:
    """RFC 3339 in UTC, for the scripts."""
    return f"{moment(at, 'UTC'):%Y-%m-%dT%H:%M:%SZ}" if at is not None else ""


@register.filter
def phone(number: str) -> str:
    """`(410) 555-0142` for a number of the United States, as typed otherwise."""
    try:
        return read_phone(number or "").shown
    except PhoneError:
        return number or ""


@register.filter
def tel(number: str) -> str:
    """The number for a `tel:` link."""
    try:
        return read_phone(number or "").e164
    except PhoneError:
        return "".join(character for character in number or "" if character in "+0123456789")


@register.filter
def metres(length: float | None) -> str:
    """`300 m (984 ft)`."""
    if length is None:
        return ""
    return gettext("{m:,.0f} m ({feet:,.0f} ft)").format(m=length, feet=length * 3.28084)


@register.filter
def short_reference(reference: str) -> str:
    """`004417` of `BAY-26-004417`."""
    return str(reference).rsplit("-", 1)[-1]


@register.filter
def initials(name: str) -> str:
    """`DW` of `Det. Dana Whitlock`."""
    parts = [part for part in name.replace("-", " ").split() if part[:1].isupper() and not part.endswith(".")]
    return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper()


@register.filter
def remaining(seconds: float | None) -> str:
    """`38:42` below an hour, `1 h 44` below two days, else days; `Now` when it has passed."""
    if seconds is None:
        return ""
    if seconds <= 0:
        return gettext("Now")
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60:02d}:{whole % 60:02d}"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d}"
    days = whole // 86400
    return ngettext("{n} day", "{n} days", days).format(n=days)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """The page's own query string with some parameters changed; an empty value drops one."""
    parameters = context["request"].GET.copy()
    for key, value in changes.items():
        if value in ("", None):
            parameters.pop(key, None)
        else:
            parameters[key] = str(value)
    return "?" + parameters.urlencode() if parameters else "?"
