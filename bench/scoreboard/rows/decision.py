"""How long deciding takes: on the wall clock of this machine, with nothing else running."""

from collections.abc import Mapping
from typing import Any

from bench.scoreboard.job import Job
from bench.scoreboard.judged import Goal, Row, at_most, reported
from bench.scoreboard.live import AGENTS, LOAD, SERVICE_S, Latency, live
from bench.scoreboard.planning_time import PlanTime, planning_time
from bench.scoreboard.rows.row import Measured, Wanted

PLANS = {(1_000, 200): 5.0, (10_000, 1_000): 60.0}
"""(ready, agents) -> milliseconds."""
LIVE = {"sqlite": 5.0, "postgresql": 15.0}
"""Database -> milliseconds, p99."""
TASKS = 45_000


def _jobs(wanted: Wanted) -> dict[str, Job]:
    jobs = {f"plan {ready}": Job(planning_time, {"ready": ready, "agents": agents}) for ready, agents in PLANS}
    tasks = 1_500 if wanted.quick else TASKS
    return {**jobs, **{database: Job(live, {"database": database, "tasks": tasks}) for database in LIVE}}


def _judge(found: Mapping[str, Any], wanted: Wanted) -> Row:
    del wanted
    goals: list[Goal] = []
    for (ready, agents), goal in PLANS.items():
        timed: PlanTime = found[f"plan {ready}"]
        goals.append(at_most(f"plan over {ready:,} ready x {agents:,} agents, ms", timed.plan * 1e3, goal))
        goals.append(reported(f"its whole turn, {timed.gives:,} given, ms", f"{timed.turn * 1e3:.4g}"))
    for database, goal in LIVE.items():
        latency: Latency = found[database]
        what = f"distribution latency p99, {database}, ms"
        goals.append(at_most(what, latency.p99 * 1e3, goal))
        text = f"p50 {latency.p50 * 1e3:.3g}, most {latency.most * 1e3:.3g}"
        goals.append(reported(f"of {latency.tasks:,} tasks at {latency.per_second:.0f} a second, ms", text))
    return Row(
        name="decision",
        workload="decision time, on this machine",
        goals=goals,
        notes=[
            f"Live: {AGENTS} agents of one slot in one process with the distributor, work of mean {SERVICE_S:g} s, "
            f"load {LOAD:g}, open loop. Plans: medians, all agents free at once, five tenants, three bands."
        ],
    )


ROW = Measured("decision", "", _jobs, _judge, alone=True)
