"""What was done, by whom, with what outcome; and the chain that shows later change."""

from __future__ import annotations

from django.db import models


class AuditRecord(models.Model):
    """One act or one refusal. Written once; the database itself refuses UPDATE and DELETE (see `append_only`).

    Names are frozen as text; `objects` holds ids only and `details_digest` a SHA-256, never contents.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200)
    agency_id = models.UUIDField(null=True)
    via = models.CharField(max_length=8)
    verb = models.CharField(max_length=80)
    outcome = models.CharField(max_length=20)
    object_ids = models.JSONField(default=dict)
    details_digest = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=45, blank=True)
    """The network address that the request came from; empty for what the node does by itself."""
    size = models.PositiveBigIntegerField(null=True)
    """Bytes that were taken in or out, where a whole file was."""

    class Meta:
        indexes = (
            models.Index(fields=("at",), name="audit_at"),
            models.Index(fields=("actor_id", "at"), name="audit_actor"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.outcome}"


class AuditReview(models.Model):
    """An auditor has looked through a week of the trail; written once, like the trail itself."""

    id = models.BigAutoField(primary_key=True)
    week = models.DateField()
    """The Monday it began with, UTC."""
    agency_id = models.UUIDField(null=True)
    """Whose records were looked through; empty: the whole node's."""
    at = models.DateTimeField()
    reviewer_id = models.UUIDField()
    reviewer_name = models.CharField(max_length=200)
    pattern_count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"week of {self.week}"


class WrongToken(models.Model):
    """Wrong API tokens of one source in one hour, until they are in the trail (`wrong_tokens`)."""

    id = models.BigAutoField(primary_key=True)
    hour = models.DateTimeField()
    source = models.CharField(max_length=45)
    token = models.CharField(max_length=36, blank=True)
    """The id of the token that has the beginning that was sent, ended or revoked perhaps; empty: there is none."""
    agency_id = models.UUIDField(null=True)
    first_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("hour", "source", "token"), name="audit_wrong_tokens_of_hour"),)

    def __str__(self) -> str:
        return f"{self.source} {self.count}"


class AuditSeal(models.Model):
    """One link: the record at `position` of the chain, hashed together with the link before it."""

    position = models.PositiveBigIntegerField(primary_key=True)
    record_id = models.BigIntegerField(unique=True)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return f"{self.position} {self.digest}"
