"""Statements about tasks that wait: lanes, ready, set aside, timers, depth."""

from __future__ import annotations

from rota.store.statement import Each, One, add

ADD_READY = add("ready", "lane bigint, due bigint, task bigint, cost bigint, affinity bigint, grp bigint", ignore=True)
TAKE_READY = Each(
    "take_ready",
    "lane bigint, due bigint, task bigint",
    "DELETE FROM ready {using} WHERE ready.lane = v.lane AND ready.due = v.due AND ready.task = v.task"
    " RETURNING ready.task",
)
ADD_ASIDE = add("aside", "state smallint, task bigint", ignore=True)
LEAVE_ASIDE = Each(
    "leave_aside",
    "state smallint, task bigint",
    "DELETE FROM aside {using} WHERE aside.state = v.state AND aside.task = v.task RETURNING aside.task",
)

COUNT_UNREVIEWED = One(
    "count_unreviewed",
    "SELECT count(*) FROM (SELECT 1 FROM aside JOIN task ON task.id = aside.task WHERE aside.state = 6"
    " AND task.queue = ? LIMIT ?) AS waiting",
)
"""How many tasks of a queue wait for approval, counted up to a limit."""

ASIDE_OF_QUEUE = One(
    "aside_of_queue",
    "SELECT aside.task FROM aside JOIN task ON task.id = aside.task WHERE aside.state = ? AND task.queue = ?"
    " ORDER BY aside.task LIMIT ?",
)

HEADS_SQLITE = Each(
    "heads",
    "lane bigint, k bigint",
    "SELECT lane, due, task, cost, affinity, grp FROM ready WHERE lane = v.lane ORDER BY due, task LIMIT v.k",
)
HEADS_POSTGRES = Each(
    "heads",
    "lane bigint, k bigint",
    "SELECT heads.lane, heads.due, heads.task, heads.cost, heads.affinity, heads.grp {from} CROSS JOIN LATERAL"
    " (SELECT lane, due, task, cost, affinity, grp FROM ready WHERE ready.lane = v.lane"
    " ORDER BY due, task LIMIT v.k) AS heads",
)
COMPANIONS_SQLITE = Each(
    "companions",
    "lane bigint, grp bigint, k bigint",
    "SELECT lane, due, task, cost, affinity, grp FROM ready INDEXED BY ready_group"
    " WHERE lane = v.lane AND grp = v.grp AND grp <> 0 ORDER BY due, task LIMIT v.k",
)
COMPANIONS_POSTGRES = Each(
    "companions",
    "lane bigint, grp bigint, k bigint",
    "SELECT found.lane, found.due, found.task, found.cost, found.affinity, found.grp {from} CROSS JOIN LATERAL"
    " (SELECT lane, due, task, cost, affinity, grp FROM ready WHERE ready.lane = v.lane AND ready.grp >= v.grp"
    " AND ready.grp <= v.grp AND ready.grp <> 0 ORDER BY grp, due, task LIMIT v.k) AS found",
)
"""The first tasks of groups in their lanes. On PostgreSQL a group is a range, and first in the order: with an
equality the planner could take the order from the lane's own index, and read all of it for a few tasks."""
PROJECT_IN_LANE = One(
    "project_in_lane",
    "SELECT first.lane, first.due, first.task, first.cost, first.affinity, first.grp FROM (SELECT lane, due, task,"
    " cost, affinity, grp FROM ready WHERE lane = ? ORDER BY due, task LIMIT ?) AS first"
    " WHERE (SELECT project FROM task WHERE task.id = first.task) = ?",
)
"""Of the first so many of a lane those of a project, in no order. No join: SQLite would begin it at the project, and
look at all of its tasks for the first four of a lane."""
READY_OF_PROJECT = One(
    "ready_of_project",
    "SELECT ready.lane, ready.due, ready.task, ready.cost, ready.affinity, ready.grp FROM task JOIN ready"
    " ON ready.lane = task.lane AND ready.due = task.due AND ready.task = task.id"
    " WHERE task.project = ? AND task.lane = ? ORDER BY ready.due, ready.task LIMIT ?",
)
"""The first so many of a project in a lane, found through the project: for lanes in which others stand before."""
READY_OF_TASKS = Each(
    "ready_of_tasks",
    "id bigint",
    "SELECT ready.lane, ready.due, ready.task, ready.cost, ready.affinity, ready.grp FROM ready, task{comma}"
    " WHERE task.id = v.id AND ready.lane = task.lane AND ready.due = task.due AND ready.task = task.id",
)
LAST_OF_LANE = One("last_of_lane", "SELECT due, task FROM ready WHERE lane = ? ORDER BY due DESC, task DESC LIMIT ?")
FIRST_OF_LANE = One("first_of_lane", "SELECT due, task FROM ready WHERE lane = ? ORDER BY due, task LIMIT ?")
COUNT_AHEAD = One(
    "count_ahead", "SELECT count(*) FROM (SELECT 1 FROM ready WHERE lane = ? AND (due, task) < (?, ?) LIMIT ?) AS ahead"
)
WORK_AHEAD = One(
    "work_ahead",
    "SELECT count(*), CAST(coalesce(sum(cost), 0) AS bigint) FROM (SELECT cost FROM ready WHERE lane = ?"
    " AND (due, task) < (?, ?) ORDER BY due, task LIMIT ?) AS ahead",
)

ADD_DEPTH = add("depth", "lane bigint, n bigint")
DEPTHS = One("depths", "SELECT lane, CAST(sum(n) AS bigint), count(*) FROM depth GROUP BY lane ORDER BY lane")
TAKE_DEPTHS = One("take_depths", "DELETE FROM depth RETURNING lane, n")
QUEUE_DEPTH = One(
    "queue_depth",
    "SELECT CAST(coalesce(sum(n), 0) AS bigint) FROM depth JOIN lane ON lane.id = depth.lane WHERE lane.queue = ?",
)
LANES_IN_READY = One(
    "lanes_in_ready",
    "WITH RECURSIVE waiting(lane) AS (SELECT min(lane) FROM ready UNION ALL"
    " SELECT (SELECT min(ready.lane) FROM ready WHERE ready.lane > waiting.lane) FROM waiting"
    " WHERE waiting.lane IS NOT NULL) SELECT lane FROM waiting WHERE lane IS NOT NULL",
)
"""Which lanes hold tasks, by one index seek a lane: checks the depth counts without counting."""

ADD_TIMER = add("timer", "due bigint, kind smallint, ref bigint", ignore=True)
DUE_TIMERS_SQLITE = One(
    "due_timers",
    "DELETE FROM timer WHERE (due, kind, ref) IN (SELECT due, kind, ref FROM timer WHERE due <= ?"
    " ORDER BY due, kind, ref LIMIT ?) RETURNING due, kind, ref",
)
DUE_TIMERS_POSTGRES = One(
    "due_timers",
    "WITH due AS MATERIALIZED (SELECT due, kind, ref FROM timer WHERE due <= ? ORDER BY due, kind, ref LIMIT ?"
    " FOR UPDATE SKIP LOCKED) DELETE FROM timer USING due WHERE timer.due = due.due AND timer.kind = due.kind"
    " AND timer.ref = due.ref RETURNING timer.due, timer.kind, timer.ref",
)
NEXT_TIMER = One("next_timer", "SELECT min(due) FROM timer")
COUNT_DUE = One("count_due", "SELECT count(*) FROM timer WHERE due <= ? AND kind IN (?, ?)")
NEXT_TIMER_BUT = One("next_timer_but", "SELECT due FROM timer WHERE kind <> ? ORDER BY due, kind, ref LIMIT 1")

PARK_LIMIT = One(
    "park_limit",
    'INSERT INTO "limit" (key, parked_until) VALUES (?, ?)'
    " ON CONFLICT (key) DO UPDATE SET parked_until = excluded.parked_until",
)
PARKED_LIMITS = One("parked_limits", 'SELECT key, parked_until FROM "limit" WHERE parked_until > ?')
UNPARK_LIMIT = One("unpark_limit", 'DELETE FROM "limit" WHERE key = ? RETURNING key')
UNPARK_LIMITS = One("unpark_limits", 'DELETE FROM "limit" WHERE parked_until <= ? RETURNING key')
