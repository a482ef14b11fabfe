"""`vigil …` in a process of its own that need not load the code first (`tests/nursery.py`).

The settings each command reads for itself, from the variables and the data folder that it was given.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.nursery import Nursery, born

SECONDS = 180
"""After so many a command is ended: a server that should have refused would run for ever."""


def vigil(environment: Mapping[str, str], arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run the command with this environment alone, and nobody at the keyboard."""
    with TemporaryDirectory() as folder:
        code, _ = _nursery()(folder, dict(environment), list(arguments))
        told, wrong = (Path(folder, name).read_text(encoding="utf-8") for name in ("out", "err"))
    return subprocess.CompletedProcess(arguments, code, told, wrong)


@cache
def _nursery() -> Nursery:
    return Nursery("tests.cli.vigil_commands")


def main() -> None:
    """The nursery, and the command in each child of it."""
    _load()
    _, (folder, environment, arguments) = born()
    signal.alarm(SECONDS)
    _forget_settings()
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in enumerate(("out", "err"), start=1):
        os.dup2(os.open(Path(folder, name), os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["vigil", *arguments]
    from vigil.cli.main import main as command

    sys.exit(command())


def _load() -> None:
    """What is the same whatever the settings say; nothing that keeps what they say is loaded with it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
    import django

    django.setup()
    from django.db.migrations.loader import MigrationLoader

    from vigil.config import database

    assert database
    MigrationLoader(None)
    keepers = {"vigil.config.asgi", "vigil.apps.near_miss.review.unlocking"} & sys.modules.keys()
    assert not keepers, keepers
    gc.freeze()


def _forget_settings() -> None:
    """As before anything asked for them."""
    from django.conf import settings
    from django.db import connections
    from django.utils.functional import empty

    settings._wrapped = empty
    del sys.modules["vigil.config.settings"]
    vars(connections).clear()
    type(connections).__init__(connections)


if __name__ == "__main__":
    main()
