"""In the node's project: the drop's tables are in the database `door`, and nothing else is."""

from __future__ import annotations

from typing import Any

ALIAS = "door"


class DropRouter:
    """Sends the models of the app `door` to the database `door`, and keeps every other out of it."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """The drop for its own models."""
        return ALIAS if model._meta.app_label == "door" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Whether that database holds that app."""
        return (db == ALIAS) == (app_label == "door")
