"""Statements about what the plan works with: pools, queues, agents, shapes, lanes, nodes."""

from __future__ import annotations

from rota.store.statement import Each, One, add

GET_META = One("get_meta", "SELECT value FROM meta WHERE key = ?")
SET_META = One(
    "set_meta",
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
)
RAISE_META = One(
    "raise_meta",
    "INSERT INTO meta (key, value) VALUES (?, '1') ON CONFLICT (key)"
    " DO UPDATE SET value = CAST(CAST(meta.value AS bigint) + 1 AS text) RETURNING value",
)
"""Adds one to a number, and keeps others from doing the same until the transaction ends."""

POOLS = One("pools", "SELECT id, name, policy FROM pool ORDER BY id")
SET_POOL = One(
    "set_pool",
    "INSERT INTO pool (name, policy) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET policy = excluded.policy"
    " RETURNING id",
)
QUEUES = One("queues", "SELECT id, name, pool, policy, paused, reason FROM queue ORDER BY id")
SET_QUEUE = One(
    "set_queue",
    "INSERT INTO queue (name, pool, policy) VALUES (?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET pool = excluded.pool, policy = excluded.policy,"
    " paused = CASE WHEN queue.paused = 2 THEN 0 ELSE queue.paused END RETURNING id",
)
"""A queue that was removed (2) goes on."""
PAUSE_QUEUE = One("pause_queue", "UPDATE queue SET paused = ?, reason = ? WHERE id = ?")

TENANTS = One("tenants", "SELECT id, name, weight FROM tenant ORDER BY id")
WEIGHTS = One("weights", "SELECT id, weight FROM tenant WHERE weight <> 1")
SET_WEIGHT = One(
    "set_weight",
    "INSERT INTO tenant (name, weight) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET weight = excluded.weight"
    " RETURNING id",
)
PASSES = Each(
    "passes",
    "pool bigint, band smallint, tenant bigint, share smallint",
    "SELECT pass.band, pass.tenant, pass.share, pass.pass FROM pass{comma} WHERE pass.pool = v.pool"
    " AND pass.band = v.band AND pass.tenant = v.tenant AND pass.share = v.share",
)
RAISE_PASS = Each(
    "raise_pass",
    "pool bigint, band smallint, tenant bigint, share smallint, more bigint",
    "UPDATE pass SET pass = pass.pass + v.more {from} WHERE pass.pool = v.pool AND pass.band = v.band"
    " AND pass.tenant = v.tenant AND pass.share = v.share",
)
"""Adds, and never sets: what one pool's plan charges and what another's fold corrects may meet."""
ADD_PASS = add("pass", "pool bigint, band smallint, tenant bigint, share smallint, pass bigint", ignore=True)
ADD_TENANT = One("add_tenant", "INSERT INTO tenant (name) VALUES (?) ON CONFLICT (name) DO NOTHING RETURNING id")
TENANT_BY_NAME = One("tenant_by_name", "SELECT id FROM tenant WHERE name = ?")
TENANT_BY_ID = One("tenant_by_id", "SELECT name FROM tenant WHERE id = ?")

AGENTS = One(
    "agents", "SELECT id, name, pool, spec, state, instance, node, registered, reason, unwell FROM agent ORDER BY id"
)
SET_AGENT = One(
    "set_agent",
    "INSERT INTO agent (name, pool, spec, state, instance, node, registered) VALUES (?, ?, ?, 0, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET pool = excluded.pool, spec = excluded.spec, instance = excluded.instance,"
    " node = excluded.node, registered = excluded.registered, unwell = NULL,"
    " state = CASE WHEN agent.state = 2 THEN 0 ELSE agent.state END RETURNING id",
)
SET_AGENT_HEALTH = One("set_agent_health", "UPDATE agent SET unwell = ? WHERE id = ?")
SET_AGENT_STATE = One("set_agent_state", "UPDATE agent SET state = ?, reason = ? WHERE id = ?")
UNBIND_AGENTS = One("unbind_agents", "UPDATE agent SET node = NULL, instance = NULL WHERE node = ?")
BEAT = Each(
    "beat",
    "agent bigint, at bigint",
    "UPDATE heartbeat SET at = v.at {from} WHERE heartbeat.agent = v.agent AND heartbeat.at < v.at",
)
ADD_HEARTBEAT = add("heartbeat", "agent bigint, at bigint", ignore=True)
HEARTBEATS = One("heartbeats", "SELECT agent, at FROM heartbeat")
HEARTBEAT_OF = One("heartbeat_of", "SELECT at FROM heartbeat WHERE agent = ?")

SERVED = Each(
    "served_by",
    "agent bigint",
    "SELECT served.agent, served.served, served.busy_s, served.busy_at, served.mean_s, served.done, served.failed"
    " FROM served{comma} WHERE served.agent = v.agent",
)
ALL_SERVED = One("all_served", "SELECT agent, served, busy_s, busy_at, mean_s, done, failed FROM served")
ADD_SERVED = add(
    "served",
    "agent bigint, served bigint, busy_s double precision, busy_at bigint, mean_s double precision, done bigint,"
    " failed bigint",
    ignore=True,
)
SET_SERVED = Each(
    "set_served",
    "agent bigint, served bigint, busy_s double precision, busy_at bigint, mean_s double precision, done bigint,"
    " failed bigint",
    "UPDATE served SET served = v.served, busy_s = v.busy_s, busy_at = v.busy_at, mean_s = v.mean_s,"
    " done = v.done, failed = v.failed {from} WHERE served.agent = v.agent",
)
ESTIMATES = One("estimates", "SELECT agent, kind, n, mean_log, var_log, good FROM estimate")
ESTIMATES_OF = Each(
    "estimates_of",
    "agent bigint, kind text",
    "SELECT estimate.agent, estimate.kind, estimate.n, estimate.mean_log, estimate.var_log, estimate.good"
    " FROM estimate{comma} WHERE estimate.agent = v.agent AND estimate.kind = v.kind",
)
SET_ESTIMATE = Each(
    "set_estimate",
    "agent bigint, kind text, n double precision, mean_log double precision, var_log double precision,"
    " good double precision",
    "UPDATE estimate SET n = v.n, mean_log = v.mean_log, var_log = v.var_log, good = v.good {from}"
    " WHERE estimate.agent = v.agent AND estimate.kind = v.kind",
)
ADD_ESTIMATE = add(
    "estimate",
    "agent bigint, kind text, n double precision, mean_log double precision, var_log double precision,"
    " good double precision",
)

TROUBLES = One("troubles", "SELECT agent, kind, outcomes, n, until FROM trouble ORDER BY agent, kind")
DROP_TROUBLES = Each(
    "drop_troubles",
    "agent bigint, kind text",
    "DELETE FROM trouble {using} WHERE trouble.agent = v.agent AND trouble.kind = v.kind",
)
ADD_TROUBLE = add("trouble", "agent bigint, kind text, outcomes bigint, n bigint, until bigint")

ADD_SHAPE = One("add_shape", "INSERT INTO shape (needs) VALUES (?) ON CONFLICT (needs) DO NOTHING RETURNING id")
SHAPE_BY_NEEDS = One("shape_by_needs", "SELECT id FROM shape WHERE needs = ?")
SHAPE_BY_ID = One("shape_by_id", "SELECT needs FROM shape WHERE id = ?")
ADD_STAGE_LIST = One(
    "add_stage_list", "INSERT INTO stage_list (stages) VALUES (?) ON CONFLICT (stages) DO NOTHING RETURNING id"
)
STAGE_LIST_BY_TEXT = One("stage_list_by_text", "SELECT id FROM stage_list WHERE stages = ?")
STAGE_LIST_BY_ID = One("stage_list_by_id", "SELECT stages FROM stage_list WHERE id = ?")
SHAPES = One("shapes", "SELECT id, needs FROM shape ORDER BY id")
ADD_LANE = One(
    "add_lane",
    "INSERT INTO lane (pool, queue, shape, band, tenant, late, share) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (pool, queue, shape, band, tenant, late, share) DO NOTHING RETURNING id",
)
LANE_BY_KEY = One(
    "lane_by_key",
    "SELECT id FROM lane WHERE pool = ? AND queue = ? AND shape = ? AND band = ? AND tenant = ? AND late = ?"
    " AND share = ?",
)
LANE_BY_ID = One("lane_by_id", "SELECT pool, queue, shape, band, tenant, late, share FROM lane WHERE id = ?")
LANES = One("lanes", "SELECT id, pool, queue, shape, band, tenant, late, share FROM lane ORDER BY id")

ADD_NODE = One("add_node", "INSERT INTO node (id, name, started, seen) VALUES (?, ?, ?, ?)")
SEE_NODE = One("see_node", "UPDATE node SET seen = ? WHERE id = ? RETURNING id")
LOST_NODES = One("lost_nodes", "SELECT id FROM node WHERE seen < ? AND id <> ? ORDER BY id")
NODES = One("nodes", "SELECT id, name, started, seen FROM node ORDER BY id")
DROP_NODE = One("drop_node", "DELETE FROM node WHERE id = ?")
