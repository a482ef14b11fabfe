"""The page frame as a Django app: templates, styles, scripts, template tags, navigation."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils import translation
from django.utils.module_loading import autodiscover_modules

from vigil import texts


class WebConfig(AppConfig):
    """Collects each app's `navigation.py` and `finding.py` once all apps are loaded; gives the libraries a language."""

    name = "vigil.web"
    label = "web"

    def ready(self) -> None:
        """Import what every installed app adds to the menu and to the search."""
        texts.translate_with(translation.gettext, translation.ngettext)
        autodiscover_modules("navigation", "finding")
