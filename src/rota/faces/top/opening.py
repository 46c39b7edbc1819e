"""How the screen comes to its looks: through whoever owns the database, or straight from PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import msgspec

from rota.faces.cli.asking import beside, place_of
from rota.faces.cli.short.calls import reading
from rota.faces.top.look import Looker
from rota.operations.decode import decode
from rota.operations.table import OPERATIONS

POSTGRES = ("postgresql://", "postgres://")


@contextmanager
def looking(database: str | None) -> Iterator[Looker]:
    """Looks at the database that is named as in every command, for as long as the block lasts."""
    place = place_of(database)
    if not place.startswith(POSTGRES):
        with reading(database) as call:
            yield Looker(call)
        return
    straight = _Straight(place)
    try:
        yield Looker(straight.call, straight.rest)
    finally:
        straight.rest()


class _Straight:
    """One connection and one committed state for all calls of a look; a snapshot left open would slow everybody."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._look = ExitStack()
        self._ask: Any = None

    def call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._ask is None:
            self._ask = self._look.enter_context(beside(self._place))
        answer: dict[str, Any] = msgspec.to_builtins(self._ask(decode(OPERATIONS[operation], arguments)))
        return answer

    def rest(self) -> None:
        """The look is over."""
        self._ask = None
        self._look.close()
