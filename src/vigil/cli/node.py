"""What every command of a node does first: choose the data folder, check the settings, start Django."""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import sys
from pathlib import Path

from vigil.core.actor import Actor, Via, system
from vigil.core.errors import Unavailable

DEMO_FOLDER = Path("data") / "demo"
GC_THRESHOLD = 200_000
"""New objects before the collector looks at them: what a start loads stays, and looking through it again and again took
a sixth of the start; what Django loads it never looks at. What goes on running sets its own (`serving.settle`).
"""


def add_node_arguments(parser: argparse.ArgumentParser) -> None:
    """`--data` and `--demo`."""
    parser.add_argument("--data", metavar="FOLDER", help="data folder (else VIGIL_DATA_DIR, else data/node)")
    parser.add_argument("--demo", action="store_true", help="the demo's data folder, data/demo")


def open_node(args: argparse.Namespace) -> None:
    """Point the settings at the data folder and start Django; a wrong setting is told in a sentence."""
    from vigil.config.knobs import WrongSetting

    gc.set_threshold(GC_THRESHOLD)
    os.umask(0o077)  # whatever this process writes is its owner's alone
    if args.demo and not args.data and "VIGIL_DATA_DIR" not in os.environ:
        from vigil.config.folders import BASE_DIR

        os.environ["VIGIL_DATA_DIR"] = str(BASE_DIR / DEMO_FOLDER)
    if args.data:
        os.environ["VIGIL_DATA_DIR"] = str(Path(args.data).absolute())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
    try:
        _start_django()
    except WrongSetting as error:
        raise Unavailable(str(error)) from None
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"This command needs the server's packages ({error.name} is missing): ./run installs them."
        ) from None


def _start_django() -> None:
    import django
    from django.apps import apps
    from django.db import connections

    loads = not apps.ready
    gc.disable()
    try:
        django.setup()
    finally:
        gc.enable()
    if loads:
        gc.freeze()
        # Which the collector did at the end: SQLite then empties its log, where what was deleted would still stand.
        atexit.register(connections.close_all)


def need_node() -> None:
    """Stop with a sentence where the data folder holds no node that this code can work with."""
    from vigil.config import database

    database.refuse_unready()


def console() -> Actor:
    """Who acts when a command is given at the machine itself: whoever may read the data folder."""
    return system(os.environ.get("USER") or "console", Via.CLI)


def say(*lines: str) -> None:
    """Print at once, also into a pipe."""
    for line in lines:
        print(line)
    sys.stdout.flush()
