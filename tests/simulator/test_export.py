"""The history of a database, exported and simulated again."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from rota.faces.cli.main import execute
from rota.model.agent import AgentSpec, Cost
from rota.model.commands.fleet import Register, SetPool, SetQueue, SetTenant
from rota.model.commands.submit import Cancel, Submit
from rota.model.commands.work import Claim, Claimed, Complete, Done, Fail, Failed
from rota.model.queue import Backoff, PoolPolicy, QueuePolicy
from rota.model.task import After, TaskSpec
from rota.simulator.simulate import prepared, simulate
from rota.testing import TestDistributor


def exported(database: Path, folder: Path) -> tuple[Path, Path]:
    tasks, fleet = folder / "history.jsonl.gz", folder / "then.toml"
    command = ["export", "--workload", str(tasks), "--fleet", str(fleet), "--database", str(database)]
    assert execute(command) == 0
    return tasks, fleet


def lines(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt") as stream:
        return [json.loads(line) for line in stream]


def do_one(rota: TestDistributor, agent: str, span: str) -> str:
    claimed: Claimed = rota.call(Claim(agent=agent))
    (given,) = claimed.tasks
    rota.clock.advance(span)
    rota.call(Complete(outcomes=[Done(task=given.task, token=given.token)]))
    return given.task


def test_the_same_fleet_and_policy_give_the_waits_that_were(tmp_path: Path) -> None:
    database = tmp_path / "work.db"
    with TestDistributor(str(database)) as rota:
        rota.call(Register(agent=AgentSpec(name="ann")))
        rota.call(Submit(tasks=[TaskSpec(title=f"secret {n}", deadline=25) for n in range(3)]))
        for _ in range(3):
            do_one(rota, "ann", "10s")
    tasks, fleet = exported(database, tmp_path)
    found = simulate(prepared(str(tasks), fleet=str(fleet), given={})).result
    assert found.queue_s is not None
    assert (found.queue_s.mean, found.queue_s.most) == (10, 20)
    assert (found.deadlines.met, found.deadlines.with_deadline) == (2, 3)
    twice = simulate(prepared(str(tasks), slots="2", given={})).result
    assert twice.makespan_s == 20
    assert "secret" not in gzip.decompress(tasks.read_bytes()).decode()


def test_everything_that_decides_is_in_a_line(tmp_path: Path) -> None:
    database = tmp_path / "work.db"
    with TestDistributor(str(database)) as rota:
        rota.call(SetPool(pool="far away", policy=PoolPolicy(strategy="ours", terms={"load": 2.0}, avoid_s=0)))
        rota.call(SetQueue(queue="mail", policy=QueuePolicy(pool="far away", backoff=Backoff(base=0.0, cap=0.0))))
        spec = AgentSpec(
            name="ann",
            slots=2,
            skills={'a "b"': 3},
            pool="far away",
            role="r",
            cost=Cost(per_hour=2.5),
            resources={"gpu": 1.0},
        )
        rota.call(Register(agent=spec))
        rota.call(SetTenant(tenant="t", weight=7))
        task = TaskSpec(
            title="x", kind="k", queue="mail", tenant="t", priority="high", estimate="1m", ttl="5m",
            skills={'a "b"': 2}, role="r", ban=["bob"], sequence="s", group="g", affinity="a",
            ref="first", resources={"gpu": 0.5}, max_cost=9.0,
        )  # fmt: skip
        rota.call(Submit(tasks=[task]))
        rota.clock.advance("1s")
        claimed: Claimed = rota.call(Claim(agent="ann"))
        rota.clock.advance("2s")
        rota.call(Fail(outcomes=[Failed(task=claimed.tasks[0].task, token=claimed.tasks[0].token, error="no")]))
        do_one(rota, "ann", "7s")
        first = claimed.tasks[0].task
        child = TaskSpec(title="y", kind="k", queue="mail", after=[After(task=first, rule="run")], sequence="s")
        gone = rota.call(Submit(tasks=[child, TaskSpec(title="z"), TaskSpec(title="w", kind="other")])).ids[1]
        rota.call(Cancel(tasks=[gone]))
    tasks, fleet = exported(database, tmp_path)
    one, two, three = lines(tasks)
    assert one == {
        "title": first, "submit_s": 0.0, "run_s": 7.0, "kind": "k", "queue": "mail", "tenant": "t", "priority": "high",
        "estimate": 60.0, "ttl": 300.0, "max_attempts": 5, "ref": first, "sequence": "s", "group": "g", "affinity": "a",
        "skills": {'a "b"': 2},
        "role": "r", "ban": ["bob"], "resources": {"gpu": 0.5}, "max_cost": 9.0,
    }  # fmt: skip
    assert (two["submit_s"], two["run_s"], "after" in two) == (10.0, 7.0, False)  # the sequence says it
    assert three["run_s"] == 7.0  # of another kind, never done: the mean of all
    ready = prepared(str(tasks), fleet=str(fleet), given={"queue.pool": "far away"})
    assert ready.fleet.agents[0].spec == spec
    assert ready.queues["mail"].backoff.base == 0
    assert ready.pools["far away"] == PoolPolicy(strategy="ours", terms={"load": 2.0}, avoid_s=0)
    assert ready.weights == {"default": 1, "t": 7}
    assert simulate(ready).result.ended["done"] == 3


def test_parents_come_with_their_rules(tmp_path: Path) -> None:
    database = tmp_path / "work.db"
    with TestDistributor(str(database)) as rota:
        rota.call(Register(agent=AgentSpec(name="ann")))
        parent = TaskSpec(title="p", ref="p", estimate=3)
        rota.call(Submit(tasks=[parent, TaskSpec(title="c", estimate=4, after=[After(task="p", rule="run")])]))
    tasks, fleet = exported(database, tmp_path)
    parent_line, child_line = lines(tasks)
    assert child_line["after"] == [{"task": parent_line["ref"], "rule": "run", "until": "done"}]
    assert simulate(prepared(str(tasks), fleet=str(fleet), given={})).result.makespan_s == 7


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "what to write"),
        (["--workload", "a.csv"], "ends in none of"),
        (["--workload", "there.jsonl"], "exists"),
        (["--workload", "no/where.jsonl"], "does not exist"),
        (["--fleet", "a.json"], ".toml"),
        (["--workload", "a.jsonl", "--database", "gone.db"], "there is no database"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    arguments: list[str], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there.jsonl").write_text("kept")
    assert execute(["export", *arguments]) == 2 or "database" in what
    assert what in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.jsonl"]
    assert Path("there.jsonl").read_text() == "kept"
