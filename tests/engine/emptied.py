"""A PostgreSQL database without rows: quicker than a new one for each test."""

from __future__ import annotations

import psycopg
from psycopg import sql

_KEPT = {"meta", "pool", "queue", "commit_mark"}


def empty(dsn: str) -> None:
    """Delete every row but those of the default pool and queue."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, name in found:
            if name not in _KEPT:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, name)))
            elif name in ("pool", "queue"):
                table = sql.Identifier(schema, name)
                connection.execute(sql.SQL("DELETE FROM {} WHERE name <> 'default'").format(table))
                connection.execute(sql.SQL("UPDATE {} SET policy = '{{}}'").format(table))
                if name == "queue":
                    connection.execute(sql.SQL("UPDATE {} SET paused = 0, reason = NULL").format(table))
