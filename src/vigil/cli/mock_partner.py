"""A small partner to try a node with: it speaks the real protocol, keeps all in memory, and misbehaves on request.

Introduce it to the node like the conformance suite: `vigil mock-partner --introduce FILE`, then `vigil mock-partner
--pairing FILE --node NODE`.
"""

from __future__ import annotations

import argparse

from vigil.cli.conformance import add_partner_arguments, introduce, opened
from vigil.conformance import running
from vigil.conformance.misbehaviours import MISBEHAVIOURS
from vigil.conformance.over_http import CannotListen
from vigil.conformance.partner import MockPartner
from vigil.core.errors import Unavailable

LISTEN = "127.0.0.1:8791"
NAME = "Mock partner"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who it is, and what it does wrong."""
    add_partner_arguments(parser)
    parser.add_argument("--misbehave", metavar="NAME", choices=sorted(MISBEHAVIOURS), help="do one thing wrong")
    parser.add_argument("--list", action="store_true", help="what it can do wrong, and which requirement sees it")


def run(args: argparse.Namespace) -> int:
    """Be the partner until interrupted."""
    if args.list:
        for one in MISBEHAVIOURS.values():
            print(f"{one.name:<22} {one.seen_by}  {one.sentence}")
        return 0
    if args.introduce:
        return introduce(args, NAME, LISTEN)
    own = opened(args)
    kind = MISBEHAVIOURS[args.misbehave].partner if args.misbehave else MockPartner
    listen = args.listen or running.listening(own)
    print(f"The mock partner is at http://{listen}. Stop it with Ctrl+C.", flush=True)
    try:
        running.served(own, listen, kind, lambda: False)
    except CannotListen as error:
        raise Unavailable(str(error)) from None
    return 0
