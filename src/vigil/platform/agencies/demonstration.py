"""Whether this node is the demonstration: read here and nowhere else."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from vigil.platform.agencies.models import Node

DEMO_MARK = "demo"
"""The file of the data folder that set-up makes for the demonstration."""


def is_demonstration() -> bool:
    """Whether both say so: the folder, by its mark, and the database. One of them alone makes no demonstration, so that
    neither a changed row nor a copied folder lets anybody in by a printed password, or a real node start unfit.
    """
    return (Path(settings.VIGIL_DATA_DIR) / DEMO_MARK).exists() and Node.objects.filter(is_demo=True).exists()
