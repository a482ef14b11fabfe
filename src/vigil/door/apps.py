"""The door as a Django app: alone in the door's own project, one of many in the node's."""

from django.apps import AppConfig
from django.utils import translation

from vigil import texts


class DoorConfig(AppConfig):
    """Models of the drop, templates and style of the door."""

    name = "vigil.door"
    label = "door"

    def ready(self) -> None:
        """Give the libraries the reader's language."""
        texts.translate_with(translation.gettext, translation.ngettext)
