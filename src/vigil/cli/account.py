"""Accounts, by who may read the data folder: many at once from a file; and for an administrator who has lost every way
to log in, or whom nobody else can confirm.

Exit code of `invite`: 0 complete, 3 INCOMPLETE (rows were refused, the others are in), 2 unusable input.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say
from vigil.core.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from vigil.platform.accounts.models import User


COMPLETE, INCOMPLETE = 0, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`invite`, `reset`, `release`, `keep`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    reset = verbs.add_parser(
        "reset", help="take passkeys, code app and recovery codes away and show a first password for 72 hours"
    )
    release = verbs.add_parser("release", help="release what locks an account after failed logins")
    keep = verbs.add_parser("keep", help="confirm that the account is needed for another year, and switch it on")
    invite = verbs.add_parser("invite", help="add people from a file; prints their first passwords once")
    invite.add_argument("file", type=Path, help="CSV or Excel with full_name, username and, where wanted, more")
    invite.add_argument("--dry", action="store_true", help="only look at the file")
    add_node_arguments(invite)
    for verb in (reset, release, keep):
        verb.add_argument("username", help="the account's user name")
        add_node_arguments(verb)


def run(args: argparse.Namespace) -> int:
    """The chosen verb; each is recorded in the audit trail."""
    open_node(args)
    need_node()
    if args.verb == "invite":
        return _invite(args.file, args.dry)
    return {"reset": _reset, "release": _release, "keep": _keep}[args.verb](args.username)


def _invite(file: Path, dry: bool) -> int:
    from vigil.engine.formats.tabular import UnusableInput
    from vigil.platform.accounts import invitations

    try:
        invitation = invitations.read(console(), file)
    except UnusableInput as error:
        raise Unavailable(str(error)) from None
    bad = invitation.bad
    if dry:
        say(f"{len(invitation.new):,} new, {len(invitation.there):,} there already, {len(bad):,} refused.")
    else:
        added, bad = invitations.invite(console(), invitation)
        say(
            f"{len(added):,} added, {len(invitation.there):,} there already. First passwords, shown once, for 72 hours:"
        )
        say(invitations.sheet_csv(added).decode())
    for row in bad:
        say(f"  line {row.line}, {row.column}: {row.reason}")
    if bad:
        say(f"INCOMPLETE: {len(bad):,} rows refused.")
    return INCOMPLETE if bad else COMPLETE


def _keep(username: str) -> int:
    from vigil.platform.accounts.ending import keep

    keep(console(), _user(username).pk)
    say(f"{username} is on, and confirmed for a year.")
    return 0


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
