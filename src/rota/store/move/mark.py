"""The marks of a move, rows of `meta`: where a database went, and where another came from.

A database that went away is readable, and no process writes it any more: it is refused when it is opened, and on
PostgreSQL also by a trigger of each table, for a node that slept while it was carried off.
"""

from __future__ import annotations

import msgspec

from rota.model.errors import RotaError
from rota.model.times import rfc3339
from rota.store.protocol import Reader
from rota.store.sql.fleet import GET_META

WENT, CAME = "moved_to", "moved_from"
"""Keys in `meta`."""


class Mark(msgspec.Struct, frozen=True):
    """One move. Both ends have the same `id`; `at` in microseconds, `place` without secrets."""

    id: str
    place: str
    at: int

    @property
    def text(self) -> str:
        """As it is written down."""
        return msgspec.json.encode(self).decode()


def mark_of(text: str | None) -> Mark | None:
    """What is written down, if anything."""
    return None if text is None else msgspec.json.decode(text, type=Mark)


def went(reader: Reader) -> Mark | None:
    """The move by which a database was carried off; None when it was not."""
    found = reader.one(GET_META, WENT)
    return mark_of(found[0][0]) if found else None


def refuse_moved(reader: Reader, name: str) -> None:
    """Refuse a database that was carried off to another place."""
    mark = went(reader)
    if mark is not None:
        raise gone(name, mark)


def gone(name: str, mark: Mark) -> RotaError:
    """The refusal of a database that was carried off."""
    return RotaError("moved", f"{name} was moved to {mark.place} on {rfc3339(mark.at)}", to=mark.place)
