"""Refusals that leave everything as it was, and values nobody should send."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.errors import KINDS, RotaError
from rota.store.statement import One
from rota.testing import TestDistributor

_COUNTS = {
    name: One(f"count_{name}", f"SELECT count(*) FROM {name}")
    for name in ("task", "body", "ready", "aside", "lease", "timer", "dependency", "unique_key", "sequence_tail",
                 "request", "event", "agent", "queue", "pool", "project", "listener", "attempt", "statistic")
}  # fmt: skip
DEEP: Any = "x"
for _ in range(1_000):
    DEEP = [DEEP]
ROUND: list[Any] = []
ROUND.append(ROUND)
SURROGATE = "a\ud800b"
NUL = "a\0b"


def refused(rota: TestDistributor, request: Any) -> RotaError:
    """The refusal; the database is exactly as before."""
    before = rows(rota)
    with pytest.raises(RotaError) as caught:
        rota.call(request)
    error = caught.value
    assert rows(rota) == before, "something was half done"
    assert error.code in KINDS
    assert error.code != "internal", error
    assert not rota.node.trouble, "what a user sent is no trouble of the node's"
    shown = str(error)
    assert shown.isascii() or shown.encode(), "the message itself must be text"
    assert len(shown) < 2_000
    return error


def rows(rota: TestDistributor) -> dict[str, int]:
    with rota.node.store.read() as reader:
        return {name: int(reader.one(text)[0][0]) for name, text in _COUNTS.items()}
