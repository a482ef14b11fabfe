"""Making the drop, and bringing it up to date: its tables, the door's row, the salts of its receipts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, router, transaction

from vigil.door.models import Door

SALT = 16


def exists() -> bool:
    """Whether a door was set up in this data folder."""
    return Path(settings.DATABASES["default"]["NAME"]).exists()


def ready() -> None:
    """Make or update the tables. Of when that was the day alone is kept."""
    Path(settings.VIGIL_DATA_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET applied = date(applied) || ' 00:00:00'")


def found(name: str | None, region: str | None, agencies: Sequence[str] | None) -> Door:
    """The door's row: new with salts of its own, or with what is given changed. Salts never change."""
    with transaction.atomic(router.db_for_write(Door)):
        door = Door.objects.first() or Door(name_salt=secrets.token_bytes(SALT), key_salt=secrets.token_bytes(SALT))
        door.name = name or door.name
        door.region = door.region if region is None else region
        door.agencies = door.agencies if agencies is None else list(agencies)
        door.save()
    return door
