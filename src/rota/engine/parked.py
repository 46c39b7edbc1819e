"""Limits that a provider said are used up: whatever is charged to such a key waits until it opens again.

A lane is charged to the limits its tasks name, to its queue, its tenant and its kind of work, and to limits on these
together; a task with keys of its own to those (see `admission`). A key that counts nothing parks nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rota.engine.book import Book
from rota.engine.context import Context
from rota.engine.limits import Limits
from rota.model.limit import named
from rota.store.protocol import Reader
from rota.store.sql.waiting import PARK_LIMIT, PARKED_LIMITS, UNPARK_LIMITS


def parked(context: Context) -> Mapping[str, int]:
    """Parked keys, and until when, microseconds."""
    owned = context.owned
    if owned is None:
        return dict(context.transaction.one(PARKED_LIMITS, context.now))
    if owned.parked is None:
        owned.parked = dict(context.transaction.one(PARKED_LIMITS, context.now))
    if not owned.parked:
        return owned.parked
    return {key: until for key, until in owned.parked.items() if until > context.now}


def park(context: Context, key: str, until: int) -> None:
    """Let whatever is charged to this key wait."""
    context.transaction.one(PARK_LIMIT, key, until)
    forget_parked(context)


def unpark_due(context: Context) -> None:
    """Keys whose time has come open, also for those who stand in line for them."""
    keys = [key for (key,) in context.transaction.one(UNPARK_LIMITS, context.now)]
    forget_parked(context)
    context.look_at.update(names_of(context.book.limits, keys))


def forget_parked(context: Context) -> None:
    """The table was changed: read it again."""
    if context.owned is not None:
        context.owned.parked = None


def lane_parked(book: Book, reader: Reader, lane: int, keys: Collection[str]) -> str | None:
    """The key for which tasks of this lane wait, of those that are parked."""
    if not keys:
        return None
    return min(book.keys_of(reader, lane).intersection(keys), default=None)


def names_of(limits: Limits, keys: Iterable[str]) -> set[str]:
    """What limits that tasks are admitted to are called at these keys."""
    return {named(key, limit.spec) for key in keys for limit in limits.by_task}
