"""Reports that come again: they were recorded, but whoever sent them never heard so, because the owner had ended.

The token is the proof. What the attempt's record says was reported then must be what is reported now; it is answered
with the state the task is in, and nothing is recorded twice. Anything else is late, as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rota.engine.context import Context
from rota.model import state
from rota.store.sql.leases import ENDED_BY_TOKEN


class Recorded(NamedTuple):
    """What is on record of the attempt that a token belonged to; `result` and `question` are its task's."""

    task: int
    token: int
    outcome: str
    error: str | None
    result: str | None
    question: str | None
    state: int
    """Where the task stands now."""

    @property
    def shown(self) -> str:
        """The state as answers name it."""
        return state.STATES[self.state]


def recorded(context: Context, wanted: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Recorded]:
    """By task and token, what was reported with it before. Seldom needed: most tokens belong to a lease."""
    if not wanted:
        return {}
    context.flush()
    found = [Recorded(*row) for row in context.transaction.each(ENDED_BY_TOKEN, sorted(set(wanted)))]
    return {(one.task, one.token): one for one in found}
