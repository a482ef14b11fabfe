"""What can go wrong with a request, as a handful of errors that each door (page, API, command) maps once.

The sentences are read by people: what is wrong, where, and how to mend it. They never carry
what the reader may not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigil.texts import gettext as _


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input.

    `path` leads to the field at fault, outermost first, e.g. `("sites", 0, "latitude")`; empty for the whole.
    `choices` are the values that would be accepted, where there are few (e.g. the two readings of a doubled
    local time).
    """

    path: tuple[str | int, ...]
    sentence: str
    choices: tuple[str, ...] = ()

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901), e.g. `/sites/0/latitude`."""
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in self.path)


class DomainError(Exception):
    """An expected failure. `code` is stable and safe to log; `status` is the HTTP status of it."""

    code = "error"
    status = 400
    is_recorded = False
    """Whether the audit trail has it already."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(DomainError):
    """There is no such thing, or the reader may not know of it: both look alike (specification, section 7)."""

    code = "not_found"
    status = 404

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or _("There is nothing here that you may see. Check the address or the number."))


class Refused(DomainError):
    """The actor lacks a permission."""

    code = "refused"
    status = 403

    def __init__(self, permission: str, sentence: str = "") -> None:
        super().__init__(
            sentence or _("Your role does not allow this. Ask your agency's administrator if you need it.")
        )
        self.permission = permission


class Invalid(DomainError):
    """The input breaks a rule; every problem is listed, each at its field."""

    code = "invalid"
    status = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems) or _("The input is not valid."))
        self.problems = tuple(problems)

    @classmethod
    def at(cls, *path: str | int, sentence: str, choices: Sequence[str] = ()) -> Invalid:
        """One problem at one field."""
        return cls([Problem(path, sentence, tuple(choices))])


class Conflict(DomainError):
    """What was edited has changed since it was read: the revision is stale, or a key was used for another request."""

    code = "stale"
    status = 409

    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or _("This was changed by someone else meanwhile. Reload it and try again."))


class Locked(DomainError):
    """Locked after too many failures, until somebody releases it."""

    code = "locked"
    status = 403


class TooMany(DomainError):
    """Too many attempts; `retry_after` seconds until the next one is looked at."""

    code = "too_many"
    status = 429

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unavailable(DomainError):
    """It cannot be done now, but may work later; `retry_after` in seconds where known."""

    code = "unavailable"
    status = 503

    def __init__(self, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
