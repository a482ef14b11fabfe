"""Every vector in docs/protocol/vectors, through the predicate in both orders and through the index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vigil.engine.geometry import parse_wkt, validate
from vigil.engine.index import Index
from vigil.engine.operation import Match, Mode, Operation, Site, Window
from vigil.engine.predicate import PREDICATE, match
from vigil.engine.windows import format_instant, minutes, parse_instant

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "protocol" / "vectors"
FILES = sorted(FOLDER.glob("*.json"))


def cases() -> list[Any]:
    found = []
    for file in FILES:
        document = json.loads(file.read_text("utf-8"))
        assert document["predicate"] == PREDICATE
        found += [pytest.param(case, id=f"{file.stem}: {case['name']}") for case in document["cases"]]
    return found


def read_operation(value: dict[str, Any]) -> Operation:
    span = value["span"]
    return Operation(
        value["operation_id"],
        tuple(read_site(site) for site in value["sites"]),
        frozenset(value["subjects"]),
        span and Window(parse_instant(span["starts_at"]), parse_instant(span["ends_at"])),
        Mode(value["mode"]),
        frozenset(value["joint_with"]),
        value["tentative"],
        value["registered"],
    )


def read_site(value: dict[str, Any]) -> Site:
    return Site(
        validate(parse_wkt(value["geometry_wkt"])),
        value["radius_m"],
        parse_instant(value["starts_at"]),
        parse_instant(value["ends_at"]),
        minutes(value["buffer_before_min"]),
        minutes(value["buffer_after_min"]),
        value["uncertainty_m"],
    )


def check(given: Match | None, wanted: dict[str, Any] | None) -> None:
    if wanted is None:
        assert given is None
        return
    assert given is not None
    assert given.basis == wanted["basis"]
    assert given.band == wanted["band"]
    assert list(given.subjects) == wanted["subjects"]
    assert parse_instant(wanted["overlap_starts_at"]) == given.overlap.start, format_instant(given.overlap.start)
    assert parse_instant(wanted["overlap_ends_at"]) == given.overlap.end, format_instant(given.overlap.end)
    if wanted["distance_m"] is None:
        assert given.distance_m is None
    else:
        assert given.distance_m == pytest.approx(wanted["distance_m"], abs=wanted["tolerance_m"], rel=0)


@pytest.mark.parametrize("case", cases())
def test_vector(case: dict[str, Any]) -> None:
    a, b = read_operation(case["a"]), read_operation(case["b"])
    check(match(a, b), case["expected"])
    check(match(b, a), case["expected"])
    check(dict(Index([b]).search(a)).get(b.operation_id), case["expected"])
    check(dict(Index([a]).search(b)).get(a.operation_id), case["expected"])


def test_there_are_as_many_as_the_readme_says() -> None:
    total = sum(len(json.loads(file.read_text("utf-8"))["cases"]) for file in FILES)
    assert total >= 300
    assert f"{total} pairs" in (FOLDER / "README.md").read_text("utf-8")
