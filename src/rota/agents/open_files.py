"""How many files this process may have open: a fleet of many slots needs more than many systems allow at first."""

from __future__ import annotations

import resource
from contextlib import suppress

from rota.model.errors import invalid

BASE = 64
"""The database, its readers, terminals, libraries."""
PER_SLOT = 12
"""A slot that starts a command: two wake-ups, a selector, both ends of four pipes, the process."""


def make_room(slots: int) -> None:
    """Raise the soft limit of open files to what so many slots need; refused when the hard limit is below that."""
    needed = BASE + PER_SLOT * slots
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _at_least(soft, needed):
        return
    most = needed if _at_least(hard, needed) else hard
    # Some systems have a lower bound than the one they tell.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if not _at_least(soft, needed):
        raise invalid(
            "slots", f"{slots:,} slots need {needed:,} open files, {soft:,} are allowed; `ulimit -n {needed}`"
        )


def _at_least(limit: int, needed: int) -> bool:
    return limit == resource.RLIM_INFINITY or limit >= needed
