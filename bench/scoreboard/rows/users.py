"""Users of one machine: the short and the many must not pay for the few and the long."""

from collections.abc import Mapping
from statistics import fmean, median
from typing import Any

from bench.scoreboard.job import Job
from bench.scoreboard.judged import Beside, Row, at_least, at_most, reported
from bench.scoreboard.ours import engine
from bench.scoreboard.reference import Figures, baselines
from bench.scoreboard.rows.row import Measured, Wanted
from rota.simulator.result import Result

TRACE = "swf_kth_sp2_1996.csv.gz"
SLOTS = "10"
WORSE = 2.0


def _jobs(wanted: Wanted) -> dict[str, Job]:
    settings = {"tasks": "600"} if wanted.quick else {}
    common = {"workload": str(wanted.traces / TRACE), "settings": settings, "slots": SLOTS}
    return {"default": Job(engine, common), "beside": Job(baselines, {**common, "names": ("fifo", "sjf")})}


def _judge(found: Mapping[str, Any], wanted: Wanted) -> Row:
    del wanted
    result: Result = found["default"]
    others: dict[str, Figures] = found["beside"]
    fifo, sjf = others["fifo"].slowdowns, others["sjf"].slowdowns
    ours = {row.name: row.slowdown_mean for row in result.tenants if row.slowdown_mean is not None}
    worse = [name for name, slowdown in ours.items() if slowdown > WORSE * fifo[name]]
    middle = median(ours.values())
    above = sum(ours[name] > middle for name in worse)
    means = {"Rota": fmean(ours.values()), "fifo": fmean(fifo.values()), "sjf": fmean(sjf.values())}
    tables = {"Rota": ours, "fifo": fifo, "sjf": sjf}
    rows = [
        (name, f"{mean:,.2f}", f"{median(tables[name].values()):,.2f}", f"{max(tables[name].values()):,.1f}")
        for name, mean in means.items()
    ]
    return Row(
        name="users",
        workload=f"KTH SP2 as one-slot tasks on {SLOTS} slots: {result.tasks:,} tasks of {len(ours)} users",
        goals=[
            at_least("mean over users, times better than FIFO", means["fifo"] / means["Rota"], 15.0),
            at_most(f"users worse than {WORSE:g} x FIFO", len(worse) / len(ours), 0.02, shown="{:.2%}"),
            at_most("of those, above the median user", above, 0, shown="{:.0f}"),
            reported("times better than FIFO, of shortest first", f"{means['fifo'] / means['sjf']:.4g}"),
        ],
        beside=[Beside(("policy", "mean over users of mean slowdown", "median user", "worst user"), rows)],
        notes=[
            "Slowdown is bounded: response / max(run, 10 s), at least 1. The median is that of the users under Rota."
        ],
    )


ROW = Measured("users", TRACE, _jobs, _judge)
