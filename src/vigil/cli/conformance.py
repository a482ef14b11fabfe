"""Check a node against the protocol between nodes: act as a partner of mode `test`, requirement by requirement.

First introduce the suite, once: `vigil conformance --introduce FILE` writes FILE (secret) and a pairing file, which the
node's administrators take in for tests only. They give theirs: NODE. Then `vigil conformance URL --pairing FILE --node
NODE`. Exit code 0: every requirement is kept; 1: some are not; 2: it could not be tried.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vigil.conformance import report, running
from vigil.conformance.identity import Identity
from vigil.conformance.over_http import CannotListen
from vigil.conformance.requirements import REQUIREMENTS
from vigil.core.errors import Unavailable
from vigil.protocol import pairing
from vigil.protocol.pairing import Unpaired

LISTEN = "127.0.0.1:8790"
NAME = "Conformance suite"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The node's address, the file of who the suite is, what to check."""
    parser.add_argument("url", nargs="?", help="where the node is, such as https://vigil.example.gov (else as it says)")
    add_partner_arguments(parser)
    parser.add_argument("--only", metavar="ID", action="append", default=[], help="only this requirement (repeatable)")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    parser.add_argument("--patience", type=float, default=60.0, metavar="SECONDS", help="to wait for the node (60)")
    parser.add_argument("--late", type=float, default=20.0, metavar="SECONDS", help="longer than it waits for us (20)")


def add_partner_arguments(parser: argparse.ArgumentParser) -> None:
    """Who is played, and where the node reaches it."""
    parser.add_argument("--pairing", metavar="FILE", help="the secret file that --introduce wrote")
    parser.add_argument("--introduce", metavar="FILE", help="write a new secret file, and the pairing file beside it")
    parser.add_argument("--node", metavar="NODE", help="pairing file of the node to be tried (once, at --introduce)")
    parser.add_argument("--name", help="with --introduce: what we are called; no two partners of a node alike")
    parser.add_argument(
        "--listen", metavar="HOST:PORT", help="where the node reaches us (as introduced, else 127.0.0.1)"
    )


def run(args: argparse.Namespace) -> int:
    """Introduce the suite, or check."""
    if args.introduce:
        return introduce(args, NAME, LISTEN)
    own = opened(args)
    unknown = sorted(set(args.only) - set(REQUIREMENTS))
    if unknown:
        raise Unavailable(f"There is no requirement {unknown[0]}: they are listed in docs/protocol/federation.md.")
    address = args.url or own.partner.address
    told = (lambda result: None) if args.json else (lambda result: print(report.as_text(result), flush=True))
    listen = args.listen or running.listening(own)
    try:
        results = running.checked(own, address, listen, args.only, told, args.patience, args.late)
    except CannotListen as error:
        raise Unavailable(str(error)) from None
    print(running.as_json(results, address) if args.json else f"\n{report.summary(results)}")
    return 0 if all(one.outcome is report.Outcome.PASSED for one in results) else 1


def introduce(args: argparse.Namespace, name: str, listen: str) -> int:
    """Write who we are, for the node to take in."""
    node = Path(args.node) if args.node else None
    try:
        told = running.introduced(Path(args.introduce), args.name or name, args.listen or listen, node)
        mark = pairing.read(told.read_bytes()).fingerprint
    except Unpaired as error:
        raise Unavailable(str(error)) from None
    print(f"Let the node take in {told}, for tests only. Its fingerprint begins: {' '.join(pairing.groups(mark))}")
    return 0


def opened(args: argparse.Namespace) -> Identity:
    """Who we are, and whom we try."""
    if not args.pairing:
        raise Unavailable("Give the file that --introduce wrote with --pairing.")
    try:
        return running.opened(Path(args.pairing), Path(args.node) if args.node else None)
    except Unpaired as error:
        raise Unavailable(str(error)) from None
