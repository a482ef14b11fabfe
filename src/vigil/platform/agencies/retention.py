"""How long an agency keeps what it registered: the kinds, their limits with the reason, and the texts of the page.

The setting stands in `Agency.rules["retention"]`; `retention_of` reads it, whoever purges asks nothing else. Days are
counted from the end of the window named by the kind. No setting lets a purge run while a conflict is open, a query is
unanswered or a legal hold is set (specification, section 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vigil.core.errors import Invalid, Problem


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of data with a clock of its own; `since` names the moment that its days are counted from."""

    code: str
    label: str | Promise
    since: str | Promise
    least: int
    most: int
    shipped: int
    why_least: str | Promise
    why_most: str | Promise


PLACES = Kind(
    "place_days",
    _("Places and plans"),
    _("the end of the operation's window, buffers included"),
    least=1,
    most=3650,
    shipped=1,
    why_least=_("The specification gives 24 hours of grace, so that late questions can still be answered."),
    why_most=_(
        "Your records schedule may ask for more than a day. More than ten years is taken for a slip of the keys."
    ),
)
SUBJECTS = Kind(
    "subject_days",
    _("Subjects"),
    _("the subjects stop matching, which is 72 hours after the operation's last end"),
    least=1,
    most=1825,
    shipped=1,
    why_least=_("The specification lets subjects match until 72 hours after the last end; a day of grace follows."),
    why_most=_(
        "28 CFR Part 23, where it applies to you, wants intelligence on a named person validated again "
        "after five years at the latest."
    ),
)
KINDS = (PLACES, SUBJECTS)


@dataclass(frozen=True, slots=True)
class Retention:
    """What an agency has set. `keeps_history`: it opted in to keeping distances, spans and outcomes without places
    for the policy study (specification, section 7).
    """

    place_days: int = PLACES.shipped
    subject_days: int = SUBJECTS.shipped
    keeps_history: bool = False

    @property
    def places(self) -> timedelta:
        """Grace of places and plans after the window."""
        return timedelta(days=self.place_days)

    @property
    def subjects(self) -> timedelta:
        """Grace of subjects after the subject window."""
        return timedelta(days=self.subject_days)


def retention_of(rules: Mapping[str, Any]) -> Retention:
    """What `Agency.rules` says; where it says nothing, the shipped values."""
    return Retention(**rules.get("retention", {}))


def is_set(rules: Mapping[str, Any]) -> bool:
    """Whether somebody has looked at it and saved it."""
    return "retention" in rules


def stored(retention: Retention) -> dict[str, Any]:
    """As it stands in `Agency.rules["retention"]`."""
    return asdict(retention)


def read_retention(typed: Mapping[str, str]) -> Retention:
    """From the texts of the page: whole days, and `keeps_history` as a ticked box.

    Raises:
        Invalid: with every fault at its field.
    """
    problems: list[Problem] = []
    days: dict[str, int] = {}
    for kind in KINDS:
        text = typed.get(kind.code, "").strip()
        if text.isascii() and text.isdigit() and len(text) < 6 and kind.least <= int(text) <= kind.most:
            days[kind.code] = int(text)
        else:
            sentence = gettext("Give whole days from {least} to {most:,}.").format(least=kind.least, most=kind.most)
            problems.append(Problem((kind.code,), sentence))
    if problems:
        raise Invalid(problems)
    return Retention(**days, keeps_history=bool(typed.get("keeps_history")))
