"""The entries of the directory."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from vigil.core.identifiers import uuid7


class Entry(models.Model):
    """One desk, node or regional centre, and the part of the country that it serves."""

    class Kind(models.TextChoices):
        WATCH_DESK = "watch_desk", _("Watch desk")
        PARTNER_NODE = "partner_node", _("Partner node")
        NATIONAL_SYSTEM = "national_system", _("National system")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    system = models.CharField(max_length=60, blank=True)
    """E.g. RISSafe, SAFETNet, Case Explorer."""
    name = models.CharField(max_length=200, unique=True)
    states = models.CharField(max_length=240, blank=True)
    """Two-letter codes with a space between; empty: its region is not known."""
    counties = models.CharField(max_length=1000, blank=True)
    """Names with a semicolon between, within the states; empty: the whole states."""
    source = models.CharField(max_length=300, blank=True)
    """Where the region is from, and the day it was seen there; empty: whoever keeps the list says so."""
    phone = models.CharField(max_length=32, blank=True)
    hours = models.CharField(max_length=120, blank=True)
    checked_on = models.DateField(null=True, blank=True)
    checked_by = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ("kind", "system", "name")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(phone="") | models.Q(checked_on__isnull=False) & ~models.Q(checked_by=""),
                name="whom_to_call_phone_is_checked",
            ),
        )

    def __str__(self) -> str:
        return self.name
