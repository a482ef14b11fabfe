"""`vigil ...`: one table of commands; only the module of the command that was asked for is imported.

A command module has `add_arguments(parser)` and `run(args) -> int`, the exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from vigil.core.errors import DomainError, Invalid

COMMANDS: dict[str, tuple[str, str]] = {
    "sweep": ("vigil.cli.sweep", "find every conflicting pair of a file of operations"),
    "study": ("vigil.cli.study", "count a file's conflicts under other radii and buffers"),
    "serve": ("vigil.cli.serve", "serve the pages and the API, with the worker"),
    "worker": ("vigil.cli.worker", "do the work that happens by itself"),
    "door": ("vigil.cli.door", "set up and serve the door without names for near misses"),
    "setup": ("vigil.cli.setup", "make or bring up to date a node's data folder"),
    "migrate": ("vigil.cli.migrate", "bring the database up to date, after a backup"),
    "backup": ("vigil.cli.backup", "write database and keys into one file"),
    "keys": ("vigil.cli.keys", "list and rotate the keys, wrap them by a KMS, draw a key for backups"),
    "node": ("vigil.cli.node_life", "pair with other nodes, list and remove partners"),
    "demo": ("vigil.cli.demo", "three nodes on this machine that find each other's conflicts"),
    "restore": ("vigil.cli.restore", "bring a backup back, under a new epoch"),
    "purge": ("vigil.cli.purge", "remove what retention no longer allows to be kept"),
    "account": ("vigil.cli.account", "give somebody who lost everything a new beginning, release locks"),
    "token": ("vigil.cli.token", "create, list and revoke API tokens"),
    "receipt": ("vigil.cli.receipt", "check receipts offline, show the node's public key, export"),
    "audit": ("vigil.cli.audit", "verify the audit trail"),
    "jobs": ("vigil.cli.jobs", "show waiting and dead jobs"),
    "simulate": ("vigil.cli.simulate", "play schedules of faults and look whether the federation's invariants hold"),
    "gateway": ("vigil.cli.gateway", "a gateway to try alarms with: takes SMS and calls, sends none"),
    "check": ("vigil.cli.check", "explain the settings and what is wrong with them"),
    "agencies": ("vigil.cli.agencies", "import a list of the agencies around"),
    "places": ("vigil.cli.places", "import, list and remove streets for addresses and the map"),
    "op": ("vigil.cli.op", "register, list and show operations of a node over its API"),
    "near-miss": ("vigil.cli.near_miss", "near misses of other services: import, list and remove their reports"),
    "import": ("vigil.cli.import_file", "import operations from a file"),
    "conformance": ("vigil.cli.conformance", "check a node against the protocol between nodes"),
    "mock-partner": ("vigil.cli.mock_partner", "a partner to try a node with, that misbehaves on request"),
}

UNUSABLE = 2
INTERRUPTED, READER_LEFT = 130, 141
"""As a shell reports a program that SIGINT or SIGPIPE ended."""
CALCULATIONS = frozenset({"sweep", "study", "simulate"})
"""They load a compiler and large tables, which nothing needs to look through for garbage or to take apart at the end:
that took a sixth of the processor time of a sweep.
"""
GC_THRESHOLD = 200_000
"""New objects before the collector looks at them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Without `argv` it is the program's own command, with which the process ends."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else ""
    calculates = argv is None and name in CALCULATIONS
    if calculates:
        gc.set_threshold(GC_THRESHOLD)
    code = _run(name, arguments)
    if calculates:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(code)
    return code


def _run(name: str, arguments: Sequence[str]) -> int:
    if name == "--version":
        print(f"vigil {version('vigil')}")
        return 0
    if name not in COMMANDS:
        return _help(name)
    module = import_module(COMMANDS[name][0])
    parser = argparse.ArgumentParser(prog=f"vigil {name}", description=module.__doc__)
    module.add_arguments(parser)
    try:
        code: int = module.run(parser.parse_args(arguments[1:]))
        sys.stdout.flush()
    except DomainError as error:
        return _failed(error)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            return _reader_left()
        print(f"vigil: {error.filename or 'a file'} cannot be used: {error.strerror or error}.", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _reader_left() -> int:
    # The reader of our output has left (`vigil … | head`): nothing more can be said, not even at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return READER_LEFT


def _help(name: str) -> int:
    out = sys.stdout if name in ("", "-h", "--help", "help") else sys.stderr
    if out is sys.stderr:
        print(f"vigil: there is no command {name!r}", file=out)
    print("usage: vigil COMMAND [options]; `vigil COMMAND --help` explains one\n", file=out)
    for command, (_, sentence) in COMMANDS.items():
        print(f"  {command:<12} {sentence}", file=out)
    return 0 if out is sys.stdout else UNUSABLE


def _failed(error: DomainError) -> int:
    problems = error.problems if isinstance(error, Invalid) else ()
    for problem in problems:
        where = problem.pointer.lstrip("/").replace("/", ".")
        print(f"vigil: {where + ': ' if where else ''}{problem.sentence}", file=sys.stderr)
    if not problems:
        print(f"vigil: {error.sentence}", file=sys.stderr)
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
