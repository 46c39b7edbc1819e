"""The first tasks of lanes."""

from __future__ import annotations

from collections.abc import Iterable

from rota.planning.snapshot import Head
from rota.store.protocol import Reader
from rota.store.sql.waiting import HEADS_POSTGRES, HEADS_SQLITE


def heads_of(reader: Reader, lanes: Iterable[int], k: int) -> dict[int, list[Head]]:
    """By lane its first `k` tasks, best first; empty lanes are missing."""
    statement = HEADS_SQLITE if reader.dialect == "sqlite" else HEADS_POSTGRES
    heads: dict[int, list[Head]] = {}
    for lane, *head in reader.each(statement, [(lane, k) for lane in lanes]):
        heads.setdefault(lane, []).append(Head(*head))
    return heads
