"""On PostgreSQL a plan is judged by what had been committed when it read."""

from __future__ import annotations

import msgspec
import psycopg
import pytest

from rota.audit.horizon import Horizon
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.event import Move
from rota.model.ids import task_number
from rota.model.state import RUNNING
from rota.model.task import TaskSpec
from rota.store.postgres_connect import SCHEMA
from rota.testing import TestDistributor
from tests.audit.looking import audited, told


@pytest.mark.parametrize(
    ("xid", "seen"), [(9, True), (10, False), (11, True), (12, False), (13, True), (19, True), (20, False), (21, False)]
)
def test_a_horizon_is_read_as_postgresql_writes_it(xid: int, seen: bool) -> None:
    assert Horizon.of("10:20:10,12").saw(xid) is seen


def test_a_horizon_with_nobody_else_about() -> None:
    horizon = Horizon.of("7:7:")
    assert horizon.saw(6)
    assert not horizon.saw(7)


def test_what_was_not_committed_when_the_plan_read_does_not_count(postgres_dsn: str) -> None:
    with TestDistributor(postgres_dsn) as rota:
        rota.call(Register(agent=AgentSpec(name="ann", slots=3)))
        (low,) = rota.call(Submit(tasks=[TaskSpec(title="low", priority="low")])).ids
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            before = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
            rota.call(Submit(tasks=[TaskSpec(title="high", priority="high")]))
            after = connection.execute("SELECT pg_current_snapshot()::text").fetchone()
            assert before is not None
            assert after is not None
            connection.execute(f"SET search_path = {SCHEMA}")
            event = _say_given(connection, task_number(low), before[0])
            assert audited(rota).inversions == 0, told(audited(rota))
            connection.execute(
                "UPDATE event SET data = jsonb_set(data::jsonb, '{horizon}', to_jsonb(%s::text))::text WHERE seq = %s",
                (after[0], event),
            )
            report = audited(rota)
    assert report.inversions == 1
    assert [one.event for one in report.violations if one.rule == "inversion"] == [event]


def _say_given(connection: psycopg.Connection, task: int, horizon: str) -> int:
    lane = connection.execute("SELECT lane FROM task WHERE id = %s", (task,)).fetchone()
    fleet = connection.execute("SELECT value FROM meta WHERE key = 'fleet_version'").fetchone()
    assert lane is not None
    assert fleet is not None
    moves = msgspec.json.encode([Move(task, task, RUNNING, lane[0], 1, 0, 1)]).decode()
    data = msgspec.json.encode({"pool": 1, "fleet": int(fleet[0]), "horizon": horizon}).decode()
    row = connection.execute(
        "INSERT INTO event (at, kind, moves, data) VALUES (0, 'plan', %s, %s) RETURNING seq", (moves, data)
    ).fetchone()
    assert row is not None
    return int(row[0])
