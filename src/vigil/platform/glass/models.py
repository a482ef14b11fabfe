"""Emergency accesses: who, why, from when to when."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models

from vigil.core.identifiers import uuid7
from vigil.platform.sealed import SealedText

LONGEST = timedelta(hours=1)


class EmergencyAccess(models.Model):
    """One person reads the operations of one agency, in one login, until `ends_at` or until it was ended before."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    agency = models.ForeignKey("agencies.Agency", on_delete=models.PROTECT, related_name="+")
    session = models.CharField(max_length=24)
    """The handle of the login that it was begun in: it opens nothing in another."""
    reason = SealedText("glass.reason")
    """It may say what the node keeps in clear nowhere."""
    told = models.JSONField(default=list)
    """Ids of the people who were told at once."""
    began_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.UUIDField(null=True, blank=True)

    class Meta:
        ordering = ("-began_at",)
        indexes = (models.Index(fields=("user", "ends_at"), name="glass_open"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("began_at"), ends_at__lte=models.F("began_at") + LONGEST),
                name="glass_an_hour_at_most",
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)
