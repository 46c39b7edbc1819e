"""Everything that a distributor's threads decode, made ready before the first of them runs."""

from __future__ import annotations

from rota.engine.apply import Named
from rota.model.event import Move
from rota.model.requirements import Requirements
from rota.operations.decodable import decodable
from rota.operations.table import OPERATIONS


def make_ready() -> None:
    """Some milliseconds in a process's first distributor, nothing later."""
    for operation in OPERATIONS.values():
        decodable(operation.request)
        decodable(operation.answer)
    # What only stored rows hold; all else in them is part of a request or an answer.
    for kind in (Requirements, Move, Named):
        decodable(kind)
