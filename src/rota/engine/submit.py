"""Bringing tasks in: all of a submit or none."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from rota.engine.book import LaneKey, Queue
from rota.engine.context import Context
from rota.engine.depth import Room
from rota.engine.named import project
from rota.engine.parents import Parents
from rota.engine.place import START, TTL, Groups, resting, tell
from rota.model import bounds, check, state
from rota.model.commands.submit import Submit, Submitted
from rota.model.errors import RotaError, invalid
from rota.model.ids import task_id
from rota.model.priority import BANDS
from rota.model.requirements import Requirements, canonical
from rota.model.task import TaskSpec
from rota.model.times import ahead, micros, moment
from rota.planning.order import due
from rota.store.protocol import Rerun
from rota.store.sql import relations
from rota.store.sql.tasks import MARK_PARENTS

_NO_NEEDS = Requirements()


def submit(context: Context, command: Submit) -> Submitted:
    """Take the tasks in, or refuse the whole submit naming the first thing that is wrong."""
    fingerprint = ""
    if command.key is not None:
        check.maybe_key(command.key, "key")
        fingerprint = _fingerprint(context, command)
        found = _earlier(context, command.key, fingerprint)
        if found is not None:
            return found
    check.maybe_key(command.batch, "batch")
    answer = take_in(context, command.tasks, batch=command.batch)
    if command.key is not None:
        text = msgspec.json.encode(answer).decode()
        if not context.transaction.one(relations.ADD_REQUEST, command.key, fingerprint, text, context.now):
            # Another node took the key since it was looked for: run again, and answer what that one was answered.
            raise Rerun(f"idempotency key {command.key!r} was used at the same moment")
    return answer


def _fingerprint(context: Context, command: Submit) -> str:
    try:
        return sha256(msgspec.json.encode(command, order="deterministic")).hexdigest()
    except (TypeError, ValueError, OverflowError, RecursionError):
        take_in(context, command.tasks)  # refuses what can not be written, and says where it is
        raise


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
        self.parents = Parents(self.context, specs, self.existing)
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
        verdicts = [*self.parents.verdicts(index)]
        waiting = verdicts.count(None)
        ending = "cancel" if "cancel" in verdicts else "hold" if "hold" in verdicts else None
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
            waiting, len(verdicts), int(approval), self.batch, spec.sequence, spec.unique,
            "a parent had ended" if ending else None,
        ]  # fmt: skip

    def _project(self, spec: TaskSpec, field: str) -> int | None:
        if spec.project is None:
            return self.project
        if self.project is not None:
            raise invalid(f"{field}.project", "must be left out: the task belongs to the project that is created")
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
            if came_into == state.CANCELLED:
                self._note_cancelled(row)
        tell(context, "submit", groups)
        for queue, n in submitted.items():
            changes.count(queue, "submitted", n=n)
        live = [row[0] for row in rows if row[10] != state.CANCELLED]
        self._gather_keys({number: index for index, number in enumerate(self.numbers)}, live)
        self._gather_edges()

    def _note_cancelled(self, row: list[Any]) -> None:
        """A parent's end cancelled the task at once: it takes no key, and its own children are told."""
        context = self.context
        context.ended[row[0]] = state.CANCELLED
        context.changes.count(row[1], "cancelled")
        if row[15] is not None:
            context.changes.count(row[1], "deadline_missed")

    def _gather_keys(self, index_of: dict[int, int], live: list[int]) -> None:
        context = self.context
        specs = [(self.specs[index_of[number]], number) for number in live]
        unique = [(spec.unique, number) for spec, number in specs if spec.unique]
        context.transaction.add(relations.ADD_UNIQUE, unique)
        last = {spec.sequence: number for spec, number in specs if spec.sequence is not None}
        for key, number in sorted(last.items()):
            context.transaction.one(relations.SET_SEQUENCE_TAIL, key, number)

    def _gather_edges(self) -> None:
        changes = self.context.changes
        parents: set[int] = set()
        for index, edges in self.parents.edges.items():
            for parent, rule, until in edges:
                number = self.numbers[self.parents.refs[parent]] if isinstance(parent, str) else parent
                met = self.parents.verdict(parent, rule, until) is not None
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


def open_project(context: Context, text: str, field: str) -> int:
    """The number of a project, by id or key, that still takes tasks."""
    number = project(context.transaction, text, field)
    locked = context.transaction.one(relations.LOCK_PROJECT, number)
    if locked[0][0] is not None:
        raise RotaError("wrong_state", f"project {text!r} is finalized and takes no more tasks", field=field)
    return number
