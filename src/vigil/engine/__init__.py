"""What meets what: pure, importable from a notebook, a command, a server and a simulator alike.

`vigil.engine.sweep(...)` finds every conflicting pair among many operations. It is loaded when it is first asked for,
since its columns need numpy and the rest does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vigil.engine.join import Conflict, Conflicts, SweepResult, sweep

__all__ = ["Conflict", "Conflicts", "SweepResult", "sweep"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from vigil.engine import join

    return getattr(join, name)
