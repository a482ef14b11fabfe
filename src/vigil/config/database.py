"""The database's state against the code: refuse a newer one, back up real data before migrating it, migrate."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from vigil.config import backups, keys, production
from vigil.core.errors import Unavailable
from vigil.door import founding


def newer_than_code() -> list[str]:
    """Migrations that the database has and this code does not know: it was written by a newer version."""
    loader = MigrationLoader(connection)
    own = {label for label, _ in loader.disk_migrations}
    known = set(loader.disk_migrations) | {
        replaced for migration in loader.disk_migrations.values() for replaced in migration.replaces
    }
    return sorted(f"{app}.{name}" for app, name in loader.applied_migrations if app in own and (app, name) not in known)


def pending() -> bool:
    """Whether the code has migrations that the database, or the drop of near misses, has not."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes())) or founding.is_older()


def holds_node() -> bool:
    """Whether a node was founded in this database."""
    from vigil.platform.agencies.models import Node

    return Node._meta.db_table in connection.introspection.table_names() and Node.objects.exists()


def _has_partners() -> bool:
    """Whether this node ever had one: then another node knows its keys."""
    from vigil.platform.partners.models import Partner

    return Partner._meta.db_table in connection.introspection.table_names() and Partner.objects.exists()


def refuse_unfit(bind: str) -> None:
    """Stop with every fault and how to mend it where a real node, listening at `bind`, is set up as none may be."""
    from vigil.platform.agencies.demonstration import is_demonstration

    wrong = [] if is_demonstration() else production.faults(settings, bind)
    if wrong:
        raise Unavailable(" ".join(map(str, wrong)))


def holds_data(folder: Path) -> bool:
    """Whether restoring into this place would overwrite something."""
    if connection.vendor == "sqlite":
        return (folder / "vigil.sqlite3").exists()
    return holds_node()


def prepare(now: datetime) -> Path | None:
    """Make the database ready for this code; returns the backup that was written before migrating real data, if any."""
    folder = Path(settings.VIGIL_DATA_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _reach()
    refuse_newer()
    own = settings.VIGIL_KEYS = keys.KeyFolder(folder, settings.VIGIL_KEY_COMMAND)
    missing = [name for name in own.missing() if name not in keys.PARTNERS or _has_partners()]
    if missing and holds_node():
        raise Unavailable(
            f"{', '.join(missing)} missing from {own.path} although the database holds a node. "
            "Without them nothing encrypted can be read: bring them back from a backup (`vigil restore`)."
        )
    own.draw_missing()
    if not backups.has_key(folder):
        backups.draw_key(folder)
    settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS = [key.hex() for key in own.secret]
    if not pending():
        return None
    written = None
    if holds_node():
        written = folder / "backups" / f"before-migration-{now:%Y%m%dT%H%M%SZ}.vigil"
        backups.write(written, now)
    call_command("migrate", interactive=False, verbosity=0)
    if founding.exists():
        founding.ready()
    return written


def refuse_newer() -> None:
    """Stop with a sentence when the database is newer than the code."""
    newer = newer_than_code()
    if newer:
        raise Unavailable(
            f"The database was written by a newer version of Vigil (it has {newer[-1]}). "
            "Update the code, or restore a backup of before the update."
        )


def refuse_unready() -> None:
    """Stop with a sentence unless the database is reachable, of this code's version, and holds a node."""
    _reach()
    refuse_newer()
    if pending():
        raise Unavailable("The database is older than the code. Run `vigil migrate` (it makes a backup first).")
    if not holds_node():
        raise Unavailable(f"There is no node in {settings.VIGIL_DATA_DIR} yet. Run `vigil setup`.")


def _reach() -> None:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sqlite_master" if connection.vendor == "sqlite" else "SELECT 1")
    except OperationalError as error:
        where = settings.DATABASES["default"]["NAME"]
        if connection.vendor == "sqlite":
            raise Unavailable(
                f"Cannot open {where}. Does the folder exist (`vigil setup`), and may you write there?"
            ) from None
        raise Unavailable(f"Cannot reach the PostgreSQL database {where}: {str(error).splitlines()[0]}") from None
    except DatabaseError:
        where = settings.DATABASES["default"]["NAME"]
        raise Unavailable(
            f"{where} is damaged or no database. Move it aside and bring a backup back with `vigil restore`."
        ) from None
