"""Statements about what happened: events, statistics."""

from __future__ import annotations

from rota.store.statement import Each, One, add

ADD_EVENT = add("event", "at bigint, kind text, task bigint, moves text, data text")
EVENTS_SQLITE = One(
    "events",
    "SELECT CAST(seq AS text), at, kind, task, moves, data, 0, seq FROM event WHERE seq > ? ORDER BY seq LIMIT ?",
)
EVENTS_POSTGRES = One(
    "events",
    "SELECT xid || '.' || seq, at, kind, task, moves, data, xid, seq FROM event WHERE (xid, seq) > (?, ?)"
    " AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint + xid_base() ORDER BY xid, seq LIMIT ?",
)
"""Only what no running transaction can still precede; the cursor is (xid, seq)."""
BEYOND_SQLITE = One("beyond", "SELECT min(seq) - 1 FROM event WHERE xid IS NULL OR xid > ? OR (xid = ? AND seq > ?)")
"""What was before the first event that a cursor of PostgreSQL (xid, seq) has not passed; see `rota move`."""
SINCE_SQLITE = One("since", "SELECT seq - 1 FROM event WHERE at >= ? ORDER BY seq LIMIT 1")
SINCE_POSTGRES = One("since", "SELECT xid || '.' || (seq - 1) FROM event WHERE at >= ? ORDER BY xid, seq LIMIT 1")
LAST_SQLITE = One("last", "SELECT seq FROM event ORDER BY seq DESC LIMIT 1")
LAST_POSTGRES = One("last", "SELECT xid || '.' || seq FROM event ORDER BY xid DESC, seq DESC LIMIT 1")
TASK_EVENTS = One("task_events", "SELECT seq, at, kind, moves, data FROM event WHERE task = ? ORDER BY seq LIMIT ?")
LAST_EVENT = One("last_event", "SELECT coalesce(max(seq), 0) FROM event")

STATISTIC = Each(
    "statistic",
    "minute bigint, queue bigint, name text, node bigint, n bigint, total double precision",
    "INSERT INTO statistic (minute, queue, name, node, n, total)"
    " SELECT v.minute, v.queue, v.name, v.node, v.n, v.total {from} WHERE true"
    " ON CONFLICT (minute, queue, name, node) DO UPDATE SET n = statistic.n + excluded.n,"
    " total = statistic.total + excluded.total",
)
"""Adds to the counts of a minute."""
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

LAST_TASK = One("last_task", "SELECT coalesce(max(id), 0) FROM task")
