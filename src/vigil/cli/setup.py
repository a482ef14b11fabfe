"""Make a node's data folder: keys, database, node, first agency and administrator. Run again, it only updates.

What is not given as an option is asked for, where somebody is there to answer.
"""

from __future__ import annotations

import argparse
import getpass
import os
import re
import sys
from typing import Any

from vigil.cli.node import add_node_arguments, console, open_node, say
from vigil.core.errors import Invalid, Unavailable

Box = tuple[float, float, float, float]
MARGIN_DEGREES = 0.2

QUESTIONS: dict[str, tuple[str, str]] = {
    "agency_name": ("Name of your agency", "--agency-name"),
    "ori": ("Its ORI (nine letters and digits, e.g. MD0000100)", "--ori"),
    "region": ("Region: a state such as MD, or west,south,east,north in degrees (empty: none)", "--region"),
    "code": ("Short code for reference numbers (2 to 8 letters, e.g. BAY)", "--code"),
    "desk_phone": ("Telephone of the watch desk, e.g. +1 410 555 0100", "--desk-phone"),
    "admin": ("User name of the first administrator", "--admin"),
    "admin_name": ("Their full name", "--admin-name"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The node's folder, and the answers to what would be asked."""
    add_node_arguments(parser)
    add_answers(parser)


def add_answers(parser: argparse.ArgumentParser) -> None:
    """The options that answer the questions; the password comes from VIGIL_ADMIN_PASSWORD or a prompt."""
    # A western box begins with a minus, which argparse takes for an option unless it looks like a number to it.
    parser._negative_number_matcher = re.compile(r"^-[0-9][0-9.,+-]*$")
    for name, (question, option) in QUESTIONS.items():
        parser.add_argument(option, dest=name, metavar="TEXT", help=question[0].lower() + question[1:])


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

    written = database.prepare(clock.now())
    if written:
        say(f"Backup of before the migration: {written}")
    if args.demo:
        _fill_demo()
    elif not database.holds_node():
        _found(args)
    say(f"Ready: {settings.VIGIL_DATA_DIR}")


def _fill_demo() -> None:
    from vigil.apps.deconfliction import demo
    from vigil.platform import clock

    demo.ensure(clock.now())


def _found(args: argparse.Namespace) -> None:
    from django.db import transaction

    from vigil.core.permissions import Role
    from vigil.platform.accounts.actions import NewUser, create_user
    from vigil.platform.agencies.actions import NewAgency, NewNode, create_agency, found_node

    answers = {name: _answer(args, name) for name in QUESTIONS}
    password = _password()
    state = answers["region"].upper() if re.fullmatch(r"[A-Za-z]{2}", answers["region"]) else ""
    with transaction.atomic():
        found_node(
            console(),
            NewNode(
                name=answers["agency_name"],
                code=answers["code"].upper(),
                watch_desk_name=f"{answers['agency_name']} watch desk",
                watch_desk_phone=answers["desk_phone"],
                region=read_region(answers["region"]),
            ),
        )
        agency = create_agency(
            console(),
            NewAgency(
                ori=answers["ori"].upper(),
                name=answers["agency_name"],
                state=state,
                watch_desk_phone=answers["desk_phone"],
            ),
        )
        roles = frozenset({Role.NODE_ADMIN, Role.AGENCY_ADMIN, Role.SUPERVISOR, Role.WATCH_DESK})
        create_user(console(), NewUser(answers["admin"], answers["admin_name"], password, agency.pk, roles))


def _answer(args: argparse.Namespace, name: str) -> str:
    question, option = QUESTIONS[name]
    given = getattr(args, name)
    if given is None and sys.stdin.isatty():
        given = input(f"{question}: ")
    if given is None:
        if name == "region":
            return ""
        raise Unavailable(f"{option} is needed: {question[0].lower() + question[1:]}. Nobody is there to be asked.")
    text: str = given
    return text.strip()


def _password() -> str:
    given = os.environ.get("VIGIL_ADMIN_PASSWORD")
    if given is None and sys.stdin.isatty():
        given = getpass.getpass("Their password (at least 12 characters): ")
        if getpass.getpass("The same again: ") != given:
            raise Invalid.at("password", sentence="The two passwords differ.")
    if given is None:
        raise Unavailable("Nobody is there to be asked: put the administrator's password into VIGIL_ADMIN_PASSWORD.")
    return given


def read_region(text: str) -> tuple[Box, ...]:
    """A box from its four numbers, or around the ZIP codes of a state; empty text: no region."""
    if not text:
        return ()
    if re.fullmatch(r"[A-Za-z]{2}", text):
        return (_state_box(text.upper()),)
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        sentence = "Give a state such as MD, or four numbers in degrees: west,south,east,north."
        raise Invalid.at("region", sentence=sentence) from None
    return ((west, south, east, north),)


def _state_box(state: str) -> Box:
    import zipcodes

    found: Any = zipcodes.filter_by(state=state)  # type: ignore[no-untyped-call]
    places = [(float(place["long"]), float(place["lat"])) for place in found if place["lat"]]
    places = [(x, y) for x, y in places if x or y]
    if not places:
        raise Invalid.at("region", sentence=f"There is no state {state}.")
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return (min(xs) - MARGIN_DEGREES, min(ys) - MARGIN_DEGREES, max(xs) + MARGIN_DEGREES, max(ys) + MARGIN_DEGREES)
