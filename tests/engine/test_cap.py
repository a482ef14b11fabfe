"""CAP 1.2: the order and the sets of values of the OASIS schema, written down here a second time from its text."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.engine.formats.cap import NAMESPACE, Alert, Reference, write

ALERT = Alert(
    identifier="BAY-C-26-000318.7",
    sender="vigil.BAY",
    sent=1_795_600_000_123_456,
    mode="live",
    message_type="Alert",
    restriction="For both sides.",
    event="Direct conflict",
    urgency="Immediate",
    severity="Severe",
    certainty="Likely",
    onset=1_795_600_000_000_000,
    expires=1_795_607_200_000_000,
    sender_name="Bay Watch Desk",
    headline="An operation of yours has a conflict",
    description="Two operations.",
    instruction="Call.",
    contact="Lou Lead +14105550111",
    parameters=(("vigil:basis", "place"),),
)
EARLIER = Reference("vigil.BAY", "BAY-C-26-000318.6", 1_795_500_000_000_000)

# Name, least and most times (None: any number), in the schema's order.
IN_ALERT = [
    ("identifier", 1, 1), ("sender", 1, 1), ("sent", 1, 1), ("status", 1, 1), ("msgType", 1, 1), ("source", 0, 1),
    ("scope", 1, 1), ("restriction", 0, 1), ("addresses", 0, 1), ("code", 0, None), ("note", 0, 1),
    ("references", 0, 1), ("incidents", 0, 1), ("info", 0, None),
]  # fmt: skip
IN_INFO = [
    ("language", 0, 1), ("category", 1, None), ("event", 1, 1), ("responseType", 0, None), ("urgency", 1, 1),
    ("severity", 1, 1), ("certainty", 1, 1), ("audience", 0, 1), ("eventCode", 0, None), ("effective", 0, 1),
    ("onset", 0, 1), ("expires", 0, 1), ("senderName", 0, 1), ("headline", 0, 1), ("description", 0, 1),
    ("instruction", 0, 1), ("web", 0, 1), ("contact", 0, 1), ("parameter", 0, None), ("resource", 0, None),
    ("area", 0, None),
]  # fmt: skip
VALUES = {
    "status": "Actual|Exercise|System|Test|Draft",
    "msgType": "Alert|Update|Cancel|Ack|Error",
    "scope": "Public|Restricted|Private",
    "category": "Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE|Other",
    "responseType": "Shelter|Evacuate|Prepare|Execute|Avoid|Monitor|Assess|AllClear|None",
    "urgency": "Immediate|Expected|Future|Past|Unknown",
    "severity": "Extreme|Severe|Moderate|Minor|Unknown",
    "certainty": "Observed|Likely|Possible|Unlikely|Unknown",
} | dict.fromkeys(("sent", "onset", "expires", "effective"), r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")


def keeps(element: ElementTree.Element, order: list[tuple[str, int, int | None]]) -> None:
    """The element's children come in this order and number, each of the schema's namespace, with an allowed value."""
    names = [child.tag.removeprefix(f"{{{NAMESPACE}}}") for child in element]
    assert all(child.tag.startswith(f"{{{NAMESPACE}}}") for child in element)
    places = {name: place for place, (name, _, _) in enumerate(order)}
    assert [places[name] for name in names] == sorted(places[name] for name in names)
    for name, least, most in order:
        assert least <= names.count(name) <= (names.count(name) if most is None else most), name
    for child, name in zip(element, names, strict=True):
        assert re.fullmatch(VALUES.get(name, r"[\s\S]*"), child.text or ""), name


def read(message: bytes) -> ElementTree.Element:
    root = ElementTree.fromstring(message)
    keeps(root, IN_ALERT)
    for info in root.findall(f"{{{NAMESPACE}}}info"):
        keeps(info, IN_INFO)
    return root


def said(root: ElementTree.Element, name: str) -> str:
    return root.findtext(f".//{{{NAMESPACE}}}{name}") or ""


@pytest.mark.parametrize(("mode", "status"), [("live", "Actual"), ("exercise", "Exercise"), ("test", "Test")])
def test_a_mode_is_its_status_and_the_scope_is_restricted(mode: str, status: str) -> None:
    root = read(write(replace(ALERT, mode=mode)))
    assert (said(root, "status"), said(root, "scope"), said(root, "restriction")) == (
        status,
        "Restricted",
        "For both sides.",
    )


def test_an_update_names_the_messages_before_it() -> None:
    root = read(write(replace(ALERT, message_type="Update", references=(EARLIER, EARLIER))))
    assert said(root, "references") == " ".join(["vigil.BAY,BAY-C-26-000318.6,2026-11-24T06:00:00-00:00"] * 2)


@given(st.text(), st.text())
def test_whatever_stands_in_a_text_the_message_is_well_formed_and_in_order(headline: str, contact: str) -> None:
    read(write(replace(ALERT, headline=headline, contact=contact, parameters=((headline or "x", contact),))))


@pytest.mark.parametrize(
    "wrong",
    [
        {"identifier": "two words"}, {"identifier": "a,b"}, {"sender": ""}, {"sender": "a<b"}, {"mode": "drill"},
        {"message_type": "Note"}, {"urgency": "Now"}, {"severity": "High"}, {"certainty": "Sure"},
        {"restriction": ""}, {"event": ""}, {"message_type": "Update"}, {"references": (EARLIER,)},
        {"message_type": "Cancel", "references": (replace(EARLIER, identifier="a b"),)},
    ],
)  # fmt: skip
def test_what_cap_does_not_allow_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"CAP|restricted|update"):
        write(replace(ALERT, **wrong))  # type: ignore[arg-type]
