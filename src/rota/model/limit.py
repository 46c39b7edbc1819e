"""Limits: how much tasks may use at once or in a time, for each value of a key.

One mechanism covers concurrency (so many at once), rates (an even flow with bursts), quotas (so much in a period),
budgets (so much money or tokens, then ask) and what providers refuse (see `fail(retry_at, limit=KEY)`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

import msgspec

from rota.model import bounds, check
from rota.model.errors import RotaError, invalid

OnEmpty = Literal["wait", "refuse", "pause_and_ask"]

CONCURRENCY, TASKS, TOKENS, MONEY = "concurrency", "tasks", "tokens", "money"
BY_LANE = frozenset({"kind", "queue", "tenant"})
"""Fields that all tasks of a lane share."""
AGENT = "agent"
FIELDS = ("agent", "kind", "project", "queue", "tenant")
AUTO_SLOTS = "auto slots "
"""Begins what the slots of agents are kept under that are found out (`slots = "auto"`)."""
TOUCHES = "touches "
"""Begins the keys of what tasks touch."""
MOST = 1e12
"""The largest capacity, so that millionths of it fit into 64 bits."""

_PLACE = re.compile(r"\{([^{}]*)\}")
_PAYLOAD = re.compile(r"payload(?:\.[A-Za-z0-9_-]+)+")
_KEPT = 200


class LimitSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A limit. There is at most one of the same `key`, `unit` and `period`; spans are seconds."""

    key: str
    """What is counted together: a field (`tenant`: each tenant by itself), one value of it (`tenant:acme`), a text
    with fields in braces (`doc:{payload.document}`), or a name that tasks give in their `limits`."""
    unit: str = CONCURRENCY
    """`concurrency` = tasks at once, `tasks` = tasks given, `money` = their cost, `tokens` or any other name = what
    agents report under it as usage."""
    period: float | None = None
    """The time in which `capacity` may be used; None = at once (concurrency), or for ever (a budget)."""
    capacity: float
    burst: float | None = None
    """Makes it a rate: capacity flows in evenly over the period, and this much may be used at one moment. Without it
    the whole capacity may be used at any time of a period, which begins with its first use."""
    on_empty: OnEmpty = "wait"
    """Used up: tasks wait until it opens; new ones are refused at submission; or they wait and a person is asked."""
    estimate: float | None = None
    """What one task is taken to use until it has ended; None = what earlier ones used on average."""

    @property
    def name(self) -> str:
        """What tells it from all others."""
        return named(self.key, self)


class LimitUse(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A limit at one value of its key."""

    key: str
    used: float
    """In the limit's unit: now at once, in the present period, or since the last reset."""
    left: float
    opens: str | None = None
    """When there is room for one more task, RFC 3339; None = there is, or nobody knows."""
    waiting: int = 0
    """Tasks in line for a key that is no part of a lane, counted up to 10,000."""
    asked: str | None = None
    """Since when a person is asked for more."""


class LimitView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A limit as shown, with the values of its key that are in use."""

    name: str
    limit: LimitSpec
    uses: list[LimitUse] = []


class Pattern(NamedTuple):
    """A key taken apart."""

    text: str
    """With `{field}` where a value goes; a plain name or value has none."""
    fields: tuple[str, ...]
    named: bool
    """Tasks are charged that name it in their `limits`."""

    @property
    def by_agent(self) -> bool:
        """Whether it counts what an agent has."""
        return self.fields == (AGENT,)

    @property
    def by_lane(self) -> bool:
        """Whether all tasks of a lane are charged to the same values."""
        return self.named or (not self.by_agent and BY_LANE.issuperset(self.fields))

    @property
    def by_task(self) -> bool:
        """Whether each task may have a value of its own: such keys admit tasks one by one."""
        return not self.by_agent and not self.by_lane


def pattern(key: str) -> Pattern:
    """Take a key apart; refused when it names a field that there is not."""
    if key in FIELDS:
        return Pattern(f"{key}:{{{key}}}", (key,), False)
    field, colon, value = key.partition(":")
    if "{" not in key and "}" not in key:
        if colon and field in FIELDS:
            if not value.strip():
                raise invalid("key", f"{key!r} names no {field}; write {field} alone to limit each {field} by itself")
            return Pattern(key, (field,), False)
        return Pattern(key, (), True)
    fields = tuple(dict.fromkeys(_PLACE.findall(key)))
    left = _PLACE.sub("", key)
    if "{" in left or "}" in left or not fields:
        raise invalid("key", f"{key[:60]!r} has a brace without its partner; write {{field}}")
    for name in fields:
        if name not in FIELDS and not _PAYLOAD.fullmatch(name):
            raise invalid("key", f"{name[:60]!r} is no field; use {', '.join(FIELDS)} or payload.NAME")
    if AGENT in fields and fields != (AGENT,):
        raise invalid("key", "a limit on agents can not be mixed with other fields; make one limit for each")
    return Pattern(key, fields, False)


def value_of(found: Pattern, facts: Mapping[str, str | None]) -> str | None:
    """The key with these values in its places; None where one is missing, or is not the one it is about."""
    if "{" not in found.text:
        field, _, value = found.text.partition(":")
        return found.text if facts.get(field) == value else None
    values = [facts.get(field) for field in found.fields]
    if any(value is None for value in values):
        return None
    text = _PLACE.sub(lambda place: str(facts[place[1]]), found.text)
    if len(text) <= bounds.KEY:
        return text
    return f"{text[:_KEPT]}#{blake2b(text.encode(), digest_size=16).hexdigest()}"


def payload_text(payload: Any, field: str) -> str | None:
    """The text of `payload.a.b`; None when it is not there, or is no single value."""
    found = payload
    for name in field.split(".")[1:]:
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, str):
        return found
    return None if found is None or isinstance(found, dict | list) else msgspec.json.encode(found).decode()


def named(key: str, spec: LimitSpec) -> str:
    """What the limit is called at this value of its key: limits of other units or periods are counted apart."""
    if spec.unit == CONCURRENCY:
        return key
    return f"{key} {spec.unit}" if spec.period is None else f"{key} {spec.unit}/{spec.period:g}s"


def amount_used(unit: str, usage: Mapping[str, float], cost: float | None) -> float | None:
    """How much of the unit an attempt used, as far as it was reported."""
    if unit == MONEY:
        return cost
    if unit == TOKENS and TOKENS not in usage:
        parts = [value for name, value in usage.items() if name.endswith(("_tokens", "tokens_in", "tokens_out"))]
        return sum(parts) if parts else None
    return usage.get(unit)


def check_limit(spec: LimitSpec) -> Pattern:
    """The key taken apart; refused when the limit contradicts itself, naming the field and the fix."""
    check.text(spec.key, "key", bounds.NAME, empty=False)
    if not spec.key.isprintable():
        raise invalid("key", f"{spec.key!r} holds a control character; remove it")
    for taken in (AUTO_SLOTS, TOUCHES):
        if spec.key.startswith(taken):
            raise invalid("key", f"a key can not begin with {taken!r}; choose another")
    found = pattern(spec.key)
    check.name(spec.unit, "unit")
    if spec.on_empty not in ("wait", "refuse", "pause_and_ask"):
        raise invalid("on_empty", f"{spec.on_empty!r} is none of wait, refuse, pause_and_ask")
    _check_numbers(spec)
    if spec.unit == CONCURRENCY:
        _check_concurrency(spec)
    else:
        _check_flow(spec)
    return found


def _check_numbers(spec: LimitSpec) -> None:
    least = 1.0 if spec.unit in (CONCURRENCY, TASKS) else 1e-6
    if spec.estimate is not None and not 0 < spec.estimate <= MOST:
        raise invalid("estimate", f"{spec.estimate:g} is not a positive number")
    if spec.unit == TASKS and spec.estimate is not None:
        raise invalid("estimate", "one task is one task; leave it out, or choose another unit")
    for field, value in (("capacity", spec.capacity), ("burst", spec.burst)):
        if value is None:
            continue
        if not 0 < value <= MOST:
            raise invalid(field, f"{value:g} is not a positive number up to {MOST:g}")
        if value < max(least, spec.estimate or 0):
            raise invalid(field, f"{value:g} is less than one task; no task could ever start: make it more")
    if spec.period is not None and not 1e-3 <= spec.period <= bounds.SPAN_S:
        raise invalid("period", f"{spec.period:g} is not between a millisecond and ten years")
    if spec.burst is not None and spec.burst > spec.capacity:
        raise invalid("burst", f"{spec.burst:g} is more than the capacity, {spec.capacity:g}; make it less")


def _check_concurrency(spec: LimitSpec) -> None:
    for field in ("period", "burst", "estimate"):
        if getattr(spec, field) is not None:
            raise invalid(
                field, f"concurrency is counted at once and has no {field}; leave it out, or choose another unit"
            )
    if spec.capacity != int(spec.capacity):
        raise invalid("capacity", f"{spec.capacity:g} tasks at once can not be; use a whole number")
    if spec.on_empty == "pause_and_ask":
        raise invalid("on_empty", "concurrency comes free by itself; pause_and_ask is for tokens, money and tasks")


def _check_flow(spec: LimitSpec) -> None:
    if spec.period is None and spec.burst is not None:
        raise invalid("burst", "a rate needs a period; add it, or leave burst out")
    if spec.period is None and spec.on_empty == "wait":
        raise invalid(
            "period", f'without it {spec.unit} are used up for ever; add it, or on_empty = "pause_and_ask" or "refuse"'
        )
    if spec.burst is not None and spec.on_empty == "pause_and_ask":
        raise invalid("on_empty", "a rate opens again by itself; leave burst out, or on_empty")


def no_limit(key: str) -> RotaError:
    """There is no such limit."""
    return RotaError("no_limit", f"there is no limit {key[:100]!r}", field="key")
