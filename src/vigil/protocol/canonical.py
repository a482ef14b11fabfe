"""Canonical bytes: the one way a value is written before it is hashed or signed.

JSON with sorted keys, no spaces, UTF-8 unescaped. Floats are refused: numbers that are measured are written as text
with the shortest decimals that read back to the same number, so that every language writes the same bytes.
"""

from __future__ import annotations

import json
import math
from binascii import a2b_base64, b2a_base64
from hashlib import sha256
from typing import Any

from vigil.engine.geometry import decimals, parse_wkt, to_wkt, validate
from vigil.engine.operation import Mode, Operation, Site, Window

JSON = Any
"""Dictionaries with text keys, lists, text, whole numbers, booleans and None."""


_PLAIN = frozenset({str, int, bool, type(None)})
"""What holds no float: most values are of these types, and are not looked into."""
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical_bytes(value: JSON) -> bytes:
    """The bytes of the value. Raises TypeError for a float or another type, ValueError for text that is not Unicode."""
    _refuse_floats(value)
    return _ENCODER.encode(value).encode()


def _refuse_floats(value: JSON) -> None:
    if isinstance(value, float):
        raise TypeError("A float has no canonical form: write it with number_text.")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError("The keys of a canonical object are text.")
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        if type(item) not in _PLAIN:
            _refuse_floats(item)


_TO_URL, _FROM_URL = bytes.maketrans(b"+/", b"-_"), bytes.maketrans(b"-_", b"+/")


def base64url(data: bytes) -> bytes:
    """Base64url without padding (RFC 7515)."""
    return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=")


def from_base64url(data: bytes) -> bytes:
    """The bytes again. Raises ValueError; other texts than the one that `base64url` writes may be read too."""
    return a2b_base64(data.translate(_FROM_URL) + b"=" * (-len(data) % 4))


def digest(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return sha256(data).hexdigest()


def number_text(number: float) -> str:
    """Shortest decimals that read back to the same number; no exponent, no `.0`, no negative zero."""
    if not math.isfinite(number):
        raise ValueError("A number that is not finite has no canonical form.")
    return decimals(float(number))


OPERATION_MEMBERS = ("operation", "mode", "registered", "tentative", "joint_with", "subjects", "span", "sites")
SITE_MEMBERS = ("geometry", "radius_m", "uncertainty_m", "starts_at", "ends_at", "buffer_before", "buffer_after")


def operation_content(operation: Operation) -> JSON:
    """Everything of an operation that the predicate looks at, its id included."""
    return {
        "operation": operation.operation_id,
        "mode": operation.mode.value,
        "registered": operation.registered,
        "tentative": operation.tentative,
        "joint_with": sorted(operation.joint_with),
        "subjects": sorted(operation.subjects),
        "span": None if operation.span is None else [operation.span.start, operation.span.end],
        "sites": [_site_content(site) for site in operation.sites],
    }


def _site_content(site: Site) -> JSON:
    return {
        "geometry": to_wkt(site.geometry),
        "radius_m": number_text(site.radius_m),
        "uncertainty_m": number_text(site.uncertainty_m),
        "starts_at": site.starts_at,
        "ends_at": site.ends_at,
        "buffer_before": site.buffer_before,
        "buffer_after": site.buffer_after,
    }


MOST_SITES, MOST_SUBJECTS = 50, 200
"""Specification, section 3."""
LONGEST_US = 1 << 62
"""Instants and buffers beyond this are refused: no sum of two of them leaves 64 bits."""


def operation_from_content(content: JSON) -> Operation:
    """The operation again, which may come from anybody.

    Raises KeyError, TypeError or ValueError where it is not whole, has members that are not known, or says what
    specification 3 refuses: a shape that is none, an end before its start, a negative radius, more than 50 sites.
    """
    sites, span = content["sites"], content["span"]
    subjects = _texts(content["subjects"])
    if not isinstance(sites, list) or len(sites) > MOST_SITES or len(subjects) > MOST_SUBJECTS:
        raise ValueError("an operation has more sites or subjects than there can be")
    if len(content) != len(OPERATION_MEMBERS):
        raise ValueError("an operation has members that are not known")
    return Operation(
        operation_id=_text(content["operation"]),
        sites=tuple(_site_from_content(site) for site in sites),
        subjects=frozenset(subjects),
        span=None if span is None else _span(*span),
        mode=Mode(content["mode"]),
        joint_with=frozenset(_texts(content["joint_with"])),
        tentative=_flag(content["tentative"]),
        registered=_flag(content["registered"]),
    )


def _site_from_content(content: JSON) -> Site:
    if len(content) != len(SITE_MEMBERS):
        raise ValueError("a site has members that are not known")
    span = _span(content["starts_at"], content["ends_at"])
    return Site(
        geometry=validate(parse_wkt(_text(content["geometry"]))),
        radius_m=_metres(content["radius_m"]),
        starts_at=span.start,
        ends_at=span.end,
        buffer_before=_count(content["buffer_before"]),
        buffer_after=_count(content["buffer_after"]),
        uncertainty_m=_metres(content["uncertainty_m"]),
    )


def _span(start: JSON, end: JSON) -> Window:
    if not _count(start) < _count(end):
        raise ValueError("a window ends at or before its start")
    return Window(start, end)


def _count(value: JSON) -> int:
    if type(value) is not int or not 0 <= value < LONGEST_US:
        raise ValueError("an instant or a buffer is no whole number of microseconds that can be")
    return value


def _metres(value: JSON) -> float:
    number = float(_text(value))
    if number < 0 or number_text(number) != value:
        raise ValueError("a length is negative or not written in the one form of its number")
    return number


def _text(value: JSON) -> str:
    if not isinstance(value, str):
        raise TypeError("a name, a shape or a length is no text")
    return value


def _texts(values: JSON) -> list[str]:
    if not isinstance(values, list):
        raise TypeError("a list is none")
    return [_text(value) for value in values]


def _flag(value: JSON) -> bool:
    if type(value) is not bool:
        raise TypeError("a flag is neither true nor false")
    return value


def predicate_digest(operation: Operation) -> str:
    """Binds an answer to exactly this content (specification 8, condition 4)."""
    return digest(canonical_bytes(operation_content(operation)))


def place_digests(operation: Operation) -> frozenset[str]:
    """One short digest a site's geometry: tells whether an edit moved a site, without keeping where it was."""
    return frozenset(digest(to_wkt(site.geometry).encode())[:16] for site in operation.sites)
