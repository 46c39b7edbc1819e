"""Statements about what happened: events, statistics, archive."""

from __future__ import annotations

from rota.store.statement import Each, One, add

ADD_EVENT = add("event", "at bigint, kind text, task bigint, moves text, data text")
EVENTS_SQLITE = One(
    "events",
    "SELECT CAST(seq AS text), at, kind, task, moves, data, 0, seq FROM event WHERE seq > ? ORDER BY seq LIMIT ?",
)
EVENTS_POSTGRES = One(
    "events",
    "SELECT xid::text || '.' || seq, at, kind, task, moves, data, xid::text::bigint, seq FROM event"
    " WHERE (xid, seq) > (?::text::xid8, ?) AND xid < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY xid, seq LIMIT ?",
)
"""Only what no running transaction can still precede; the cursor is (xid, seq)."""
SINCE_SQLITE = One("since", "SELECT seq - 1 FROM event WHERE at >= ? ORDER BY seq LIMIT 1")
SINCE_POSTGRES = One("since", "SELECT xid::text || '.' || (seq - 1) FROM event WHERE at >= ? ORDER BY xid, seq LIMIT 1")
LAST_SQLITE = One("last", "SELECT seq FROM event ORDER BY seq DESC LIMIT 1")
LAST_POSTGRES = One("last", "SELECT xid::text || '.' || seq FROM event ORDER BY xid DESC, seq DESC LIMIT 1")
TASK_EVENTS = One("task_events", "SELECT seq, at, kind, moves, data FROM event WHERE task = ? ORDER BY seq LIMIT ?")
LAST_EVENT = One("last_event", "SELECT coalesce(max(seq), 0) FROM event")

STATISTIC = Each(
    "statistic",
    "minute bigint, queue bigint, name text, node bigint, n bigint, total double precision",
    "UPDATE statistic SET n = statistic.n + v.n, total = statistic.total + v.total {from}"
    " WHERE statistic.minute = v.minute AND statistic.queue = v.queue AND statistic.name = v.name"
    " AND statistic.node = v.node RETURNING statistic.queue, statistic.name",
)
ADD_STATISTIC = add(
    "statistic",
    "minute bigint, queue bigint, name text, node bigint, n bigint, total double precision",
    ignore=True,
)
STATISTICS = One(
    "statistics",
    "SELECT minute, queue, name, CAST(sum(n) AS bigint), sum(total) FROM statistic WHERE minute >= ?"
    " GROUP BY minute, queue, name ORDER BY minute, queue, name LIMIT ?",
)
DROP_STATISTICS = One("drop_statistics", "DELETE FROM statistic WHERE minute < ?")

COUNT_ASIDE = One(
    "count_aside",
    "SELECT task.queue, aside.state, count(*) FROM aside JOIN task ON task.id = aside.task"
    " GROUP BY task.queue, aside.state",
)
COUNT_ASIDE_BY_STATE = One("count_aside_by_state", "SELECT state, count(*) FROM aside GROUP BY state ORDER BY state")
COUNT_RUNNING = One(
    "count_running",
    "SELECT lane.queue, count(*) FROM lease JOIN lane ON lane.id = lease.lane GROUP BY lane.queue",
)

ENDED_TASKS = One(
    "ended_tasks",
    "SELECT id FROM task WHERE id > ? AND id <= ? AND finished IS NOT NULL AND finished < ? AND state IN (7, 9, 10)"
    " ORDER BY id LIMIT ?",
)
LAST_TASK = One("last_task", "SELECT coalesce(max(id), 0) FROM task")
ARCHIVES = One("archives", "SELECT file, made, tasks, first_task, last_task, restored FROM archive ORDER BY made, file")
ADD_ARCHIVE = add("archive", "file text, made bigint, tasks bigint, first_task bigint, last_task bigint")
RESTORED_ARCHIVE = One("restored_archive", "UPDATE archive SET restored = ? WHERE file = ?")
DROP_TASK = Each("drop_task", "id bigint", "DELETE FROM task {using} WHERE task.id = v.id")
DROP_BODY = Each("drop_body", "id bigint", "DELETE FROM body {using} WHERE body.task = v.id")
DROP_ATTEMPTS = Each("drop_attempts", "id bigint", "DELETE FROM attempt {using} WHERE attempt.task = v.id")
DROP_EDGES = Each("drop_edges", "id bigint", "DELETE FROM dependency {using} WHERE dependency.child = v.id")
