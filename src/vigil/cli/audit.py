"""The audit trail: `verify` finds any record that was changed or removed, any broken link, and a cut end; then it walks
the chain of receipts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vigil.cli.node import add_node_arguments, need_node, open_node, say
from vigil.core.errors import Invalid

if TYPE_CHECKING:
    from vigil.platform.audit.sealer import Head

BROKEN = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`verify`, with heads kept elsewhere."""
    verify = parser.add_subparsers(dest="verb", required=True).add_parser("verify", help="check the whole chain")
    verify.add_argument(
        "--head", action="append", default=[], metavar="POSITION:HASH", help="a head written down earlier, to compare"
    )
    add_node_arguments(verify)


def run(args: argparse.Namespace) -> int:
    """0 when nothing is wrong, 1 with every finding otherwise."""
    open_node(args)
    need_node()
    from django.conf import settings

    from vigil.apps.deconfliction.past import receipt_chain
    from vigil.platform import clock
    from vigil.platform.audit import sealer

    heads = sealer.noted_heads(Path(settings.VIGIL_DATA_DIR) / sealer.HEADS_FILE)
    heads += [_head(text) for text in args.head]
    findings = list(sealer.verify(heads, clock.now()))
    for finding in findings:
        print(f"position {finding.position}: {finding.sentence}", file=sys.stderr)
    end, waiting = sealer.head(), sealer.unsealed().count()
    say(f"Chain of {end.position} records, head {end.position}:{end.digest}, {waiting} not yet sealed.")
    say(
        f"{len(findings)} finding(s): the trail is NOT intact." if findings else "Nothing was changed, cut or left out."
    )
    receipts = receipt_chain.verify()
    say(f"Chain of {receipts.count} receipts, {receipts.purged} of them purged: {receipts.finding.value}.")
    if receipts.number is not None:
        print(f"receipt {receipts.number}: {receipts.finding.value}", file=sys.stderr)
    return BROKEN if findings or receipts.number is not None else 0


def _head(text: str) -> Head:
    from vigil.platform.audit.sealer import Head

    position, _, digest = text.partition(":")
    if not position.isdecimal() or len(digest) != 64:
        raise Invalid.at("head", sentence="A head is POSITION:HASH, as this command prints it.")
    return Head(int(position), digest)
