"""Statements about what ties tasks together: dependencies, unique keys, sequences, requests, projects."""

from __future__ import annotations

from rota.store.statement import Each, One, add

ADD_DEPENDENCY = add(
    "dependency", "child bigint, parent bigint, rule smallint, until smallint, met smallint", ignore=True
)
CHILDREN = Each(
    "children",
    "parent bigint",
    "SELECT dependency.child, dependency.parent, dependency.rule, dependency.until, dependency.met"
    " FROM dependency{comma} WHERE dependency.parent = v.parent",
)
PARENTS = Each(
    "parents",
    "child bigint",
    "SELECT dependency.child, dependency.parent, dependency.rule, dependency.until, dependency.met"
    " FROM dependency{comma} WHERE dependency.child = v.child",
)
RUN_CHILDREN = Each(
    "run_children",
    "parent bigint",
    "UPDATE dependency SET rule = 1 {from} WHERE dependency.parent = v.parent AND dependency.met = 0",
)
"""Whoever waits for these runs however they end."""
MEET = Each(
    "meet",
    "child bigint, parent bigint",
    "UPDATE dependency SET met = 1 {from} WHERE dependency.child = v.child AND dependency.parent = v.parent"
    " AND dependency.met = 0 RETURNING dependency.child, dependency.parent",
)
DROP_PARENTS = One("drop_parents", "DELETE FROM dependency WHERE child = ?")
DROP_EDGE = Each(
    "drop_edge",
    "child bigint, parent bigint",
    "DELETE FROM dependency {using} WHERE dependency.child = v.child AND dependency.parent = v.parent"
    " RETURNING dependency.child",
)
PARENT_RESULTS = Each(
    "parent_results",
    "child bigint",
    "SELECT dependency.child, task.id, task.title, task.state, task.reason, body.result"
    " FROM dependency{comma}, task, body"
    " WHERE dependency.child = v.child AND task.id = dependency.parent AND body.task = dependency.parent",
)
FAMILY = One(
    "family",
    "WITH RECURSIVE up(id) AS (SELECT parent FROM dependency WHERE child = ? AND met = 0 UNION"
    " SELECT dependency.parent FROM dependency JOIN up ON dependency.child = up.id WHERE dependency.met = 0)"
    " SELECT child, parent FROM dependency WHERE met = 0 AND (child IN (SELECT id FROM up) OR child = ?)"
    " LIMIT 1000000",
)
"""Every edge above a task that still holds it up: what an edit of its parents may close into a cycle."""

UNIQUE_TASKS = Each(
    "unique_tasks",
    "key text",
    "SELECT unique_key.key, unique_key.task FROM unique_key{comma} WHERE unique_key.key = v.key",
)
FREE_UNIQUE = Each(
    "free_unique",
    "key text, task bigint",
    "DELETE FROM unique_key {using} WHERE unique_key.key = v.key AND unique_key.task = v.task",
)
ADD_UNIQUE = add("unique_key", "key text, task bigint")
SEQUENCE_TAILS = Each(
    "sequence_tails",
    "key text",
    "SELECT sequence_tail.key, sequence_tail.task FROM sequence_tail{comma} WHERE sequence_tail.key = v.key",
)
SET_SEQUENCE_TAIL = One(
    "set_sequence_tail",
    "INSERT INTO sequence_tail (key, task) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET task = excluded.task",
)
DROP_SEQUENCE_TAILS = Each(
    "drop_sequence_tails",
    "key text, task bigint",
    "DELETE FROM sequence_tail {using} WHERE sequence_tail.key = v.key AND sequence_tail.task = v.task",
)

GET_REQUEST = One("get_request", "SELECT fingerprint, answer FROM request WHERE key = ?")
ADD_REQUEST = One(
    "add_request",
    "INSERT INTO request (key, fingerprint, answer, at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING RETURNING key",
)
DROP_OLD_REQUESTS = One("drop_old_requests", "DELETE FROM request WHERE at < ?")

ADD_PROJECT = One(
    "add_project",
    "INSERT INTO project (id, title, plan, key, created, share, payload) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (key) DO NOTHING RETURNING id",
)
LAST_SHARE = One("last_share", "SELECT share FROM project ORDER BY id DESC LIMIT 1")
SHARE_OF_PROJECT = One("share_of_project", "SELECT share FROM project WHERE id = ?")
PROJECT = One("project", "SELECT id, title, plan, key, created, finalized, payload FROM project WHERE id = ?")
PROJECT_NAMED = One(
    "project_named",
    "SELECT id, title, plan, key, created, finalized, payload FROM project WHERE key = ? OR id = ?",
)
PROJECT_BY_KEY = One("project_by_key", "SELECT id FROM project WHERE key = ?")
PROJECTS = One(
    "projects",
    "SELECT id, title, plan, key, created, finalized, payload FROM project WHERE id > ? ORDER BY id LIMIT ?",
)
LOCK_PROJECT = One("lock_project", "SELECT finalized FROM project WHERE id = ? {lock}")
FINALIZE_PROJECT = One("finalize_project", "UPDATE project SET finalized = ? WHERE id = ?")
DROP_PROJECT = One("drop_project", "DELETE FROM project WHERE id = ?")
PROJECT_STATES = One(
    "project_states",
    "SELECT CASE WHEN lease.task IS NULL THEN task.state ELSE 4 END AS now_in, count(*) FROM task"
    " LEFT JOIN lease ON lease.task = task.id WHERE task.project = ? GROUP BY now_in ORDER BY now_in",
)
PROJECT_TASKS = One("project_tasks", "SELECT id, state FROM task WHERE project = ? AND id > ? ORDER BY id LIMIT ?")
LEAVE_PROJECT = One("leave_project", "UPDATE task SET project = NULL WHERE project = ?")
LEAVE_ONE_BY_ONE = Each("leave_one_by_one", "id bigint", "UPDATE task SET project = NULL {from} WHERE task.id = v.id")
