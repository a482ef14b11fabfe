"""Which person of the node a provider's subject is. Nobody is made or found by it who was not bound before."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from vigil.core.identifiers import uuid7


class Identity(models.Model):
    """One person's login at the identity provider, bound by that person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identity")
    digest = models.CharField(max_length=64, unique=True)
    """A keyed token of issuer and subject: the subject itself, which may be a name, is kept nowhere."""
    bound_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)


class Assertion(models.Model):
    """What a SAML provider said once, until it ends: it counts for one question and no second time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    """A keyed token of its own name."""
    question = models.CharField(max_length=64, unique=True)
    """A keyed token of the request that it answers."""
    subject = models.CharField(max_length=64)
    """As `Identity.digest`."""
    shown_at = models.DateTimeField()
    two_factors = models.BooleanField()
    ends_at = models.DateTimeField()
    used = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.pk)
