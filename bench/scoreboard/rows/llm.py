"""Chat requests that are nearly more than the fleet can do."""

from collections.abc import Mapping
from typing import Any

from bench.scoreboard.job import Job
from bench.scoreboard.judged import Beside, Row, at_least
from bench.scoreboard.ours import engine
from bench.scoreboard.reference import Figures, baselines
from bench.scoreboard.rows.row import Measured, Wanted
from rota.simulator.result import Result

TRACE = "azure_llm_conv_2023.csv.gz"
SETTINGS = {"deadline": "run+5,15,60", "noise": "0.7"}
GOALS = {"26": 0.97, "28": 0.99}
"""By slots: the share of deadlines."""
CENTRAL = ("fifo", "sjf", "edf")


def _jobs(wanted: Wanted) -> dict[str, Job]:
    settings = {**SETTINGS, "tasks": "600"} if wanted.quick else SETTINGS
    jobs = {}
    for slots in GOALS:
        common = {"workload": str(wanted.traces / TRACE), "settings": settings, "slots": slots}
        jobs[slots] = Job(engine, common)
        jobs[f"{slots} beside"] = Job(baselines, {**common, "names": CENTRAL})
    return jobs


def _judge(found: Mapping[str, Any], wanted: Wanted) -> Row:
    del wanted
    goals, rows = [], []
    for slots, goal in GOALS.items():
        result: Result = found[slots]
        others: dict[str, Figures] = found[f"{slots} beside"]
        goals.append(at_least(f"deadlines met, {slots} slots", result.deadlines.share, goal, shown="{:.3f}"))
        wait = result.queue_s.mean if result.queue_s else 0.0
        rows.append((f"{slots} slots, Rota", f"{result.deadlines.share or 0:.3f}", f"{wait:.1f}"))
        rows += [(f"{slots} slots, {name}", f"{one.deadlines:.3f}", f"{one.wait:.1f}") for name, one in others.items()]
    return Row(
        name="llm",
        workload="azure chat requests, deadlines submission + run + {5, 15, 60} s, estimate noise 0.7",
        goals=goals,
        beside=[Beside(("policy", "deadlines met", "mean wait, s"), rows)],
    )


ROW = Measured("llm", TRACE, _jobs, _judge)
