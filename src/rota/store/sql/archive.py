"""Statements that move ended tasks out of the tables and back."""

from __future__ import annotations

from rota.store.statement import Each, One, add

_TASK = (
    "id bigint, queue bigint, tenant bigint, project bigint, band smallint, kind text, title text, shape bigint,"
    " lane bigint, due bigint, state smallint, attempts bigint, tries bigint, max_attempts bigint, submitted bigint,"
    " ready_at bigint, finished bigint, deadline bigint, expires bigint, start bigint, estimate bigint,"
    " waiting bigint, parents bigint, children smallint, review smallint, batch text, sequence text,"
    " unique_key text, reason text, agent bigint, version bigint, cost bigint, promoted smallint, lent smallint,"
    " needed_by bigint, must_by bigint, affinity text, keys text, stages bigint, fired bigint, waits_from bigint,"
    " own_shape bigint, grp text"
)
_BODY = "task bigint, description text, payload text, result text, checkpoint text, question text, answer text"
_ATTEMPT = (
    "task bigint, number bigint, agent bigint, since bigint, ended bigint, outcome text, counted smallint,"
    " error text, note text"
)
_EDGE = "child bigint, parent bigint, rule smallint, until smallint, met smallint"

SINCE_1 = {
    "cost": 0, "promoted": None, "lent": None, "needed_by": None, "must_by": None, "affinity": None, "keys": None,
    "stages": None, "fired": 0, "waits_from": None, "own_shape": None, "grp": None,
}  # fmt: skip
"""Columns that came after version 1, with what stands for them where a file lacks them."""

PUT_TASK = add("task", _TASK)
PUT_BODY = add("body", _BODY)
PUT_ATTEMPT = add("attempt", _ATTEMPT)
PUT_EDGE = add("dependency", _EDGE, ignore=True)


def _whole(name: str, table: str, columns: tuple[str, ...], key: str) -> Each:
    listed = ", ".join(f"{table}.{column}" for column in columns)
    return Each(name, "id bigint", f"SELECT {listed} FROM {table}{{comma}} WHERE {table}.{key} = v.id")


WHOLE_TASKS = _whole("whole_tasks", "task", PUT_TASK.columns, "id")
WHOLE_BODIES = _whole("whole_bodies", "body", PUT_BODY.columns, "task")
WHOLE_ATTEMPTS = _whole("whole_attempts", "attempt", PUT_ATTEMPT.columns, "task")
WHOLE_EDGES = _whole("whole_edges", "dependency", PUT_EDGE.columns, "child")
"""Everything there is about these tasks, in the columns of the `PUT_` statements."""

ENDED_TASKS = One(
    "ended_tasks",
    "SELECT id FROM task WHERE id > ? AND finished < ? AND state IN (7, 9, 10) ORDER BY id LIMIT ?",
)
"""Done, cancelled and expired tasks (numbers as in `model.state`)."""
STILL_NEEDED = Each(
    "still_needed",
    "parent bigint",
    "SELECT DISTINCT dependency.parent FROM dependency{comma}, task WHERE dependency.parent = v.parent"
    " AND task.id = dependency.child AND task.state NOT IN (7, 9, 10)",
)
"""Those that a task depends on which may still run."""

DROP_TASK = Each("drop_task", "id bigint", "DELETE FROM task {using} WHERE task.id = v.id")
DROP_BODY = Each("drop_body", "id bigint", "DELETE FROM body {using} WHERE body.task = v.id")
DROP_ATTEMPTS = Each("drop_attempts", "id bigint", "DELETE FROM attempt {using} WHERE attempt.task = v.id")
DROP_EDGES = Each("drop_edges", "id bigint", "DELETE FROM dependency {using} WHERE dependency.child = v.id")

ARCHIVES = One(
    "archives",
    "SELECT file, made, tasks, first_task, last_task, restored FROM archive WHERE (made, file) > (?, ?)"
    " ORDER BY made, file LIMIT ?",
)
ARCHIVE = One("archive", "SELECT file, made, tasks, first_task, last_task, restored FROM archive WHERE file = ?")
ADD_ARCHIVE = add("archive", "file text, made bigint, tasks bigint, first_task bigint, last_task bigint", ignore=True)
RESTORED_ARCHIVE = One("restored_archive", "UPDATE archive SET restored = ? WHERE file = ?")
