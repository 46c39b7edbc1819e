"""Statements by which `rota doctor` looks at a database."""

from __future__ import annotations

from rota.store.statement import One

UNEQUAL_DEPTHS = One(
    "unequal_depths",
    "SELECT lanes.lane, CAST(sum(lanes.told) AS bigint), CAST(sum(lanes.there) AS bigint) FROM"
    " (SELECT lane, n AS told, 0 AS there FROM depth UNION ALL"
    " SELECT lane, 0 AS told, count(*) AS there FROM ready GROUP BY lane) AS lanes"
    " GROUP BY lanes.lane HAVING sum(lanes.told) <> sum(lanes.there) ORDER BY lanes.lane",
)
"""Lanes whose folded depth is not the number of their ready tasks."""
ORPHANED_LEASES = One(
    "orphaned_leases",
    "SELECT lease.task FROM lease LEFT JOIN task ON task.id = lease.task LEFT JOIN agent ON agent.id = lease.agent"
    " WHERE task.id IS NULL OR agent.id IS NULL OR agent.state = 2 OR task.state <> 3 ORDER BY lease.task",
)
"""Leases of tasks that are not there or have ended, or of agents that were removed (numbers as in the model)."""
OVERDUE_LEASES = One("overdue_leases", "SELECT count(*) FROM lease WHERE until < ?")
NEWEST_EVENT = One("newest_event", "SELECT at FROM event ORDER BY seq DESC LIMIT 1")

SERVER_POSTGRES = One(
    "server",
    "SELECT current_setting('server_version'), current_setting('server_version_num')::bigint,"
    " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
)
