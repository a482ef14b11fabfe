"""Triggers that make the audit tables append-only: the database itself refuses UPDATE and DELETE."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("audit_auditrecord", "audit_auditseal")
EVENTS = ("UPDATE", "DELETE")


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the triggers in place; to be called once per database, by the migration."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$"
            )
            for table in TABLES:
                cursor.execute(
                    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
                )
            return
        for table in TABLES:
            for event in EVENTS:
                cursor.execute(
                    f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
                )


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the triggers away: reversing the migration, and emptying a test database."""
    with connection.cursor() as cursor:
        for table in TABLES:
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
                continue
            for event in EVENTS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{event.lower()}")
