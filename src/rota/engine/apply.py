"""A whole wish at once: what differs is changed, what its source no longer names goes, or nothing happens at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import msgspec

from rota.engine import agents, queues, rules, schedules, set_limits
from rota.engine.all_or_none import NotAll, Undone
from rota.engine.book import REMOVED
from rota.engine.context import Context
from rota.engine.empty_queue import empty
from rota.engine.queues import remove_queue
from rota.model import bounds, check
from rota.model.commands.apply import Applied, Apply, FleetChange, How, Sort
from rota.model.commands.fleet import RemoveAgent, SetPool, SetQueue, SetTenant
from rota.model.commands.limits import SetLimit
from rota.model.commands.route import SetRules
from rota.model.commands.schedules import RemoveSchedule, SetSchedule
from rota.model.errors import RotaError, invalid
from rota.model.queue import PoolPolicy
from rota.store.sql.fleet import GET_META, SET_META
from rota.store.sql.schedules import SCHEDULES, ScheduleRow

SOURCE = "source "
"""Begins the names in `meta` under which it is kept what each source named the last time."""
DEFAULT = "default"


class Named(msgspec.Struct):
    """What a source named the last time."""

    pools: list[str] = []
    tenants: list[str] = []
    queues: list[str] = []
    limits: list[str] = []
    schedules: list[str] = []
    agents: list[str] = []
    rules: bool = False


def apply(context: Context, command: Apply) -> Applied:
    """Do all of it. Raises `NotAll` with the refusal, and with the answer when it was only to be looked at."""
    try:
        changes = _Wish(context, command).run()
    except RotaError as error:
        raise NotAll(Undone(0, error)) from None
    # How many tasks move may change while a person thinks; what is agreed to is that they do.
    text = msgspec.json.encode([msgspec.structs.replace(one, tasks=0) for one in changes], order="deterministic")
    answer = Applied(changes=changes, digest=sha256(text).hexdigest()[:16])
    if command.dry_run:
        raise NotAll(Undone(0, answer))
    if changes and command.seen not in (None, answer.digest):
        message = "the database has changed since; what would be done now is something else"
        raise NotAll(Undone(0, RotaError("changed", message, field="seen")))
    return answer


class _Wish:
    """One command on its way."""

    def __init__(self, context: Context, command: Apply) -> None:
        self._context = context
        self._command = command
        self._changes: list[FleetChange] = []

    def run(self) -> list[FleetChange]:
        """In an order in which everything finds what it names."""
        source = check.maybe_key(self._command.source, "source")
        before = Named() if source is None else self._remembered(source)
        self._pools()
        self._tenants()
        self._queues()
        self._limits()
        self._rules(before)
        self._schedules()
        self._agents()
        if source is not None:
            self._gone(before)
            self._remember(source, before)
        return self._changes

    def _pools(self) -> None:
        command, book = self._command, self._context.book
        named = {policy.pool for policy in command.queues.values()} | {spec.pool for spec in command.agents}
        fresh = {name: PoolPolicy() for name in sorted(named - command.pools.keys()) if book.pool(name) is None}
        for name, policy in {**command.pools, **fresh}.items():
            known = book.pool(name)
            self._note("pool", name, None if known is None else known.policy, policy)
            self._do(f"pools.{name}", queues.set_pool, SetPool(pool=name, policy=policy))

    def _tenants(self) -> None:
        context = self._context
        for name, weight in self._command.tenants.items():
            number = context.book.known_tenant(context.transaction, name)
            known = None if number is None else context.book.weights.get(number, 1)
            self._note("tenant", name, _weight(known), _weight(weight))
            self._do(f"tenants.{name}", queues.set_tenant, SetTenant(tenant=name, weight=weight))

    def _queues(self) -> None:
        book, wished = self._context.book, self._command.queues
        known = {queue.name: queue.policy for queue in book.queues.values() if not queue.removed}
        # A queue may name another that is made after it, so all of them are there before any says what flows over
        # or moves.
        for name, policy in wished.items():
            self._note("queue", name, known.get(name), policy)
            if name not in known:
                plain = msgspec.structs.replace(policy, overflow="refuse", overflow_queue=None, stages=())
                self._do(f"queues.{name}", queues.set_queue, SetQueue(queue=name, policy=plain))
        for name, policy in wished.items():
            self._do(f"queues.{name}", queues.set_queue, SetQueue(queue=name, policy=policy))

    def _limits(self) -> None:
        known = {limit.spec.name: limit.spec for limit in self._context.book.limits.by_id.values()}
        for at, spec in enumerate(self._command.limits):
            self._note("limit", spec.name, known.get(spec.name), spec)
            self._do(f"limits[{at}]", set_limits.set_limit, SetLimit(limit=spec))

    def _rules(self, before: Named) -> None:
        wished = self._command.rules
        if wished is None and self._command.removes and before.rules:
            wished = []
        if wished is None:
            return
        was = list(self._context.book.rules.rules)
        if was != wished:
            fields = {"rules": [msgspec.to_builtins(was), msgspec.to_builtins(wished)]}
            self._changes.append(FleetChange(sort="rules", name="rules", how="change", fields=fields))
        self._do("", rules.set_rules, SetRules(rules=wished))

    def _schedules(self) -> None:
        rows = [ScheduleRow(*row) for row in self._context.transaction.one(SCHEDULES)]
        known = {row.name: schedules.spec_of(row) for row in rows}
        for at, spec in enumerate(self._command.schedules):
            self._do(f"schedules[{at}]", schedules.set_schedule, SetSchedule(schedule=spec))
            self._note("schedule", spec.name, known.get(spec.name), schedules.normal(spec))

    def _agents(self) -> None:
        for at, spec in enumerate(self._command.agents):
            known = self._context.book.agent_named(spec.name)
            if known is None or known.state == REMOVED:
                continue
            self._note("agent", spec.name, known.spec, spec)
            self._do(f"agents[{at}]", agents.set_spec, spec)

    def _gone(self, before: Named) -> None:
        command, context = self._command, self._context
        named = _named(command)
        check_gone(command.gone)
        if not command.removes:
            return
        for name in _left(before.schedules, named.schedules):
            if any(ScheduleRow(*row).name == name for row in context.transaction.one(SCHEDULES)):
                self._do("schedules", schedules.remove_schedule, RemoveSchedule(schedule=name))
                self._changes.append(FleetChange(sort="schedule", name=name, how="remove"))
        for name in _left(before.limits, named.limits):
            found = [one for one in context.book.limits.by_id.values() if one.spec.name == name]
            if found:
                set_limits.drop(context, found)
                self._changes.append(FleetChange(sort="limit", name=name, how="remove"))
        for name in _left(before.agents, named.agents):
            agent = context.book.agent_named(name)
            if agent is not None and agent.state != REMOVED:
                self._do("agents", agents.remove, RemoveAgent(agent=name))
                self._changes.append(FleetChange(sort="agent", name=name, how="remove"))
        for name in _left(before.queues, named.queues):
            self._queue_gone(name)
        self._reset(before, named)

    def _queue_gone(self, name: str) -> None:
        context = self._context
        queue = next((one for one in context.book.queues.values() if one.name == name and not one.removed), None)
        if queue is None or name == DEFAULT:
            return
        word = self._command.gone.get(name)
        if word == "keep":
            self._changes.append(FleetChange(sort="queue", name=name, how="keep"))
            return
        try:
            tasks = 0 if word is None else empty(context, queue, word)
            context.flush()
            remove_queue(context, queue)
        except RotaError as error:
            raise RotaError(error.code, error.message, field=f"gone.{name}", **error.data) from None
        self._changes.append(FleetChange(sort="queue", name=name, how="remove", tasks=tasks))

    def _reset(self, before: Named, named: Named) -> None:
        context = self._context
        for name in _left(before.pools, named.pools):
            known = context.book.pool(name)
            if known is not None and known.policy != PoolPolicy():
                self._note("pool", name, known.policy, PoolPolicy(), how="reset")
                self._do(f"pools.{name}", queues.set_pool, SetPool(pool=name))
        for name in _left(before.tenants, named.tenants):
            number = context.book.known_tenant(context.transaction, name)
            known_weight = None if number is None else context.book.weights.get(number, 1)
            if known_weight not in (None, 1):
                self._note("tenant", name, _weight(known_weight), _weight(1), how="reset")
                self._do(f"tenants.{name}", queues.set_tenant, SetTenant(tenant=name, weight=1))

    def _do(self, where: str, handler: Callable[[Context, Any], Any], request: Any) -> None:
        try:
            handler(self._context, request)
        except RotaError as error:
            field = ".".join(part for part in (where, error.field) if part)
            raise RotaError(error.code, error.message, field=field or None, **error.data) from None
        self._context.flush()

    def _note(self, sort: Sort, name: str, was: Any, now: Any, how: How | None = None) -> None:
        """What differs, if anything does."""
        if was == now:
            return
        old, new = ({} if one is None else msgspec.to_builtins(one) for one in (was, now))
        fields = {} if was is None else {
            key: [old.get(key), new.get(key)] for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)
        }  # fmt: skip
        self._changes.append(
            FleetChange(sort=sort, name=name, how=how or ("create" if was is None else "change"), fields=fields)
        )

    def _remembered(self, source: str) -> Named:
        found = self._context.transaction.one(GET_META, SOURCE + source)
        return msgspec.json.decode(found[0][0], type=Named) if found else Named()

    def _remember(self, source: str, before: Named) -> None:
        """Who only adds keeps what it named before, so that somebody who removes still finds it gone."""
        now = _named(self._command)
        if not self._command.removes:
            for field in ("pools", "tenants", "queues", "limits", "schedules", "agents"):
                setattr(now, field, sorted({*getattr(before, field), *getattr(now, field)}))
            now.rules = now.rules or before.rules
        if now != before:
            self._context.transaction.one(SET_META, SOURCE + source, msgspec.json.encode(now).decode())


def _named(command: Apply) -> Named:
    return Named(
        pools=sorted(command.pools),
        tenants=sorted(command.tenants),
        queues=sorted(command.queues),
        limits=sorted(spec.name for spec in command.limits),
        schedules=sorted(spec.name for spec in command.schedules),
        agents=sorted(spec.name for spec in command.agents),
        rules=bool(command.rules),
    )


def _left(before: Iterable[str], now: Iterable[str]) -> list[str]:
    return sorted(set(before) - set(now))


def _weight(weight: int | None) -> dict[str, int] | None:
    return None if weight is None else {"weight": weight}


def check_gone(gone: dict[str, str]) -> None:
    """Refuse a word that says nothing."""
    for name, word in gone.items():
        check.text(word, f"gone.{name}", bounds.KEY)
        if word not in ("keep", "purge") and not word.startswith("move:"):
            raise invalid(f"gone.{name}", f"{word!r} is none of keep, purge, move:QUEUE")
