"""What was adopted, and who has read it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from vigil.core.identifiers import uuid7
from vigil.platform import clock
from vigil.platform.agencies.models import Agency


class Adoption(models.Model):
    """A policy as adopted; never changed afterwards. The newest of an agency is in force."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    sections = models.JSONField()
    """As `rules.sections` gave them: heading and sentences."""
    adopted_on = models.DateField()
    signed_by = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("-created_at",)


class Reading(models.Model):
    """A person's receipt: they say that they have read it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    adoption = models.ForeignKey(Adoption, models.PROTECT, related_name="readings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    read_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("adoption", "user"), name="policy_read_once"),)
