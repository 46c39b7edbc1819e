"""The fleet that a database knows, as the text of a fleet.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from rota.engine.book import REMOVED, Book
from rota.model.limit import AUTO_SLOTS
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.store.protocol import Reader

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def fleet_text(reader: Reader, book: Book) -> tuple[str, int]:
    """Pools, queues, tenants, limits and agents that were not removed, and how many agents.

    What starts an agent is not known. Routing rules are left out: they were applied when the tasks came.
    """
    lines: list[str] = []
    for pool in book.pools.values():
        values = _changed(pool.policy, PoolPolicy())
        if terms := values.pop("terms", None):
            _table(lines, f"[strategy.{_key(pool.policy.strategy)}]", terms)
        _table(lines, f"[pool.{_key(pool.name)}]", values)
    for queue in (queue for queue in book.queues.values() if not queue.removed):
        _table(lines, f"[queue.{_key(queue.name)}]", _changed(queue.policy, QueuePolicy()))
    for tenant, weight in book.weights.items():
        _table(lines, f"[tenant.{_key(book.tenant_name(reader, tenant))}]", {"weight": weight})
    for limit in book.limits.by_id.values():
        # What was found out of agents' slots belongs to the agents, which find it out again.
        if not limit.spec.key.startswith(AUTO_SLOTS):
            _table(lines, "[[limit]]", msgspec.to_builtins(limit.spec))
    agents = [agent for agent in book.agents.values() if agent.state != REMOVED]
    for agent in agents:
        _table(lines, "[[agent]]", msgspec.to_builtins(agent.spec))
    return "\n".join(lines), len(agents)


def _changed(policy: QueuePolicy | PoolPolicy, default: QueuePolicy | PoolPolicy) -> dict[str, Any]:
    values, usual = msgspec.to_builtins(policy), msgspec.to_builtins(default)
    return {name: value for name, value in values.items() if value != usual[name]}


def _table(lines: list[str], head: str, values: Mapping[str, Any]) -> None:
    lines.append(head)
    lines += [f"{_key(name)} = {_value(value)}" for name, value in values.items() if value is not None]
    lines.append("")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    # A JSON string is a TOML string, but for DEL.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return (
            "{ "
            + ", ".join(f"{_key(name)} = {_value(inner)}" for name, inner in value.items() if inner is not None)
            + " }"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    return msgspec.json.encode(value).decode()
