"""Connecting to PostgreSQL: the settings of every connection, patience with a server that restarts, clear refusals."""

from __future__ import annotations

import re
import threading
import time
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from rota.model.errors import RotaError

OLDEST = 130_000
"""The oldest server that will do: 13 has `xid8` and `pg_current_xact_id`."""
PATIENCE_S = 10.0
"""How long a server that can not be reached is tried again, seconds."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.05, 1.0
LAST_PORT = 65_535
SCHEMA = "rota"
"""Rota's tables stand in a schema of their own, so that a database can be shared with others."""

_DEFAULTS = {
    "application_name": "rota",
    "connect_timeout": "5",
    # Of several hosts the one that takes writes, also after they changed places.
    "target_session_attrs": "read-write",
    # A peer that vanished without a word is noticed within some 20 seconds.
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""Connection parameters, unless the DSN says otherwise."""

_EVERY = f"""
SET client_encoding = 'UTF8'; SET search_path = {SCHEMA}; SET client_min_messages = warning;
SET statement_timeout = '30s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '15s';
SET standard_conforming_strings = on; SET extra_float_digits = 1;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') <> 'remote_apply';
SET jit = off; SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
"""
"""Rota's statements reach rows by key. What the planner believes of tables that were empty a second ago must not
matter (left to itself it read 200,000 rows for 50 tasks' parents), and a statement must not be planned anew each time:
so nothing is allowed but index seeks and nested loops, wherever there is an index to seek in."""

_STANDBY = re.compile("session is read-only|hot standby mode")
_HOPELESS = re.compile(
    r"password authentication failed|no password supplied|database \"[^\"]*\" does not exist"
    r"|role \"[^\"]*\" does not exist|no pg_hba\.conf entry|authentication failed|permission denied for database"
    r"|is not permitted to log in|does not support SSL|certificate|invalid (?:port|value|connection option|integer)",
)
"""What a server says (in English) when trying again is no use. In other languages it is tried until patience ends."""


def shown(dsn: str) -> str:
    """The database as a URL without secrets. Refuses a DSN that can not be read, without showing it."""
    parts = parsed(dsn)
    user = f"{quote(str(parts['user']), safe='')}@" if parts.get("user") else ""
    host, port = str(parts.get("host") or ""), parts.get("port")
    database = quote(str(parts.get("dbname") or ""), safe="")
    if host.startswith("/"):
        place = f"/{database}?host={quote(host)}" + (f"&port={port}" if port else "")
        return f"postgresql://{user}{place}"
    return f"postgresql://{user}{host}{f':{port}' if port else ''}/{database}"


def parsed(dsn: str) -> dict[str, Any]:
    """The parts of a DSN."""
    try:
        parts = dict(conninfo_to_dict(dsn))
    except psycopg.Error:
        # Its message repeats the text, and with it perhaps a password.
        raise RotaError(
            "database_refused", "this is no PostgreSQL address; write postgresql://USER@HOST:PORT/DATABASE"
        ) from None
    for port in str(parts.get("port") or "").split(","):
        if port and not (port.isdecimal() and 0 < int(port) <= LAST_PORT):
            raise RotaError("database_refused", f"{port[:20]!r} is no port; write a number from 1 to {LAST_PORT}")
    return parts


def connect(
    dsn: str, settings: str = "", *, patience: float | None = None, stop: threading.Event | None = None
) -> psycopg.Connection[Any]:
    """An open connection in autocommit mode with Rota's settings. `stop` ends the patience early.

    Raises `RotaError`: at once where trying again is no use, else when `patience` (seconds) has ended.
    """
    name = shown(dsn)
    given = parsed(dsn)
    options: dict[str, Any] = {key: value for key, value in _DEFAULTS.items() if key not in given}
    ends, wait = time.monotonic() + (PATIENCE_S if patience is None else patience), FIRST_WAIT_S
    while True:
        try:
            return _prepared(psycopg.connect(dsn, autocommit=True, **options), settings, name)
        except psycopg.Error as error:
            said = _reason(error)
            if _HOPELESS.search(said):
                raise RotaError("database_refused", f"{name} refuses the connection: {said}") from None
            if time.monotonic() + wait > ends or (stop is not None and stop.is_set()):
                code = "read_only" if _STANDBY.search(said) else "unavailable"
                raise RotaError(code, f"{name} can not be used: {said}") from None
        if stop is not None:
            stop.wait(wait)
        else:
            time.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT_S)


def _prepared(connection: psycopg.Connection[Any], settings: str, name: str) -> psycopg.Connection[Any]:
    """The connection with its settings; closed again when the server will not do."""
    try:
        version = connection.info.server_version
        if version < OLDEST:
            raise RotaError(
                "database_refused", f"{name} is PostgreSQL {version // 10_000}; Rota needs {OLDEST // 10_000} or newer"
            )
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise RotaError("database_refused", f"{name} has encoding {encoding}; Rota needs a database in UTF8")
        connection.execute(_EVERY + settings)
    except BaseException:
        connection.close()
        raise
    return connection


def _reason(error: psycopg.Error) -> str:
    """What went wrong in one line, without the hints about several addresses."""
    text = " ".join(str(error).split())
    return text.removeprefix("connection failed: ").rstrip(".")
