"""What a check comes to."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["problem", "warning"]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong, or that may be."""

    level: Level
    code: str
    text: str
    fix: str = ""
    lines: list[int] = []
    """The first lines of the file of tasks it is about."""
    tasks: int = 0
    """How many tasks it is about."""
    agents: dict[str, str] = {}
    """For each agent why it may not."""


class AgentForecast(msgspec.Struct, frozen=True, kw_only=True):
    """What one agent will probably do and cost."""

    name: str
    tasks: int
    busy_s: float
    utilisation: float
    """Share of its slots in use until the end."""
    cost: float
    """By hour and by task; tokens can not be foreseen."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """How it will probably go if every attempt succeeds and all agents are there from the start."""

    finish_s: float
    """Seconds until the last task is done."""
    work_s: float
    """Seconds of work in all."""
    cost: float
    agents: list[AgentForecast]
    left_out: int
    """Tasks that nobody can do, that are on hold, or that wait for such."""
    assumed: int
    """Tasks with neither an estimate nor a history: `assumed_s` was taken for each."""
    assumed_s: float
    late: int
    """Tasks that will probably miss their deadline."""


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """The whole check. `ok` when there is no problem; warnings do not count."""

    ok: bool
    tasks: int
    agents: int
    slots: int
    findings: list[Finding]
    forecast: Forecast | None
    """None when the file of tasks can not be read."""
