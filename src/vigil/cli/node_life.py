"""This node among its partners: `pair` with another node, `list` partners, `remove` one, say by which `address` one is
reached. What two administrators do on pages, whoever is at the machine may do here (docs/operate/partners.md)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say

if TYPE_CHECKING:
    from uuid import UUID


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    pair = verbs.add_parser("pair", help="write this node's pairing file, or take another node's in")
    pair.add_argument("file", nargs="?", type=Path, help="pairing file of the other node; without it, ours is written")
    pair.add_argument("--out", type=Path, metavar="FILE", help="where ours is written (else to the standard output)")
    pair.add_argument("--code", action="store_true", help="as the text of a QR code")
    pair.add_argument("--for", dest="purpose", choices=("live", "test"), default="live", help="live, or tests only")
    pair.add_argument(
        "--heard", metavar="GROUPS", help="the other node's fingerprint as its administrator read it aloud"
    )
    add_node_arguments(pair)
    add_node_arguments(verbs.add_parser("list", help="every partner with its state"))
    remove = verbs.add_parser("remove", help="take a partner off the roster; it stands on receipts as not covered")
    remove.add_argument("name", help="its name")
    remove.add_argument("--because", required=True, metavar="REASON", help="why; it stands in the audit trail")
    add_node_arguments(remove)
    blind = verbs.add_parser("blind", help="compare places with a partner blind first (experimental), or no longer")
    blind.add_argument("name", help="its name")
    blind.add_argument("state", choices=("on", "off"), help="the other node sets the same")
    add_node_arguments(blind)
    rotate = verbs.add_parser("rotate-key", help="draw the next partner key; it signs when every partner has taken it")
    rotate.add_argument("--drop-old", action="store_true", help="let it sign now; who has not taken it is paired again")
    add_node_arguments(rotate)
    secret = verbs.add_parser("new-secret", help="draw another blinding secret; everything active is asked again")
    add_node_arguments(secret)
    address = verbs.add_parser("address", help="say where partners reach this node, or a partner is reached")
    address.add_argument("url", help="e.g. https://vigil.example.gov")
    address.add_argument("--of", metavar="NAME", help="of a partner; else of this node")
    add_node_arguments(address)


def run(args: argparse.Namespace) -> int:
    """0 when it is done."""
    open_node(args)
    need_node()
    verbs: dict[str, Callable[[argparse.Namespace], None]] = {
        "pair": _pair,
        "list": _list,
        "remove": _remove,
        "address": _address,
        "blind": _blind,
        "rotate-key": _rotate,
        "new-secret": _new_secret,
    }
    verbs[args.verb](args)
    return 0


def _pair(args: argparse.Namespace) -> None:
    if args.file is None:
        _write_own(args)
    else:
        _take_in(args)


def _write_own(args: argparse.Namespace) -> None:
    from vigil.apps.deconfliction.federation import pairing as partners
    from vigil.platform import clock
    from vigil.platform.partners import roster
    from vigil.protocol.pairing import groups

    now = clock.now()
    content = roster.own_code(now).encode() + b"\n" if args.code else partners.give_own_file(console(), now)
    if args.out is None:
        sys.stdout.write(content.decode())
    else:
        args.out.write_bytes(content)
    told = roster.own_pairing(now)
    words = (
        f"This is {told.name}, reached at {told.address} (`vigil node address` changes it).",
        "Bring the file to the other node's administrator; telephone them, and read this aloud:",
        "    " + "  ".join(groups(told.fingerprint)),
    )
    print("\n".join(words), file=sys.stderr if args.out is None else sys.stdout)


def _take_in(args: argparse.Namespace) -> None:
    from vigil.apps.deconfliction.federation import pairing as partners
    from vigil.platform import clock
    from vigil.platform.partners import roster
    from vigil.platform.partners.models import Partner
    from vigil.protocol.pairing import groups, read

    row = partners.take_in(console(), args.file.read_bytes(), args.purpose, clock.now())
    told = read(row.file.encode())
    say(
        f"{told.name}, reached at {told.address}, made {_day(told.made_at)}.",
        f"Watch desk: {told.desk_name} {told.desk_phone} {told.desk_hours}".rstrip(),
        f"Serves {len(told.served)} {'agency' if len(told.served) == 1 else 'agencies'}.",
    )
    if row.proposed != Partner.Proposed.PAIRING:
        say(f"{row.name} is a partner already: what its file says is taken over.")
        return
    heard = args.heard
    if heard is None and sys.stdin.isatty():
        say("Telephone its administrator at a number that you know. Read this node's fingerprint aloud:")
        say("    " + "  ".join(groups(roster.signer().fingerprint)))
        heard = input("Type theirs, as they read it: ")
    if heard is None:
        say("Taken in as a proposal. Run it again with --heard, or confirm it on the page Partners.")
        return
    added = partners.add(console(), row.pk, heard, clock.now())
    if added.state == Partner.State.JOINING:
        say(f"{told.name} is being let in by the worker: see `vigil node list`.")
        return
    say(f"{told.name} is a partner now" + (", for operations in mode test." if args.purpose == "test" else "."))


def _day(microseconds: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"


def _list(_: argparse.Namespace) -> None:
    from vigil.apps.deconfliction.federation import partner_states
    from vigil.platform import clock

    for one in partner_states.known(console(), clock.now()):
        waits = f"being let in, {one.unasked} left" if one.is_joining else "waits to be heard"
        word = one.word if one.is_member else waits
        row, since = one.row, one.contact.failing_since
        told = f"since {since:%Y-%m-%d %H:%M} UTC" if since else "-"
        open_ones = f"{one.open_questions} open" + (", new key not taken" if one.behind else "")
        say("\t".join((row.name, word, row.purpose, told, open_ones, row.watch_desk_phone, row.base_url)))


def _remove(args: argparse.Namespace) -> None:
    from vigil.apps.deconfliction.federation import pairing as partners
    from vigil.platform import clock

    row = partners.propose_removal(console(), _named(args.name), args.because, clock.now())
    partners.remove(console(), row.pk, clock.now())
    say(f"{row.name} is no partner any more. Receipts name it as not covered.")


def _address(args: argparse.Namespace) -> None:
    from vigil.apps.deconfliction.federation import pairing as partners

    if args.of:
        row = partners.move(console(), _named(args.of), args.url)
        say(f"{row.name} is reached at {row.base_url} from now on.")
        return
    node = partners.name_address(console(), args.url)
    say(f"Partners reach this node at {node.address}. Pairing files say so from now on.")


def _blind(args: argparse.Namespace) -> None:
    from vigil.apps.deconfliction.federation import pairing as partners
    from vigil.platform import clock

    row = partners.set_blind(console(), _named(args.name), args.state == "on", clock.now())
    if row.is_blind:
        say(f"{row.name} is asked blind first from now on. It is experimental and not reviewed outside.")
        say("Its administrator does the same; until then each question is put plain.")
    else:
        say(f"{row.name} is asked plain from now on.")


def _rotate(args: argparse.Namespace) -> None:
    from vigil.apps.deconfliction.federation import key_changes
    from vigil.platform import clock
    from vigil.platform.partners.roster import next_signer, not_yet_taken

    if args.drop_old:
        behind = key_changes.drop_old(console())
        say("The new key signs from now on.")
        if behind:
            say(f"Pair again with {', '.join(one.name for one in behind)}: they had not taken it.")
        return
    if next_signer() is None:
        say(f"Drew {key_changes.rotate(console(), clock.now())}. It is told to every partner.")
        if key_changes.switch():
            say("There is no partner: it signs from now on.")
    for one in not_yet_taken():
        say(f"{one.name}: has not taken it yet.")


def _new_secret(_: argparse.Namespace) -> None:
    from vigil.apps.deconfliction.federation import epochs
    from vigil.platform import clock

    epochs.draw_secret(console(), clock.now())
    say("Drew another blinding secret. The node has a new epoch: everything active is being asked again.")


def _named(name: str) -> UUID:
    from vigil.core.errors import NotFound
    from vigil.platform.partners.models import Partner

    row = Partner.objects.filter(name=name, state=Partner.State.ACTIVE).first()
    if row is None:
        raise NotFound(f"There is no partner named {name}: `vigil node list` names them.")
    return row.pk
