"""The named points of this app (`platform.points`), in the order in which they are passed."""

from __future__ import annotations

POINTS = (
    "before_register_commit",
    "after_register_commit",
    "before_search",
    "before_search_commit",
    "after_search_commit",
)
PURGE_POINTS = ("before_purge_commit", "after_purge_commit")
