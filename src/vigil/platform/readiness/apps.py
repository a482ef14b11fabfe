"""Readiness as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ReadinessConfig(AppConfig):
    """Collects each app's `readiness.py` once all apps are loaded."""

    name = "vigil.platform.readiness"
    label = "readiness"

    def ready(self) -> None:
        """Import every installed app's facts."""
        autodiscover_modules("readiness")
