"""Partner nodes as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PartnersConfig(AppConfig):
    """Collects each app's `partner_letters.py`: what it tells partner nodes and takes from them, for every process."""

    name = "vigil.platform.partners"
    label = "partners"

    def ready(self) -> None:
        """Import every installed app's kinds of letters."""
        autodiscover_modules("partner_letters")
