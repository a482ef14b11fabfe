"""`vigil …` in a process of its own that need not load the libraries first (`tests/nursery.py`)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.nursery import Nursery, born

SECONDS = 180
"""After so many a command is ended: a server that should have refused would run for ever."""
LIBRARIES = (
    "authlib.integrations.requests_client",
    "cryptography.x509",
    "django.contrib.messages",
    "django.core.management.commands.migrate",
    "django.db.models",
    "django.forms",
    "fido2.server",
    "icalendar",
    "jinja2",
    "lxml.etree",
    "numpy",
    "phonenumbers",
    "pydantic",
    "segno",
    "shapely",
    "urllib3",
    "vigil.core.privacy",
    "vigil.engine.formats.operations_csv",
    "vigil.engine.join",
    "vigil.protocol.exchange",
    "vigil.protocol.receipt_files",
)
"""What is the same whatever the settings say: the settings, and all that reads them, each command loads for itself."""


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
    for name in LIBRARIES:
        import_module(name)
    _, (folder, environment, arguments) = born()
    signal.alarm(SECONDS)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in enumerate(("out", "err"), start=1):
        os.dup2(os.open(Path(folder, name), os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["vigil", *arguments]
    from vigil.cli.main import main as command

    sys.exit(command())


if __name__ == "__main__":
    main()
