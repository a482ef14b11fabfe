"""The node's keys: `list` them, `rotate` those of fields or of sessions while the node serves, `retire` what was
rotated away, `wrap` and `unwrap` them by VIGIL_KEY_COMMAND. Which key is for what: docs/operate/keys.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from vigil.cli.node import add_node_arguments, console, need_node, open_node, say

ROUNDS = 3
KINDS = {"fields": "field_key", "sessions": "secret_key"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    add_node_arguments(verbs.add_parser("list", help="every key with its age and what still needs it"))
    rotate = verbs.add_parser("rotate", help="draw a new key; fields are sealed again while the node serves")
    rotate.add_argument("kind", nargs="?", choices=tuple(KINDS), default="fields", help="of fields (else), of sessions")
    add_node_arguments(rotate)
    add_node_arguments(verbs.add_parser("retire", help="remove old keys that nothing needs; the worker does so too"))
    add_node_arguments(verbs.add_parser("wrap", help="write each key as VIGIL_KEY_COMMAND wraps it now"))
    backup = verbs.add_parser("backup", help="draw a new backup key; its private half goes into a file")
    backup.add_argument("file", type=Path, help="file to write, to be kept elsewhere; must not exist")
    add_node_arguments(backup)
    add_node_arguments(verbs.add_parser("unwrap", help="write each key as it is: VIGIL_KEY_COMMAND is to go"))


def run(args: argparse.Namespace) -> int:
    """0 when it is done; an interrupted rotation ends with 130 and goes on when it is run again."""
    open_node(args)
    need_node()
    verbs: dict[str, Callable[[argparse.Namespace], None]] = {
        "list": _list,
        "rotate": _rotate,
        "retire": _retire,
        "wrap": _wrap,
        "unwrap": _wrap,
        "backup": _backup,
    }
    verbs[args.verb](args)
    return 0


def _list(_: argparse.Namespace) -> None:
    from django.conf import settings

    from vigil.config.keys import NAMES
    from vigil.platform import clock, rotation
    from vigil.platform.keys import key_id

    own = settings.VIGIL_KEYS
    for name in NAMES:
        for number, file in enumerate(own.files(name)):
            drawn = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            what = f"id {key_id(own.open(file)).hex()}" if name == "field_key" else "-"
            state = rotation.why_kept(name, clock.now()) or "Needed by nothing." if number else "In use."
            if name == "partner_key":
                state = "In use." if file == own.files(name)[-1] else "Signs when every partner has taken it."
            kept = "wrapped" if own.is_wrapped(file) else "as it is"
            say("\t".join((file.name, what, f"written {drawn:%Y-%m-%d %H:%M} UTC", kept, state)))


def _rotate(args: argparse.Namespace) -> None:
    from vigil.platform import rotation

    name = KINDS[args.kind]
    if name == "secret_key":
        file = rotation.draw(console(), name)
        say(f"Drew {file}. Restart the node within a day: it signs logins with the new key from then on.")
        say("Present logins stay. The old key is removed after a day.")
        return
    if rotation.old(name) and rotation.remaining():
        say("An earlier rotation was broken off: it goes on.")
    else:
        say(f"Drew {rotation.draw(console(), name)}. It writes from now on.")
    try:
        left = _seal_again()
    except KeyboardInterrupt:
        print("vigil: stopped. Nothing is lost; run it again to go on.", file=sys.stderr)
        raise
    for table, count in left.items():
        say(f"{table}: {count:,} still need an old key.")
    if not left:
        say("Everything is sealed with the newest key.")
    _retire(args)


def _seal_again() -> dict[str, int]:
    """What is left after up to three rounds: an act that was under way may have written with the old key meanwhile."""
    from vigil.platform import rotation

    for _ in range(ROUNDS):
        for step in rotation.rotate():
            if step.total:
                say(f"{step.holder.model._meta.db_table}: {step.done:,} of {step.total:,}")
        left = rotation.remaining()
        if not left:
            break
    return left


def _retire(_: argparse.Namespace) -> None:
    from vigil.platform import clock, rotation

    now = clock.now()
    for name in KINDS.values():
        if rotation.old(name):
            gone = rotation.retire(console(), name, now)
            for file in gone:
                say(f"Removed {file}.")
            for file in rotation.old(name):
                say(f"{file.name}: {rotation.why_kept(name, now)}")


def _backup(args: argparse.Namespace) -> None:
    from django.conf import settings

    from vigil.config import backups

    data = Path(settings.VIGIL_DATA_DIR)
    file = backups.draw_key(data, args.file)
    say(f"Wrote {file}. Backups are written for key {backups.recipient_id(data)} from now on; keep the file elsewhere.")
    say("Backups of before are opened by the key of before: keep it as long as them.")


def _wrap(args: argparse.Namespace) -> None:
    from django.conf import settings

    from vigil.core.errors import Unavailable

    own = settings.VIGIL_KEYS
    if not own.command:
        raise Unavailable("Set VIGIL_KEY_COMMAND to the program that wraps and unwraps keys (docs/operate/keys.md).")
    for file in own.write_again(wrapped=args.verb == "wrap"):
        say(f"{file}: {'wrapped' if own.is_wrapped(file) else 'as it is'}")
