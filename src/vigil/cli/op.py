"""Operations of a node over its API: `add` registers one, `list` and `show` read. See docs/guide/client.md.

The node's address and the token come from the options, else from VIGIL_URL and VIGIL_TOKEN, else from the file
~/.config/vigil/client.toml (`url = "..."`, `token = "..."`). Exit code: 0 done, 1 refused by the node or no answer,
2 unusable input; `add` ends with 4 where the answer is anything but no known conflict.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vigil.client import Client, Operation

DONE, REFUSED, UNUSABLE, LOOK = 0, 1, 2, 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the node is, and what to do there."""
    parser.add_argument("--url", help="the node's address, https://...")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="file that holds the token and nothing else")
    acts = parser.add_subparsers(dest="act", required=True, metavar="add|list|show")
    add = acts.add_parser("add", help="register an operation")
    add.add_argument("--file", type=Path, metavar="FILE", help="the plan as JSON (OperationIn of the API)")
    add.add_argument("--type", dest="operation_type", help="e.g. search_warrant")
    add.add_argument("--place", action="append", help="coordinates, ZIP code or town; may be given again")
    add.add_argument("--starts", dest="starts_at", help="RFC 3339, or the site's local time with --zone")
    add.add_argument("--ends", dest="ends_at")
    add.add_argument("--zone", help="IANA zone of local times")
    add.add_argument("--contact", metavar="NAME")
    add.add_argument("--phone")
    add.add_argument("--key", help="Idempotency-Key of an earlier try whose answer was lost")
    listed = acts.add_parser("list", help="list your agency's operations")
    listed.add_argument("--status", default="")
    listed.add_argument("--text", default="", help="begins a reference or an imported id")
    listed.add_argument("--mine", action="store_true")
    show = acts.add_parser("show", help="show one operation")
    show.add_argument("operation", help="its id, or its reference such as BAY-26-000123")


def run(args: argparse.Namespace) -> int:
    """Ask the node."""
    from vigil.client import ApiError

    try:
        client = _client(args)
        return {"add": _add, "list": _list, "show": _show}[args.act](client, args)
    except ApiError as error:
        print(f"vigil: {error.sentence}", file=sys.stderr)
        for fault in error.faults:
            choices = f" One of: {', '.join(fault.choices)}." if fault.choices else ""
            print(f"  {fault.pointer.lstrip('/').replace('/', '.')}: {fault.detail}{choices}", file=sys.stderr)
        return REFUSED
    except (ValueError, UnicodeDecodeError) as error:
        print(f"vigil: {error}", file=sys.stderr)
        return UNUSABLE


def _client(args: argparse.Namespace) -> Client:
    from vigil.client import Client

    kept = _kept()
    url = args.url or os.environ.get("VIGIL_URL") or kept.get("url", "")
    token = args.token_file.read_text("utf-8").strip() if args.token_file else os.environ.get("VIGIL_TOKEN", "")
    token = token or kept.get("token", "")
    if not url or not token:
        raise ValueError("Say which node and with which token: --url and --token-file, or VIGIL_URL and VIGIL_TOKEN.")
    return Client(url, token)


def _kept() -> dict[str, str]:
    path = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "vigil" / "client.toml"
    return {name: str(value) for name, value in tomllib.loads(path.read_text("utf-8")).items()} if path.exists() else {}


def _plan(args: argparse.Namespace) -> dict[str, Any]:
    plan: dict[str, Any] = {}
    if args.file is not None:
        plan = json.loads(args.file.read_text("utf-8"))
        if not isinstance(plan, dict):
            raise ValueError(f"{args.file} must hold one JSON object.")
    for name in ("operation_type", "starts_at", "ends_at", "zone"):
        if getattr(args, name):
            plan[name] = getattr(args, name)
    if args.place:
        plan["sites"] = [{"place": place} for place in args.place]
    if args.contact or args.phone:
        plan["lead_contact"] = {"name": args.contact or "", "phone": args.phone or ""}
    return plan


def _add(client: Client, args: argparse.Namespace) -> int:
    made = client.register(_plan(args), args.key)
    _say(made)
    return DONE if made.determination == "no_known_conflict" else LOOK


def _list(client: Client, args: argparse.Namespace) -> int:
    query: dict[str, str | bool] = {"status": args.status, "text": args.text, "mine": args.mine}
    for row in client.operations(**{name: value for name, value in query.items() if value}):
        print("\t".join((row.reference, row.determination, row.operation_type, f"{row.starts_at:%Y-%m-%dT%H:%M%z}")))
    return DONE


def _show(client: Client, args: argparse.Namespace) -> int:
    wanted = args.operation
    if wanted.count("-") < 4:  # a reference; an id has four hyphens
        found = [row.id for row in client.operations(text=wanted) if row.reference.lower() == wanted.lower()]
        if not found:
            print("vigil: there is no such operation that you may see.", file=sys.stderr)
            return REFUSED
        wanted = found[0]
    _say(client.operation(wanted))
    return DONE


def _say(operation: Operation) -> None:
    print(f"{operation.reference}  {operation.determination.replace('_', ' ')}  {operation.id}")
    print(f"  {operation.operation_type}, {operation.status}, revision {operation.revision}")
    print(f"  {operation.starts_at:%Y-%m-%d %H:%M} to {operation.ends_at:%Y-%m-%d %H:%M}")
    for conflict in operation.open_conflicts:
        whom = conflict.other_agency or "call the watch desk"
        print(f"  {conflict.reference}: {conflict.band or 'subject'} with {whom}")
    for note in (*operation.notes, *(f"{one.name}: {one.state}" for one in operation.coverage)):
        print(f"  {note}")
    if operation.receipt_number is not None:
        print(f"  receipt {operation.receipt_number}")
    print(f"  watch desk: {operation.watch_desk_name} {operation.watch_desk_phone}")
