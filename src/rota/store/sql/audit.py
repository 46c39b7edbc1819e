"""Statements of the audit: everything is read once, in the order of a key, in pages."""

from __future__ import annotations

from rota.store.statement import One

EVENTS = One(
    "audit_events",
    "SELECT seq, at, kind, moves, data, coalesce(xid, 0) FROM event WHERE seq > ? ORDER BY seq LIMIT ?",
)
"""By `seq`: of two changes of one thing the later has the higher one, whatever order their transactions began in."""

LANES = One("audit_lanes", "SELECT id, pool, queue, shape, band, tenant FROM lane ORDER BY id")
QUEUES = One("audit_queues", "SELECT id, name, paused FROM queue ORDER BY id")
TENANTS = One("audit_tenants", "SELECT id, name FROM tenant ORDER BY id")
KEYS = One("audit_keys", "SELECT id, keys FROM task WHERE keys IS NOT NULL ORDER BY id")
POOLS = One("audit_pools", "SELECT id, name FROM pool ORDER BY id")

TASKS = One(
    "audit_tasks",
    "SELECT id, state, tries, lane, queue, band, promoted, lent FROM task WHERE id > ? ORDER BY id LIMIT ?",
)
READY = One(
    "audit_ready",
    "SELECT lane, due, task FROM ready WHERE (lane, due, task) > (?, ?, ?) ORDER BY lane, due, task LIMIT ?",
)
ASIDE = One("audit_aside", "SELECT state, task FROM aside WHERE (state, task) > (?, ?) ORDER BY state, task LIMIT ?")
LEASES = One("audit_leases", "SELECT task, agent, slot, attempt, lane FROM lease WHERE task > ? ORDER BY task LIMIT ?")
ATTEMPTS = One(
    "audit_attempts",
    "SELECT task, min(number), max(number), count(*) FROM attempt WHERE task > ? GROUP BY task ORDER BY task LIMIT ?",
)
BODIES = One("audit_bodies", "SELECT task FROM body WHERE task > ? ORDER BY task LIMIT ?")
DEPTHS = One("audit_depths", "SELECT lane, CAST(sum(n) AS bigint) FROM depth GROUP BY lane ORDER BY lane")

WITHOUT_TIMER = One(
    "without_timer",
    "SELECT task.id, task.start FROM aside JOIN task ON task.id = aside.task WHERE aside.state = 1"
    " AND NOT EXISTS (SELECT 1 FROM timer WHERE timer.due = task.start AND timer.kind = 0 AND timer.ref = task.id)"
    " ORDER BY task.id LIMIT ?",
)
"""Scheduled tasks that nothing would ever start (states and kinds as in `model.state` and `engine.place`)."""
UNMET = One(
    "unmet",
    "SELECT child, parent FROM dependency WHERE met = 0 AND (child, parent) > (?, ?) ORDER BY child, parent LIMIT ?",
)
WITHOUT_PARENT = One(
    "without_parent",
    "SELECT aside.task FROM aside WHERE aside.state = 0 AND NOT EXISTS (SELECT 1 FROM dependency JOIN task"
    " ON task.id = dependency.parent WHERE dependency.child = aside.task AND dependency.met = 0"
    " AND task.state NOT IN (7, 8, 9, 10)) AND NOT EXISTS (SELECT 1 FROM in_line WHERE in_line.task = aside.task)"
    " ORDER BY aside.task LIMIT ?",
)
"""Blocked tasks that wait for no unfinished parent, stand in no line, and so wait for ever."""
LINE_WITHOUT_END = One(
    "line_without_end",
    "SELECT in_line.task, in_line.key FROM in_line WHERE NOT EXISTS (SELECT 1 FROM admitted"
    " WHERE admitted.key = in_line.key) AND NOT EXISTS (SELECT 1 FROM meter JOIN timer ON timer.ref = meter.id"
    " AND timer.kind = 9 WHERE meter.key = in_line.key) AND NOT EXISTS (SELECT 1 FROM meter"
    ' WHERE meter.key = in_line.key AND meter.asked <> 0) AND NOT EXISTS (SELECT 1 FROM "limit"'
    ' WHERE in_line.key = "limit".key OR substr(in_line.key, 1, length("limit".key) + 1) = "limit".key || \' \')'
    " ORDER BY in_line.task LIMIT ?",
)
"""Tasks in line for a limit that nobody is in, that no timer opens, for which nobody was asked, and that no provider
parked (kinds as in `engine.timer_kinds`)."""
