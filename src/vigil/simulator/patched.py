"""One function in place of another, for as long as it lasts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def patched(value: object, *places: tuple[ModuleType, str]) -> Iterator[None]:
    """Put a value in place of what these modules hold by these names."""
    before = [getattr(module, name) for module, name in places]
    for module, name in places:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), old in zip(places, before, strict=True):
            setattr(module, name, old)


def in_the_nodes(original: Any, other: Any) -> AbstractContextManager[None]:
    """Put `other` in place of a function wherever the protocol or the index has imported it; not for the observer."""
    name = original.__name__
    modules = [
        module for path, module in sys.modules.items() if path.startswith(("vigil.protocol", "vigil.engine.index"))
    ]
    return patched(other, *((module, name) for module in modules if getattr(module, name, None) is original))
