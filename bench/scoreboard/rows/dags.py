"""Workflows that arrive over time, each with a deadline of its own."""

from collections.abc import Mapping
from statistics import fmean
from typing import Any

from bench.scoreboard.dag_orders import ALONE, dag_orders
from bench.scoreboard.job import Job
from bench.scoreboard.judged import Beside, Row, at_least, reported
from bench.scoreboard.ours import engine
from bench.scoreboard.reference import Figures
from bench.scoreboard.rows.row import Measured, Wanted
from rota.simulator.result import Result

TRACE = "wfinstances_science_dags.jsonl.gz"
SLOTS = "32"
SEEDS = range(12)
SETTINGS = {"deadline": "path*3", "load": "0.8", "repeat": "3"}


def _seeds(wanted: Wanted) -> range:
    return SEEDS[:2] if wanted.quick else SEEDS


def _jobs(wanted: Wanted) -> dict[str, Job]:
    settings = {**SETTINGS, "repeat": "1", "tasks": "1500"} if wanted.quick else SETTINGS
    jobs = {}
    for seed in _seeds(wanted):
        common = {"workload": str(wanted.traces / TRACE), "settings": settings, "slots": SLOTS, "seed": seed}
        jobs[f"default {seed}"] = Job(engine, common)
        jobs[f"beside {seed}"] = Job(dag_orders, common)
    return jobs


def _judge(found: Mapping[str, Any], wanted: Wanted) -> Row:
    met: dict[str, list[float]] = {}
    best: list[float] = []
    for seed in _seeds(wanted):
        result: Result = found[f"default {seed}"]
        others: dict[str, Figures] = found[f"beside {seed}"]
        share = result.groups.deadlines.share if result.groups else None
        met.setdefault("Rota", []).append(share or 0.0)
        for name, one in others.items():
            met.setdefault(name, []).append(one.groups)
        best.append(max(one.groups for one in others.values()))
    ratios = [ours / other if other else 1.0 for ours, other in zip(met["Rota"], best, strict=True)]
    rows = [(name, f"{fmean(each):.3f}", " ".join(f"{share:.2f}" for share in each)) for name, each in met.items()]
    rows.append(("best of the others", f"{fmean(best):.3f}", " ".join(f"{share:.2f}" for share in best)))
    first: Result = found[f"default {_seeds(wanted)[0]}"]
    groups = first.groups.n if first.groups else 0
    return Row(
        name="dags",
        workload=f"{groups} DAGs a seed arriving at load 0.8 on {SLOTS} slots, deadline 3 x critical path",
        goals=[
            at_least("deadlines met over the best of all orderings, worst seed", min(ratios), 0.95, shown="{:.3f}"),
            reported("the same, mean over seeds", f"{fmean(ratios):.3f}"),
            reported("deadlines met", f"{fmean(met['Rota']):.3f}"),
            reported(f"over {ALONE}", f"{fmean(met['Rota']) / fmean(met[ALONE]):.3f}"),
        ],
        beside=[Beside(("policy", "DAG deadlines met, mean", "by seed"), rows)],
        notes=["Each seed shuffles the 19 DAGs three times over; all orderings know true lengths."],
    )


ROW = Measured("dags", TRACE, _jobs, _judge)
