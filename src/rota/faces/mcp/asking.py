"""What the tools need of a distributor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from rota.engine.all_or_none import Undone, undone
from rota.model.errors import RotaError


class Asking(Protocol):
    """A distributor in this process."""

    def call(self, request: Any) -> Any:
        """Ask and wait for the answer; raises `RotaError` when refused."""
        ...


class AskingAtOnce(Asking, Protocol):
    """One that can do several things in one turn."""

    def all_or_none(self, requests: Sequence[Any]) -> list[Any] | Undone:
        """Ask several commands of which all or none are to be done: their answers, or which of them was refused."""
        ...


def all_or_none(rota: AskingAtOnce, requests: Sequence[Any]) -> list[Any] | Undone:
    """As the distributor does it. One command alone, about one task, shares its turn with those of others."""
    if not requests:
        return []
    if len(requests) > 1:
        return rota.all_or_none(requests)
    try:
        answers = [rota.call(requests[0])]
    except RotaError as error:
        return Undone(0, error)
    return undone(answers) or answers
