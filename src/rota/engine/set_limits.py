"""Setting limits, removing them, and starting them anew."""

from __future__ import annotations

import msgspec

from rota.engine.admission import look_again
from rota.engine.context import Context
from rota.engine.limits import Limit, heir_of
from rota.engine.parked import forget_parked, names_of
from rota.model import bounds, check
from rota.model.commands.fleet import Ok
from rota.model.commands.limits import RemoveLimit, ResetLimit, SetLimit
from rota.model.errors import RotaError
from rota.model.limit import check_limit, named, no_limit
from rota.planning.limit import PARTS
from rota.store.sql import limits as sql
from rota.store.sql.limits import MeterRow
from rota.store.sql.waiting import UNPARK_LIMIT

MOST = 100_000
"""Values of one key that a reset starts anew at once."""


def set_limit(context: Context, command: SetLimit) -> Ok:
    """Create a limit or replace it."""
    spec = command.limit
    try:
        check_limit(spec)
    except RotaError as error:
        raise RotaError(error.code, error.message, field=f"limit.{error.field}") from None
    known = _of_name(context, spec.name)
    if known is not None and known.spec == spec:
        return Ok(changed=False)
    transaction = context.transaction
    # Tasks keep the numbers of limits, so none is ever used again.
    number = transaction.new_ids(1)[0] if known is None else known.id
    transaction.one(sql.SET_LIMIT_SPEC, number, spec.name, msgspec.json.encode(spec).decode())
    context.book.changed(transaction)
    limit = context.book.limits.by_id[number]
    transaction.one(sql.ASKED_FOR, number)
    if known is None:
        transaction.one(sql.SET_METER_SPEC, number, spec.name)
        _count_running(context, limit)
    context.changes.say("set_limit", None, id=number, limit=msgspec.to_builtins(spec), fleet=context.book.version)
    _open(context, limit)
    return Ok()


def remove_limit(context: Context, command: RemoveLimit) -> Ok:
    """Remove the limits of a key."""
    key = check.text(command.key, "key", bounds.KEY, empty=False)
    gone = [
        limit
        for limit in context.book.limits.by_id.values()
        if limit.spec.key == key and command.unit in (None, limit.spec.unit)
    ]
    if not gone:
        raise no_limit(key)
    drop(context, gone)
    return Ok()


def drop(context: Context, gone: list[Limit]) -> None:
    """Remove these limits: tasks that waited for them wait no longer."""
    for limit in gone:
        context.transaction.one(sql.DROP_LIMIT_SPEC, limit.spec.name)
    context.book.changed(context.transaction)
    for limit in gone:
        _open(context, limit)
        _forget(context, limit)
        context.changes.say("remove_limit", None, id=limit.id, name=limit.spec.name, fleet=context.book.version)


def reset_limit(context: Context, command: ResetLimit) -> Ok:
    """Start limits anew with nothing used."""
    key = check.text(command.key, "key", bounds.KEY, empty=False)
    unparked = context.transaction.one(UNPARK_LIMIT, key)
    forget_parked(context)
    names = _names(context, key)
    found = _start_anew(context, names)
    known = any(limit.spec.key == key for limit in context.book.limits.by_id.values())
    if not (found or unparked or known):
        raise no_limit(key)
    if not (found or unparked):
        return Ok(changed=False)
    context.changes.say("reset_limit", None, limits=found, unparked=[row[0] for row in unparked])
    context.changes.pools.update(context.book.pools)
    look_again(context, [*found, *names_of(context.book.limits, [key])])
    return Ok()


def _names(context: Context, key: str) -> list[str]:
    """What is to start anew: one value of a key by its name, or every value of a limit that is called so."""
    names = {key}
    for limit in context.book.limits.by_id.values():
        names.add(named(key, limit.spec))
        if key in (limit.spec.key, limit.spec.name):
            names.update(row[1] for row in context.transaction.one(sql.METERS_OF_SPEC, limit.id, "", MOST))
    return sorted(names)


def _start_anew(context: Context, names: list[str]) -> list[str]:
    rows = [MeterRow(*row) for row in context.transaction.each(sql.LOCK_METERS, [(name,) for name in names])]
    # What was used until now no longer counts.
    context.transaction.each(sql.TAKE_USES, [(row.key,) for row in rows])
    anew = sorted((row.key, 0, context.now, row.average, 0) for row in rows)
    context.transaction.each(sql.SET_METERS, anew)
    return [row[0] for row in anew]


def _of_name(context: Context, name: str) -> Limit | None:
    return next((limit for limit in context.book.limits.by_id.values() if limit.spec.name == name), None)


def _count_running(context: Context, limit: Limit) -> None:
    """What runs already counts for a new limit."""
    if limit.pattern.by_task:
        return
    book, transaction = context.book, context.transaction
    amount = PARTS if limit.measure.concurrency else 0
    rows = []
    for task, token, lane, agent in transaction.one(sql.RUNNING):
        charged = {**book.charged(transaction, lane), **book.limits.of_agent(book.agent_name(agent))}
        rows += [(task, name, token, amount) for name, found in charged.items() if found.id == limit.id]
    transaction.each(sql.SET_LEASE_LIMIT, sorted(rows))


def _open(context: Context, limit: Limit) -> None:
    """There may be more room now."""
    context.changes.pools.update(context.book.pools)
    if limit.pattern.by_task:
        look_again(context, [row[1] for row in context.transaction.one(sql.METERS_OF_SPEC, limit.id, "", MOST)])


def _forget(context: Context, limit: Limit) -> None:
    """Drop what was counted, unless a limit for all values of the key goes on counting it."""
    heir = heir_of(context.book.limits, limit)
    if heir is not None:
        context.transaction.one(sql.SET_METER_SPEC, heir.id, limit.spec.name)
        return
    context.transaction.one(sql.DROP_LEASE_LIMITS, limit.id)
    context.transaction.one(sql.DROP_METERS_OF_SPEC, limit.id)
