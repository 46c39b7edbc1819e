"""Routing in fleet.toml: stages of queues, `[[rule]]` tables, regions near each other, preemption in pools."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from rota.files.place import Misfit, Path, nearest, quoted
from rota.model.bounds import ATTEMPTS, NAME, SKILLS
from rota.model.priority import BANDS, Priority
from rota.model.queue import Preemption, QueuePolicy
from rota.model.rule import Rule
from rota.model.stage import Stage
from rota.model.stage_check import afterthoughts, fault, settled
from rota.planning import rules as routing
from rota.planning.stages import next_queue

_Name = Annotated[str, Meta(min_length=1, max_length=NAME)]


class RegionTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A region of which it is not enough that names which begin alike are near each other."""

    near: Annotated[
        Annotated[list[_Name], Meta(min_length=1, max_length=SKILLS)],
        Meta(description='The regions near it, for stages with `widen = "near"`.'),
    ]


class PreemptTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """When running work gives way to a task that is clearly better. See [routing.md](routing.md)."""

    band: Annotated[Priority, Meta(description="Tasks of this priority and better ones may take a slot.")] = "emergency"
    over: Annotated[Priority, Meta(description="Work of this priority and worse gives way.")] = "low"
    patience_s: Annotated[
        Annotated[float, Meta(ge=0, le=86_400)], Meta(description="How long the better task waits first, seconds.")
    ] = 10.0
    at_most: Annotated[
        Annotated[int, Meta(ge=1, le=ATTEMPTS)],
        Meta(description="How often one task gives way; then it is left alone."),
    ] = 2
    priced: Annotated[
        bool, Meta(description="Whether work of agents with a price gives way too: what was spent on it is lost.")
    ] = False


def stages_of(stages: Sequence[Stage], attempts: int, queues: Collection[str], path: Path) -> tuple[Stage, ...]:
    """The stages of a queue of a file with these queues; a `Misfit` where they contradict each other."""
    found = fault(stages, attempts=attempts)
    if found is not None:
        raise Misfit((*path, *found.path), f"this {found.message}")
    for at, stage in enumerate(stages):
        person = stage.change.person is not None and stage.change.person.queue is not None
        inner = ("change", "person", "queue") if person else ("change", "queue")
        _check_queue(next_queue(stage.change), queues, (*path, at, *inner))
        _check_moves(stages, at, path)
    return settled(stages)


def doubtful_stages(queues: Mapping[str, QueuePolicy]) -> Iterator[Misfit]:
    """Stages that will probably change nothing, though some task may come for which they do."""
    for name, policy in queues.items():
        path: Path = ("queue", name, "stages")
        for at, stage in enumerate(policy.stages):
            # A task that was tried once does not expire, and may bring a ttl of its own: so it is no fault.
            if stage.after is not None and policy.ttl is not None and float(stage.after) >= policy.ttl:
                told = f"tasks that no agent got have expired by then: their ttl is {policy.ttl:g} seconds"
                yield Misfit((*path, at, "after"), f"{told}; let it come sooner, or give a longer ttl")
        for found in afterthoughts(policy.stages):
            yield Misfit((*path, *found.path), f"this {found.message}; if that is meant, put the other one behind it")


def near_of(regions: Mapping[str, RegionTable]) -> dict[str, tuple[str, ...]]:
    """What is near each region; a `Misfit` for one that names itself alone."""
    for name, region in regions.items():
        if name in region.near:
            raise Misfit(("region", name, "near"), f"{quoted(name)} is its own region; leave it out")
    return {name: tuple(region.near) for name, region in regions.items()}


def preemption_of(table: PreemptTable | None, path: Path) -> Preemption | None:
    """When work gives way; a `Misfit` where it would give way to what is no better."""
    if table is None:
        return None
    if BANDS[table.band] >= BANDS[table.over]:
        raise Misfit(
            (*path, "over"), f"{table.over} is no worse than {table.band}; work only gives way to what is better"
        )
    return Preemption(**msgspec.structs.asdict(table))


def rules_of(rules: Sequence[Rule], queues: Collection[str]) -> tuple[Rule, ...]:
    """The rules of a file with these queues; a `Misfit` for one that can not be, or that never matches."""
    found = routing.fault(rules)
    if found is not None:
        near = nearest(found.word, found.known)
        raise Misfit(("rule", *found.path), f"this {found.message}{near}")
    for at, rule in enumerate(rules):
        _check_queue(rule.set.queue, queues, ("rule", at, "set", "queue"))
    return tuple(rules)


def _check_moves(stages: Sequence[Stage], at: int, path: Path) -> None:
    """A move into the queue in which the task is; where another stage moves it away, it may be a move back."""
    own = path[1]
    others = [next_queue(stage.change) for number, stage in enumerate(stages) if number != at]
    if stages[at].change.queue == own and all(other in (None, own) for other in others):
        raise Misfit((*path, at, "change", "queue"), "the task is in this queue already; name another, or leave it out")


def _check_queue(name: str | None, queues: Collection[str], path: Path) -> None:
    if name is not None and name not in queues and name != "default":
        raise Misfit(path, f"this file has no queue {quoted(name)}{nearest(name, queues)}")
