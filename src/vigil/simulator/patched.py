"""One function in place of another, for as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


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
