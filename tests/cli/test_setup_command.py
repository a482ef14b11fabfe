"""`vigil setup`: what it asks, what it takes as options, and that a bad answer is asked again."""

from __future__ import annotations

import argparse
import getpass
import io
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from vigil.cli import setup
from vigil.core.errors import Unavailable
from vigil.platform.accounts.models import User
from vigil.platform.agencies.models import Agency, Node

pytestmark = [pytest.mark.db, pytest.mark.django_db]

GIVEN = {
    "agency_name": "Port Calvert Police",
    "ori": "md0000100",
    "county": "Calvert, MD",
    "region": "MD",
    "code": "bay",
    "desk_phone": "+1 410 555 0100",
    "desk_hours": "Mon-Fri 08:00-17:00",
    "admin": "erin",
    "admin_name": "Erin Eads",
}
PASSWORD = "harbor-lantern-42"


def options(**changes: str | None) -> argparse.Namespace:
    return argparse.Namespace(**dict.fromkeys(GIVEN) | changes)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setenv("VIGIL_ADMIN_PASSWORD", PASSWORD)


def asked(monkeypatch: pytest.MonkeyPatch, answers: Iterator[str], passwords: Iterator[str]) -> list[str]:
    """Somebody at a terminal who gives these answers; what they were asked."""
    questions: list[str] = []

    def answer(question: str) -> str:
        questions.append(question)
        return next(answers)

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr(getpass, "getpass", lambda _: next(passwords))
    monkeypatch.delenv("VIGIL_ADMIN_PASSWORD", raising=False)
    return questions


def test_options_found_the_node_without_a_question(nobody: None) -> None:
    setup._found(options(**GIVEN))
    node, agency, user = Node.objects.get(), Agency.objects.get(), User.objects.get()
    assert (node.code, node.place, node.desk_hours) == ("BAY", "MD", "Mon–Fri 08:00–17:00")
    assert (agency.ori, agency.state, agency.county) == ("MD0000100", "MD", "Calvert")
    assert agency.time_zone == "America/New_York"
    assert node.region[0][0] < -79
    assert (user.username, user.must_change_password) == ("erin", False)


def test_a_bad_answer_is_told_and_asked_again(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    bad = {
        "agency_name": "",
        "ori": "MD1",
        "county": "Atlantis, MD",
        "region": "somewhere",
        "code": "1",
        "desk_phone": "none",
        "desk_hours": "mornings",
        "admin": "erin eads",
        "admin_name": " ",
    }
    answers = (text for name in GIVEN for text in (bad[name], GIVEN[name]))
    passwords = iter(["short", "quiet-otter-meadow", "quiet-otter-meadov", PASSWORD, PASSWORD])
    questions = asked(monkeypatch, answers, passwords)
    setup._found(options())
    assert len(questions) == 2 * len(GIVEN)
    assert questions[::2] == questions[1::2]
    told = capsys.readouterr().out
    for words in ("nine letters", "no county Atlantis", "Give a state", "2 to 8", "telephone", "Mon-Fri", "user name"):
        assert words in told, words
    assert "too short" in told
    assert "differ" in told
    assert User.objects.get().check_password(PASSWORD)


def test_empty_answers_are_taken_where_they_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = ("county", "region", "desk_hours")
    answers = ("" if name in empty else text for name, text in GIVEN.items())
    asked(monkeypatch, answers, iter([PASSWORD, PASSWORD]))
    setup._found(options())
    assert (Node.objects.get().region, Agency.objects.get().time_zone) == (None, "")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("ori", "12", "--ori: An ORI"),
        ("county", "-77,38,-76,39", "--county: Give the county with its state"),
        ("desk_hours", "x", "--desk-hours: Give the hours"),
        ("agency_name", None, "--agency-name is needed"),
    ],
)
def test_a_bad_or_missing_option_stops_before_anything_is_founded(
    nobody: None, name: str, text: str | None, words: str
) -> None:
    with pytest.raises(Unavailable, match=words):
        setup._found(options(**{**GIVEN, name: text}))
    assert not Node.objects.exists()


def test_the_end_of_the_answers_founds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> str:
        raise EOFError

    asked(monkeypatch, iter(()), iter(()))
    monkeypatch.setattr("builtins.input", gone)
    with pytest.raises(Unavailable, match="nothing was founded"):
        setup._found(options())
