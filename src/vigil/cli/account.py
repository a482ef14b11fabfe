"""Accounts, by who may read the data folder: for an administrator who has lost every way to log in."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say
from vigil.core.errors import NotFound

if TYPE_CHECKING:
    from vigil.platform.accounts.models import User


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`reset`, `release`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    reset = verbs.add_parser(
        "reset", help="take passkeys, code app and recovery codes away and show a first password for 72 hours"
    )
    release = verbs.add_parser("release", help="release what locks an account after failed logins")
    for verb in (reset, release):
        verb.add_argument("username", help="the account's user name")
        add_node_arguments(verb)


def run(args: argparse.Namespace) -> int:
    """The chosen verb; each is recorded in the audit trail."""
    open_node(args)
    need_node()
    return {"reset": _reset, "release": _release}[args.verb](args.username)


def _reset(username: str) -> int:
    from vigil.platform.accounts.actions import reset_login
    from vigil.platform.accounts.lockout import release_all

    user = _user(username)
    password = reset_login(console(), user.pk)
    release_all(console(), user.pk)
    say(f"First password of {user.username}, for 72 hours: {password}")
    say("At the next login they choose a password of their own, then a passkey or a code app.")
    return 0


def _release(username: str) -> int:
    from vigil.platform.accounts.lockout import release_all

    user = _user(username)
    say(f"{release_all(console(), user.pk)} released. {user.username} can try again.")
    return 0


def _user(username: str) -> User:
    from vigil.platform.accounts.models import User

    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound(f"There is no account {username}.")
    return user
