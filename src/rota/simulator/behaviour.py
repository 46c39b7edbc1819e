"""How simulated agents do their tasks: how fast, how often they fail or crash, how slow they start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rota.model.errors import invalid
from rota.model.requirements import Requirements
from rota.model.times import SECOND
from rota.planning.snapshot import Profile
from rota.simulator.settings import refused, unknown

Share = Annotated[float, Meta(ge=0, le=1)]

SLOWEST = 0.1
"""The least speed of an agent that has just started, as a share of its own."""


class Behaviour(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One agent's ways. Set by `agent.KEY` for all agents, by `agent.NAME.KEY` for those that NAME, with *, means."""

    speed: Annotated[float, Meta(gt=0, le=1e6, description="Seconds of work done in a second, by each slot.")] = 1.0
    fail: Annotated[Share, Meta(description="Share of attempts that fail.")] = 0.0
    skill_factor: Annotated[
        Annotated[float, Meta(gt=0, le=1)],
        Meta(description="The share of failures is multiplied by this for each level above what the task needs."),
    ] = 1.0
    fail_after: Annotated[
        Annotated[float, Meta(gt=0, le=1)], Meta(description="A failing attempt takes this share of the work's time.")
    ] = 1.0
    crash: Annotated[Share, Meta(description="Share of attempts that end without a word: the lease is lost.")] = 0.0
    slow_start: Annotated[
        float, Meta(ge=0, le=1e8, description="Seconds in which speed grows from a tenth to the whole.")
    ] = 0.0

    def duration_us(self, run_s: float, up_us: int) -> int:
        """Microseconds that work of `run_s` seconds takes when it begins `up_us` after the agent started."""
        speed = self.speed
        if up_us < self.slow_start * SECOND:
            speed *= max(SLOWEST, up_us / (self.slow_start * SECOND))
        return max(round(run_s / speed * SECOND), 1)

    def fail_share(self, profile: Profile, needs: Requirements) -> float:
        """How often this agent fails such a task: fail * skill_factor ^ (levels above what is needed)."""
        if self.fail == 0 or self.skill_factor == 1 or not needs.skills:
            return self.fail
        has = dict(profile.skills)
        return float(self.fail * self.skill_factor ** min(has.get(skill, 0) - level for skill, level in needs.skills))


Change = tuple[str, str, str | float]
"""A pattern of agent names, a key, a value."""


def behaviours(names: Iterable[str], given: Mapping[str, Behaviour], changes: Iterable[Change]) -> dict[str, Behaviour]:
    """The behaviour of each agent: what it came with, changed in the given order."""
    known = {field.name for field in msgspec.structs.fields(Behaviour)}
    found = {name: given.get(name, Behaviour()) for name in names}
    for pattern, key, value in changes:
        where = f"agent.{key}" if pattern == "*" else f"agent.{pattern}.{key}"
        if key not in known:
            raise unknown(where, {f"agent.{name}" for name in known})
        meant = [name for name in found if fnmatchcase(name, pattern)]
        if not meant:
            raise invalid(f"--set {where}", f"no agent is called {pattern[:60]!r}; there are {_some(list(found))}")
        for name in meant:
            found[name] = _changed(found[name], key, value, where)
    return found


def _changed(behaviour: Behaviour, key: str, value: str | float, where: str) -> Behaviour:
    values: dict[str, Any] = {**msgspec.structs.asdict(behaviour), key: value}
    try:
        return msgspec.convert(values, Behaviour, strict=False)
    except msgspec.ValidationError as error:
        raise refused(f"--set {where}", value, error, Behaviour, key) from None


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
