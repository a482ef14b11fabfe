"""Imported streets: a source, its street names, and what stands along them. `full_text` finds the names' words."""

from __future__ import annotations

from django.db import models


class Source(models.Model):
    """One import under a name. Only a `ready` one is looked into; `removed` rows are taken out piece by piece."""

    class State(models.TextChoices):
        LOADING = "loading"
        READY = "ready"
        REMOVED = "removed"

    name = models.CharField(max_length=100)
    state = models.CharField(max_length=8, choices=State.choices, default=State.LOADING)
    files = models.JSONField(default=list)
    """File names, without their folders."""
    imported_at = models.DateTimeField()
    segment_count = models.PositiveIntegerField(default=0)
    point_count = models.PositiveIntegerField(default=0)
    street_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)
    bounds = models.JSONField(null=True)
    """West, south, east, north in degrees."""
    has_tiles = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("name",), condition=models.Q(state="ready"), name="gazetteer_one_ready_source"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Street(models.Model):
    """A name of one source; `key` is equal for names that mean the same (`addresses.key_of`)."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    key = models.CharField(max_length=120)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("key", "source"), name="gazetteer_street_key"),)

    def __str__(self) -> str:
        return self.name


class Segment(models.Model):
    """A piece of a street between two crossings, with the house numbers on both sides as seen from its first vertex."""

    street = models.ForeignKey(Street, on_delete=models.CASCADE)
    line = models.BinaryField()
    """Vertices as packed by `lines.pack`."""
    rank = models.PositiveSmallIntegerField(default=3)
    """1 primary road, 2 secondary road, 3 any other: how early the map shows it."""
    town = models.CharField(max_length=60, blank=True)
    left_prefix = models.CharField(max_length=10, blank=True)
    left_from = models.PositiveIntegerField(null=True)
    left_to = models.PositiveIntegerField(null=True)
    left_zip = models.CharField(max_length=5, blank=True)
    right_prefix = models.CharField(max_length=10, blank=True)
    right_from = models.PositiveIntegerField(null=True)
    right_to = models.PositiveIntegerField(null=True)
    right_zip = models.CharField(max_length=5, blank=True)

    def __str__(self) -> str:
        return f"segment {self.pk}"


class AddressPoint(models.Model):
    """One house number with its place, in degrees."""

    street = models.ForeignKey(Street, on_delete=models.CASCADE, db_index=False)
    number = models.CharField(max_length=20)
    prefix = models.CharField(max_length=10, blank=True)
    value = models.PositiveIntegerField()
    longitude = models.FloatField()
    latitude = models.FloatField()
    town = models.CharField(max_length=60, blank=True)
    zip_code = models.CharField(max_length=5, blank=True)

    class Meta:
        indexes = (models.Index(fields=("street", "value"), name="gazetteer_point_number"),)

    def __str__(self) -> str:
        return f"address point {self.pk}"
