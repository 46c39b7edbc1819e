"""What may be wrong with a PostgreSQL database that Rota uses."""

from __future__ import annotations

from rota.store.protocol import Reader
from rota.store.schema import MIGRATIONS
from rota.store.sql import fleet
from rota.store.statement import One

_INDEXES = One(
    "invalid_indexes",
    "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indrelid"
    " WHERE relnamespace = current_schema()::regnamespace AND NOT (indisvalid AND indisready) ORDER BY 1",
)
_SETTINGS = One("settings", "SELECT current_setting('fsync'), current_setting('full_page_writes')")
_COMMIT = One("commit_setting", "SELECT setting FROM pg_settings WHERE name = 'synchronous_commit'")
_CHECKSUM_FAILURES = One(
    "checksum_failures",
    "SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()",
)


def check(reader: Reader) -> list[str]:
    """Sentences that say what is wrong, empty when nothing is. `reader` looks at an open database."""
    found: list[str] = []
    version = reader.one(fleet.GET_META, "schema")
    if not version or int(version[0][0]) != len(MIGRATIONS):
        has = version[0][0] if version else "no"
        found.append(f"the tables have version {has}, this Rota works with {len(MIGRATIONS)}")
    for (name,) in reader.one(_INDEXES):
        found.append(f"index {name} is not valid: rebuild it with REINDEX INDEX CONCURRENTLY {name}")
    fsync, full_pages = reader.one(_SETTINGS)[0]
    if fsync != "on":
        found.append("fsync is off: a crash of the machine can lose acknowledged tasks and damage the database")
    if full_pages != "on":
        found.append("full_page_writes is off: a crash of the machine can damage the database")
    if reader.one(_COMMIT)[0][0] == "off":
        found.append("synchronous_commit is off here: a crash can lose acknowledged tasks")
    failures = reader.one(_CHECKSUM_FAILURES)
    if failures and failures[0][0]:
        found.append(f"{failures[0][0]} pages failed their checksums: look at the server's disk, restore a backup")
    return found
