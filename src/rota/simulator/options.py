"""What `--set` says, sorted: settings, policies of queues and pools, behaviour of agents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

import msgspec

from rota.model.errors import invalid
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.planning.strategies import STRATEGIES
from rota.simulator.behaviour import Change
from rota.simulator.policies import POLICIES
from rota.simulator.settings import Settings, refused, settings_of, unknown

Policy = TypeVar("Policy", QueuePolicy, PoolPolicy)


class Options(NamedTuple):
    """One simulation's settings. `given` are the keys that the user set."""

    settings: Settings
    queue: Mapping[str, str]
    pool: Mapping[str, str]
    agents: tuple[Change, ...]
    given: Mapping[str, str]


def parsed(pairs: Iterable[str]) -> dict[str, str]:
    """`key=value` texts as a table; refused when one is no pair or stands there twice."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not equals or not key or not value.strip():
            raise invalid("--set", f"{pair[:60]!r} is not of the form key=value")
        if key in found:
            raise invalid("--set", f"{key!r} is set twice; remove one")
        value = value.strip()
        found[key] = f"0{value}" if value.startswith(".") else value
    return found


def changes_of(entry: str) -> dict[str, str]:
    """One entry of a comparison: the name of a policy, or settings joined by `+`, such as `k=3+order=virtual`."""
    return parsed(entry.split("+")) if "=" in entry else {"policy": entry}


def options_of(given: Mapping[str, str], preset: Mapping[str, str | float | int] | None = None) -> Options:
    """The options: what the user gave, over what the named policy means, over the workload's own `preset`."""
    name = given.get("policy", "default")
    if name not in POLICIES:
        near = get_close_matches(name, POLICIES, 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise invalid("policy", f"there is no policy {name[:60]!r}{meant}; there are {', '.join(POLICIES)}")
    merged: dict[str, str | float | int] = {**(preset or {}), **POLICIES[name], **given}
    plain_keys: dict[str, str | float | int] = {}
    queue: dict[str, str] = {}
    pool: dict[str, str] = {}
    agents: list[Change] = []
    for key, value in merged.items():
        section, dot, rest = key.partition(".")
        if section == "queue" and dot:
            queue[rest] = str(value)
        elif section == "pool" and dot:
            pool[rest] = str(value)
        elif section == "agent" and dot:
            pattern, _, last = rest.rpartition(".")
            agents.append((pattern or "*", last, value))
        else:
            plain_keys[key] = value
    _check_strategy(pool)
    return Options(settings_of(plain_keys), queue, pool, tuple(agents), dict(given))


def _check_strategy(pool: Mapping[str, str]) -> None:
    """A strategy's name is free text only where the pool says what it weighs."""
    name = pool.get("strategy")
    if name is None or name in STRATEGIES or any(key.startswith("terms.") for key in pool):
        return
    near = get_close_matches(name, STRATEGIES, 1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    raise invalid("--set pool.strategy", f"{name[:60]!r} is none of {', '.join(STRATEGIES)}{meant}")


def changed(policy: Policy, changes: Mapping[str, str], section: str) -> Policy:
    """The policy with these fields set; `backoff.base` reaches into a table."""
    if not changes:
        return policy
    values: dict[str, Any] = msgspec.to_builtins(policy)
    known = _known(values)
    # Tables with names of the user's own, such as target_wait.high.
    tables_of_names = tuple(f"{name}." for name, value in values.items() if value == {})
    for key, value in changes.items():
        if key not in known and not key.startswith(tables_of_names):
            raise unknown(f"{section}.{key}", {f"{section}.{name}" for name in known})
        at = values
        *tables, last = key.split(".")
        for table in tables:
            at = at.setdefault(table, {})
        at[last] = None if value == "none" else value
        try:
            msgspec.convert(values, type(policy), strict=False)
        except msgspec.ValidationError as error:
            raise refused(f"--set {section}.{key}", value, error, type(policy), key) from None
    return msgspec.convert(values, type(policy), strict=False)


def _known(values: Mapping[str, Any]) -> set[str]:
    known = set()
    for key, value in values.items():
        known |= {f"{key}.{inner}" for inner in value} if isinstance(value, dict) and value else {key}
    return known
