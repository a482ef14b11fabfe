"""API tokens: create (shown once), list, revoke."""

from __future__ import annotations

import argparse
from datetime import timedelta

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say
from vigil.core.errors import Invalid

SCOPES = "deconfliction"
LONGEST_DAYS = 366


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`create`, `list`, `revoke`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser("create", help="create a token for a person; its text is shown once")
    create.add_argument("username", help="the person it acts as")
    create.add_argument("--agency", metavar="ORI", help="the agency it acts for (needed if the person has several)")
    create.add_argument("--name", default="command line", help="what it is for")
    create.add_argument(
        "--scope", action="append", metavar="CODE", help=f"permission, or the beginning of some (default: {SCOPES})"
    )
    create.add_argument("--days", type=int, default=90, help="days until it ends (default: 90, at most 366)")
    listing = verbs.add_parser("list", help="list all tokens")
    revoke = verbs.add_parser("revoke", help="stop a token for good")
    revoke.add_argument("prefix", help="its prefix, as `list` shows it")
    for verb in (create, listing, revoke):
        add_node_arguments(verb)


def run(args: argparse.Namespace) -> int:
    """The chosen verb."""
    open_node(args)
    need_node()
    verbs = {"create": _create, "list": _list, "revoke": _revoke}
    return verbs[args.verb](args)


def _create(args: argparse.Namespace) -> int:
    from vigil.platform import clock
    from vigil.platform.accounts.actions import create_token
    from vigil.platform.accounts.models import Membership

    held = Membership.objects.filter(user__username=args.username, active=True)
    if args.agency:
        held = held.filter(agency__ori=args.agency)
    places = {(membership.user_id, membership.agency_id) for membership in held}
    if not places:
        raise Invalid.at("username", sentence=f"{args.username} has no active role here.")
    if len(places) > 1:
        raise Invalid.at("agency", sentence=f"{args.username} serves several agencies: name one with --agency ORI.")
    user_id, agency_id = places.pop()
    if not 1 <= args.days <= LONGEST_DAYS:
        raise Invalid.at("days", sentence=f"A token lives at least a day and at most a year ({LONGEST_DAYS} days).")
    ends = clock.now() + timedelta(days=args.days)
    _, text = create_token(console(), user_id, agency_id, args.name, args.scope or [SCOPES], ends)
    say(text)
    return 0


def _list(args: argparse.Namespace) -> int:
    from vigil.platform import clock
    from vigil.platform.accounts.models import ApiToken

    for token in ApiToken.objects.select_related("user", "agency"):
        state = "revoked" if token.revoked_at else "ended" if token.expires_at <= clock.now() else "valid"
        scopes = ",".join(token.scopes)
        ends = f"{token.expires_at:%Y-%m-%d}"
        say("\t".join((token.prefix, state, ends, token.user.username, token.agency.ori, scopes, token.name)))
    return 0


def _revoke(args: argparse.Namespace) -> int:
    from vigil.platform.accounts.actions import revoke_token

    revoke_token(console(), args.prefix)
    say(f"Token {args.prefix} is revoked.")
    return 0
