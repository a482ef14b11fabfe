"""An agency's own budgets: read from its rules, and as typed on a page.

Why the shipped figures *(ours)*: a circle of 300 m over six hours, an ordinary warrant, asks 1.7 km² × hours; a week of
fixed surveillance 132; a day's corridor of 20 km some 800. A busy person's week stays below 2,000. A county of some
2,500 km² over one day is 60,000: a person is put before the watch desk after a thirtieth of it, an agency after a
third.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vigil.apps.deconfliction.probing.rules import Budget
from vigil.core.errors import Invalid, Problem

KEY = "budgets"
MOST = 50
"""So many times the shipped figure is the most: a budget that nobody can reach is none."""
LABELS: Mapping[str, Any] = {
    "person_km2h": gettext_lazy("One person, km² × hours"),
    "agency_km2h": gettext_lazy("The whole agency, km² × hours"),
    "person_subjects": gettext_lazy("One person, subjects"),
    "agency_subjects": gettext_lazy("The whole agency, subjects"),
}
SHIPPED: Mapping[str, int] = {name: int(value) for name, value in asdict(Budget()).items()}


def budget_of(rules: Mapping[str, Any]) -> Budget:
    """What `Agency.rules` says; where it says nothing, the shipped values."""
    return Budget(**rules.get(KEY, {}))


def least_of(budgets: list[Budget]) -> Budget:
    """The strictest of several, for somebody who acts for several agencies; the shipped one for none."""
    found = budgets or [Budget()]
    return Budget(**{one.name: min(getattr(budget, one.name) for budget in found) for one in fields(Budget)})


def read_budget(typed: Mapping[str, str]) -> dict[str, int]:
    """From the texts of the page: only what differs from the shipped figures.

    Raises:
        Invalid: with every fault at its field.
    """
    problems, read = [], {}
    for name, shipped in SHIPPED.items():
        text = typed.get(name, "").strip().replace(",", "")
        if text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= MOST * shipped:
            read[name] = int(text)
        else:
            sentence = _("Give a whole number from 1 to {most}.").format(most=f"{MOST * shipped:,}")
            problems.append(Problem((name,), sentence))
    if problems:
        raise Invalid(problems)
    return {name: value for name, value in read.items() if value != SHIPPED[name]}
