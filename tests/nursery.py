"""A process that has loaded what many tests need in processes of their own: each of those is a child of it, born ready.

A start takes a second, nearly all of it spent on loading the same code; a birth takes a hundredth of one.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class Nursery:
    """The process of a module that calls `born`."""

    def __init__(self, module: str) -> None:
        variables = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "VIGIL_LOG_LEVEL": "ERROR"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._process.communicate)  # without another order it ends

    def __call__(self, *order: Any) -> tuple[int, str]:
        """Exit code of the child that carries the order out, and what it wrote."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code, said = json.loads(self._process.stdout.readline())
        return code, said


def born() -> tuple[int, list[Any]]:
    """Wait for orders. This returns in each child alone: where to write, and its order."""
    for order in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            return writing, json.loads(order)
        os.close(writing)
        with open(reading) as answer:
            said = answer.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps([code, said]), flush=True)
    sys.exit()
