"""How many rows a statement looks at: counted by the database, so that no clock is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import apsw

from rota.store.migrate import Migratable
from rota.store.protocol import Reader
from rota.store.statement import One

_POSTGRES = One(
    "touched",
    "SELECT (SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables"
    " WHERE schemaname = 'rota')::bigint + (SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(indexrelid)), 0)"
    " FROM pg_stat_user_indexes WHERE schemaname = 'rota')::bigint",
)


def touched(store: Migratable, transaction: Reader, action: Callable[[Any], Any]) -> int:
    """Index entries and rows that the action reads in the open transaction; steps of SQLite's machine in a file."""
    if store.dialect == "postgres":
        before = transaction.one(_POSTGRES)[0][0]
        action(transaction)
        return int(transaction.one(_POSTGRES)[0][0]) - int(before)
    return _sqlite_steps(store, transaction, action)


def _sqlite_steps(store: Any, transaction: Reader, action: Callable[[Any], Any]) -> int:
    steps = 0

    def note(event: dict[str, Any]) -> None:
        nonlocal steps
        steps += event["stmt_status"]["SQLITE_STMTSTATUS_VM_STEP"]

    connection: apsw.Connection = store._connection
    connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, note)
    try:
        action(transaction)
    finally:
        connection.trace_v2(0, None)
    return steps
