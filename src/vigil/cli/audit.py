"""The audit trail: `verify` finds any record that was changed or removed, any broken link, and a cut end; then it walks
the chain of receipts. `head` writes where the chain ends, signed, to be kept elsewhere and compared later."""

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
    """`verify`, with heads kept elsewhere, and `head`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="check the whole chain")
    verify.add_argument(
        "--head", action="append", default=[], metavar="POSITION:HASH", help="a head written down earlier, to compare"
    )
    verify.add_argument(
        "--heads", action="append", default=[], type=Path, metavar="FILE", help="signed heads kept earlier, to compare"
    )
    add_node_arguments(verify)
    add_node_arguments(verbs.add_parser("head", help="write the present head, signed by the node"))


def run(args: argparse.Namespace) -> int:
    """0 when nothing is wrong, 1 with every finding otherwise."""
    open_node(args)
    need_node()
    return _write_head() if args.verb == "head" else _verify(args)


def _write_head() -> int:
    from vigil.cli.node import console
    from vigil.platform import clock
    from vigil.platform.audit.actions import export_head

    print(export_head(console(), clock.now()))
    return 0


def _verify(args: argparse.Namespace) -> int:
    from django.conf import settings

    from vigil.apps.deconfliction.receipts import chain as receipt_chain
    from vigil.platform import clock
    from vigil.platform.audit import sealer
    from vigil.platform.audit.heads import read_signed

    heads = sealer.noted_heads(Path(settings.VIGIL_DATA_DIR) / sealer.HEADS_FILE)
    heads += [_head(text) for text in args.head]
    heads += [head for file in args.heads for head in read_signed(_text(file))]
    findings = list(sealer.verify(heads, clock.now()))
    if findings:
        first = findings[0]
        print(f"The first break is at position {first.position}: {first.sentence}.", file=sys.stderr)
    for finding in findings[1:]:
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


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise Invalid.at("heads", sentence=f"{file} cannot be read.") from None


def _head(text: str) -> Head:
    from vigil.platform.audit.sealer import Head

    position, _, digest = text.partition(":")
    if not position.isdecimal() or len(digest) != 64:
        raise Invalid.at("head", sentence="A head is POSITION:HASH, as this command prints it.")
    return Head(int(position), digest)
