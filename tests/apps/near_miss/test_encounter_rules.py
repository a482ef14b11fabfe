"""When an encounter is eligible, what keeps it from publication, and how its three panels stay apart in one text."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from vigil.apps.near_miss.encounters import rules
from vigil.apps.near_miss.encounters.rules import Answer, Encounter, Held, Person
from vigil.core.privacy import REPLACE, recognise, surrogates

TODAY = date(2026, 11, 24)
WHOLE = Encounter(
    title="Stairwell",
    texts={
        "officer_about": "Officer Brandt had six years of service and had been in that stairwell before.",
        "officer_seen": "Officer Brandt seemed to be in a hurry.",
        "offender_about": "He had sworn not to go back to jail.",
        "circumstance_about": "A warrant for a missed court date.",
        "timeline": "Minute 0: the door. Minute 2: the knife.",
        "learned": "Call him down instead of going up.",
    },
    answers={"call_type": ("arrest",)},
    met=tuple(rules.TOOLKIT),
    year="2019",
)
CONSENTS = {Person.OFFICER: Answer.GIVEN, Person.AGENCY_HEAD: Answer.GIVEN, Person.OFFENDER: Answer.NOT_NEEDED}


def at(problems: list[object]) -> list[str]:
    return [str(problem.path[0]) for problem in problems]  # type: ignore[attr-defined]


def test_the_toolkits_criteria_decide_and_ours_do_not() -> None:
    assert rules.missing(WHOLE) == []
    for code in rules.TOOLKIT:
        assert at(rules.missing(replace(WHOLE, met=tuple({*rules.TOOLKIT, *rules.OURS} - {code})))) == [code]
    assert rules.TOOLKIT.keys().isdisjoint(rules.OURS)


def test_a_submission_needs_a_title_and_each_panel_and_the_lessons() -> None:
    assert at(rules.missing(Encounter("", {}, {}, tuple(rules.TOOLKIT), ""))) == ["title", *rules.NEEDED]
    assert {one.name for one in rules.PROMPTS} >= set(rules.NEEDED)


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"texts": {"timeline": "x" * 4_001}}, "timeline", "At most 4,000"),
        ({"texts": {"offender_about": "SSN 123-45-6789"}}, "offender_about", "Social Security"),
        ({"title": "x" * 121}, "title", "At most 120"),
        ({"year": "19"}, "year", "four digits"),
        ({"year": "2027"}, "year", "to 2026"),
        ({"year": "9" * 5_000}, "year", "four digits"),
    ],
)
def test_what_a_draft_may_not_hold_is_told_at_its_field(changed: dict[str, object], field: str, said: str) -> None:
    (problem,) = rules.faults(replace(WHOLE, **changed), TODAY)  # type: ignore[arg-type]
    assert problem.path == (field,)
    assert said in problem.sentence


def test_it_is_published_once_nobody_holds_it_and_everybody_who_must_has_consented() -> None:
    assert rules.obstacles([], CONSENTS) == []
    assert rules.obstacles([Held("Ruth", None), Held("Glen", date(2027, 1, 31))], CONSENTS) == [
        "Held by Ruth until the hold is lifted.",
        "Held by Glen until 2027-01-31.",
    ]
    for person, answer in (
        (Person.OFFICER, Answer.REFUSED),
        (Person.OFFENDER, Answer.REFUSED),
        (Person.AGENCY_HEAD, Answer.NOT_NEEDED),
    ):
        assert rules.lacking(CONSENTS | {person: answer}) == (person,)
    assert rules.lacking({}) == tuple(Person)


def test_the_panels_come_out_of_the_masked_text_as_they_went_in() -> None:
    text = WHOLE.as_text()
    spans = recognise(text)
    masked = surrogates(text, spans, {span.thing: REPLACE for span in spans})
    assert "Brandt" not in masked
    panels = rules.parts_of(masked)
    assert panels is not None
    assert panels["officer"].startswith("What the officer brought along:\nOfficer A had"), "a label is no name"
    assert panels["offender"] == "What the offender brought along:\nHe had sworn not to go back to jail."
    assert panels["learned"] == "Call him down instead of going up."
    heads = list(rules.PARTS.values())
    broken = ["", text.replace(heads[1], "The offender"), "Before.\n" + text, text + f"\n{heads[0]}\nAgain."]
    assert [bool(rules.parts_problem(one)) for one in broken] == [True] * 4
