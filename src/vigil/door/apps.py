"""The door as a Django app: alone in the door's own project, one of many in the node's."""

from django.apps import AppConfig


class DoorConfig(AppConfig):
    """Models of the drop, templates and style of the door."""

    name = "vigil.door"
    label = "door"
