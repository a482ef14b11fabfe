"""What is refused, flagged and defaulted at entry: every fault at its field, with the way to mend it."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.apps.deconfliction.plan import Contact, Disclosure, PlaceSource, Plan
from vigil.apps.deconfliction.rules import PlanContext, agency_types, read_phone, read_plan, region_boxes
from vigil.core.errors import Invalid
from vigil.engine.geometry import Box
from vigil.engine.operation import Line, Mode, Point, Polygon, Window
from vigil.engine.windows import parse_instant

NOW = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
CONTEXT = PlanContext(NOW, "America/New_York", region=(Box(-78, 37, -75, 40),))


def entry(**changes: Any) -> dict[str, Any]:
    """A warrant tomorrow at half past four, in Baltimore; a change to None leaves the field out."""
    raw: dict[str, Any] = {
        "operation_type": "search_warrant",
        "sites": [{"place": "39.29, -76.61"}],
        "starts_at": "0430 tomorrow",
        "ends_at": "0800",
        "lead_contact": {"name": "Dana Whitlock", "phone": "410-555-0142"},
    }
    return {name: value for name, value in {**raw, **changes}.items() if value is not None}


def plan(context: PlanContext = CONTEXT, **changes: Any) -> Plan:
    return read_plan(entry(**changes), context)


def faults(context: PlanContext = CONTEXT, **changes: Any) -> dict[str, str]:
    """Pointer to sentence."""
    with pytest.raises(Invalid) as caught:
        plan(context, **changes)
    return {problem.pointer: problem.sentence for problem in caught.value.problems}


def choices(pointer: str, **changes: Any) -> tuple[str, ...]:
    with pytest.raises(Invalid) as caught:
        plan(**changes)
    return next(problem.choices for problem in caught.value.problems if problem.pointer == pointer)


def test_the_least_that_must_be_given_and_what_the_type_fills_in() -> None:
    found = plan()
    (site,) = found.sites
    assert site.geometry == Point(-76.61, 39.29)
    assert (site.radius_m, site.buffer_before_min, site.buffer_after_min, site.uncertainty_m) == (300, 60, 60, 0)
    assert (site.zone, site.starts_wall, site.ends_wall) == ("America/New_York", "2026-11-25T04:30", "2026-11-25T08:00")
    assert site.starts_at == parse_instant("2026-11-25T09:30:00Z")
    assert (found.mode, found.disclosure, found.flags) == (Mode.LIVE, Disclosure.CONTACT_ONLY, ())
    assert found.lead_contact == Contact("Dana Whitlock", "(410) 555-0142")
    assert found.share_plain_clothes
    assert found.span is None


def test_the_agencys_own_values_come_before_the_shipped_ones() -> None:
    own = replace(CONTEXT, types=agency_types({"types": {"search_warrant": {"radius_m": 450, "label": "no"}}}))
    assert plan(own).sites[0].radius_m == 450
    assert own.types["search_warrant"].label == "Search warrant"
    assert plan(own, radius_m="250").sites[0].radius_m == 250


def test_one_radius_for_all_sites_and_one_of_its_own() -> None:
    found = plan(radius_m=100, sites=[{"place": "39.29, -76.61"}, {"place": "39.3, -76.6", "radius_m": "700"}])
    assert [site.radius_m for site in found.sites] == [100, 700]


def test_the_zone_is_that_of_the_site_not_of_the_agency() -> None:
    denver = plan(sites=[{"place": "39.74, -104.99"}]).sites[0]
    assert denver.zone == "America/Denver"
    assert denver.starts_at == parse_instant("2026-11-25T11:30:00Z")


def test_sites_may_have_windows_of_their_own() -> None:
    found = plan(
        sites=[
            {"place": "39.29, -76.61"},
            {"place": "39.3, -76.6", "starts_at": "2026-11-25T12:00:00Z", "ends_at": "2026-11-25T13:00:00Z"},
        ]
    )
    assert [site.starts_wall for site in found.sites] == ["2026-11-25T04:30", "2026-11-25T07:00"]


def test_a_pin_is_taken_as_it_is_wherever_it_stands() -> None:
    pin = plan(sites=[{"latitude": "-76.61", "longitude": "39.29", "source": "pin"}]).sites[0]
    assert (pin.geometry, pin.source) == (Point(39.29, -76.61), PlaceSource.PIN)


def test_a_zip_code_widens_the_zone_and_asks_for_a_pin() -> None:
    found = plan(sites=[{"place": "21201"}])
    assert found.sites[0].source is PlaceSource.ZIP
    assert found.sites[0].uncertainty_m >= 2_000
    assert "pin_wanted" in found.flags


@pytest.mark.parametrize(
    ("geometry", "kind"),
    [
        ("LINESTRING(-76.6 39.2, -76.5 39.3)", Line),
        ('{"type": "LineString", "coordinates": [[-76.6, 39.2], [-76.5, 39.3]]}', Line),
        ("POLYGON((-76.6 39.2, -76.5 39.2, -76.5 39.3, -76.6 39.2))", Polygon),
        ({"type": "Polygon", "coordinates": [[[-76.6, 39.2], [-76.5, 39.2], [-76.5, 39.3], [-76.6, 39.2]]]}, Polygon),
        ({"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [-76.6, 39.2]}}, Point),
    ],
)
def test_shapes_as_wkt_and_geojson(geometry: Any, kind: type) -> None:
    site = plan(sites=[{"geometry": geometry}]).sites[0]
    assert isinstance(site.geometry, kind)
    assert site.source is PlaceSource.DRAWN


RING = [[-76.6, 39.2], [-76.5, 39.3], [-76.5, 39.2], [-76.6, 39.35], [-76.6, 39.2]]


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"type": "Polygon", "coordinates": [RING]}, "cross"),
        ("POLYGON((" + ",".join(["0 0"] * 1_000_000) + "))", "1,000,000 vertices"),
        ({"type": "LineString", "coordinates": [[0, 0]] * 1_000_000}, "over 10,000 vertices"),
        ({"type": "MultiPoint", "coordinates": [[0, 0]]}, "Point, LineString or Polygon"),
        ({"type": "Point", "coordinates": [0, 0, 5]}, "third coordinate"),
        ({"type": "Point", "coordinates": ["a", 0]}, "pair"),
        ({"type": "Point", "coordinates": [0, float("inf")]}, "finite"),
        ({"type": "Point", "coordinates": [0, 10**400]}, "finite"),
        ({"type": "Polygon", "coordinates": ["x"]}, "list"),
        ("{broken", "GeoJSON"),
        ("POINT EMPTY", "EMPTY"),
        (17, "WKT"),
        ([], "WKT"),
    ],
)
def test_shapes_that_are_refused_at_their_field(geometry: Any, words: str) -> None:
    found = faults(sites=[{"geometry": geometry or [1]}])
    assert list(found) == ["/sites/0/geometry"]
    assert words in found["/sites/0/geometry"]


@pytest.mark.parametrize(
    ("changes", "pointer", "words"),
    [
        ({"operation_type": None}, "/operation_type", "Pick the type"),
        ({"operation_type": "party"}, "/operation_type", "no operation type"),
        ({"sites": []}, "/sites", "at least one place"),
        ({"sites": [{"place": "39.29, -76.61"}] * 51}, "/sites", "at most 50"),
        ({"sites": {"place": "x"}}, "/sites", "list"),
        ({"sites": ["x"]}, "/sites/0", "object"),
        ({"sites": [{"place": "1200 N Charles St"}]}, "/sites/0/place", "street address"),
        ({"sites": [{"place": "Salisbury"}]}, "/sites/0/place", "towns of this name"),
        ({"sites": [{"latitude": 39.29}]}, "/sites/0/longitude", "as well"),
        ({"sites": [{"latitude": "x", "longitude": 1}]}, "/sites/0/latitude", "number"),
        ({"sites": [{"latitude": True, "longitude": 1}]}, "/sites/0/latitude", "number"),
        ({"sites": [{"place": "39.29, -76.61", "colour": "red"}]}, "/sites/0/colour", "no field"),
        ({"starts_at": None}, "/starts_at", "Give the start"),
        ({"ends_at": ""}, "/ends_at", "Give the end"),
        ({"ends_at": "0400 tomorrow"}, "/ends_at", "before the start"),
        ({"ends_at": "0430 tomorrow"}, "/ends_at", "at the start"),
        ({"starts_at": "2027-03-14 02:30", "ends_at": "+2h"}, "/starts_at", "does not exist"),
        ({"starts_at": "2026-11-01 01:30", "ends_at": "+2h"}, "/starts_at", "occurs twice"),
        ({"zone": "Mars/Olympus"}, "/zone", "IANA"),
        ({"radius_m": -1}, "/radius_m", "negative"),
        ({"radius_m": "nan"}, "/radius_m", "number"),
        ({"buffer_before_min": -5}, "/buffer_before_min", "negative"),
        ({"sites": [{"place": "39.29, -76.61", "uncertainty_m": -1}]}, "/sites/0/uncertainty_m", "negative"),
        ({"lead_contact": None}, "/lead_contact", "name and a direct telephone"),
        ({"lead_contact": {"name": "", "phone": "410-555-0142"}}, "/lead_contact/name", "name"),
        ({"lead_contact": {"name": "Dana", "phone": ""}}, "/lead_contact/phone", "relay"),
        ({"lead_contact": {"name": "Dana", "phone": "ask the desk"}}, "/lead_contact/phone", "not a telephone"),
        ({"lead_contact": {"name": "Dana", "phone": "12"}}, "/lead_contact/phone", "not a telephone"),
        ({"second_contact": {"name": "Lee", "phone": "1"}}, "/second_contact/phone", "not a telephone"),
        ({"mode": "real"}, "/mode", "live, exercise, test"),
        ({"disclosure": "all"}, "/disclosure", "contact_only"),
        ({"tentative": "perhaps"}, "/tentative", "yes or no"),
        ({"subjects": ["410-555-0142"]}, "/subjects/0", "kind:value"),
        ({"subjects": [{"kind": "shoe", "value": "9"}]}, "/subjects/0/kind", "kind of subject"),
        ({"subjects": [{"kind": "phone", "value": ""}]}, "/subjects/0/value", "remove this line"),
        ({"subjects": ["phone:4105550142"] * 201}, "/subjects", "at most 200"),
        ({"joint_with": ["BAY-26-1"]}, "/joint_with/0", "no operation id"),
        ({"objective": "x" * 4001}, "/objective", "too long"),
        ({"case_number": ["a"]}, "/case_number", "text"),
        ({"case_number": "a\x00"}, "/case_number", "cannot be seen"),
        ({"case_number": "a\ud800"}, "/case_number", "cannot be seen"),
        ({"case_number": "a\u202e21"}, "/case_number", "cannot be seen"),
        ({"radius": 5}, "/radius", "no field"),
    ],
)
def test_each_fault_is_named_at_its_field(changes: dict[str, Any], pointer: str, words: str) -> None:
    found = faults(**changes)
    assert list(found) == [pointer]
    assert words in found[pointer]


def test_every_fault_is_told_at_once() -> None:
    found = faults(
        operation_type="x", sites=[{"place": "?"}, {"place": "?"}], ends_at="0400 tomorrow", lead_contact=None
    )
    assert set(found) == {
        "/operation_type", "/sites/0/place", "/sites/1/place", "/ends_at", "/lead_contact",
    }  # fmt: skip


def test_swapped_coordinates_are_offered_and_the_offer_is_taken() -> None:
    offered = choices("/sites/0/latitude", sites=[{"latitude": -76.61, "longitude": 39.29}])
    assert offered == ("39.29N 76.61W", "76.61S 39.29E")
    assert plan(sites=[{"place": offered[0]}]).sites[0].geometry == Point(-76.61, 39.29)


def test_each_reading_of_a_doubled_time_is_offered_and_taken() -> None:
    times = {"starts_at": "2026-11-01 01:30", "ends_at": "2026-11-01 05:00"}
    first, second = (plan(**{**times, "starts_at": choice}) for choice in choices("/starts_at", **times))
    assert second.sites[0].starts_at - first.sites[0].starts_at == 3_600_000_000


def test_a_relayed_contact_needs_no_phone_of_its_own() -> None:
    assert plan(lead_contact={"name": "Dana", "relay": True}).lead_contact == Contact("Dana", "", relay=True)


def test_an_untouched_second_contact_is_none() -> None:
    assert plan(second_contact={"name": "", "phone": ""}).second_contact is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("4105550142", "(410) 555-0142"),
        ("+1 410 555 0142", "(410) 555-0142"),
        ("(410) 555-0142 ext. 7", "(410) 555-0142 ext. 7"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("911", None),
        ("none", None),
    ],
)
def test_phones(typed: str, kept: str | None) -> None:
    assert read_phone(typed) == kept


def test_subjects_are_canonical_or_flagged_with_the_reason_and_the_operation_stays() -> None:
    found = plan(
        subjects=[
            "phone:(410) 555-0142",
            {"kind": "plate", "value": "7ab 1234"},
            {"kind": "person", "value": "SMITH,JOHN"},
        ]
    )
    assert [subject.canonical for subject in found.subjects] == ["phone:+14105550142", None, None]
    assert all(subject.hint for subject in found.subjects[1:])
    assert found.subjects[1].typed == "7ab 1234"
    assert "subject" in found.flags


def test_online_only_has_a_span_of_its_own_and_no_place() -> None:
    found = plan(operation_type="online_only", sites=None, subjects=["handle:chat/Fox"])
    assert found.sites == ()
    assert found.span == Window(parse_instant("2026-11-25T09:30:00Z"), parse_instant("2026-11-25T13:00:00Z"))
    assert found.span_zone == "America/New_York"
    assert found.flags == ()
    assert "leave the place out" in faults(operation_type="online_only")["/sites"]
    assert "no_subject" in plan(operation_type="online_only", sites=None).flags


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"radius_m": 5_001}, "radius"),
        ({"ends_at": "2026-11-27 08:00"}, "span"),
        ({"radius_m": 30_000}, "area"),
        ({"sites": [{"place": "38.9, -104.8"}]}, "outside_region"),
        ({"starts_at": "now", "ends_at": "+2h"}, "exigent"),
        ({"starts_at": "2026-11-24 06:00", "ends_at": "2026-11-24 09:00"}, "exigent"),
    ],
)
def test_what_is_registered_and_flagged(changes: dict[str, Any], flag: str) -> None:
    assert flag in plan(**changes).flags


def test_a_tentative_window_may_be_long_and_an_operation_that_is_over_is_not_exigent() -> None:
    assert "span" not in plan(tentative=True, ends_at="2026-12-05 08:00").flags
    assert plan(starts_at="2026-11-20 06:00", ends_at="2026-11-20 09:00").flags == ()


def test_the_agencys_lead_time_decides_what_is_exigent() -> None:
    assert "exigent" in plan(replace(CONTEXT, lead_time=timedelta(hours=24))).flags
    assert "exigent" not in plan().flags


def test_a_node_without_a_region_flags_no_place() -> None:
    assert region_boxes(None) == ()
    assert region_boxes([[-78, 37, -75, 40]]) == CONTEXT.region
    assert "outside_region" not in plan(replace(CONTEXT, region=()), sites=[{"place": "38.9, -104.8"}]).flags


def test_texts_from_a_form_and_values_from_json_give_the_same_plan() -> None:
    typed = entry(
        radius_m="250", tentative="on", plain_clothes="", sites=[{"latitude": "39.29", "longitude": "-76.61"}]
    )
    json = entry(radius_m=250, tentative=True, plain_clothes=False, sites=[{"latitude": 39.29, "longitude": -76.61}])
    assert read_plan(typed, CONTEXT) == read_plan(json, CONTEXT)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted({*entry(), "subjects", "zone", "mode", "joint_with", "radius_m", "participants", "external_references"})


@given(
    st.dictionaries(st.sampled_from(NAMES), json_values, max_size=4),
    st.sampled_from(["place", "geometry", "latitude", "source", "starts_at"]),
    json_values,
)
def test_no_input_breaks_it(changes: dict[str, Any], name: str, value: Any) -> None:
    for raw in ({**entry(), **changes}, entry(sites=[{"longitude": 1, name: value}])):
        with contextlib.suppress(Invalid):
            assert isinstance(read_plan(raw, CONTEXT), Plan)
