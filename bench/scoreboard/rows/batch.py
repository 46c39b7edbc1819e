"""One batch of coding-agent runs: how long until all are done."""

from collections.abc import Mapping
from statistics import fmean
from typing import Any, get_args

from bench.scoreboard.job import Job
from bench.scoreboard.judged import Beside, Row, at_most, reported
from bench.scoreboard.ours import engine
from bench.scoreboard.reference import Figures, baselines
from bench.scoreboard.rows.row import Measured, Wanted
from rota.model.queue import Ordering
from rota.simulator.result import Result

TRACE = "swebench_agent_runs_2025.csv.gz"
SLOTS = "40"
SEEDS = range(12)
CENTRAL = ("fifo", "sjf", "longest first")


def _seeds(wanted: Wanted) -> range:
    return SEEDS[:2] if wanted.quick else SEEDS


def _jobs(wanted: Wanted) -> dict[str, Job]:
    jobs = {}
    for seed in _seeds(wanted):
        common = {"workload": str(wanted.traces / TRACE), "settings": {"noise": "0.3"}, "slots": SLOTS, "seed": seed}
        jobs[f"default {seed}"] = Job(engine, common)
        if "makespan" in get_args(Ordering):
            settings = {"noise": "0.3", "queue.ordering": "makespan"}
            jobs[f"makespan {seed}"] = Job(engine, {**common, "settings": settings})
        jobs[f"beside {seed}"] = Job(baselines, {**common, "names": CENTRAL})
        exact = {**common, "settings": {}, "names": ("longest first",)}
        jobs[f"exact {seed}"] = Job(baselines, exact)
    return jobs


def _judge(found: Mapping[str, Any], wanted: Wanted) -> Row:
    seeds = _seeds(wanted)
    first: Result = found[f"default {seeds[0]}"]
    bound = first.makespan_bound_s or 1.0
    ratios: dict[str, list[float]] = {}
    for seed in seeds:
        for name in ("makespan", "default"):
            result: Result | None = found.get(f"{name} {seed}")
            if result is not None:
                ratios.setdefault(f"Rota, {name}", []).append(result.makespan_s / bound)
        others: dict[str, Figures] = found[f"beside {seed}"]
        for name, one in others.items():
            ratios.setdefault(name, []).append(one.makespan / bound)
        ratios.setdefault("longest first, true lengths", []).append(
            found[f"exact {seed}"]["longest first"].makespan / bound
        )
    rows = [(name, f"{fmean(each):.3f}", f"{min(each):.3f}", f"{max(each):.3f}") for name, each in ratios.items()]
    ordered = ratios.get("Rota, makespan")
    return Row(
        name="batch",
        workload=f"{first.tasks} coding-agent runs at once on {SLOTS} slots, estimate noise 0.3, {len(seeds)} seeds",
        goals=[
            at_most(
                "ordering makespan, mean over its lower bound",
                fmean(ordered) if ordered else None,
                1.03,
                shown="{:.3f}",
            ),
            reported("worst seed", f"{max(ordered):.3f}" if ordered else "none"),
            reported("the default ordering, mean", f"{fmean(ratios['Rota, default']):.3f}"),
        ],
        beside=[Beside(("policy", "makespan / lower bound, mean", "best seed", "worst seed"), rows)],
        notes=[f"The lower bound is the larger of all work / {SLOTS} slots and the longest run: {bound:,.0f} s."],
    )


ROW = Measured("batch", TRACE, _jobs, _judge)
