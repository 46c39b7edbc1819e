"""`rota simulate`: rehearses a workload on a fleet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from rota.faces.cli.columns import columns, facts
from rota.faces.cli.options import Json, flag
from rota.faces.cli.progress import Progress
from rota.faces.cli.say import Usage, json_line, line, talk
from rota.model.errors import invalid
from rota.simulator.behaviour import Behaviour
from rota.simulator.options import changes_of, parsed
from rota.simulator.policies import POLICIES
from rota.simulator.report import figures
from rota.simulator.report.write import check_report, write_report
from rota.simulator.result import Outcome
from rota.simulator.settings import Settings, described
from rota.simulator.simulate import Setup, prepared
from rota.simulator.simulate import simulate as run_simulation
from rota.simulator.workloads.open_workload import GENERATORS

NEVER_DONE = 9
"""Exit code when some tasks can never be done; as of `rota run`."""


def simulate(
    workload: Annotated[
        str | None,
        Parameter(
            help="A file: LLM requests, machine log, agent runs (.csv), DAGs, our own tasks (.jsonl), also .gz; or a "
            f"generator: {', '.join(GENERATORS)}."
        ),
    ] = None,
    /,
    *,
    fleet: Annotated[str | None, Parameter(help="The fleet.toml whose agents, queues and pools are simulated.")] = None,
    slots: Annotated[
        str | None, Parameter(help="Instead of a fleet: N agents of one slot, or AxS for A agents of S slots.")
    ] = None,
    set_: Annotated[
        list[str] | None, Parameter(name="--set", negative=(), help="A setting, key=value; may stand many times.")
    ] = None,
    compare: Annotated[
        str | None, Parameter(help="Policies to run side by side on the same luck: default,fifo,shortest.")
    ] = None,
    seed: Annotated[int, Parameter(help="The same seed gives the same result, byte for byte.")] = 0,
    report: Annotated[str | None, Parameter(help="Also write a report: .html with pictures, or .md.")] = None,
    settings: Annotated[bool, flag("List everything that can be set, and end.")] = False,
    json: Json = False,
) -> int:
    """Rehearse a workload on a fleet: the real engine, in memory, on a virtual clock.

    rota simulate trace.csv.gz --slots 26 --compare fifo,deadline,shortest
    rota simulate seed --report seed.html
    rota simulate tasks.jsonl --fleet fleet.toml --set agent.writer.fail=0.1

    How long the work takes comes with the workload, or is drawn; how agents do
    it is set: agent.speed, agent.NAME.fail, agent.crash. Any field of a queue's
    or pool's policy can be tried: queue.ordering=fifo, pool.strategy=balanced.

    Exit code 0: it ran to its end. 9: some tasks can never be done; it says why.
    """
    if settings:
        return _list_settings(as_json=json)
    if workload is None:
        raise Usage("it is not said what to simulate", "name a file or a generator; `rota simulate --help` says more")
    if report is not None:
        check_report(report)
    runs, setups = _prepared(workload, fleet, slots, parsed(set_ or ()), compare, seed)
    outcomes = [(name, _run(setup, name)) for name, setup in zip(runs, setups, strict=True)]
    if report is not None:
        team = [(agent.spec.name, agent.spec.slots) for agent in setups[0].fleet.agents]
        write_report(report, outcomes, team)
    _show(outcomes, as_json=json, compared=compare is not None)
    return NEVER_DONE if any(outcome.result.stuck for _name, outcome in outcomes) else 0


def _prepared(
    workload: str, fleet: str | None, slots: str | None, given: dict[str, str], compare: str | None, seed: int
) -> tuple[list[str], list[Setup]]:
    """Everything is checked before the first run begins."""
    if compare is None:
        return [given.get("policy", "default")], [prepared(workload, fleet=fleet, slots=slots, given=given, seed=seed)]
    if "policy" in given:
        raise invalid("--set policy", "the policies to compare are named already; leave this out")
    names = [name.strip() for name in compare.split(",")]
    if len(set(names)) < 2 or len(set(names)) < len(names) or "" in names:
        raise invalid("--compare", f"{compare[:60]!r} does not name at least two policies, each once, with commas")
    setups = [
        prepared(workload, fleet=fleet, slots=slots, given={**given, **changes_of(name)}, seed=seed) for name in names
    ]
    return names, setups


def _run(setup: Setup, name: str) -> Outcome:
    progress = Progress(f"simulating {name}")
    try:
        return run_simulation(setup, progress=lambda done: progress(done, setup.survey.tasks))
    finally:
        progress.close()


def _show(outcomes: Sequence[tuple[str, Outcome]], *, as_json: bool, compared: bool) -> None:
    if as_json:
        found: Any = {name: outcome.result for name, outcome in outcomes} if compared else outcomes[0][1].result
        json_line(found)
    elif compared:
        heads, rows = figures.compared([(name, outcome.result) for name, outcome in outcomes])
        line(figures.heading(outcomes[0][1].result))
        columns(heads, rows)
    else:
        _page(outcomes[0][1])
    for name, outcome in outcomes:
        # No part of the result: it differs each time.
        speed = outcome.speed
        if as_json:
            talk(msgspec.json.encode({"policy": name, "speed": speed}).decode())
        else:
            talk(f"{name}: {speed.tasks_per_s:,.0f} tasks a second simulated, in {speed.turns:,} turns")


def _page(outcome: Outcome) -> None:
    result = outcome.result
    line(figures.heading(result))
    facts([("policy", result.policy), *figures.facts(result)])
    for heads, rows in _tables(outcome):
        if rows:
            line()
            columns(heads, rows)
    line()
    line(figures.laws_text(result))


def _tables(outcome: Outcome) -> list[figures.Table]:
    result = outcome.result
    tables = [figures.rows_of(result.bands, "band")] if len(result.bands) > 1 else []
    if len(result.tenants) > 1:
        tables.append(figures.rows_of(result.tenants, "tenant"))
    if len(result.pools) > 1:
        tables.append(figures.pools_of(result))
    return [*tables, figures.stuck_of(result)]


def _list_settings(*, as_json: bool) -> int:
    rows = [*described(Settings), *described(Behaviour, "agent.")]
    if as_json:
        json_line([{"key": key, "default": default, "meaning": text} for key, default, text in rows])
        return 0
    columns(("setting", "default", "meaning"), rows)
    line()
    columns(("policy", "means"), [(name, _meaning(means)) for name, means in POLICIES.items()])
    line()
    columns(("generator", "what it is"), [(name, entry[0]) for name, entry in GENERATORS.items()])
    return 0


def _meaning(means: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in means.items()) or "the engine as it is"
