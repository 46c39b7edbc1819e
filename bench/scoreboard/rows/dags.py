"""Workflows that arrive over time, each with a deadline of its own."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from bench.scoreboard.dag_fates import Fates
from bench.scoreboard.dag_orders import ALONE, dag_orders
from bench.scoreboard.dag_variants import KEY, Variants, dag_variants
from bench.scoreboard.job import Job
from bench.scoreboard.judged import Beside, Row, at_least, reported
from bench.scoreboard.ours import engine
from bench.scoreboard.reference import Figures
from bench.scoreboard.rows.row import Measured, Wanted
from rota.planning.order import BREVITY
from rota.simulator.result import Result

TRACE = "wfinstances_science_dags.jsonl.gz"
SLOTS = "32"
SEEDS = range(12)
GOAL = 0.95
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
        jobs[f"variants {seed}"] = Job(dag_variants, common)
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
    ratios = [_over(ours, other) for ours, other in zip(met["Rota"], best, strict=True)]
    rows = [(name, f"{fmean(each):.3f}", " ".join(f"{share:.2f}" for share in each)) for name, each in met.items()]
    rows.append(("best of the others", f"{fmean(best):.3f}", " ".join(f"{share:.2f}" for share in best)))
    variants: list[Variants] = [found[f"variants {seed}"] for seed in _seeds(wanted)]
    first: Result = found[f"default {_seeds(wanted)[0]}"]
    groups = first.groups.n if first.groups else 0
    return Row(
        name="dags",
        workload=f"{groups} DAGs a seed arriving at load 0.8 on {SLOTS} slots, deadline 3 x critical path",
        goals=[
            at_least("deadlines met over the best of all orderings, worst seed", min(ratios), GOAL, shown="{:.3f}"),
            reported("the same, mean over seeds", f"{fmean(ratios):.3f}"),
            reported("deadlines met", f"{fmean(met['Rota']):.3f}"),
            reported(f"over {ALONE}", f"{fmean(met['Rota']) / fmean(met[ALONE]):.3f}"),
        ],
        beside=[
            Beside(("policy", "DAG deadlines met, mean", "by seed"), rows),
            _fates(variants),
            _parts(variants, groups, best),
        ],
        notes=[
            "Each seed shuffles the 19 DAGs three times over; all orderings know true lengths. One DAG is "
            f"{1 / max(groups, 1):.3f} of a seed.",
            "The second table says why DAGs were missed, in the reference simulator. *Too large*: more work than all "
            "slots can do by the deadline. *Slots held*: when it came, running tasks held slots so long that it would "
            "have been late had it got every slot from then on; nothing that runs is taken away, and no order knows "
            "what will come. *Order*: the rest, and so the most that any other order might have saved in its place.",
            f"The third table varies {KEY}: the band is one, so it is late, then due; a task that a child's deadline "
            f"needs stands {BREVITY['deadline']:g} x its own work later. It is the key with true lengths, in the "
            "reference simulator, so it differs from Rota's own row by where equals stand.",
        ],
    )


def _fates(variants: Sequence[Variants]) -> Beside:
    totals = {KEY: _total([one.varied[KEY] for one in variants])}
    totals |= {name: _total([one.others[name] for one in variants]) for name in variants[0].others}
    rows = [(name, str(one.met), str(one.too_large), str(one.held), str(one.order)) for name, one in totals.items()]
    return Beside(("policy, DAGs of all seeds", "in time", "too large", "slots held", "order"), rows)


def _total(found: Sequence[Fates]) -> Fates:
    return sum(found, Fates())


def _parts(variants: Sequence[Variants], groups: int, best: Sequence[float]) -> Beside:
    rows = []
    for name in variants[0].varied:
        shares = [one.varied[name].met / max(groups, 1) for one in variants]
        ratios = [_over(share, most) for share, most in zip(shares, best, strict=True)]
        rows.append((name, f"{fmean(shares):.3f}", f"{min(ratios):.3f}", str(sum(ratio < GOAL for ratio in ratios))))
    heads = "variation", "DAG deadlines met, mean", "over the best of all orderings, worst seed", f"seeds below {GOAL}"
    return Beside(heads, rows)


def _over(share: float, most: float) -> float:
    return share / most if most else 1.0


ROW = Measured("dags", TRACE, _jobs, _judge)
