"""Make a node's data folder: keys, database, node, first agency and administrator. Run again, it only updates.

What is not given as an option is asked for, where somebody is there to answer, and asked again until it can be used.
"""

from __future__ import annotations

import argparse
import getpass
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigil.cli.node import add_node_arguments, console, open_node, say
from vigil.core.errors import Invalid, Unavailable
from vigil.core.identifiers import ORI_PATTERN


@dataclass(frozen=True, slots=True)
class Question:
    """One answer that founding needs: asked, or given as an option. `check` raises `Invalid` with what to mend.

    `otherwise` is what an empty answer means; None: there must be one.
    """

    option: str
    asked: str
    check: Callable[[str], Any]
    otherwise: str | None = None


def _matching(pattern: str, sentence: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if not re.fullmatch(pattern, text.upper()):
            raise Invalid.at("answer", sentence=sentence)

    return check


def _name(text: str) -> None:
    if not 0 < len(text) <= 200:
        raise Invalid.at("answer", sentence="Give a name, at most 200 characters.")


def _phone(text: str) -> None:
    from vigil.platform.agencies.reading import PHONE_SENTENCE, is_phone

    if not is_phone(text):
        raise Invalid.at("answer", sentence=str(PHONE_SENTENCE))


def _region(text: str) -> None:
    from vigil.platform.agencies.region import read_region

    read_region(text)


def _county(text: str) -> None:
    from vigil.platform.agencies.region import read_region, state_of

    if text and not state_of(text):
        raise Invalid.at("answer", sentence="Give the county with its state (Elm, MD), or the state alone (MD).")
    read_region(text)


def _hours(text: str) -> None:
    from vigil.platform.agencies.desk import read_hours

    read_hours(text)


def _username(text: str) -> None:
    from vigil.platform.accounts.actions import username_problems

    problems = username_problems(text)
    if problems:
        raise Invalid(problems)


QUESTIONS: dict[str, Question] = {
    "agency_name": Question("--agency-name", "Name of your agency", _name),
    "ori": Question(
        "--ori",
        "Its ORI (nine letters and digits, e.g. MD0000100)",
        _matching(ORI_PATTERN, "An ORI is nine letters and digits, e.g. MD0000100."),
    ),
    "county": Question("--county", "Its county and state, e.g. Elm, MD, or the state alone", _county, ""),
    "region": Question(
        "--region",
        "Region of the node: a state, a county with its state, or west,south,east,north in degrees "
        "(empty: that of the agency)",
        _region,
        "",
    ),
    "code": Question(
        "--code",
        "Short code for reference numbers (2 to 8 letters, e.g. BAY)",
        _matching(r"[A-Z][A-Z0-9]{1,7}", "The code is 2 to 8 letters and digits, a letter first, e.g. BAY."),
    ),
    "desk_phone": Question("--desk-phone", "Telephone of the watch desk, e.g. +1 410 555 0100", _phone),
    "desk_hours": Question(
        "--desk-hours", "Its hours, e.g. always, or Mon-Fri 08:00-17:00, Sat 10:00-14:00 (empty: later)", _hours, ""
    ),
    "admin": Question("--admin", "User name of the first administrator", _username),
    "admin_name": Question("--admin-name", "Their full name", _name),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The node's folder, and the answers to what would be asked."""
    add_node_arguments(parser)
    add_answers(parser)


def add_answers(parser: argparse.ArgumentParser) -> None:
    """The options that answer the questions; the password comes from VIGIL_ADMIN_PASSWORD or a prompt."""
    # A western box begins with a minus, which argparse takes for an option unless it looks like a number to it.
    parser._negative_number_matcher = re.compile(r"^-[0-9][0-9.,+-]*$")
    for name, question in QUESTIONS.items():
        asked = question.asked[0].lower() + question.asked[1:]
        parser.add_argument(question.option, dest=name, metavar="TEXT", help=asked)


def run(args: argparse.Namespace) -> int:
    """Set up, or bring up to date."""
    open_node(args)
    set_up(args)
    return 0


def set_up(args: argparse.Namespace) -> None:
    """Prepare the opened node: database, then demo content or the first agency where there is none yet."""
    from django.conf import settings

    from vigil.config import database
    from vigil.platform import clock
    from vigil.platform.audit import jobs as audit

    written = database.prepare(clock.now())
    if written:
        say(f"Backup of before the migration: {written}")
    is_new = not database.holds_node()
    tell_backup_key()
    if args.demo:
        _fill_demo()
    elif is_new:
        _found(args)
    if is_new:
        _list_systems()
    audit.seal(clock.now())  # nothing serves yet that would do it within its second
    say(f"Ready: {settings.VIGIL_DATA_DIR}")


def tell_backup_key() -> None:
    """Where the key that opens backups lies, while it lies on this machine."""
    from django.conf import settings

    from vigil.config import backups

    file = Path(settings.VIGIL_DATA_DIR) / backups.PRIVATE
    if file.exists():
        say(f"The key that opens the backups is in {file}. Print it or take it off this machine: it belongs elsewhere.")


def _fill_demo() -> None:
    from vigil.apps.deconfliction import demo
    from vigil.apps.near_miss import demo as near_misses
    from vigil.apps.near_miss.learning import demo as lessons
    from vigil.platform import clock

    demo.ensure(clock.now())
    near_misses.ensure(clock.now())
    lessons.ensure(clock.now())


def _list_systems() -> None:
    """Whom to call begins with the shipped names and regions; what an administrator takes out later stays out."""
    from vigil.apps.whom_to_call.actions import take_shipped
    from vigil.platform import clock

    take_shipped(console(), clock.now().date())


def _found(args: argparse.Namespace) -> None:
    from django.db import transaction

    from vigil.core.permissions import Role
    from vigil.platform.accounts.actions import NewUser, create_user
    from vigil.platform.agencies.actions import NewAgency, NewNode, create_agency, found_node
    from vigil.platform.agencies.desk import read_hours
    from vigil.platform.agencies.region import county_of, read_region, state_of

    answers = {name: _answer(question, getattr(args, name)) for name, question in QUESTIONS.items()}
    password = _password(answers)
    region = answers["region"] or answers["county"]
    place = answers["county"] or region
    boxes = read_region(region)
    with transaction.atomic():
        found_node(
            console(),
            NewNode(
                name=answers["agency_name"],
                code=answers["code"].upper(),
                watch_desk_name=f"{answers['agency_name']} watch desk",
                watch_desk_phone=answers["desk_phone"],
                region=boxes,
                place=region,
                desk_week=read_hours(answers["desk_hours"]),
            ),
        )
        agency = create_agency(
            console(),
            NewAgency(
                ori=answers["ori"].upper(),
                name=answers["agency_name"],
                state=state_of(place),
                county=county_of(place),
                time_zone=_zone(read_region(place) or boxes),
            ),
        )
        roles = frozenset({Role.NODE_ADMIN, Role.AGENCY_ADMIN, Role.SUPERVISOR, Role.WATCH_DESK})
        create_user(console(), NewUser(answers["admin"], answers["admin_name"], password, agency.pk, roles))


def _zone(boxes: tuple[tuple[float, float, float, float], ...]) -> str:
    """The time zone in the middle; none where no place was given."""
    from vigil.apps.deconfliction.places import zone_of

    return zone_of((boxes[0][0] + boxes[0][2]) / 2, (boxes[0][1] + boxes[0][3]) / 2) if boxes else ""


def _answer(question: Question, given: str | None) -> str:
    """The answer that can be used: the option's, or the first such one of who is there."""
    if given is None and not sys.stdin.isatty():
        if question.otherwise is not None:
            return question.otherwise
        asked = question.asked[0].lower() + question.asked[1:]
        raise Unavailable(f"{question.option} is needed: {asked}. Nobody is there to be asked.")
    if given is not None:
        try:
            return _checked(question, given)
        except Invalid as refused:
            raise Unavailable(f"{question.option}: {refused.sentence}") from None
    while True:
        try:
            return _checked(question, input(f"{question.asked}: "))
        except Invalid as refused:
            say(refused.sentence)
        except EOFError:
            raise Unavailable("No more answers: nothing was founded.") from None


def _checked(question: Question, text: str) -> str:
    text = text.strip()
    if not text and question.otherwise is not None:
        return question.otherwise
    question.check(text)
    return text


def _password(answers: dict[str, str]) -> str:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from vigil.platform.accounts.models import User

    given = os.environ.get("VIGIL_ADMIN_PASSWORD")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise Unavailable("Nobody is there to be asked: put the administrator's password into VIGIL_ADMIN_PASSWORD.")
    person = User(username=answers["admin"], full_name=answers["admin_name"])
    while True:
        given = getpass.getpass("Their password (at least 12 characters): ")
        try:
            validate_password(given, person)
        except ValidationError as error:
            say(" ".join(error.messages))
            continue
        if getpass.getpass("The same again: ") == given:
            return given
        say("The two passwords differ.")
