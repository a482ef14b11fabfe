"""How what comes from outside is read: each check raises Malformed. Readers take what the schemas take, no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from vigil.protocol.canonical import JSON, LONGEST_US
from vigil.protocol.envelope import NAME, Malformed

Read = TypeVar("Read")
MOST_REVISIONS = 1 << 31
MOST_COUNT = 1 << 63
MOST_LINE = 500
"""So many characters has a line of text for people at most."""


def reading(kind: str, read: Callable[[], Read]) -> Read:
    """What is read; whatever goes wrong there is Malformed."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Malformed(f"The {kind} is not whole: {error}") from error


def require(holds: bool, otherwise: str) -> None:
    """Refuse unless it holds."""
    if not holds:
        raise Malformed(f"The message is not valid: {otherwise}.")


def members(content: JSON, *names: str) -> dict[str, Any]:
    """An object with exactly these members."""
    known = isinstance(content, dict) and set(content) == set(names)
    require(known, "it has members that are not known, or lacks some")
    return dict(content)


def listed(content: JSON) -> list[JSON]:
    """A list."""
    require(isinstance(content, list), "a list is none")
    return list(content)


def ids(*values: Any) -> None:
    """Names of operations, nodes, versions, contents."""
    fit = all(isinstance(value, str) and NAME.fullmatch(value) for value in values)
    require(fit, "an id is no text of 1 to 64 visible characters of ASCII")


def lines(*values: Any) -> None:
    """Texts for people."""
    fit = all(isinstance(value, str) and len(value) <= MOST_LINE and "\0" not in value for value in values)
    require(fit, "a line is no such text")


def flags(*values: Any) -> None:
    """True or false."""
    require(all(type(value) is bool for value in values), "a flag is neither true nor false")


def instants(*numbers: Any) -> None:
    """Microseconds since 1970."""
    require(all(type(number) is int and 0 <= number < LONGEST_US for number in numbers), "an instant is none")


def counts(*numbers: Any) -> None:
    """Whole numbers from 0."""
    require(all(type(number) is int and 0 <= number < MOST_COUNT for number in numbers), "a count is none")


def revisions(*numbers: Any) -> None:
    """Numbers of revisions."""
    fit = all(type(number) is int and 1 <= number < MOST_REVISIONS for number in numbers)
    require(fit, "revisions are numbered from 1")
