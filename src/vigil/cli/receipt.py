"""Receipts: `verify` checks one, or a run of them, with nothing but the node's public key: no node, no network.
`key` shows that key, `export` writes a run of this node's receipts into one file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigil.cli.node import add_node_arguments, need_node, open_node, say
from vigil.core.errors import Invalid
from vigil.protocol import receipt_files
from vigil.protocol.receipts import DOES_NOT_PROVE, MEANING, ChainReport, Finding

if TYPE_CHECKING:
    from vigil.protocol.store import StoredReceipt

UNSOUND = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`verify FILE --key PUBLIC`, `key`, `export`."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify", help="check a receipt, or a run of them, offline")
    verify.add_argument(
        "file", type=Path, metavar="FILE", help="the file taken out of Vigil, or texts of QR codes, one a line"
    )
    verify.add_argument("--key", required=True, metavar="PUBLIC", help="the node's public key, or a file that holds it")
    verify.add_argument("--json", action="store_true", help="the result as JSON")
    add_node_arguments(verbs.add_parser("key", help="show this node's public key"))
    export = verbs.add_parser("export", help="write a run of this node's receipts into a file")
    export.add_argument("--first", type=int, default=1, metavar="NUMBER", help="from this one on (default: 1)")
    export.add_argument("--last", type=int, metavar="NUMBER", help="up to this one (default: the last)")
    export.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to; not overwritten")
    add_node_arguments(export)


def run(args: argparse.Namespace) -> int:
    """`verify`: 0 sound, 1 not, with what is wrong, 2 where the file or the key cannot be read."""
    if args.verb == "verify":
        return _verify(args)
    open_node(args)
    need_node()
    return _show_key() if args.verb == "key" else _export(args)


def _verify(args: argparse.Namespace) -> int:
    try:
        key = receipt_files.read_key(_key_text(args.key))
    except receipt_files.Unreadable as error:
        raise Invalid.at("key", sentence=str(error)) from None
    try:
        receipts = receipt_files.read(args.file.read_bytes())
    except receipt_files.Unreadable as error:
        raise Invalid.at(str(args.file), sentence=str(error)) from None
    report = receipt_files.verify_run(receipts, key)
    say(json.dumps(_as_json(report, receipts), indent=2) if args.json else "\n".join(_in_words(report, receipts)))
    return 0 if report.finding is Finding.SOUND else UNSOUND


def _key_text(given: str) -> str:
    file = Path(given)
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else given


def _in_words(report: ChainReport, receipts: list[StoredReceipt]) -> list[str]:
    if report.finding is not Finding.SOUND:
        return [f"Receipt {_number(report.number)}: {MEANING[report.finding]}"]
    return [*map(_line, receipts), f"Sound: {_counted(receipts)}, each signed with the key given.", DOES_NOT_PROVE]


def _line(receipt: StoredReceipt) -> str:
    if not receipt.body:
        return f"Receipt {_number(receipt.number)}: purged, its link is whole."
    said = json.loads(receipt.body)
    words = str(said["determination"]).replace("_", " ")
    return (
        f"Receipt {_number(receipt.number)}: {words}, {said['reference']}, revision {said['revision']}, {said['mode']}."
    )


def _counted(receipts: list[StoredReceipt]) -> str:
    return "1 receipt" if len(receipts) == 1 else f"{len(receipts)} receipts in a row"


def _number(number: int | None) -> str:
    return f"{number or 0:06d}"


def _as_json(report: ChainReport, receipts: list[StoredReceipt]) -> dict[str, Any]:
    return {
        "finding": report.finding.name.lower(),
        "number": report.number,
        "checked": report.checked,
        "receipts": len(receipts),
    }


def _show_key() -> int:
    from vigil.platform import keys

    say(keys.public_key().hex())
    return 0


def _export(args: argparse.Namespace) -> int:
    from vigil.apps.deconfliction.receipts import chain

    receipts = chain.between(args.first, args.last)
    if not receipts:
        raise Invalid.at("first", sentence="There are no receipts with these numbers.")
    try:
        with args.out.open("xb") as file:
            file.write(receipt_files.write_file(receipts))
    except FileExistsError:
        raise Invalid.at("out", sentence=f"{args.out} is there already: give another name.") from None
    print(f"{_counted(receipts)} written to {args.out}.", file=sys.stderr)
    return 0
