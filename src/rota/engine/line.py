"""Tasks with keys of their own (a document, a project): who wants to be admitted in this turn, and who steps out.

Such keys are no part of a lane: only tasks that their limits admit are ready, the others are blocked and stand in
line. What a turn gathers here `admission` writes down and acts on, once, before anything is planned.
"""

from __future__ import annotations

import msgspec

from rota.engine.context import Context, Wish
from rota.engine.limits import Charged
from rota.engine.stand import facts_of
from rota.model import state
from rota.model.priority import PRIORITIES
from rota.planning.order import due, effective
from rota.store.sql.tasks import TaskRow

BEHIND = len(PRIORITIES)

_decode = msgspec.json.Decoder(dict[str, int]).decode


def keys_text(charged: Charged) -> str | None:
    """What a task keeps of the limits it must be admitted to."""
    if not charged:
        return None
    return msgspec.json.encode({name: limit.id for name, limit in sorted(charged.items())}).decode()


def keys_of(row: TaskRow) -> dict[str, int]:
    """The names of the limits the task must be admitted to, with their numbers."""
    return {} if row.keys is None else _decode(row.keys)


def wants_in(context: Context, task: int, keys: str, band: int, due: int) -> None:
    """The task could be ready: let it stand in line."""
    context.wishes[task] = Wish(_decode(keys), band, due)


def band_in_line(context: Context, row: TaskRow) -> int:
    """The task's band; or, when no agent may do it, one behind all of them: it is not to hold a key for nothing."""
    facts = facts_of(context, row)
    band = effective(facts.band, facts.promoted, facts.lent)
    return band + behind(context, context.queue_of(row).pool, row.shape)


def behind(context: Context, pool: int, shape: int) -> int:
    """What is added to the band of such a task in line."""
    return 0 if context.book.somebody_may(context.transaction, pool, shape) else BEHIND


def lines_up(context: Context, row: TaskRow) -> None:
    """As `wants_in`, by what is kept of the task."""
    if row.keys is not None:
        policy = context.queue_of(row).policy
        wants_in(context, row.id, row.keys, band_in_line(context, row), due(facts_of(context, row), policy))


def steps_out(context: Context, row: TaskRow) -> None:
    """The task is not to be ready, or is no more: others may take its place."""
    if row.keys is not None:
        context.wishes[row.id] = None
        context.keep_places.discard(row.id)


def steps_aside(context: Context, row: TaskRow) -> None:
    """As `steps_out`, but what it touches stays its own: its work waits to be approved, and merged."""
    if row.keys is not None:
        context.wishes[row.id] = None
        context.keep_places.add(row.id)


def is_in(row: TaskRow) -> bool:
    """Whether the task was admitted: it is ready, or in an agent's hands."""
    return row.state == state.READY
