"""fleet.toml: what its tables become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.engine.queues import check_pool, check_queue
from rota.files.fleet import FleetAgent, ProcessSettings, Workspace
from rota.files.reference import EXAMPLE
from rota.files.tables import AgentTable, BackoffTable, CostTable, PoolTable, QueueTable
from rota.files.toml import load_fleet, parse_fleet
from rota.model.agent import AgentSpec, Cost
from rota.model.queue import Backoff, PoolPolicy, QueuePolicy
from tests.files.refusal import assert_refused, refusal
from tests.files.test_keylines import quoted, written


def test_an_empty_file_is_a_fleet(tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.touch()
    fleet = load_fleet(str(file))
    assert fleet.folder == str(tmp_path)
    assert (fleet.database, fleet.queues, fleet.pools, fleet.agents) == (None, {}, {}, ())


def test_the_example_of_the_reference() -> None:
    fleet = parse_fleet(EXAMPLE, "/somewhere/fleet.toml")
    assert fleet.database == "work.db"
    assert fleet.pools == {"default": PoolPolicy(strategy="least_loaded")}
    assert fleet.queues == {
        "reviews": QueuePolicy(
            max_attempts=3,
            backoff=Backoff(base=2.0, cap=60.0),
            ttl=172_800.0,
            target_wait={"high": 120.0, "normal": 3_600.0},
        )
    }
    reviewing = ProcessSettings(
        folder="/somewhere",
        command=("python3", "review.py", "{title}"),
        check=("python3", "check.py"),
        timeout=600.0,
        stall=90.0,
        grace=10.0,
    )
    reviewer = AgentSpec(name="", slots=2, skills={"python": 3, "docs": 1}, cost=Cost(per_hour=12.5))
    assert fleet.agents == (
        FleetAgent(spec=msgspec.structs.replace(reviewer, name="reviewer-1"), process=reviewing, table=0, line=12),
        FleetAgent(spec=msgspec.structs.replace(reviewer, name="reviewer-2"), process=reviewing, table=0, line=12),
        FleetAgent(
            spec=AgentSpec(name="reader", skills={"docs": 2}),
            process=ProcessSettings(folder="/somewhere", python="reading:read"),
            table=1,
            line=23,
        ),
        FleetAgent(spec=AgentSpec(name="anna", role="editor"), process=None, table=2, line=28),
    )


def test_the_example_of_the_repository() -> None:
    file = Path(__file__).parents[2] / "examples" / "stdlib_audit" / "fleet.toml"
    fleet = load_fleet(str(file))
    assert {"expert", "auditor-1", "auditor-2"} <= {agent.spec.name for agent in fleet.agents}
    assert fleet.queues.keys() == {"audit", "writing"}
    assert all(agent.process and agent.process.folder == str(file.parent) for agent in fleet.agents)


def test_every_field_of_an_agent_arrives() -> None:
    text = """
    [pool.gpu]
    [[agent]]
    name = "a"
    role = "r"
    slots = 3
    skills = { s = 4 }
    region = "eu"
    pool = "gpu"
    cost = { per_hour = 1, per_task = 2, per_1k_tokens = 3 }
    weight = 2.5
    command = ["c", "d"]
    check = ["e"]
    timeout = "1m"
    stall = 5
    grace = 0
    env = { A = "", B = "x=y" }
    """
    (agent,) = parse_fleet(text, "/f/fleet.toml").agents
    assert agent.spec == AgentSpec(
        name="a",
        role="r",
        slots=3,
        skills={"s": 4},
        region="eu",
        pool="gpu",
        cost=Cost(per_hour=1.0, per_task=2.0, per_1k_tokens=3.0),
        weight=2.5,
    )
    assert agent.process == ProcessSettings(
        folder="/f",
        command=("c", "d"),
        check=("e",),
        timeout=60.0,
        stall=5.0,
        grace=0.0,
        env={"A": "", "B": "x=y"},
    )


def test_a_pool_is_known_by_its_table_or_by_a_queue() -> None:
    agents = '[[agent]]\nname = "a"\npool = "p"\n[[agent]]\nname = "b"\npool = "o"'
    text = f'[queue.q]\npool = "p"\n[pool.o]\n{agents}'
    assert [agent.spec.pool for agent in parse_fleet(text, "fleet.toml").agents] == ["p", "o"]


def test_a_limit_can_not_count_across_databases() -> None:
    parse_fleet('database = "work.db"\n[pool.gpu]\ndatabase = "work.db"', "fleet.toml")
    text = 'database = "work.db"\n[[limit]]\nkey = "tenant"\ncapacity = 3\n[pool.gpu]\ndatabase = "other.db"'
    field = "fleet.toml:6 pool.gpu.database"
    assert_refused(lambda: parse_fleet(text, "fleet.toml"), field, "no limit counts across two")
    nameless = refusal(lambda: parse_fleet('[pool.gpu]\ndatabase = "other.db"', "fleet.toml"))
    assert "the file names none" in nameless.message


def test_tables_leave_nothing_of_the_model_out() -> None:
    for table, model in [
        (QueueTable, QueuePolicy),
        (PoolTable, PoolPolicy),
        (BackoffTable, Backoff),
        (CostTable, Cost),
    ]:
        from_other_tables = {"near", "terms"}  # `[region.NAME]`, `[strategy.NAME]`
        of_the_file = {"database"} if table is PoolTable else set()
        assert set(table.__struct_fields__) - of_the_file == set(model.__struct_fields__) - from_other_tables
    own = {"count", "command", "python", "check", "timeout", "stall", "grace", "env", "health", "health_every"}
    own |= {"workspace"}
    of_the_workspace = {"merge", "merge_by", "merge_check", "keep_failed"}
    assert of_the_workspace == set(Workspace.__struct_fields__)
    found_out = {"min_slots", "max_slots", *of_the_workspace}
    assert set(AgentTable.__struct_fields__) - own - found_out == set(AgentSpec.__struct_fields__) - {"least_slots"}
    processes = set(ProcessSettings.__struct_fields__) - {"folder"}
    assert processes == own - {"count"}


def test_defaults_are_those_of_the_model() -> None:
    text = '[queue.q]\n[pool.p]\n[[agent]]\nname = "a"'
    fleet = parse_fleet(text, "fleet.toml")
    assert fleet.queues == {"q": QueuePolicy()}
    assert fleet.pools == {"p": PoolPolicy()}
    assert fleet.agents[0].spec == AgentSpec(name="a")


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
SPANS = st.floats(1, 600_000)
QUEUES = st.fixed_dictionaries(
    {},
    optional={
        "pool": NAMES,
        "max_attempts": st.integers(1, 1_000),
        "term": SPANS,
        "ttl": SPANS,
        "ordering": st.sampled_from(["deadline", "fifo"]),
        "approval": st.booleans(),
        "depth": st.integers(1, 2**63 - 1),
        "group_size": st.integers(1, 1_000),
        "target_wait": st.dictionaries(st.sampled_from(["emergency", "high", "low"]), SPANS),
    },
)


@given(st.dictionaries(NAMES, QUEUES, max_size=4))
def test_queues_come_back_as_they_were_written_and_the_engine_takes_them(queues: dict[str, dict[str, Any]]) -> None:
    lines = [
        f"[queue.{quoted(name)}]\n" + "".join(f"{key} = {written(value)}\n" for key, value in fields.items())
        for name, fields in queues.items()
    ]
    fleet = parse_fleet("\n".join(lines), "fleet.toml")
    assert fleet.queues == {name: QueuePolicy(**fields) for name, fields in queues.items()}
    for policy in fleet.queues.values():
        check_queue(policy, "policy")


@pytest.mark.parametrize("avoid", [0, 86_400])
@pytest.mark.parametrize("term", [1, 604_800])
@pytest.mark.parametrize("most", [1, 1_000])
def test_the_engine_takes_the_edges_of_every_range(avoid: int, term: int, most: int) -> None:
    backoff = "{ base = 0, cap = 0 }"
    queue = f"[queue.q]\nterm = {term}\nmax_attempts = {most}\nbackoff = {backoff}\ntarget_wait.low = 0\n"
    queue += f"group_size = {most}\n"
    move = 'depth = 1\noverflow = "move"\noverflow_queue = "default"\n'
    fleet = parse_fleet(f"{queue}{move}[pool.p]\navoid_s = {avoid}\n", "fleet.toml")
    check_queue(fleet.queues["q"], "policy")
    check_pool(fleet.pools["p"], "policy")
