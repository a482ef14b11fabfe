"""The agencies that this node serves or knows, and the node itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F

from vigil.core.errors import NotFound
from vigil.core.identifiers import ORI_PATTERN, new_epoch, uuid7
from vigil.platform import clock
from vigil.platform.agencies import desk
from vigil.platform.prepared import Prepared


class Agency(models.Model):
    """One law-enforcement organisation, identified by its ORI (specification, section 2)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ori = models.CharField("ORI", max_length=9, unique=True, validators=[RegexValidator(ORI_PATTERN)])
    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=2, blank=True)
    county = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=60, blank=True)
    """As the imported list names it, e.g. City, County, University or College."""
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    watch_desk_phone = models.CharField(max_length=32, blank=True)
    lead_time_minutes = models.PositiveIntegerField(default=120)
    """An operation that starts sooner than this after it is registered is exigent (specification, section 3)."""
    rules = models.JSONField(default=dict, blank=True)
    """The agency's own values where they differ from the shipped defaults, e.g. radius and buffers per type."""
    is_served = models.BooleanField(default=True)
    """True: this node serves it. False: a neighbour known by name only, for "not covered" on receipts."""
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "agencies"
        indexes = (
            models.Index(
                fields=("latitude", "longitude"),
                condition=models.Q(is_served=False, is_active=True),
                name="agencies_neighbours",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """The short name where there is one."""
        return self.short_name or self.name


class Node(models.Model):
    """This installation: exactly one row. `epoch` changes after a restore; `sequence` grows with every stored change.

    References such as BAY-26-000123 are the node's code, the year's last two digits and a number.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slot = models.PositiveSmallIntegerField(default=1, unique=True, editable=False)
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=8, validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,7}$")])
    epoch = models.BigIntegerField(default=new_epoch)
    sequence = models.BigIntegerField(default=0)
    blinding_id = models.CharField(max_length=16, blank=True)
    """Of the secret that this epoch's blinded tokens are made by; another secret begins another epoch."""
    reference_year = models.PositiveSmallIntegerField(default=0)
    reference_number = models.PositiveIntegerField(default=0)
    watch_desk_name = models.CharField(max_length=200, blank=True)
    watch_desk_phone = models.CharField(max_length=32, blank=True)
    deconflictor_name = models.CharField(max_length=200, blank=True)
    deconflictor_phone = models.CharField(max_length=32, blank=True)
    """Who speaks with both sides where a silent operation meets another (specification, section 7); else the desk."""
    desk_week = models.JSONField(default=dict, blank=True)
    """When the desk is staffed, as `desk.Week`; empty: not said."""
    desk_holidays = models.CharField(max_length=200, blank=True)
    """What is different on holidays, in words."""
    outside_name = models.CharField(max_length=200, blank=True)
    outside_phone = models.CharField(max_length=32, blank=True)
    """Who answers while the desk does not."""
    address = models.CharField(max_length=300, blank=True)
    """Where partners reach this node, `https://host`; empty: as its settings say."""
    place = models.CharField(max_length=200, blank=True)
    """What the region was read from: `MD`, `Elm County, MD`, or four numbers."""
    region = models.JSONField(null=True, blank=True)
    """List of boxes [west, south, east, north] in degrees; empty: no region, so no place is outside it."""
    notice = models.TextField(blank=True, max_length=2000)
    """What everybody reads before each login, if not `agencies.notice.SHIPPED`."""
    is_demo = models.BooleanField(default=False)
    backed_up_at = models.DateTimeField(null=True, blank=True)
    """When `vigil backup` last finished."""
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(slot=1), name="agencies_one_node"),)

    def __str__(self) -> str:
        return self.name

    @property
    def desk_hours(self) -> str:
        """When the desk is staffed, in words; empty where nobody has said it."""
        return desk.in_words(self.desk_week)

    @property
    def outside(self) -> str:
        """Who answers while the desk does not: name and telephone; empty where nobody is named."""
        return ", ".join(filter(None, (self.outside_name, self.outside_phone)))

    @property
    def deconflictor(self) -> tuple[str, str]:
        """Name and telephone of the named deconflictor; where none is named, the watch desk is it."""
        if self.deconflictor_phone:
            return self.deconflictor_name or self.watch_desk_name, self.deconflictor_phone
        return self.watch_desk_name, self.watch_desk_phone


def this_node() -> Node:
    """The node's row; `Node.DoesNotExist` before set-up."""
    node = node_if_set_up()
    if node is None:
        raise Node.DoesNotExist
    return node


def node_if_set_up() -> Node | None:
    """The node's row; None before set-up."""
    return _NODE.first()


_NODE = Prepared(lambda: Node.objects.filter(slot=1))
_AGENCY = Prepared(lambda agency: Agency.objects.filter(pk=agency))
_ANY_UNSERVED = Prepared(lambda: Agency.objects.filter(is_served=False, is_active=True).order_by()[:1])
_UNSERVED_PLACELESS = Prepared(
    lambda: Agency.objects.filter(is_served=False, is_active=True, latitude__isnull=True).order_by()
)
_UNSERVED_WITHIN = Prepared(
    lambda west, south, east, north: Agency.objects.filter(
        is_served=False,
        is_active=True,
        latitude__gte=south,
        latitude__lte=north,
        longitude__gte=west,
        longitude__lte=east,
    ).order_by()
)


def agency_of(agency_id: UUID) -> Agency | None:
    """The agency's row; None where there is none."""
    return _AGENCY.first(agency_id)


def served_agencies() -> list[Agency]:
    """Those of this node, by name."""
    return list(Agency.objects.filter(is_served=True, is_active=True))


def served_agency(agency_id: UUID) -> Agency:
    """One of them; `NotFound` for any other."""
    agency = Agency.objects.filter(pk=agency_id, is_served=True, is_active=True).first()
    if agency is None:
        raise NotFound
    return agency


def knows_unserved() -> bool:
    """Whether any agency is known that no node serves."""
    return _ANY_UNSERVED.first() is not None


def unserved_agencies(boxes: Iterable[tuple[float, float, float, float]]) -> list[Agency]:
    """Those that no node serves and whose seat is in a box (west, south, east, north) or is not known.

    Asked of the database's index at each call, so that 20,000 of them cost no more than the few around.
    """
    found = {agency.pk: agency for agency in _UNSERVED_PLACELESS()}
    for box in boxes:
        found |= {agency.pk: agency for agency in _UNSERVED_WITHIN(*box)}
    return list(found.values())


def next_sequence() -> int:
    """Advance the store sequence in the caller's transaction and return it; writers queue behind one another here."""
    Node.objects.filter(slot=1).update(sequence=F("sequence") + 1)
    sequence: int = Node.objects.values_list("sequence", flat=True).get(slot=1)
    return sequence


def next_reference(now: datetime) -> str:
    """Draw the next human reference, e.g. BAY-26-000123, in the caller's transaction; numbers restart each UTC year."""
    year = now.year % 100
    same_year = Node.objects.filter(slot=1, reference_year=year).update(reference_number=F("reference_number") + 1)
    if not same_year:
        Node.objects.filter(slot=1).update(reference_year=year, reference_number=1)
    code, number = Node.objects.values_list("code", "reference_number").get(slot=1)
    return f"{code}-{year:02d}-{number:06d}"
