"""The tasks of a file as the check works with them: what each needs, waits for, and how long it takes whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp

import msgspec

from rota.files.file_task import FileTask
from rota.files.fleet import Fleet
from rota.files.references import is_id
from rota.files.task_check import parent_of
from rota.model.agent import AgentSpec
from rota.model.priority import BANDS
from rota.model.queue import QueuePolicy
from rota.model.requirements import Requirements, needs_of
from rota.model.task import TaskSpec
from rota.model.times import SECOND, micros, moment
from rota.planning.fallback import Asked, first_that_fits, near_by
from rota.planning.filter import refusal
from rota.planning.order import Facts, due
from rota.planning.reserve import ever_open
from rota.planning.rules import Rules
from rota.planning.snapshot import profile_of
from rota.store.protocol import Reader
from rota.store.sql.fleet import AGENTS, ESTIMATES

DEFAULT = "default"


class Work(msgspec.Struct):
    """One task. Times are microseconds; `shape` is an index into `Project.shapes`."""

    line: int
    kind: str
    shape: int
    band: int
    due: int
    start: int
    deadline: int | None
    estimate: int | None
    held: bool
    tenant: str
    parents: list[int]
    children: list[int] = []


class Shape(msgspec.Struct, frozen=True):
    """Tasks of one pool with the same requirements."""

    pool: str
    needs: Requirements


class History:
    """How long kinds of tasks took, from a database that has seen some."""

    def __init__(self, seconds: Mapping[tuple[str, str], float] | None = None) -> None:
        self._of_agent = dict(seconds or {})
        by_kind: dict[str, list[float]] = {}
        for (_agent, kind), value in self._of_agent.items():
            by_kind.setdefault(kind, []).append(value)
        self._of_kind = {kind: sum(values) / len(values) for kind, values in by_kind.items()}

    def seconds(self, agent: str, kind: str) -> float | None:
        """Mean seconds of this agent for this kind, else of all agents; None when nobody did any."""
        return self._of_agent.get((agent, kind), self._of_kind.get(kind))


def history_of(reader: Reader) -> History:
    """What a database has learnt. Durations are kept as logarithms: the mean is exp(mean + variance / 2)."""
    names = {row[0]: row[1] for row in reader.one(AGENTS)}
    return History(
        {
            (names[agent], kind): exp(mean + variance / 2)
            for agent, kind, _n, mean, variance, _good in reader.one(ESTIMATES)
            if agent in names
        }
    )


class Project:
    """All tasks with all agents. Tasks are numbered in the order of the file, from 0."""

    def __init__(
        self, fleet: Fleet, tasks: Iterable[FileTask], history: History, now: int, *, assumed_s: float
    ) -> None:
        self.now = now
        self.agents: list[AgentSpec] = [agent.spec for agent in fleet.agents]
        self.profiles = [profile_of(spec) for spec in self.agents]
        self.shapes: list[Shape] = []
        self.works: list[Work] = []
        self.unknown_queues: dict[str, list[int]] = {}
        """Queues that the fleet does not name, with the lines that do."""
        self.limits: set[str] = set()
        """The limits that tasks name, those that rules set included."""
        self._queues = {DEFAULT: QueuePolicy(), **fleet.queues}
        self._rules = Rules(fleet.rules)
        self._regions = sorted({spec.region for spec in self.agents if spec.region is not None})
        self._history = history
        self._assumed_s = assumed_s
        self._numbers: dict[Shape, int] = {}
        self._may: dict[int, list[int]] = {}
        self._takers: dict[tuple[int, int, str], list[int]] = {}
        self._read(tasks)

    def may(self, shape: int) -> list[int]:
        """The agents, by number, that may do tasks of this shape."""
        if shape not in self._may:
            wanted = self.shapes[shape]
            self._may[shape] = [
                number
                for number, spec in enumerate(self.agents)
                if spec.pool == wanted.pool and refusal(self.profiles[number], wanted.needs) is None
            ]
        return self._may[shape]

    def takers(self, work: Work) -> list[int]:
        """Those of them, by number, that do not keep all their slots for others at all times."""
        key = (work.shape, work.band, work.tenant)
        if key not in self._takers:
            self._takers[key] = [
                number for number in self.may(work.shape) if ever_open(self.agents[number], work.band, work.tenant)
            ]
        return self._takers[key]

    def seconds(self, work: Work, agent: int) -> float:
        """How long the agent will probably take."""
        if work.estimate is not None:
            return work.estimate / SECOND
        known = self._history.seconds(self.agents[agent].name, work.kind)
        return self._assumed_s if known is None else known

    def is_known(self, work: Work) -> bool:
        """Whether its time was estimated or learnt, rather than assumed."""
        return work.estimate is not None or self._history.seconds("", work.kind) is not None

    def in_order(self) -> list[int]:
        """Every task after its parents."""
        missing = [len(work.parents) for work in self.works]
        ready = [number for number, n in enumerate(missing) if n == 0]
        for number in ready:
            for child in self.works[number].children:
                missing[child] -= 1
                if missing[child] == 0:
                    ready.append(child)
        return ready

    def _routed(self, task: FileTask) -> FileTask:
        """The task as the fleet's rules make it at submission."""
        route = self._rules.route(task.spec, self.now)
        return task if route is None else task._replace(spec=route.spec)

    def _read(self, tasks: Iterable[FileTask]) -> None:
        names: dict[str, int] = {}
        waits: list[list[str]] = []
        tails: dict[str, int] = {}
        for number, read in enumerate(tasks):
            task = self._routed(read)
            spec = task.spec
            self.works.append(self._work(task))
            self.limits.update(spec.limits)
            waits.append([name for name in map(parent_of, spec.after) if not is_id(name)])
            if spec.ref is not None:
                names[spec.ref] = number
            if spec.sequence is not None:
                if spec.sequence in tails:
                    self.works[number].parents.append(tails[spec.sequence])
                tails[spec.sequence] = number
        for number, wanted in enumerate(waits):
            work = self.works[number]
            work.parents = sorted({*work.parents, *(names[name] for name in wanted)})
            for parent in work.parents:
                self.works[parent].children.append(number)

    def _work(self, task: FileTask) -> Work:
        spec, now = task.spec, self.now
        policy = self._queues.get(spec.queue)
        if policy is None:
            self.unknown_queues.setdefault(spec.queue, []).append(task.line)
            policy = QueuePolicy()
        band = BANDS[spec.priority]
        deadline = None if spec.deadline is None else moment(spec.deadline, now, "deadline")
        asked = self._asked(spec, policy, Asked(policy.pool, needs_of(spec), band), deadline)
        estimate = None if spec.estimate is None else micros(spec.estimate, "estimate")
        return Work(
            line=task.line,
            kind=spec.kind,
            shape=self._shape(Shape(asked.pool, asked.needs)),
            band=asked.band,
            due=due(Facts(now, band, deadline, estimate or SECOND, 0), policy),
            start=now if spec.start is None else max(moment(spec.start, now, "start"), now),
            deadline=deadline,
            estimate=estimate,
            held=spec.held,
            tenant=spec.tenant,
            parents=[],
            children=[],
        )

    def _asked(self, spec: TaskSpec, policy: QueuePolicy, asked: Asked, deadline: int | None) -> Asked:
        """What the task asks for, after its stages where only they make somebody fit."""

        def fits(asked: Asked) -> bool:
            return any(
                agent.pool == asked.pool
                and refusal(profile, asked.needs) is None
                and ever_open(agent, asked.band, spec.tenant)
                for agent, profile in zip(self.agents, self.profiles, strict=True)
            )

        stages = (*policy.stages, *spec.stages)
        if not stages:
            return asked
        near = near_by(policy, self._regions)
        return first_that_fits(asked, stages, self._queues, near, deadline, self.now, fits) or asked

    def _shape(self, shape: Shape) -> int:
        if shape not in self._numbers:
            self._numbers[shape] = len(self.shapes)
            self.shapes.append(shape)
        return self._numbers[shape]
