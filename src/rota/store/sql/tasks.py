"""Statements about tasks and their bodies."""

from __future__ import annotations

from typing import NamedTuple

from rota.store.statement import Each, One, add

ADD_TASK = add(
    "task",
    "id bigint, queue bigint, tenant bigint, project bigint, band smallint, kind text, title text, shape bigint,"
    " lane bigint, due bigint, state smallint, max_attempts bigint, submitted bigint, ready_at bigint,"
    " finished bigint, deadline bigint, expires bigint, start bigint, estimate bigint, waiting bigint,"
    " parents bigint, review smallint, batch text, sequence text, unique_key text, reason text, cost bigint,"
    " promoted smallint, lent smallint, needed_by bigint, must_by bigint, affinity text, keys text, stages bigint,"
    " waits_from bigint, grp text",
)
ADD_BODY = add("body", "task bigint, description text, payload text")


class TaskRow(NamedTuple):
    """What the engine needs to know of a task to move it."""

    id: int
    queue: int
    tenant: int
    project: int | None
    band: int
    kind: str
    shape: int
    lane: int | None
    due: int
    state: int
    attempts: int
    tries: int
    max_attempts: int
    submitted: int
    deadline: int | None
    expires: int | None
    start: int | None
    estimate: int | None
    waiting: int
    parents: int
    children: int
    review: int
    sequence: str | None
    unique_key: str | None
    agent: int | None
    version: int
    reason: str | None
    cost: int
    """Estimated work, microseconds, frozen when it first became ready; 0 = not yet."""
    promoted: int | None
    """The band a stage promoted it to."""
    lent: int | None
    """The best band of the tasks that wait for it; it counts when better than its own."""
    needed_by: int | None
    """When a task that waits for it needs it."""
    must_by: int | None
    """The same, counting only what is due by a deadline."""
    affinity: str | None
    keys: str | None
    """The limits it must be admitted to (see `engine.line`)."""
    stages: int | None
    """Its list of stages."""
    fired: int
    """The stages that came, a bit each."""
    waits_from: int | None
    """When it first waited for an agent; only kept of tasks with stages."""
    own_shape: int | None
    """Its own shape while it is assigned to an agent: `shape` is what the assignment made of it."""
    grp: str | None
    """Its group."""


_ROW = ", ".join(f"task.{name}" for name in TaskRow._fields)

LOCK_TASKS = Each("lock_tasks", "id bigint", f"SELECT {_ROW} FROM task{{comma}} WHERE task.id = v.id {{lock}}")
"""Tasks to be changed, locked in order of id: the order every command keeps, so that none can deadlock."""

PLACE_TASKS = Each(
    "place_tasks",
    "id bigint, state smallint, lane bigint, due bigint, ready_at bigint, attempts bigint, tries bigint,"
    " start bigint, waiting bigint, agent bigint, reason text, cost bigint",
    "UPDATE task SET state = v.state, lane = v.lane, due = v.due, ready_at = v.ready_at, attempts = v.attempts,"
    " tries = v.tries, start = v.start, waiting = v.waiting, agent = v.agent, reason = v.reason, cost = v.cost"
    " {from} WHERE task.id = v.id",
)
END_TASKS = Each(
    "end_tasks",
    "id bigint, state smallint, finished bigint, attempts bigint, tries bigint, agent bigint, reason text",
    "UPDATE task SET state = v.state, finished = v.finished, attempts = v.attempts, tries = v.tries,"
    " agent = v.agent, reason = v.reason {from} WHERE task.id = v.id",
)
EDIT_TASK = One(
    "edit_task",
    "UPDATE task SET title = ?, band = ?, shape = ?, deadline = ?, max_attempts = ?, parents = ?,"
    " grp = ?, kind = ?, estimate = ?, version = version + 1 WHERE id = ?",
)
NEED_TASKS = Each(
    "need_tasks",
    "id bigint, lent smallint, needed_by bigint, must_by bigint",
    "UPDATE task SET lent = v.lent, needed_by = v.needed_by, must_by = v.must_by {from} WHERE task.id = v.id",
)
STAGE_TASKS = Each(
    "stage_tasks",
    "id bigint, queue bigint, shape bigint, own_shape bigint, promoted smallint, fired bigint",
    "UPDATE task SET queue = v.queue, shape = v.shape, own_shape = v.own_shape, promoted = v.promoted, fired = v.fired"
    " {from} WHERE task.id = v.id",
)
SET_WAITS_FROM = Each(
    "set_waits_from",
    "id bigint, waits_from bigint",
    "UPDATE task SET waits_from = v.waits_from {from} WHERE task.id = v.id",
)
ASSIGN_TASKS = Each(
    "assign_tasks",
    "id bigint, shape bigint, own_shape bigint",
    "UPDATE task SET shape = v.shape, own_shape = v.own_shape, version = version + 1 {from} WHERE task.id = v.id",
)
WAITING_TASKS = Each(
    "waiting_tasks",
    "id bigint",
    "SELECT task.id, task.state, task.lane, task.due, task.ready_at, task.band, task.promoted, task.lent"
    " FROM task{comma} WHERE task.id = v.id",
)


class WaitingTask(NamedTuple):
    """Where a task stands, as kept."""

    id: int
    state: int
    lane: int | None
    due: int
    ready_at: int | None
    band: int
    promoted: int | None
    lent: int | None


SET_TITLE = One("set_title", "UPDATE task SET title = ?, version = version + 1 WHERE id = ?")
SET_PAYLOAD = One("set_payload", "UPDATE body SET payload = ? WHERE task = ?")
SET_DESCRIPTION = One("set_description", "UPDATE body SET description = ? WHERE task = ?")
SET_RESULTS = Each(
    "set_results", "task bigint, result text", "UPDATE body SET result = v.result {from} WHERE body.task = v.task"
)
SET_CHECKPOINTS = Each(
    "set_checkpoints",
    "task bigint, checkpoint text",
    "UPDATE body SET checkpoint = v.checkpoint {from} WHERE body.task = v.task",
)
SET_REASON = Each(
    "set_reason", "id bigint, reason text", "UPDATE task SET reason = v.reason {from} WHERE task.id = v.id"
)
SET_QUESTION = One("set_question", "UPDATE body SET question = ?, answer = NULL WHERE task = ?")
SET_ANSWER = One("set_answer", "UPDATE body SET answer = ? WHERE task = ?")
MARK_PARENTS = Each("mark_parents", "id bigint", "UPDATE task SET children = 1 {from} WHERE task.id = v.id")
MORE_PARENTS = Each("more_parents", "id bigint", "UPDATE task SET parents = parents + 1 {from} WHERE task.id = v.id")

BATCH_TASKS = One(
    "batch_tasks", "SELECT id FROM task WHERE batch = ? AND state NOT IN (7, 8, 9, 10) ORDER BY id LIMIT ?"
)
"""Unfinished tasks of a batch (states as in `model.state`)."""
TITLE_OF = One("title_of", "SELECT title FROM task WHERE id = ?")

BRIEFS = Each(
    "briefs",
    "id bigint",
    "SELECT task.id, task.title, task.kind, task.queue, task.band, task.tenant, task.project, task.deadline,"
    " task.estimate, task.submitted, task.ready_at, task.parents, task.tries, body.description, body.payload,"
    " body.checkpoint, body.answer, task.grp, task.review FROM body{comma}, task"
    " WHERE task.id = v.id AND body.task = v.id",
)


class Brief(NamedTuple):
    """What an agent is told of a task, as kept."""

    id: int
    title: str
    kind: str
    queue: int
    band: int
    tenant: int
    project: int | None
    deadline: int | None
    estimate: int | None
    submitted: int
    ready_at: int | None
    parents: int
    tries: int
    description: str
    payload: str | None
    checkpoint: str | None
    answer: str | None
    grp: str | None
    review: int
    """1 = a person approves the outcome."""
