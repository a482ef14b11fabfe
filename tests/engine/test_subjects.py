"""Canonical subjects (specification 4.3)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil import texts
from vigil.engine.subjects import KINDS, Canonical, SubjectError, canonical, join_subjects, parse, split_subjects


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("phone", "(612) 555-0134", "phone:+16125550134"),
        ("phone", "1-612-555-0134", "phone:+16125550134"),
        ("phone", "+44 20 7946 0958", "phone:+442079460958"),
        ("phone", "612.555.0134 x12", "phone:+16125550134"),
        ("email", "  John.Doe@Example.ORG ", "email:john.doe@example.org"),
        ("email", "a|b\\c@example.org", "email:a\\|b\\\\c@example.org"),
        ("plate", "mn/abc-123", "plate:MN/ABC123"),
        ("plate", " Wi / 1 2 3 ", "plate:WI/123"),
        ("vin", "1hgcm82633a004352", "vin:1HGCM82633A004352"),
        ("vin", "1M8GD-M9AX-KP042788", "vin:1M8GDM9AXKP042788"),
        ("person", "Smith, John, 1980-01-31", "person:SMITH,JOHN,1980-01-31"),
        ("person", "Núñez-O'Brien,José María,1975-12-01", "person:NUNEZOBRIEN,JOSEMARIA,1975-12-01"),
        ("person", "Groß,Jörg,1990-02-28", "person:GROSS,JORG,1990-02-28"),
        ("address", "12 North Main Street,Apt. 4,55401", "address:12 N MAIN ST,APT 4,55401"),
        ("address", "350 fifth avenue, Suite 300, 10118-0110", "address:350 FIFTH AVE,STE 300,10118"),
        ("address", "7 O'Neil Road N.W.,,55401", "address:7 ONEIL RD NW,,55401"),
        ("address", "12 North Street,,55401", "address:12 NORTH ST,,55401"),
        ("address", "9 Avenue Road,,55401", "address:9 AVENUE RD,,55401"),
        ("handle", "Instagram/J.Doe", "handle:instagram/j.doe"),
        ("handle", "forum/a|b", "handle:forum/a\\|b"),
        ("ip", "192.0.2.7", "ip:192.0.2.7"),
        ("ip", "2001:DB8:0:0:0:0:0:1", "ip:2001:db8::1"),
        ("ip", "::FFFF:192.0.2.7", "ip:::ffff:192.0.2.7"),
        ("weapon_serial", "ab-12 34", "weapon_serial:AB1234"),
    ],
)
def test_canonical(kind: str, value: str, text: str) -> None:
    assert canonical(kind, value) == Canonical(kind, text)
    assert parse(text).text == text, "canonicalising twice changes nothing"


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("phone", "call me", "not a phone number"),
        ("phone", "12", "digits"),
        ("phone", "612555013400000", "digits"),
        ("email", "john.example.org", "one @"),
        ("email", "a@b@c", "one @"),
        ("plate", "ABC123", "state"),
        ("plate", "/ABC123", "state"),
        ("plate", "ZZ/ABC123", "no two-letter state"),
        ("plate", "MN/--", "no letters or digits"),
        ("vin", "1HGCM82633A00435", "17"),
        ("vin", "IHGCM82633A004352", "never I, O or Q"),
        ("person", "Smith,John", "birth date"),
        ("person", "Smith,John,", "birth date"),
        ("person", "Smith,John,31.1.1980", "year-month-day"),
        ("person", "Smith,John,1980-02-30", "year-month-day"),
        ("person", "李,雷,1980-01-31", "letters A to Z"),
        ("person", "Smith,John,1980-01-31,MD", "no further comma"),
        ("address", "Main Street,,55401", "house number"),
        ("address", "12 Main Street, Minneapolis", "two commas"),
        ("address", "12 Main Street,,5540", "ZIP"),
        ("handle", "jdoe", "platform/name"),
        ("ip", "192.0.2.256", "not an IP"),
        ("ip", "192.0.2.07", "not an IP"),
        ("ip", "fe80::1%eth0", "zone"),
        ("weapon_serial", "--", "no letters or digits"),
        ("weapon_serial", "", "no letters or digits"),
    ],
)
def test_ignored_with_a_hint(kind: str, value: str, words: str) -> None:
    subject = canonical(kind, value)
    assert subject.text is None
    assert words in (subject.hint or "")


def test_warnings_come_with_the_canonical_text() -> None:
    wrong = canonical("vin", "1HGCM82633A004353")
    assert wrong.text == "vin:1HGCM82633A004353"
    assert "check digit" in (wrong.hint or "")
    local = canonical("phone", "555-0134")
    assert local.text
    assert "area code" in (local.hint or "")


def test_parts_are_joined_as_the_value_is_written() -> None:
    assert canonical("person", family="Smith", given="John", birth_date="1980-01-31").text == (
        "person:SMITH,JOHN,1980-01-31"
    )
    assert canonical("plate", state="mn", number="abc 123").text == "plate:MN/ABC123"
    assert canonical("plate", number="abc 123").text is None
    assert canonical("address", street="1 Elm Ave", zip="55401").text == "address:1 ELM AVE,,55401"
    assert canonical("handle", platform="X", name="J").text == "handle:x/j"
    with pytest.raises(TypeError, match="no part nickname"):
        canonical("person", nickname="J")


@pytest.mark.parametrize("text", ["nothing", "nickname:Joe", ":x"])
def test_an_unknown_kind_is_refused(text: str) -> None:
    with pytest.raises(SubjectError):
        parse(text)


@given(st.sampled_from(KINDS), st.text())
def test_any_text_gives_a_canonical_form_or_a_hint_and_stays(kind: str, value: str) -> None:
    subject = canonical(kind, value)
    assert subject.text or subject.hint
    if subject.text:
        assert parse(subject.text).text == subject.text
        assert split_subjects(join_subjects([subject.text])) == [subject.text]


@given(st.lists(st.text(st.sampled_from("ab|\\ "), min_size=1).map(str.strip).filter(bool)))
def test_lists_come_apart_as_they_were_joined(values: list[str]) -> None:
    escaped = [value.replace("\\", "\\\\").replace("|", "\\|") for value in values]
    assert split_subjects("|".join(escaped)) == escaped


def test_a_list_of_a_file() -> None:
    assert split_subjects(" phone:+16125550134 | email:a\\|b@c.d ||plate:MN/1 ") == [
        "phone:+16125550134",
        "email:a\\|b@c.d",
        "plate:MN/1",
    ]
    assert split_subjects("") == []
    assert join_subjects(["b", "a"]) == "a|b"


def test_a_hint_is_english_in_every_language_since_it_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_one", lambda sentence: f"[{sentence}]")
    assert canonical("plate", "ABC123").hint == (
        "Give the plate's state (as in MN/ABC123): a plate without it is not compared."
    )
    assert canonical("phone", "call me").hint == "This is not a phone number."
    with pytest.raises(SubjectError, match=r"^\[.*is no kind of subject"):
        canonical("dog", "Rex")


def test_a_hint_holds_nothing_of_the_subject_since_it_is_stored_unsealed() -> None:
    for kind, value in (("plate", "ZZ/XYZ987"), ("person", "JONES,ANN,1975-13-27")):
        hint = canonical(kind, value).hint or ""
        assert hint
        assert not set(re.findall(r"\w+", value)) & set(re.findall(r"\w+", hint))
