"""Who was asked, who answered, when: in words, by relevance (specification 5). Nothing is read here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vigil.apps.deconfliction.federation.coverage_view import Near
from vigil.apps.deconfliction.queries import CoverageRow, OperationDetail

SILENT = ("not_answered", "refused", "no_shared_predicate")
"""States of a line in which no answer counts."""
FAR_M = 100_000.0
"""From here on a distance says nothing more."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Who keeps an operation incomplete: `sentence` with a place for `names`, and what it means."""

    names: Sequence[str]
    sentence: str
    detail: str


def silence_of(detail: OperationDetail, near: Mapping[str, Near]) -> Silence:
    """Loud about the partners whose area touches the operation; far ones are named where there is nobody else, and
    counted behind the others.
    """
    silent = [line for line in detail.coverage if line.state in SILENT]
    loud = [line for line in silent if not _is_far(line, near)]
    named = loud or silent
    sentence = ngettext("Incomplete: {who} has not answered", "Incomplete: {who} have not answered", len(named))
    if len(named) == 1 and named[0].state != "not_answered":
        sentence = _("Incomplete: {who} refused")
    said = [_("No conflict known so far."), _meaning(len(loud), bool(near) and bool(detail.plan.sites))]
    far = len(silent) - len(named)
    if far:
        more = ngettext(
            "{n} partner far away has not answered either.", "{n} partners far away have not answered either.", far
        )
        said.append(more.format(n=far))
    return Silence([line.name for line in named], sentence, " ".join(said))


def _meaning(loud: int, has_place: bool) -> str:
    if not loud:
        return _("Their area is far from your place; one may still be there.")
    if not has_place:
        return _("One may be there: call them.")
    return ngettext(
        "Their area touches your place, so one may be there: call them.",
        "Their areas touch your place, so one may be there: call them.",
        loud,
    )


def _is_far(line: CoverageRow, near: Mapping[str, Near]) -> bool:
    return line.name in near and near[line.name].is_far


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """One line of "who was asked, who answered, when". `silent`: no answer counts; `is_far`: its declared area does not
    touch the operation, so its silence is told quietly.
    """

    name: str
    what: str
    sign: str
    at: datetime | None
    instead: str
    silent: bool
    is_far: bool = False
    desk_name: str = ""
    desk_phone: str = ""
    desk_hours: str = ""
    attempts: int = 0
    again_at: datetime | None = None

    @property
    def is_loud(self) -> bool:
        """Whether somebody should telephone there first."""
        return self.silent and not self.is_far


def coverage_lines(detail: OperationDetail, node: str, near: Mapping[str, Near]) -> list[CoverageLine]:
    """Silent ones that the operation touches first, then this node, then who answered, the nearest first, then the far
    silent ones, then who is not covered; nobody left out.
    """
    own_at = detail.determined_at
    name, sign = _("This node, {name}").format(name=node), "answered" if own_at else "checking"
    own = CoverageLine(name, _("Own search"), sign, own_at, _("Searching"), False)
    has_place = bool(detail.plan.sites)
    known = sorted(detail.coverage, key=lambda row: (row.name in near and near[row.name].metres) or 0.0)
    rest = [_line(row, near.get(row.name), has_place) for row in known]
    return [
        *(line for line in rest if line.is_loud),
        own,
        *(line for line in rest if not line.silent and line.sign != "not_covered"),
        *(line for line in rest if line.silent and line.is_far),
        *(line for line in rest if line.sign == "not_covered"),
    ]


def _line(row: CoverageRow, near: Near | None, has_place: bool) -> CoverageLine:
    instead = {
        "answered": "",
        "not_answered": _("Not answered"),
        "refused": _("Refused"),
        "no_shared_predicate": _("Cannot compare: another version"),
        "not_covered": _("Not covered"),
    }[row.state]
    line = CoverageLine(
        name=row.name,
        what=_("On no node") if row.state == "not_covered" else _distance(near, has_place),
        sign="refused" if row.state == "no_shared_predicate" else row.state,
        at=row.answered_at,
        instead=instead,
        silent=row.state in SILENT,
        desk_phone=row.desk_phone,
    )
    if near is None:
        return line
    return replace(
        line,
        is_far=near.is_far,
        desk_name=near.desk_name,
        desk_phone=near.desk_phone or row.desk_phone,
        desk_hours=near.desk_hours,
        attempts=near.attempts,
        again_at=near.again_at,
    )


def _distance(near: Near | None, has_place: bool) -> str:
    if near is None or not has_place:
        return _("Partner")
    if near.metres is None:
        return _("Its area is not known")
    if near.metres == 0:
        return _("Touches your place")
    if near.metres > FAR_M:
        return _("Far from your place")
    return _("{km:.0f} km ({mi:.0f} mi) away").format(km=max(near.metres / 1000, 1), mi=max(near.metres / 1609.344, 1))
