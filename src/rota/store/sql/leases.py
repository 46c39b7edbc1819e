"""Statements about tasks in agents' hands: leases, attempts, listeners."""

from __future__ import annotations

from typing import NamedTuple

from rota.store.statement import Each, One, add

ADD_LEASE = add(
    "lease",
    "task bigint, agent bigint, slot bigint, token bigint, attempt bigint, lane bigint, due bigint, since bigint,"
    " until bigint, term bigint, offered smallint, node bigint, listener bigint, instance text, request text,"
    " note text, cost bigint, share smallint",
)


class LeaseRow(NamedTuple):
    """A lease as kept."""

    task: int
    agent: int
    slot: int
    token: int
    attempt: int
    lane: int
    due: int
    since: int
    until: int
    term: int
    offered: int
    node: int
    listener: int
    instance: str | None
    request: str | None
    cancel_at: int | None
    note: str | None
    cost: int
    """What its tenant was charged, microseconds of work."""
    preempt_at: int | None = None
    """Until when its agent may still work on it, as a better task is to have the slot."""
    share: int = -1
    """The share of its tenant that was charged as well; -1 = none."""


_ROW = ", ".join(f"lease.{name}" for name in LeaseRow._fields)

END_LEASES = Each(
    "end_leases",
    "task bigint, token bigint",
    f"DELETE FROM lease {{using}} WHERE lease.task = v.task AND lease.token = v.token RETURNING {_ROW}",
)
LEASES_OF_TASKS = Each("leases_of_tasks", "task bigint", f"SELECT {_ROW} FROM lease{{comma}} WHERE lease.task = v.task")
LEASES_OF_AGENT = One("leases_of_agent", f"SELECT {_ROW} FROM lease WHERE agent = ? ORDER BY slot")
LEASES_OF_REQUEST = One("leases_of_request", f"SELECT {_ROW} FROM lease WHERE agent = ? AND request = ? ORDER BY slot")
LEASES_OF_LISTENER = One(
    "leases_of_listener", f"SELECT {_ROW} FROM lease WHERE node = ? AND listener = ? AND offered = 1"
)
OFFERS_OF_NODE = One("offers_of_node", f"SELECT {_ROW} FROM lease WHERE node = ? AND offered = 1 ORDER BY task")
LAPSED_LEASES = One("lapsed_leases", f"SELECT {_ROW} FROM lease WHERE until <= ? ORDER BY task LIMIT ?")
LEASES_OF_LOST_NODE = One(
    "leases_of_lost_node",
    f"SELECT {_ROW} FROM lease JOIN agent ON lease.agent = agent.id WHERE agent.node = ? ORDER BY lease.task LIMIT ?",
)
SLOTS_OF_AGENTS = Each(
    "slots_of_agents",
    "agent bigint",
    "SELECT lease.agent, lease.slot, lease.since FROM lease{comma} WHERE lease.agent = v.agent",
)
LANES_OF_AGENTS = Each(
    "lanes_of_agents",
    "agent bigint",
    "SELECT lease.agent, lease.lane FROM lease{comma} WHERE lease.agent = v.agent",
)
CONFIRM_LEASES = Each(
    "confirm_leases",
    "task bigint, token bigint, until bigint",
    "UPDATE lease SET offered = 0, until = v.until {from} WHERE lease.task = v.task AND lease.token = v.token"
    " AND lease.offered = 1 RETURNING lease.task",
)
RENEW_LEASES = Each(
    "renew_leases",
    "task bigint, token bigint, agent bigint, now bigint, note text",
    "UPDATE lease SET offered = 0, until = v.now + lease.term, note = coalesce(v.note, lease.note) {from}"
    " WHERE lease.task = v.task AND lease.token = v.token AND lease.agent + 0 = v.agent"
    " RETURNING lease.task, lease.cancel_at, lease.preempt_at",
)
"""`+ 0` keeps PostgreSQL from looking through all leases of the agent by the key (agent, slot)."""
NOTES_OF_LEASES = Each(
    "notes_of_leases",
    "task bigint, token bigint",
    "SELECT lease.task, lease.note FROM lease{comma} WHERE lease.task = v.task AND lease.token = v.token",
)
EXTEND_LEASES = One("extend_leases", "UPDATE lease SET until = ? + term WHERE until < ? + term AND offered = 0")
FLAG_CANCEL = Each(
    "flag_cancel",
    "task bigint, cancel_at bigint",
    "UPDATE lease SET cancel_at = v.cancel_at {from} WHERE lease.task = v.task AND lease.cancel_at IS NULL"
    " RETURNING lease.task",
)
FLAG_PREEMPT = Each(
    "flag_preempt",
    "task bigint, token bigint, preempt_at bigint",
    "UPDATE lease SET preempt_at = v.preempt_at {from} WHERE lease.task = v.task AND lease.token = v.token"
    " AND lease.cancel_at IS NULL AND lease.preempt_at IS NULL AND lease.offered = 0 RETURNING lease.task",
)
SPARE = Each(
    "spare",
    "task bigint, token bigint",
    "UPDATE lease SET preempt_at = NULL {from} WHERE lease.task = v.task AND lease.token = v.token",
)
HELD_BY_AGENTS = Each(
    "held_by_agents",
    "agent bigint",
    f"SELECT {_ROW} FROM lease{{comma}} WHERE lease.agent = v.agent",
)
COUNT_PREEMPTED = Each(
    "count_preempted",
    "task bigint",
    "SELECT attempt.task, count(*) FROM attempt{comma} WHERE attempt.task = v.task AND attempt.outcome = 'preempted'"
    " GROUP BY attempt.task",
)
KEPT_SLOTS = One("kept_slots", "SELECT task, agent, victim, token, until FROM kept_slot ORDER BY task")
KEEP_SLOT = add("kept_slot", "task bigint, agent bigint, victim bigint, token bigint, until bigint", ignore=True)
DROP_KEPT = Each("drop_kept", "task bigint", "DELETE FROM kept_slot {using} WHERE kept_slot.task = v.task")
COUNT_LEASES = One("count_leases", "SELECT count(*) FROM lease")

ADD_ATTEMPT = add(
    "attempt",
    "task bigint, number bigint, agent bigint, since bigint, ended bigint, outcome text, counted smallint,"
    " error text, note text, token bigint",
    ignore=True,
)
ENDED_BY_TOKEN = Each(
    "ended_by_token",
    "task bigint, token bigint",
    "SELECT attempt.task, attempt.token, attempt.outcome, attempt.error, body.result, body.question, task.state"
    " FROM attempt{comma}, body, task WHERE attempt.task = v.task AND attempt.token = v.token"
    " AND body.task = attempt.task AND task.id = attempt.task",
)
REJECT_ATTEMPT = One(
    "reject_attempt", "UPDATE attempt SET outcome = 'rejected', error = ? WHERE task = ? AND number = ?"
)
ATTEMPTS_OF_TASKS = Each(
    "attempts_of_tasks",
    "task bigint",
    "SELECT attempt.task, attempt.number, attempt.agent, attempt.since, attempt.ended, attempt.outcome,"
    " attempt.counted, attempt.error, attempt.note FROM attempt{comma} WHERE attempt.task = v.task",
)

ADD_LISTENER = add("listener", "id bigint, node bigint, agents text, n bigint, until bigint")
LISTENERS = One("listeners", "SELECT id, node, agents, n FROM listener ORDER BY id")
DROP_LISTENERS = Each("drop_listeners", "id bigint", "DELETE FROM listener {using} WHERE listener.id = v.id")
DROP_LISTENERS_OF_NODE = One("drop_listeners_of_node", "DELETE FROM listener WHERE node = ?")


class Sample(NamedTuple):
    """What an attempt that ended teaches."""

    agent: int
    kind: str
    seconds: float
    ended: int
    good: int
    lane: int
    cost: int
    """What its tenant was charged, microseconds of work; 0 = nothing."""
    estimate: int
    """How long the submitter thought it would take, microseconds; 0 = nothing was said."""
    share: int = -1
    """The share of its tenant that was charged as well; -1 = none."""


ADD_SAMPLE = add(
    "sample",
    "agent bigint, kind text, seconds double precision, ended bigint, good smallint, lane bigint, cost bigint,"
    " estimate bigint, share smallint",
)
TAKE_SAMPLES = One(
    "take_samples",
    "DELETE FROM sample WHERE EXISTS (SELECT 1 FROM lane WHERE lane.id = sample.lane AND lane.pool = ?)"
    f" RETURNING {', '.join(Sample._fields)}",
)
