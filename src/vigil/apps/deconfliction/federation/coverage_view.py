"""Which partner an operation concerns most: how far its area is, whom to telephone, when it is asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vigil.apps.deconfliction.federation.rules import metres_to
from vigil.apps.deconfliction.models import SearchDue
from vigil.apps.deconfliction.plan import PlannedSite
from vigil.apps.deconfliction.plan_rows import engine_site
from vigil.platform.partners.roster import partners


@dataclass(frozen=True, slots=True)
class Near:
    """One partner towards one operation. `metres` as in `rules.metres_to`; `attempts` counts the questions that were
    not answered, `again_at` is when the next one is due, None where none is.
    """

    metres: float | None
    desk_name: str
    desk_phone: str
    desk_hours: str
    attempts: int = 0
    again_at: datetime | None = None

    @property
    def is_far(self) -> bool:
        """Whether its silence is told quietly: its declared area does not touch the operation."""
        return bool(self.metres)


def near(operation_id: UUID, sites: Iterable[PlannedSite]) -> Mapping[str, Near]:
    """The partners on the roster by name, as coverage lists name them."""
    zones = [engine_site(site) for site in sites]
    rows = {due.target: due for due in SearchDue.objects.filter(operation_id=operation_id).exclude(target="")}
    return {
        one.name: Near(
            metres_to(zones, one.area),
            one.watch_desk_name,
            one.watch_desk_phone,
            one.desk_hours,
            rows[str(one.pk)].attempts if str(one.pk) in rows else 0,
            rows[str(one.pk)].run_after if str(one.pk) in rows else None,
        )
        for one in partners()
    }
