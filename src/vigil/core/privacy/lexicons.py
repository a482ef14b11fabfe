"""The word lists in `lexicons/`, read once: written by hand, one word or name between blanks, `_` inside a name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def lexicon(name: str) -> frozenset[str]:
    """The entries of one list as they are written there, `_` read as a blank."""
    lines = (files(__package__) / "lexicons" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    words = " ".join(line for line in lines if not line.startswith("#")).split()
    return frozenset(word.replace("_", " ") for word in words)


@cache
def lowered(name: str) -> frozenset[str]:
    """The entries of one list in lower case."""
    return frozenset(word.lower() for word in lexicon(name))
