"""Partner nodes and the roster of those that must answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import models

from vigil.platform import clock

FOUNDED = "node founded, no partner"
"""The first roster's reason."""


class Partner(models.Model):
    """Another node that this node federates with."""

    class State(models.TextChoices):
        INVITED = "invited"
        """Its pairing file is here; it is no partner before its fingerprint was heard."""
        JOINING = "joining"
        """It was heard; it is put on the roster as soon as every active operation has its question to it."""
        ACTIVE = "active"
        REMOVED = "removed"

    class Purpose(models.TextChoices):
        LIVE = "live"
        TEST = "test"
        """On the roster of operations in mode test alone: the conformance suite."""

    class Proposed(models.TextChoices):
        """What one administrator has begun and another one completes."""

        PAIRING = "pairing"
        REMOVAL = "removal"

    id = models.UUIDField("node id", primary_key=True)
    name = models.CharField(max_length=200)
    public_key = models.BinaryField(max_length=32)
    """The raw Ed25519 key that the partner signs its messages with."""
    next_key = models.BinaryField(max_length=32, default=b"", blank=True)
    """The key that it has named as its next one; messages signed with it are its own too."""
    known_key = models.CharField(max_length=64, blank=True)
    """Fingerprint of the newest of this node's partner keys that the partner has taken."""
    told = models.CharField(max_length=64, blank=True)
    """Digest of what this node last told the partner of itself (name, address, desk, area, agencies)."""
    purpose = models.CharField(max_length=4, choices=Purpose.choices, default=Purpose.LIVE)
    is_blind = models.BooleanField(default=False)
    """Operations are put to it as masked cells first (experimental): both administrators have agreed."""
    base_url = models.CharField(max_length=300)
    """Where it is reached: `https://host`, without a slash at the end."""
    watch_desk_name = models.CharField(max_length=200, blank=True)
    watch_desk_phone = models.CharField(max_length=32, blank=True)
    desk_hours = models.CharField(max_length=200, blank=True)
    area = models.JSONField(default=list)
    """Boxes [west, south, east, north] in degrees of the area that it declares; empty: it declares none."""
    served = models.JSONField(default=list)
    """The agencies that it serves, each as its ORI and state."""
    predicate_versions = models.JSONField(default=list)
    versions = models.JSONField(default=list)
    """The protocol versions that its pairing file named."""
    file = models.TextField(blank=True)
    """The newest pairing file of it that was taken in: for a proposed pairing the one to be confirmed."""
    proposed = models.CharField(max_length=8, choices=Proposed.choices, blank=True)
    proposed_purpose = models.CharField(max_length=4, choices=Purpose.choices, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """None where it was proposed at the console."""
    proposed_at = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField(null=True, blank=True)
    """When it was put on the roster last."""
    state = models.CharField(max_length=12, choices=State.choices, default=State.INVITED)
    epoch = models.BigIntegerField(null=True, blank=True)
    """The epoch that the partner last announced; None before the first answer."""
    sequence = models.BigIntegerField(default=0)
    """The highest store sequence seen from the partner in that epoch (specification 8, condition 10)."""
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Roster(models.Model):
    """The partners that must have answered before this node may say `no_known_conflict`. Rows are never changed."""

    number = models.PositiveBigIntegerField(primary_key=True)
    created_at = models.DateTimeField(default=clock.now)
    reason = models.CharField(max_length=300)
    members = models.JSONField(default=list)
    """Node ids as text, sorted."""

    class Meta:
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"roster {self.number}"


def current_roster() -> Roster:
    """The newest roster; before any was written, number 0 without members."""
    return Roster.objects.order_by("-number").first() or Roster(number=0, reason="no partner yet", members=[])


def change_roster(members: Iterable[UUID], reason: str, now: datetime) -> Roster:
    """Write the next roster in the caller's transaction; two writers at once: one gets an IntegrityError."""
    return Roster.objects.create(
        number=current_roster().number + 1,
        created_at=now,
        reason=reason,
        members=sorted(str(member) for member in members),
    )


class Contact(models.Model):
    """How the line to a partner stands: written by whoever spoke with it last, read by pages and by whoever asks next.

    Its clock and version are with what the protocol has seen of it (`PartnerHighWater`).
    """

    partner = models.OneToOneField(Partner, primary_key=True, on_delete=models.CASCADE, related_name="contact")
    answered_at = models.DateTimeField(null=True)
    """When a whole signed answer last came."""
    milliseconds = models.PositiveIntegerField(default=0)
    """How long that answer took."""
    refusing = models.BooleanField(default=False)
    """Whether the last answer to a question was that it refuses."""
    failing_since = models.DateTimeField(null=True)
    """Empty: up. While it fails, nobody waits for it, and one message at a time tries whether it is back."""
    failures = models.PositiveIntegerField(default=0)
    """How many tries have failed since."""
    retry_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=60, blank=True)
    """Why the last try failed, in one word; empty: it did not."""
    capabilities = models.JSONField(default=dict)
    """What the partner last said that it can do."""
    told_at = models.DateTimeField(null=True)
    """When it said so."""

    def __str__(self) -> str:
        return f"contact {self.partner_id}"
