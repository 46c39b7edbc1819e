"""The seed scenario."""

from collections.abc import Mapping
from typing import Any, get_args

from bench.scoreboard.ideal import Ideal, ideal
from bench.scoreboard.job import Job
from bench.scoreboard.judged import Beside, Goal, Row, at_least, at_most, reported
from bench.scoreboard.ours import engine
from bench.scoreboard.reference import Figures, baselines
from bench.scoreboard.rows.row import Measured, Wanted
from rota.model.queue import Ordering, QueuePolicy
from rota.simulator.result import Result

SEED = 1
EARLY = (
    "round robin", "round robin by capacity", "random", "random by capacity", "two choices", "two choices by capacity",
    "shortest queue by capacity",
)  # fmt: skip
STRATEGIES = ("least_loaded", "performance")
CENTRAL = ("fifo", "sjf", "edf", "bands")
SERVICE_SHARE = 0.230
"""The seed's queue time: 230 ms for each second of mean service. `Well under` it is taken as under half of it."""


def _settings(wanted: Wanted) -> dict[str, str]:
    return {"tasks": "900"} if wanted.quick else {}


def _others() -> dict[str, tuple[str, str]]:
    """Other settings of the engine, to see what each part of the default is worth: by name, a setting."""
    usual = QueuePolicy().ordering
    orderings = [str(name) for name in get_args(Ordering) if name != usual]
    return {
        **{f"ordering {name}": ("queue.ordering", name) for name in orderings},
        **{f"strategy {name}": ("pool.strategy", name) for name in STRATEGIES},
    }


def _jobs(wanted: Wanted) -> dict[str, Job]:
    settings = _settings(wanted)
    common = {"workload": "seed", "settings": settings, "seed": SEED}
    jobs = {"default": Job(engine, common)}
    for name, (key, value) in _others().items():
        jobs[name] = Job(engine, {**common, "settings": {**settings, key: value}})
    jobs["ideal"] = Job(ideal, common)
    jobs["beside"] = Job(baselines, {**common, "names": (*CENTRAL, *EARLY)})
    return jobs


def _judge(found: Mapping[str, Any], wanted: Wanted) -> Row:
    del wanted
    result: Result = found["default"]
    best: Ideal = found["ideal"]
    others: dict[str, Figures] = found["beside"]
    return Row(
        name="seed",
        workload=f"seed scenario: {result.tasks:,} tasks, {result.agents} agents, {result.slots} slots, seed {SEED}",
        goals=_goals(result, best, others),
        beside=[_beside(found, others, best)],
        notes=[
            "The bound is the ideal of bench/scoreboard/ideal.py: no skills, no failures, true lengths known, shortest "
            "first on the fastest free slot. It takes constraints away but is a schedule, not a proof of the least. "
            "Load that is kept even costs waiting, since the fastest slots may not be preferred; the same run is asked "
            "for both, "
            "so the bound is that of schedules which keep it even. The other one is told beside it.",
            "Every agent's own queue is dealt tasks evenly or by capacity; judged is the better one.",
        ],
    )


def _goals(result: Result, best: Ideal, others: Mapping[str, Figures]) -> list[Goal]:
    wait = result.queue_s.mean if result.queue_s else 0.0
    early = min(others[name].wait for name in EARLY if name.startswith("round robin"))
    deadlines = result.deadlines.share or 0.0
    least = min(0.98, 0.98 * best.clairvoyant)
    return [
        at_most("mean queue time, s (2 x the ideal with load kept even)", wait, 2 * best.even_wait),
        at_most("queue time per second of mean service, s", wait / best.mean_work, SERVICE_SHARE / 2),
        at_most("load variation", result.load_variation, 0.02, shown="{:.2%}"),
        at_least("completion", result.completion, 0.999, shown="{:.3%}"),
        at_most("inversions", result.inversions, 0, shown="{:.0f}"),
        at_least(f"deadlines met (clairvoyant {best.clairvoyant:.4f})", deadlines, least, shown="{:.4f}"),
        at_least("utilisation while work waits", result.utilisation_waiting, 0.97, shown="{:.2%}"),
        at_most("mean wait against round robin", wait / early if early else None, 0.33, shown="{:.2%}"),
        at_least("Jain's index", result.fairness.jain, 0.98, shown="{:.4f}"),
        reported("deadlines that could be met at all", f"{best.possible:.4f}"),
        reported("mean queue time over the ideal that need not keep load even", _times(wait, best.wait)),
        reported("offered load", f"{result.offered_load:.3f}"),
        reported("utilisation", f"{result.utilisation:.2%}"),
    ]


def _times(one: float, other: float) -> str:
    return f"{one / other:.3g}" if other else "-"


def _beside(found: Mapping[str, Any], others: Mapping[str, Figures], best: Ideal) -> Beside:
    rows = []
    for name in ("default", *_others()):
        result: Result = found[name]
        jain = result.fairness.jain
        rows.append(
            (
                "Rota" if name == "default" else f"Rota, {name}",
                f"{result.queue_s.mean if result.queue_s else 0:.3f}",
                f"{result.deadlines.share or 0:.4f}",
                f"{result.makespan_s:,.0f}",
                "-" if jain is None else f"{jain:.4f}",
                "-" if result.load_variation is None else f"{result.load_variation:.2%}",
            )
        )
    for name, one in others.items():
        where = "own queues, " if name in EARLY else "central, "
        rows.append((where + name, f"{one.wait:,.3f}", f"{one.deadlines:.4f}", f"{one.makespan:,.0f}", "-", "-"))
    rows.append(("ideal: shortest first", f"{best.wait:.3f}", "-", "-", "-", "-"))
    rows.append(("ideal: first come", f"{best.blind_wait:.3f}", "-", "-", "-", "-"))
    rows.append(("ideal: shortest first, load kept even", f"{best.even_wait:.3f}", "-", "-", "-", "-"))
    return Beside(("policy", "mean wait, s", "deadlines met", "makespan, s", "Jain", "load variation"), rows)


ROW = Measured("seed", "", _jobs, _judge)
