"""What streets there are."""

from __future__ import annotations

from django.utils.translation import gettext

from vigil.platform.gazetteer.models import Source


def sources() -> list[Source]:
    """The imported sources whose streets are found, by name; empty: this node reads no addresses."""
    return list(Source.objects.filter(state=Source.State.READY).order_by("name"))


def area(source: Source) -> str:
    """A source's bounds in words."""
    west, south, east, north = source.bounds or (0, 0, 0, 0)
    latitudes = [f"{abs(angle):.2f}° {'N' if angle >= 0 else 'S'}" for angle in (south, north)]
    longitudes = [f"{abs(angle):.2f}° {'E' if angle >= 0 else 'W'}" for angle in (west, east)]
    return gettext("{} to {}, {} to {}").format(*latitudes, *longitudes)
