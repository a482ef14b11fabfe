"""The themes: each role has a token, and what is read stands out from what it stands on (WCAG 2.2 AA)."""

from __future__ import annotations

import re

import pytest

from vigil.config.folders import BASE_DIR

FOLDER = BASE_DIR / "src" / "vigil" / "web" / "static" / "web"
READ_ON = (
    *(("ink", ground) for ground in ("canvas", "surface", "sunken", "picked")),
    *(
        (text, "surface")
        for text in ("soft", "muted", "link", "primary", "direct-word", "near-word", "known-word", "wait-mark")
    ),
    *(("on-primary", fill) for fill in ("fill", "fill-dark")),
    *(("direct-ink", "direct"), ("near-ink", "near"), ("wait-ink", "wait"), ("on-black", "black")),
    *(("rail-ink", "rail"), ("rail-strong", "rail-here"), ("badge-ink", "badge"), ("map-town", "map-land")),
)
"""Text and what it stands on: at least 4.5 to 1."""
SEEN_ON = (
    ("edge", "surface"),
    ("focus", "surface"),
    ("own", "map-land"),
    ("near-mark", "map-land"),
    ("direct-mark", "map-land"),
)
"""Edges and signs and what they stand on: at least 3 to 1."""


def roles(name: str) -> dict[str, str]:
    """The tokens of a sheet; those that a theme leaves out are the light ones."""
    text = (FOLDER / f"{name}.css").read_text()
    block = text[text.index(":root {") : text.index("}", text.index(":root {"))]
    own = dict(re.findall(r"--([a-z-]+): ([^;]+);", block))
    return own if name == "vigil" else roles("vigil") | own


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((brightness(one), brightness(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["vigil", "dark", "night"])
def test_what_is_read_stands_out(theme: str) -> None:
    role = roles(theme)
    weak = [(text, ground, round(contrast(role[text], role[ground]), 2)) for text, ground in READ_ON]
    assert not [pair for pair in weak if pair[2] < 4.5]
    dim = [(mark, ground, round(contrast(role[mark], role[ground]), 2)) for mark, ground in SEEN_ON]
    assert not [pair for pair in dim if pair[2] < 3]


def test_night_has_a_token_of_its_own_for_each_role_and_none_is_bright_or_blue() -> None:
    text = (FOLDER / "night.css").read_text()
    given = dict(re.findall(r"--([a-z-]+): ([^;]+);", text))
    assert given.keys() == roles("vigil").keys()
    for name, colour in given.items():
        if colour.startswith("#"):
            red, _, blue = (int((colour.lstrip("#") * 2)[at : at + 2], 16) for at in (0, 2, 4))
            assert blue <= red, f"{name} is blue"
            assert brightness(colour) < 0.65, f"{name} is bright"
