"""Canonical bytes: the one way a value is written before it is hashed or signed.

JSON with sorted keys, no spaces, UTF-8 unescaped. Floats are refused: numbers that are measured are written as text
with the shortest decimals that read back to the same number, so that every language writes the same bytes.
"""

from __future__ import annotations

import json
import math
from hashlib import sha256
from typing import Any

from vigil.engine.geometry import parse_wkt, to_wkt
from vigil.engine.operation import Mode, Operation, Site, Window

JSON = Any
"""Dictionaries with text keys, lists, text, whole numbers, booleans and None."""


def canonical_bytes(value: JSON) -> bytes:
    """The bytes of the value. Raises TypeError for a float or another type, ValueError for text that is not Unicode."""
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _refuse_floats(value: JSON) -> None:
    if isinstance(value, float):
        raise TypeError("A float has no canonical form: write it with number_text.")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("The keys of a canonical object are text.")
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for item in value:
        _refuse_floats(item)


def digest(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return sha256(data).hexdigest()


def number_text(number: float) -> str:
    """Shortest decimals that read back to the same number; an integral value without `.0`; no negative zero."""
    if not math.isfinite(number):
        raise ValueError("A number that is not finite has no canonical form.")
    return repr(float(number) + 0.0).removesuffix(".0")


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


def operation_from_content(content: JSON) -> Operation:
    """The operation again. Raises KeyError, TypeError or ValueError where the content is not whole."""
    return Operation(
        operation_id=content["operation"],
        sites=tuple(_site_from_content(site) for site in content["sites"]),
        subjects=frozenset(content["subjects"]),
        span=None if content["span"] is None else Window(*content["span"]),
        mode=Mode(content["mode"]),
        joint_with=frozenset(content["joint_with"]),
        tentative=content["tentative"],
        registered=content["registered"],
    )


def _site_from_content(content: JSON) -> Site:
    return Site(
        geometry=parse_wkt(content["geometry"]),
        radius_m=float(content["radius_m"]),
        starts_at=content["starts_at"],
        ends_at=content["ends_at"],
        buffer_before=content["buffer_before"],
        buffer_after=content["buffer_after"],
        uncertainty_m=float(content["uncertainty_m"]),
    )


def predicate_digest(operation: Operation) -> str:
    """Binds an answer to exactly this content (specification 8, condition 4)."""
    return digest(canonical_bytes(operation_content(operation)))


def place_digests(operation: Operation) -> frozenset[str]:
    """One short digest a site's geometry: tells whether an edit moved a site, without keeping where it was."""
    return frozenset(digest(to_wkt(site.geometry).encode())[:16] for site in operation.sites)
