"""The tables, as numbered forward-only migrations, written once for both databases.

Marks: `{serial}` a key the database hands out; `{clustered}` the table is its index (SQLite WITHOUT ROWID);
`{hot}` rows that are updated all the time, `{passing}` rows that come and go, `{updated}` rows that are updated once
or twice (PostgreSQL storage settings); `{transaction}` which transaction wrote the row, `{by_transaction}` an index by
that, `{numbering}` what is added to the server's own numbers of transactions, so that they go on where they were after
a restore elsewhere; `{carried}` the column that the other database has from the start; `{late_lanes}` the second
version of `lane`, `{shares}` the third, and the second of `pass`; `{shared}` what several nodes need: the sequence of
task and project numbers, and the marks by which a node learns the fate of a commit.

Times are microseconds since 1970. There is no index on a task's state: waiting, running and set-aside tasks are rows
of `ready`, `lease` and `aside`, so a change of state never moves an index entry of `task`.
"""

from __future__ import annotations

from rota.store.schema_schedules import SCHEDULES

FIRST = """
CREATE TABLE meta (key text NOT NULL PRIMARY KEY, value text NOT NULL);

CREATE TABLE pool (id {serial}, name text NOT NULL UNIQUE, policy text NOT NULL);

CREATE TABLE queue (
    id {serial}, name text NOT NULL UNIQUE, pool bigint NOT NULL, policy text NOT NULL,
    paused smallint NOT NULL DEFAULT 0, reason text
);

CREATE TABLE tenant (id {serial}, name text NOT NULL UNIQUE, weight bigint NOT NULL DEFAULT 1);

CREATE TABLE project (
    id bigint NOT NULL PRIMARY KEY, title text NOT NULL, plan text NOT NULL, key text UNIQUE,
    created bigint NOT NULL, finalized bigint
);

CREATE TABLE agent (
    id {serial}, name text NOT NULL UNIQUE, pool bigint NOT NULL, spec text NOT NULL,
    state smallint NOT NULL DEFAULT 0, instance text, node bigint, registered bigint NOT NULL, reason text
);

CREATE TABLE heartbeat (agent bigint NOT NULL PRIMARY KEY, at bigint NOT NULL) {hot};

CREATE TABLE served (
    agent bigint NOT NULL PRIMARY KEY, served bigint NOT NULL, busy_s double precision NOT NULL,
    busy_at bigint NOT NULL, mean_s double precision NOT NULL, done bigint NOT NULL, failed bigint NOT NULL
) {hot};

CREATE TABLE shape (id {serial}, needs text NOT NULL UNIQUE);

CREATE TABLE lane (
    id {serial}, pool bigint NOT NULL, queue bigint NOT NULL, shape bigint NOT NULL,
    band smallint NOT NULL, tenant bigint NOT NULL, UNIQUE (pool, queue, shape, band, tenant)
);

CREATE TABLE depth (id {serial}, lane bigint NOT NULL, n bigint NOT NULL) {passing};

CREATE TABLE task (
    id bigint NOT NULL PRIMARY KEY, queue bigint NOT NULL, tenant bigint NOT NULL, project bigint,
    band smallint NOT NULL, kind text NOT NULL, title text NOT NULL, shape bigint NOT NULL, lane bigint,
    due bigint NOT NULL, state smallint NOT NULL, attempts bigint NOT NULL DEFAULT 0, tries bigint NOT NULL DEFAULT 0,
    max_attempts bigint NOT NULL, submitted bigint NOT NULL, ready_at bigint, finished bigint, deadline bigint,
    expires bigint, start bigint, estimate bigint, waiting bigint NOT NULL DEFAULT 0,
    parents bigint NOT NULL DEFAULT 0,
    children smallint NOT NULL DEFAULT 0, review smallint NOT NULL DEFAULT 0, batch text, sequence text,
    unique_key text, reason text, agent bigint, version bigint NOT NULL DEFAULT 0
) {updated};
CREATE INDEX task_project ON task (project, id) WHERE project IS NOT NULL;
CREATE INDEX task_batch ON task (batch, id) WHERE batch IS NOT NULL;

CREATE TABLE body (
    task bigint NOT NULL PRIMARY KEY, description text NOT NULL, payload text, result text,
    checkpoint text, question text, answer text
);

CREATE TABLE ready (
    lane bigint NOT NULL, due bigint NOT NULL, task bigint NOT NULL, PRIMARY KEY (lane, due, task)
) {clustered} {passing};

CREATE TABLE aside (
    state smallint NOT NULL, task bigint NOT NULL, PRIMARY KEY (state, task)
) {clustered} {passing};

CREATE TABLE lease (
    task bigint NOT NULL PRIMARY KEY, agent bigint NOT NULL, slot bigint NOT NULL, token bigint NOT NULL,
    attempt bigint NOT NULL, lane bigint NOT NULL, due bigint NOT NULL, since bigint NOT NULL,
    until bigint NOT NULL, term bigint NOT NULL, offered smallint NOT NULL, node bigint NOT NULL,
    listener bigint NOT NULL, instance text, request text, cancel_at bigint, note text, UNIQUE (agent, slot)
) {hot};
CREATE INDEX lease_offered ON lease (node, listener) WHERE offered = 1;

CREATE TABLE attempt (
    task bigint NOT NULL, number bigint NOT NULL, agent bigint NOT NULL, since bigint NOT NULL,
    ended bigint NOT NULL, outcome text NOT NULL, counted smallint NOT NULL, error text, note text,
    PRIMARY KEY (task, number)
) {clustered};

CREATE TABLE timer (
    due bigint NOT NULL, kind smallint NOT NULL, ref bigint NOT NULL, PRIMARY KEY (due, kind, ref)
) {clustered} {passing};

CREATE TABLE dependency (
    child bigint NOT NULL, parent bigint NOT NULL, rule smallint NOT NULL, until smallint NOT NULL,
    met smallint NOT NULL DEFAULT 0, PRIMARY KEY (child, parent)
) {clustered};
CREATE INDEX dependency_parent ON dependency (parent, child);

CREATE TABLE unique_key (key text NOT NULL PRIMARY KEY, task bigint NOT NULL) {clustered};

CREATE TABLE sequence_tail (key text NOT NULL PRIMARY KEY, task bigint NOT NULL) {clustered};

CREATE TABLE request (
    key text NOT NULL PRIMARY KEY, fingerprint text NOT NULL, answer text NOT NULL, at bigint NOT NULL
) {clustered};

CREATE TABLE "limit" (key text NOT NULL PRIMARY KEY, parked_until bigint NOT NULL) {clustered};

CREATE TABLE listener (
    id bigint NOT NULL PRIMARY KEY, node bigint NOT NULL, agents text NOT NULL, n bigint NOT NULL,
    until bigint NOT NULL
) {passing};

CREATE TABLE node (id bigint NOT NULL PRIMARY KEY, name text NOT NULL, started bigint NOT NULL, seen bigint NOT NULL);

CREATE TABLE sample (
    id {serial}, agent bigint NOT NULL, kind text NOT NULL, seconds double precision NOT NULL,
    ended bigint NOT NULL, good smallint NOT NULL
) {passing};

CREATE TABLE estimate (
    agent bigint NOT NULL, kind text NOT NULL, n double precision NOT NULL, mean_log double precision NOT NULL,
    var_log double precision NOT NULL, good double precision NOT NULL, PRIMARY KEY (agent, kind)
) {clustered};

{numbering}
CREATE TABLE event (
    seq {serial}, at bigint NOT NULL, kind text NOT NULL, task bigint, moves text NOT NULL,
    data text NOT NULL {transaction}
);
CREATE INDEX event_task ON event (task, seq) WHERE task IS NOT NULL;
{by_transaction}

CREATE TABLE statistic (
    minute bigint NOT NULL, queue bigint NOT NULL, name text NOT NULL, node bigint NOT NULL, n bigint NOT NULL,
    total double precision NOT NULL, PRIMARY KEY (minute, queue, name, node)
) {clustered};

CREATE TABLE archive (
    file text NOT NULL PRIMARY KEY, made bigint NOT NULL, tasks bigint NOT NULL, first_task bigint NOT NULL,
    last_task bigint NOT NULL, restored bigint
);
{shared}
INSERT INTO pool (name, policy) VALUES ('default', '{}');
INSERT INTO queue (name, pool, policy) VALUES ('default', 1, '{}');
"""

SECOND = """
{late_lanes}

ALTER TABLE ready ADD COLUMN cost bigint NOT NULL DEFAULT 0;
ALTER TABLE ready ADD COLUMN affinity bigint NOT NULL DEFAULT 0;

ALTER TABLE task ADD COLUMN cost bigint NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN promoted smallint;
ALTER TABLE task ADD COLUMN lent smallint;
ALTER TABLE task ADD COLUMN needed_by bigint;
ALTER TABLE task ADD COLUMN must_by bigint;
ALTER TABLE task ADD COLUMN affinity text;
ALTER TABLE task ADD COLUMN keys text;
ALTER TABLE task ADD COLUMN stages bigint;
ALTER TABLE task ADD COLUMN fired bigint NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN waits_from bigint;
ALTER TABLE task ADD COLUMN own_shape bigint;

ALTER TABLE lease ADD COLUMN cost bigint NOT NULL DEFAULT 0;
ALTER TABLE lease ADD COLUMN preempt_at bigint;
ALTER TABLE sample ADD COLUMN lane bigint NOT NULL DEFAULT 0;
ALTER TABLE sample ADD COLUMN cost bigint NOT NULL DEFAULT 0;
ALTER TABLE sample ADD COLUMN estimate bigint NOT NULL DEFAULT 0;

ALTER TABLE agent ADD COLUMN unwell text;

CREATE TABLE trouble (
    agent bigint NOT NULL, kind text NOT NULL, outcomes bigint NOT NULL, n bigint NOT NULL, until bigint NOT NULL,
    PRIMARY KEY (agent, kind)
) {clustered} {passing};

CREATE TABLE stage_list (id {serial}, stages text NOT NULL UNIQUE);

CREATE TABLE kept_slot (
    task bigint NOT NULL PRIMARY KEY, agent bigint NOT NULL, victim bigint NOT NULL, token bigint NOT NULL,
    until bigint NOT NULL
) {passing};

CREATE TABLE pass (
    pool bigint NOT NULL, band smallint NOT NULL, tenant bigint NOT NULL, pass bigint NOT NULL,
    PRIMARY KEY (pool, band, tenant)
) {hot};

CREATE TABLE limit_spec (id bigint NOT NULL PRIMARY KEY, name text NOT NULL UNIQUE, spec text NOT NULL);

CREATE TABLE meter (
    id {serial}, key text NOT NULL UNIQUE, spec bigint NOT NULL, used bigint NOT NULL DEFAULT 0,
    began bigint NOT NULL DEFAULT 0, average bigint NOT NULL DEFAULT 0,
    asked bigint NOT NULL DEFAULT 0
) {hot};

CREATE TABLE limit_use (
    id {serial}, key text NOT NULL, more bigint NOT NULL, actual bigint, since bigint NOT NULL
) {passing};
CREATE INDEX limit_use_key ON limit_use (key);

CREATE TABLE lease_limit (
    task bigint NOT NULL, key text NOT NULL, token bigint NOT NULL, amount bigint NOT NULL, PRIMARY KEY (task, key)
) {clustered} {passing};
CREATE INDEX lease_limit_key ON lease_limit (key, task);

CREATE TABLE admitted (
    task bigint NOT NULL, key text NOT NULL, amount bigint NOT NULL, since bigint NOT NULL, PRIMARY KEY (task, key)
) {clustered} {passing};
CREATE INDEX admitted_key ON admitted (key, task);

CREATE TABLE in_line (
    task bigint NOT NULL PRIMARY KEY, key text NOT NULL, band smallint NOT NULL, due bigint NOT NULL
) {passing};
CREATE INDEX in_line_key ON in_line (key, band, due, task);
"""
"""The order of work: lanes of late tasks, what a task costs its tenant, what its children need, what tenants had.
Limits: what they say, what was used, which leases and admitted tasks they count, who stands in line for them.
Stages: lists of them, which came, since when a task waits. Slots kept for tasks for which others gave way."""

THIRD = """
{shares}

ALTER TABLE project ADD COLUMN share smallint NOT NULL DEFAULT 0;
ALTER TABLE project ADD COLUMN payload text;

ALTER TABLE lease ADD COLUMN share smallint NOT NULL DEFAULT -1;
ALTER TABLE sample ADD COLUMN share smallint NOT NULL DEFAULT -1;

ALTER TABLE task ADD COLUMN grp text;
ALTER TABLE ready ADD COLUMN grp bigint NOT NULL DEFAULT 0;
CREATE INDEX ready_group ON ready (lane, grp, due, task) WHERE grp <> 0;
"""
"""Fairness between the projects of a tenant, and groups of tasks that go to one agent together."""

FOURTH = """
ALTER TABLE attempt ADD COLUMN token bigint;
"""
"""Which lease an attempt ended: a report that comes again is known by it."""

FIFTH = """
CREATE TABLE access_key (
    id {serial}, digest text NOT NULL UNIQUE, name text NOT NULL, scopes text NOT NULL, tenant text, agent text,
    urgent bigint, spent bigint NOT NULL DEFAULT 0, since bigint NOT NULL DEFAULT 0, made bigint NOT NULL,
    expires bigint, revoked bigint, used bigint
) {updated};
"""
"""Who may ask over a network. Keys themselves are nowhere: `digest` is a SHA-256."""

SIXTH = """
{carried}
"""
"""Which transaction wrote an event also on SQLite, for events that were carried over from PostgreSQL."""

MIGRATIONS: tuple[str, ...] = (FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, SCHEDULES)
"""In order; a database remembers how many it has had. Never edit one that was released: add another."""

_SQLITE_LATE_LANES = """
CREATE TABLE lane_2 (
    id INTEGER PRIMARY KEY, pool bigint NOT NULL, queue bigint NOT NULL, shape bigint NOT NULL,
    band smallint NOT NULL, tenant bigint NOT NULL, late smallint NOT NULL,
    UNIQUE (pool, queue, shape, band, tenant, late)
);
INSERT INTO lane_2 SELECT id, pool, queue, shape, band, tenant, 0 FROM lane;
DROP TABLE lane;
ALTER TABLE lane_2 RENAME TO lane;
"""
_POSTGRES_LATE_LANES = """
ALTER TABLE lane ADD COLUMN late smallint NOT NULL DEFAULT 0;
ALTER TABLE lane DROP CONSTRAINT lane_pool_queue_shape_band_tenant_key;
ALTER TABLE lane ADD UNIQUE (pool, queue, shape, band, tenant, late);
"""

_SQLITE_SHARES = """
CREATE TABLE lane_3 (
    id INTEGER PRIMARY KEY, pool bigint NOT NULL, queue bigint NOT NULL, shape bigint NOT NULL,
    band smallint NOT NULL, tenant bigint NOT NULL, late smallint NOT NULL, share smallint NOT NULL,
    UNIQUE (pool, queue, shape, band, tenant, late, share)
);
INSERT INTO lane_3 SELECT id, pool, queue, shape, band, tenant, late, 0 FROM lane;
DROP TABLE lane;
ALTER TABLE lane_3 RENAME TO lane;
CREATE TABLE pass_3 (
    pool bigint NOT NULL, band smallint NOT NULL, tenant bigint NOT NULL, share smallint NOT NULL,
    pass bigint NOT NULL, PRIMARY KEY (pool, band, tenant, share)
);
INSERT INTO pass_3 SELECT pool, band, tenant, -1, pass FROM pass;
DROP TABLE pass;
ALTER TABLE pass_3 RENAME TO pass;
"""
_POSTGRES_SHARES = """
ALTER TABLE lane ADD COLUMN share smallint NOT NULL DEFAULT 0;
ALTER TABLE lane DROP CONSTRAINT lane_pool_queue_shape_band_tenant_late_key;
ALTER TABLE lane ADD UNIQUE (pool, queue, shape, band, tenant, late, share);
ALTER TABLE pass ADD COLUMN share smallint NOT NULL DEFAULT -1;
ALTER TABLE pass DROP CONSTRAINT pass_pkey;
ALTER TABLE pass ADD PRIMARY KEY (pool, band, tenant, share);
"""

SQLITE_MARKS = {
    "{shares}": _SQLITE_SHARES,
    "{late_lanes}": _SQLITE_LATE_LANES,
    "{serial}": "INTEGER PRIMARY KEY",
    "{clustered}": "WITHOUT ROWID",
    "{hot}": "",
    "{passing}": "",
    "{updated}": "",
    "{transaction}": "",
    "{numbering}": "",
    "{by_transaction}": "",
    "{carried}": "ALTER TABLE event ADD COLUMN xid bigint;",
    "{shared}": "",
}
_VACUUM = (
    "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,"
    " autovacuum_vacuum_insert_threshold = -1"
)
POSTGRES_MARKS = {
    "{shares}": _POSTGRES_SHARES,
    "{late_lanes}": _POSTGRES_LATE_LANES,
    "{serial}": "bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    "{clustered}": "",
    "{hot}": f"WITH (fillfactor = 70, {_VACUUM})",
    "{passing}": f"WITH ({_VACUUM})",
    "{updated}": "WITH (fillfactor = 80)",
    "{transaction}": ", xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint + xid_base()",
    "{numbering}": "CREATE FUNCTION xid_base() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint';",
    "{by_transaction}": "CREATE INDEX event_xid ON event (xid, seq);",
    "{carried}": "",
    "{shared}": "CREATE SEQUENCE number;"
    " CREATE TABLE commit_mark (session bigint NOT NULL PRIMARY KEY, turn bigint NOT NULL) WITH (fillfactor = 50);",
}


def written(migration: str, marks: dict[str, str]) -> list[str]:
    """The migration's statements for one database."""
    text = migration
    for mark, words in marks.items():
        text = text.replace(mark, words)
    return [statement.strip() for statement in text.split(";") if statement.strip()]
