"""Bringing tasks in: all of a submit or none."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from rota.engine.book import LaneKey, Queue
from rota.engine.context import Context
from rota.engine.dependencies import RULES, UNTILS, verdict
from rota.engine.depth import Room
from rota.engine.place import START, TTL, Groups, resting, tell
from rota.model import bounds, check, state
from rota.model.commands.submit import Submit, Submitted
from rota.model.errors import RotaError, invalid
from rota.model.ids import project_number, task_id, task_number
from rota.model.priority import BANDS
from rota.model.requirements import Requirements, canonical
from rota.model.task import After, TaskSpec
from rota.model.times import ahead, micros, moment
from rota.planning.graph import cycle
from rota.planning.order import due
from rota.store.sql import relations
from rota.store.sql.tasks import MARK_PARENTS, TaskRow

_NO_NEEDS = Requirements()
Edge = tuple[str | int, int, int]
"""A parent (a local reference or a task number), its rule and its until."""


def submit(context: Context, command: Submit) -> Submitted:
    """Take the tasks in, or refuse the whole submit naming the first thing that is wrong."""
    fingerprint = ""
    if command.key is not None:
        check.maybe_key(command.key, "key")
        fingerprint = sha256(msgspec.json.encode(command, order="deterministic")).hexdigest()
        found = _earlier(context, command.key, fingerprint)
        if found is not None:
            return found
    check.maybe_key(command.batch, "batch")
    answer = take_in(context, command.tasks, batch=command.batch)
    if command.key is not None:
        text = msgspec.json.encode(answer).decode()
        if not context.transaction.one(relations.ADD_REQUEST, command.key, fingerprint, text, context.now):
            raise RotaError("unavailable", "the same idempotency key is being used at this moment", field="key")
    return answer


def take_in(
    context: Context, specs: Sequence[TaskSpec], *, batch: str | None = None, project: int | None = None
) -> Submitted:
    """Take tasks in as part of a command; `project` overrides theirs."""
    if not 1 <= len(specs) <= bounds.SUBMIT:
        raise RotaError(
            "too_large", f"has {len(specs):,} tasks; one submit takes 1 to {bounds.SUBMIT:,}", field="tasks"
        )
    return _Intake(context, specs, batch, project).run()


def _earlier(context: Context, key: str, fingerprint: str) -> Submitted | None:
    found = context.transaction.one(relations.GET_REQUEST, key)
    if not found:
        return None
    if found[0][0] != fingerprint:
        raise RotaError("other_request", f"idempotency key {key!r} was used for a different submit", field="key")
    return msgspec.json.decode(found[0][1], type=Submitted)


class _Intake:
    """One submit on its way in. Nothing is gathered for writing before everything has been checked."""

    def __init__(self, context: Context, specs: Sequence[TaskSpec], batch: str | None, project: int | None) -> None:
        self.context = context
        self.specs = specs
        self.batch = batch
        self.project = project
        self.numbers: list[int] = []
        self.existing: dict[int, int] = {}
        """Index of a spec -> the task that its unique key answers instead."""
        self.refs: dict[str, int] = {}
        self.edges: dict[int, list[Edge]] = {}
        self.parents: dict[int, TaskRow] = {}
        self.projects: dict[str, int] = {}

    def run(self) -> Submitted:
        specs = self.specs
        for index, spec in enumerate(specs):
            check.spec(spec, f"tasks[{index}]")
        payloads = [
            None if spec.payload is None else check.json_text(spec.payload, f"tasks[{i}].payload", bounds.PAYLOAD_BYTES)
            for i, spec in enumerate(specs)
        ]
        self._find_existing()
        self._read_edges()
        self._add_sequence_edges()
        room = Room(self.context)
        queues = [
            room.queue_for(self.context.book.queue(spec.queue, f"tasks[{i}].queue"), BANDS[spec.priority], i)
            if i not in self.existing
            else None
            for i, spec in enumerate(specs)
        ]
        rows = [self._row(i, spec, queue) for i, (spec, queue) in enumerate(zip(specs, queues, strict=True)) if queue]
        new = self.context.transaction.new_ids(len(rows))
        fresh = iter(new)
        self.numbers = [self.existing[i] if i in self.existing else next(fresh) for i in range(len(specs))]
        room.make()
        self._gather(rows, payloads)
        return Submitted(
            ids=[task_id(number) for number in self.numbers],
            existing=[task_id(number) for number in self.existing.values()],
        )

    def _find_existing(self) -> None:
        wanted: dict[str, int] = {}
        for index, spec in enumerate(self.specs):
            if spec.unique is None:
                continue
            if spec.unique in wanted:
                raise RotaError(
                    "duplicate",
                    f"{spec.unique!r} is also tasks[{wanted[spec.unique]}].unique",
                    field=f"tasks[{index}].unique",
                )
            wanted[spec.unique] = index
        for key, task in self.context.transaction.each(relations.UNIQUE_TASKS, [(key,) for key in wanted]):
            self.existing[wanted[key]] = task

    def _read_edges(self) -> None:
        for index, spec in enumerate(self.specs):
            if spec.ref is None:
                continue
            if spec.ref in self.refs:
                raise RotaError(
                    "duplicate", f"{spec.ref!r} is also tasks[{self.refs[spec.ref]}].ref", field=f"tasks[{index}].ref"
                )
            self.refs[spec.ref] = index
        for index, spec in enumerate(self.specs):
            if spec.after and index not in self.existing:
                self.edges[index] = [
                    edge(after, f"tasks[{index}].after[{at}]", self.refs) for at, after in enumerate(spec.after)
                ]
        self._lock_parents()
        self._refuse_cycles()

    def _lock_parents(self) -> None:
        outside = {parent for edges in self.edges.values() for parent, _, _ in edges if isinstance(parent, int)}
        outside |= {
            self.existing[self.refs[parent]]
            for edges in self.edges.values()
            for parent, _, _ in edges
            if isinstance(parent, str) and self.refs[parent] in self.existing
        }
        if not outside:
            return
        self.context.flush()
        self.parents = self.context.lock(sorted(outside))
        for index, edges in self.edges.items():
            for at, (parent, _, _) in enumerate(edges):
                if isinstance(parent, int) and parent not in self.parents:
                    raise RotaError(
                        "unknown_reference", f"there is no {task_id(parent)}", field=f"tasks[{index}].after[{at}]"
                    )

    def _refuse_cycles(self) -> None:
        local = {
            index: [self.refs[parent] for parent, _, _ in edges if isinstance(parent, str)]
            for index, edges in self.edges.items()
        }
        found = cycle(local)
        if found:
            named = [self.specs[index].ref or f"tasks[{index}]" for index in found]
            raise RotaError("cycle", f"tasks wait for each other: {' -> '.join(named)}", field="tasks", cycle=named)

    def _add_sequence_edges(self) -> None:
        """A task of a sequence runs after the previous live one, however that ends."""
        keys = {
            spec.sequence for i, spec in enumerate(self.specs) if spec.sequence is not None and i not in self.existing
        }
        if not keys:
            return
        self.context.flush()
        found = self.context.transaction.each(relations.SEQUENCE_TAILS, [(key,) for key in sorted(keys)])
        tails: dict[str, int] = dict(found)
        missing = [tail for tail in tails.values() if tail not in self.parents]
        self.parents.update(self.context.lock(missing))
        previous: dict[str, Edge] = {
            key: (tail, RULES.index("run"), 0)
            for key, tail in tails.items()
            if tail in self.parents and self.parents[tail].state not in state.ENDED
        }
        for index, spec in enumerate(self.specs):
            if spec.sequence is None or index in self.existing:
                continue
            if spec.sequence in previous:
                self.edges.setdefault(index, []).append(previous[spec.sequence])
            name = spec.ref or f"\0{index}"
            self.refs.setdefault(name, index)
            previous[spec.sequence] = (name, RULES.index("run"), 0)
        self._refuse_cycles()

    def _row(self, index: int, spec: TaskSpec, queue: Queue) -> list[Any]:
        """The task's row but for its number; checks every value that depends on the moment or the queue."""
        context, now = self.context, self.context.now
        band = BANDS[spec.priority]
        field = f"tasks[{index}]"
        deadline = None if spec.deadline is None else ahead(spec.deadline, now, f"{field}.deadline")
        start = None if spec.start is None else moment(spec.start, now, f"{field}.start")
        ttl = spec.ttl if spec.ttl is not None else queue.policy.ttl
        expires = None if ttl is None else now + micros(ttl, f"{field}.ttl")
        estimate = None if spec.estimate is None else micros(spec.estimate, f"{field}.estimate")
        edges = self.edges.get(index, ())
        waiting = sum(self._verdict(parent, rule, until) is None for parent, rule, until in edges)
        ending = next((v for p, r, u in edges if (v := self._verdict(p, r, u)) in ("cancel", "hold")), None)
        held = spec.held or ending == "hold"
        came_into = state.CANCELLED if ending == "cancel" else resting(now, held=held, waiting=waiting, start=start)
        transaction = context.transaction
        tenant = context.book.tenant(transaction, spec.tenant)
        shape = context.book.shape(transaction, needs_of(spec))
        lane = None
        if came_into == state.READY:
            lane = context.book.lane(transaction, LaneKey(queue.pool, queue.id, shape, band, tenant))
            context.changes.pools.add(queue.pool)
        approval = queue.policy.approval if spec.approval is None else spec.approval
        return [
            index, queue.id, tenant, self._project(spec, field), band, spec.kind, spec.title, shape, lane,
            due(now, band, deadline, queue.policy), came_into, spec.max_attempts or queue.policy.max_attempts, now,
            now if lane is not None else None, now if ending == "cancel" else None, deadline, expires, start, estimate,
            waiting, len(edges), int(approval), self.batch, spec.sequence, spec.unique,
            "a parent had ended" if ending else None,
        ]  # fmt: skip

    def _verdict(self, parent: str | int, rule: int, until: int) -> str | None:
        if isinstance(parent, str):
            parent = self.existing.get(self.refs[parent], 0)
        row = self.parents.get(parent)
        return None if row is None else verdict(row.state, rule, until)

    def _project(self, spec: TaskSpec, field: str) -> int | None:
        if self.project is not None:
            return self.project
        if spec.project is None:
            return None
        number = self.projects.get(spec.project)
        if number is None:
            number = self.projects[spec.project] = open_project(self.context, spec.project, f"{field}.project")
        return number

    def _gather(self, rows: list[list[Any]], payloads: list[str | None]) -> None:
        context, changes = self.context, self.context.changes
        groups: Groups = {}
        submitted: dict[int, int] = {}
        for row in rows:
            index = row[0]
            number = row[0] = self.numbers[index]
            spec = self.specs[index]
            lane, due_at, came_into, start = row[8], row[9], row[10], row[17]
            changes.tasks.append(tuple(row))
            changes.bodies.append((number, spec.description, payloads[index]))
            if lane is not None:
                changes.add_ready(lane, due_at, number)
            elif came_into in state.ASIDE:
                changes.aside.append((came_into, number))
            if came_into == state.SCHEDULED:
                changes.add_timer(start, START, number)
            if row[16] is not None:
                changes.add_timer(row[16], TTL, number)
            groups.setdefault((came_into, lane), []).append(number)
            submitted[row[1]] = submitted.get(row[1], 0) + 1
        tell(context, "submit", groups)
        for queue, n in submitted.items():
            changes.count(queue, "submitted", n=n)
        self._gather_keys()
        self._gather_edges()

    def _gather_keys(self) -> None:
        context = self.context
        unique = [
            (spec.unique, self.numbers[i])
            for i, spec in enumerate(self.specs)
            if spec.unique and i not in self.existing
        ]
        context.transaction.add(relations.ADD_UNIQUE, unique)
        last: dict[str, int] = {}
        for index, spec in enumerate(self.specs):
            if spec.sequence is not None and index not in self.existing:
                last[spec.sequence] = self.numbers[index]
        for key, number in sorted(last.items()):
            context.transaction.one(relations.SET_SEQUENCE_TAIL, key, number)

    def _gather_edges(self) -> None:
        changes = self.context.changes
        parents: set[int] = set()
        for index, edges in self.edges.items():
            for parent, rule, until in edges:
                number = self.numbers[self.refs[parent]] if isinstance(parent, str) else parent
                met = self._verdict(parent, rule, until) is not None
                changes.dependencies.append((self.numbers[index], number, rule, until, int(met)))
                parents.add(number)
        if parents:
            self.context.flush()
            self.context.transaction.each(MARK_PARENTS, [(number,) for number in sorted(parents)])


def needs_of(spec: Any) -> Requirements:
    """The requirements of a submitted task."""
    if not (spec.skills or spec.role or spec.regions or spec.pin or spec.ban or spec.limits):
        return _NO_NEEDS
    return canonical(
        skills=spec.skills, role=spec.role, regions=spec.regions, pin=spec.pin, ban=spec.ban, limits=spec.limits
    )


def edge(after: Any, field: str, refs: dict[str, int]) -> Edge:
    """One dependency with its parent found: a reference of the same submit wins over a task id."""
    if isinstance(after, str):
        after = After(task=after)
    if not isinstance(after, After):
        raise invalid(field, f"must be a task id, a ref, or a dependency, not {type(after).__name__}")
    check.text(after.task, field, bounds.KEY, empty=False)
    if after.rule not in RULES:
        raise invalid(f"{field}.rule", f"{after.rule!r} is none of {', '.join(RULES)}")
    if after.until not in UNTILS:
        raise invalid(f"{field}.until", f"{after.until!r} is none of {', '.join(UNTILS)}")
    rule, until = RULES.index(after.rule), UNTILS.index(after.until)
    if after.task in refs:
        return (after.task, rule, until)
    try:
        return (task_number(after.task, field), rule, until)
    except RotaError:
        raise RotaError(
            "unknown_reference", f"{after.task[:60]!r} is neither a ref of this submit nor a task id", field=field
        ) from None


def open_project(context: Context, text: str, field: str) -> int:
    """The number of a project, by id or key, that still takes tasks."""
    found = context.transaction.one(relations.PROJECT_BY_KEY, text)
    number = found[0][0] if found else project_number(text, field)
    locked = context.transaction.one(relations.LOCK_PROJECT, number)
    if not locked:
        raise RotaError("no_project", f"there is no project {text!r}", field=field)
    if locked[0][0] is not None:
        raise RotaError("wrong_state", f"project {text!r} is finalized and takes no more tasks", field=field)
    return int(number)
