"""Making the drop, and bringing it up to date: its tables, the door's row, the salts of its receipts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connections, router, transaction
from django.db.migrations.loader import MigrationLoader

from vigil.core.errors import Unavailable
from vigil.door import DATABASE
from vigil.door.models import Door

SALT = 16
NAME_NEEDED = "--name is needed: what the door is called, e.g. 'Bay region near miss'."


def file() -> Path:
    """Where the drop lies."""
    return Path(settings.VIGIL_DATA_DIR) / DATABASE


def exists() -> bool:
    """Whether a door was set up in this data folder."""
    return file().exists()


def ready() -> None:
    """Make or update the tables. Of when that was the day alone is kept."""
    file().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file().touch(mode=0o600)
    alias = router.db_for_write(Door)
    call_command("migrate", Door._meta.app_label, database=alias, interactive=False, verbosity=0)
    with connections[alias].cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET applied = date(applied) || ' 00:00:00'")


def is_older() -> bool:
    """Whether there is a drop whose tables are of before this code."""
    if not exists():
        return False
    try:
        own, applied = _migrations()
    except DatabaseError:
        return False
    return bool(applied) and applied < own


def refuse_unready() -> None:
    """Stop with a sentence unless the drop is there, whole, of this code's version, and was founded. Writes nothing."""
    if not exists():
        raise Unavailable(f"There is no door in {file().parent} yet. Run `vigil door setup --name …`.")
    try:
        own, applied = _migrations()
        is_founded = own <= applied and Door.objects.exists()
    except DatabaseError:
        raise Unavailable(
            f"{file()} is damaged or no database. Move it aside and bring a backup back with `vigil restore`."
        ) from None
    if applied - own:
        raise Unavailable(
            f"{file()} was written by a newer version of Vigil (it has {max(applied - own)}). "
            "Update the code, or restore a backup of before the update."
        )
    if is_older():
        raise Unavailable(f"{file()} is older than the code. Run `vigil door setup`, which brings it up to date.")
    if not is_founded:
        raise Unavailable(f"{file()} holds no door: its set-up never ended. Run `vigil door setup --name …`.")


def _migrations() -> tuple[set[str], set[str]]:
    """The code's migrations of the drop, and those that it has."""
    loader = MigrationLoader(connections[router.db_for_write(Door)])
    label = Door._meta.app_label
    return (
        {name for app, name in loader.disk_migrations if app == label},
        {name for app, name in loader.applied_migrations if app == label},
    )


def found(name: str | None, region: str | None, agencies: Sequence[str] | None) -> Door:
    """The door's row: new with salts of its own, or with what is given changed. Salts never change.

    Raises:
        Unavailable: there is none yet, and no name for it.
    """
    with transaction.atomic(router.db_for_write(Door)):
        known = Door.objects.first()
        if known is None and not name:
            raise Unavailable(NAME_NEEDED)
        door = known or Door(name_salt=secrets.token_bytes(SALT), key_salt=secrets.token_bytes(SALT))
        door.name = name or door.name
        door.region = door.region if region is None else region
        door.agencies = door.agencies if agencies is None else list(agencies)
        door.save()
    return door
