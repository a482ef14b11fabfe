"""Named points between writes, where a test ends the process or holds a thread. Elsewhere they do nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

CRASH_AT = os.environ.get("VIGIL_CRASH_AT", "")
"""Set by the crash tests only: the process kills itself at this point, as a power cut would."""

listeners: list[Callable[[str], None]] = []
"""Called at each point with its name; the race tests hold two threads at one."""


def write_point(name: str) -> None:
    """Pass a named point."""
    if name == CRASH_AT:
        os.kill(os.getpid(), signal.SIGKILL)
    for listener in listeners:
        listener(name)
