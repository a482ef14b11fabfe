"""What is to be brought to whom, each step of its way, and what came back."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from vigil.core.identifiers import uuid7
from vigil.platform.sealed import SealedField


class Channel(models.TextChoices):
    """A way out of the node; the notice on a page is none of them."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"
    WEBHOOK = "webhook"
    PUSH = "push"


class Delivery(models.Model):
    """One sentence to one address, committed together with what it tells of. The id is what a repeat is known by.

    `about` is the id of what it tells of; `dedupe_key` makes a repeated `send` harmless. The address is sealed, and is
    forgotten before the row. Only the keyed hash of the reply code, together with the address, is kept.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        HANDED_OVER = "handed_over"
        DELIVERED = "delivered"
        ANSWERED = "answered"
        GAVE_UP = "gave_up"
        STOPPED = "stopped"
        NO_WAY = "no_way"
        """Never tried: the channel is not set up, or the address is none that it can reach."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dedupe_key = models.CharField(max_length=200, unique=True)
    about = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=80)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = SealedField("delivery.address", default=bytes)
    """Sealed `{"to": …, "name": …}`; empty once it was forgotten."""
    lane = models.CharField(max_length=50, default="")
    """What fails and is slow by itself: the channel, or `webhook:<id>`, since each webhook is a server of its own."""
    user_id = models.UUIDField(null=True)
    """The account that the address belongs to, where it belongs to one."""
    urgent = models.BooleanField(default=False)
    exercise = models.BooleanField(default=False)
    reply_token = models.BinaryField(max_length=32, null=True)
    """Of address and reply code; None where no reply is asked for."""
    replied_at = models.DateTimeField(null=True)
    reply_until = models.DateTimeField(null=True)
    """From then on the code is an old one."""
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    next_attempt_at = models.DateTimeField()
    until = models.DateTimeField()
    """A try that fails at or after this instant was the last one."""
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    """When it was handed over, stopped or given up."""

    class Meta:
        indexes = (
            models.Index(fields=("lane",), name="delivery_lane", condition=models.Q(state="waiting")),
            models.Index(fields=("reply_token",), name="delivery_code", condition=models.Q(reply_token__isnull=False)),
            models.Index(fields=("state", "ended_at"), name="delivery_state"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.channel} {self.state}"


class DeliveryEvent(models.Model):
    """One step of a delivery's way. `code` says why, never with an address or a text of somebody else's."""

    class Step(models.TextChoices):
        QUEUED = "queued"
        NO_WAY = "no_way"
        TRIED = "tried"
        FAILED = "failed"
        HANDED_OVER = "handed_over"
        DELIVERED = "delivered"
        ANSWERED = "answered"
        NOT_ANSWERED = "not_answered"
        UNDELIVERABLE = "undeliverable"
        REPLIED = "replied"
        STOPPED = "stopped"
        GAVE_UP = "gave_up"
        RETRIED = "retried"
        """By an administrator, as another delivery."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="events")
    step = models.CharField(max_length=14, choices=Step.choices)
    code = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return self.step


class LaneHealth(models.Model):
    """How a lane does, as its last attempts say; written when it changes."""

    lane = models.CharField(max_length=50, primary_key=True)
    failing_since = models.DateTimeField(null=True)
    """None: the last attempt was taken."""
    told_at = models.DateTimeField(null=True)
    """When administrators were told of this failure."""
    code = models.CharField(max_length=60, blank=True)
    """Why the last attempt failed."""

    def __str__(self) -> str:
        return self.lane


class Callback(models.Model):
    """A message of the gateway that was received, by its id: a second one changes nothing."""

    id = models.CharField(primary_key=True, max_length=100)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


class Reply(models.Model):
    """A code that came back, taken or not. The number it came from is kept as a token alone."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    sender = models.CharField(max_length=16)
    """`addresses.same` of the number."""
    refused = models.CharField(max_length=16, blank=True)
    """Why it was not taken: `no_code`, `unknown` (the number or the code), `used`, `old`, `too_many`; empty: taken."""
    delivery = models.ForeignKey(Delivery, on_delete=models.SET_NULL, null=True, related_name="replies")

    class Meta:
        indexes = (models.Index(fields=("sender", "at"), name="delivery_reply_sender"),)

    def __str__(self) -> str:
        return self.refused or "taken"


class PersonalWay(models.Model):
    """How a person wants to be reached: an address of their own, which a code sent there has shown to be theirs."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="ways")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    address = SealedField("delivery.way")
    same = models.CharField(max_length=16)
    """`addresses.same` of the address: one person has it once a channel."""
    for_urgent = models.BooleanField(default=True)
    for_other = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True)
    code_of = models.UUIDField(null=True)
    """The delivery that brought the code; its reply code is the code."""
    code_ends_at = models.DateTimeField(null=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "channel", "same"), name="delivery_one_way"),)
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return self.channel


class Webhook(models.Model):
    """Where an agency wants signed messages posted to. Address and secret are sealed: either may hold a key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    agency = models.ForeignKey("agencies.Agency", on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=100)
    url = SealedField("delivery.webhook_url")
    secret = SealedField("delivery.webhook_secret")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return self.name
