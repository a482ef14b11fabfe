"""The named points of this app (`platform.points`), in the order in which they are passed."""

from __future__ import annotations

POINTS = (
    "before_register_commit",
    "after_register_commit",
    "before_search",
    "before_search_commit",
    "after_search_commit",
)
ALARM_POINTS = ("after_step_notices", "after_step_deliveries", "before_step_commit", "after_step_commit")
PURGE_POINTS = ("before_purge_commit", "after_purge_commit")
