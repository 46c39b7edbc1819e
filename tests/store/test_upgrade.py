"""A database of an earlier version, with work in it, goes on with this one."""

from __future__ import annotations

import pytest

from rota.audit.audit import audit
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Done
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.store.migrate import migrate
from rota.store.schema import FIRST, MIGRATIONS
from rota.store.statement import One
from tests.store.places import MEMORY, POSTGRES, Place

NOW = 1_700_000_000_000_000
OLD = (
    "INSERT INTO tenant (name) VALUES ('default'), ('acme')",
    """INSERT INTO shape (needs) VALUES ('{}'), ('{"skills":[["py",2]]}')""",
    "INSERT INTO lane (pool, queue, shape, band, tenant) VALUES (1, 1, 1, 3, 1), (1, 1, 2, 2, 2)",
    *(
        "INSERT INTO task (id, queue, tenant, band, kind, title, shape, lane, due, state, max_attempts, submitted,"
        f" ready_at) VALUES ({number}, 1, {tenant}, {band}, 'task', 'old', {shape}, {lane}, {NOW}, 3, 5, {NOW}, {NOW})"
        for number, tenant, band, shape, lane in ((1, 1, 3, 1, 1), (2, 2, 2, 2, 2))
    ),
    "INSERT INTO body (task, description) VALUES (1, 'one'), (2, 'two')",
    f"INSERT INTO ready (lane, due, task) VALUES (1, {NOW}, 1), (2, {NOW}, 2)",
    "INSERT INTO depth (lane, n) VALUES (1, 1), (2, 1)",
    f"INSERT INTO event (at, kind, task, moves, data) VALUES ({NOW}, 'submit', NULL, '[[1,1,3,1],[2,2,3,2]]', '{{}}')",
)


def test_from_version_1(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    if place.kind == MEMORY:
        pytest.skip("it ends with its store")
    store = place.open()
    with monkeypatch.context() as patch:
        patch.setattr("rota.store.migrate.MIGRATIONS", (FIRST,))
        migrate(store)
    with store.write() as t:
        for number, text in enumerate(OLD):
            t.one(One(f"old{number}", text))
        if place.kind == POSTGRES:
            t.one(One("numbers", "SELECT setval('number', 3)"))
        else:
            t.one(One("numbers", "INSERT INTO meta (key, value) VALUES ('next_id', '3')"))
    assert migrate(store) == 1
    assert migrate(store) == len(MIGRATIONS)
    store.close()
    with Distributor.open(place.address) as rota:
        rota.call(Register(agent=AgentSpec(name="ann", slots=9, skills={"py": 2})))
        new = rota.call(Submit(tasks=[TaskSpec(title="new", tenant="acme", deadline="1h")])).ids
        given = rota.call(Claim(agent="ann", n=9)).tasks
        assert [it.task for it in given] == ["task-2", "task-1", *new]
        rota.call(Complete(outcomes=[Done(task=it.task, token=it.token) for it in given]))
        with rota.store.read() as reader:
            report = audit(reader)
        assert report.violations == []
