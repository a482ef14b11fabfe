"""What people are told, and what pages must reload."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from vigil.core.identifiers import uuid7


class Notice(models.Model):
    """One message to one person, committed together with what it tells of.

    `body` carries no place, name or case (specification, section 7); `object_ids` lets the page look those up
    for a reader who may see them. `dedupe_key` makes a retry harmless.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=80)
    object_ids = models.JSONField(default=dict)
    body = models.CharField(max_length=500)
    urgent = models.BooleanField(default=False)
    dedupe_key = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=("recipient", "seen_at", "created_at"), name="notices_recipient"),)

    def __str__(self) -> str:
        return self.kind


class Change(models.Model):
    """Something that a reader may see has changed: a topic name and for whom, nothing more.

    Addressed to one user, to one agency, or (both empty) to everyone of the node. The id is the cursor of the
    live stream; rows are dropped after a day.
    """

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=40)
    user_id = models.UUIDField(null=True)
    agency_id = models.UUIDField(null=True)
    role = models.CharField(max_length=20, blank=True)
    """With neither user nor agency: only those who hold this role, e.g. the watch desk; empty: everyone."""
    notice_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("at",), name="notices_change_at"),)

    def __str__(self) -> str:
        return self.topic
