"""The machine: what is installed, and its clock."""

from __future__ import annotations

import platform
from collections.abc import Mapping

from rota import __version__
from rota.doctor.finding import Finding, fail, ok
from rota.model.times import rfc3339

SQLITE_SAFE = (3, 51, 3)
"""Before it, a database could be corrupted when its write-ahead log is reset (3.7.0 to 3.51.2)."""
EARLIEST = 1_767_225_600_000_000
"""2026-01-01, microseconds: a clock before it was never set."""


def machine(libraries: Mapping[str, str], now: int) -> list[Finding]:
    """Versions and clock. `libraries` as `store.view` names them, `now` in microseconds."""
    found = [
        ok("rota", __version__),
        ok("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        sqlite(libraries["sqlite"]),
        ok("apsw", libraries["apsw"]),
    ]
    driver = libraries.get("psycopg")
    found.append(ok("psycopg", driver or "not installed; only PostgreSQL needs it"))
    return [*found, clock(now)]


def sqlite(version: str) -> Finding:
    """Whether this SQLite keeps what it is given."""
    if tuple(int(part) for part in version.split(".")[:3]) < SQLITE_SAFE:
        wanted = ".".join(map(str, SQLITE_SAFE))
        return fail("sqlite", f"{version} can damage a database", f"install an apsw with SQLite {wanted} or newer")
    return ok("sqlite", version)


def clock(now: int) -> Finding:
    """Whether the clock was set."""
    if now < EARLIEST:
        return fail("clock", f"it says {rfc3339(now)}", "set this machine's clock")
    return ok("clock", rfc3339(now))
