"""The page frame as a Django app: templates, styles, scripts, template tags, navigation."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class WebConfig(AppConfig):
    """Collects each app's `navigation.py` once all apps are loaded."""

    name = "vigil.web"
    label = "web"

    def ready(self) -> None:
        """Import every installed app's navigation."""
        autodiscover_modules("navigation")
