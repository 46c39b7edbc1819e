"""Bringing tasks in: all of a submit or none."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec

from rota.engine.book import Queue
from rota.engine.context import Context
from rota.engine.depth import Room
from rota.engine.limits_of_submit import LimitsOfSubmit
from rota.engine.line import behind, wants_in
from rota.engine.named import project
from rota.engine.needs import asks, hand_up
from rota.engine.parents import Parents
from rota.engine.place import Groups, resting, tell
from rota.engine.rules import Routed
from rota.engine.stage_timer import set_timer, waits
from rota.engine.stages_of_submit import stage_list
from rota.engine.stand import keys_of, lane_for
from rota.engine.standings import Alike, Standings
from rota.engine.timer_kinds import LATE, START, TTL
from rota.model import bounds, check, state
from rota.model.commands.submit import Submit, Submitted
from rota.model.errors import RotaError, invalid
from rota.model.ids import task_id
from rota.model.priority import BANDS
from rota.model.requirements import needs_of
from rota.model.task import TaskSpec
from rota.model.times import ahead, micros, moment
from rota.planning.inherit import NOTHING, Need, backwards, least
from rota.planning.order import Facts, Standing, due
from rota.store.protocol import Rerun
from rota.store.sql import relations
from rota.store.sql.tasks import MARK_PARENTS


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
    context: Context,
    specs: Sequence[TaskSpec],
    *,
    batch: str | None = None,
    project: int | None = None,
    project_key: str | None = None,
) -> Submitted:
    """Take tasks in as part of a command; `project` overrides theirs. One that is only now made tells its key."""
    check.some(specs, "tasks", bounds.SUBMIT)
    known = {} if project is None or project_key is None else {project: project_key}
    return _Intake(context, specs, batch, project, known).run()


def _earlier(context: Context, key: str, fingerprint: str) -> Submitted | None:
    found = context.transaction.one(relations.GET_REQUEST, key)
    if not found:
        return None
    if found[0][0] != fingerprint:
        raise RotaError("other_request", f"idempotency key {key!r} was used for a different submit", field="key")
    return msgspec.json.decode(found[0][1], type=Submitted)


class _Intake:
    """One submit on its way in. Nothing is gathered for writing before everything has been checked."""

    def __init__(
        self,
        context: Context,
        specs: Sequence[TaskSpec],
        batch: str | None,
        project: int | None,
        project_keys: dict[int, str],
    ) -> None:
        self.context = context
        self.specs = specs
        self.batch = batch
        self.project = project
        self.numbers: list[int] = []
        self.existing: dict[int, int] = {}
        """Index of a spec -> the task that its unique key answers instead."""
        self.projects: dict[str, int] = {}
        self.standings = Standings(context)
        self.limits = LimitsOfSubmit(context, project_keys)
        self.wishes: list[tuple[int, str, int, int]] = []
        """Tasks that could be ready but must be admitted: index, keys, band, due."""
        self.turn_late: list[tuple[int, int]] = []
        """When tasks that are in time now will be late, with the index of their spec."""
        self._last_found: Standing | None = None
        self._last_asked: tuple[int, int, int | None] = (0, 0, None)
        self._last_lane = 0

    def run(self) -> Submitted:
        specs = self.specs
        for index, spec in enumerate(specs):
            check.spec(spec, f"tasks[{index}]")
        payloads = [
            None if spec.payload is None else check.json_text(spec.payload, f"tasks[{i}].payload", bounds.PAYLOAD_BYTES)
            for i, spec in enumerate(specs)
        ]
        self.routed = Routed(self.context, specs)
        self.specs = specs = self.routed.specs
        self._find_existing()
        self.parents = Parents(self.context, specs, self.existing)
        room = Room(self.context, self.parents.existing)
        queues = [None if i in self.existing else self._queue(room, i, spec) for i, spec in enumerate(specs)]
        rows = self._rows(queues)
        new = self.context.transaction.new_ids(len(rows))
        fresh = iter(new)
        self.numbers = [self.existing[i] if i in self.existing else next(fresh) for i in range(len(specs))]
        room.make()
        self._gather(rows, payloads)
        return Submitted(
            ids=[task_id(number) for number in self.numbers],
            existing=[task_id(number) for number in self.existing.values()],
        )

    def _queue(self, room: Room, index: int, spec: TaskSpec) -> Queue:
        """The queue it names, or where that one's overflow leads. Only what is ready at once takes up room."""
        queue = self.context.book.queue(spec.queue, f"tasks[{index}].queue")
        if queue.policy.depth is None or spec.held or any(found != "met" for found in self.parents.verdicts(index)):
            return queue
        now = self.context.now
        if spec.start is not None and moment(spec.start, now, f"tasks[{index}].start") > now:
            return queue
        return room.queue_for(queue, BANDS[spec.priority], index)

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
        if not wanted:
            return
        for key, task in self.context.transaction.each(relations.UNIQUE_TASKS, [(key,) for key in wanted]):
            self.existing[wanted[key]] = task

    def _rows(self, queues: Sequence[Queue | None]) -> list[list[Any]]:
        """Rows of the new tasks, in order. Those that wait for others come first: they lend them their band and due."""
        local = self.parents.local()
        needs: dict[int, Need] = {}
        rows: dict[int, list[Any]] = {}
        waiters = backwards(local) if local else []
        for index in (*waiters, *(i for i in range(len(queues)) if i not in local)):
            queue = queues[index]
            if queue is None or index in rows:
                continue
            rows[index], facts = self._row(index, self.specs[index], queue, needs.get(index, NOTHING))
            for parent in local.get(index, ()):
                needs[parent] = least(needs.get(parent, NOTHING), asks(facts, queue.policy))
        return [rows[index] for index in sorted(rows)]

    def _row(self, index: int, spec: TaskSpec, queue: Queue, need: Need) -> tuple[list[Any], Facts]:
        """The task's row but for its number, and what decides its place.

        Checks every value that depends on the moment or the queue.
        """
        context, now = self.context, self.context.now
        band = BANDS[spec.priority]
        field = f"tasks[{index}]"
        deadline = None if spec.deadline is None else ahead(spec.deadline, now, f"{field}.deadline")
        start = None if spec.start is None else moment(spec.start, now, f"{field}.start")
        ttl = spec.ttl if spec.ttl is not None else queue.policy.ttl
        expires = None if ttl is None else now + micros(ttl, f"{field}.ttl")
        estimate = None if spec.estimate is None else micros(spec.estimate, f"{field}.estimate")
        verdicts = [*self.parents.verdicts(index)] if index in self.parents.edges else []
        waiting = verdicts.count(None)
        ending = next((found for found in ("cancel", "hold") if found in verdicts), None) if verdicts else None
        held = spec.held or ending == "hold"
        came_into = state.CANCELLED if ending == "cancel" else resting(now, held=held, waiting=waiting, start=start)
        transaction = context.transaction
        tenant = context.book.tenant(transaction, spec.tenant)
        shape = context.book.shape(transaction, needs_of(spec))
        facts, expected, found = self.standings.of(queue, Alike(queue.id, band, spec.kind, estimate, deadline, need))
        project = self._project(spec, field)
        keys = self.limits.keys(index, spec, queue, project) if context.book.limits or spec.touches else None
        if keys is not None and came_into == state.READY:
            came_into = state.BLOCKED
            band_in_line = found.band + behind(context, queue.pool, shape)
            self.wishes.append((index, keys, band_in_line, due(facts, queue.policy)))
        lane = None
        if came_into == state.READY:
            lane = self._lane(queue, found, shape, tenant, project)
        approval = queue.policy.approval if spec.approval is None else spec.approval
        stages = stage_list(context, spec, queue, field)
        row = [
            index, queue.id, tenant, project, band, spec.kind, spec.title, shape, lane,
            found.due, came_into, spec.max_attempts or queue.policy.max_attempts, now,
            now if lane is not None else None, now if ending == "cancel" else None, deadline, expires, start, estimate,
            waiting, len(verdicts), int(approval), self.batch, spec.sequence, spec.unique,
            "a parent had ended" if ending else None, expected.mean, None, facts.lent, need.due, need.must,
            spec.affinity, keys, stages, now if waits(came_into, waiting) else None,
            spec.group,
        ]  # fmt: skip
        if lane is not None and found.turns_late is not None:
            self.turn_late.append((found.turns_late, index))
        return row, facts

    def _lane(self, queue: Queue, found: Standing, shape: int, tenant: int, project: int | None) -> int:
        """The lane of a task that is ready at once. In most submits it is that of the task before."""
        asked = (shape, tenant, project)
        if found is not self._last_found or asked != self._last_asked:
            self.context.changes.pools.add(queue.pool)
            self._last_lane = lane_for(self.context, queue, found, *asked)
            self._last_found, self._last_asked = found, asked
        return self._last_lane

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
                changes.add_ready(lane, due_at, number, row[26], keys_of(spec.affinity, spec.group))
            elif came_into in state.ASIDE:
                changes.aside.append((came_into, number))
            if came_into == state.SCHEDULED:
                changes.add_timer(start, START, number)
            if row[16] is not None:
                changes.add_timer(row[16], TTL, number)
            if row[33] is not None:
                stages = context.book.stages_of(context.transaction, row[33])
                set_timer(context, number, stages, 0, row[34], row[15])
            groups.setdefault((came_into, lane), []).append(number)
            submitted[row[1]] = submitted.get(row[1], 0) + 1
            if came_into == state.CANCELLED:
                self._note_cancelled(row)
        tell(context, "submit", groups)
        self.routed.tell({index: n for index, n in enumerate(self.numbers) if index not in self.existing})
        for at, index in self.turn_late:
            changes.add_timer(at, LATE, self.numbers[index])
        for index, keys, band, by in self.wishes:
            wants_in(context, self.numbers[index], keys, band, by)
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
        if unique:
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
        waiting_for_others = self.parents.outside() if parents else []
        if waiting_for_others:
            hand_up(self.context, [self.numbers[index] for index in waiting_for_others])


def open_project(context: Context, text: str, field: str) -> int:
    """The number of a project, by id or key, that still takes tasks."""
    number = project(context.transaction, text, field)
    locked = context.transaction.one(relations.LOCK_PROJECT, number)
    if locked[0][0] is not None:
        raise RotaError("wrong_state", f"project {text!r} is finalized and takes no more tasks", field=field)
    return number
