"""A PostgreSQL database: a node in this process, and clients that reach it over its socket."""

from __future__ import annotations

import pytest

from rota import Agent, Task, connect
from tests.python.working import at_work


@pytest.mark.usefixtures("runtime")
def test_a_postgresql_database_is_the_same_client(postgres_dsn: str) -> None:
    def do(task: Task) -> int:
        return int(task.payload) + 1

    with connect(postgres_dsn, own=True) as owner, connect(postgres_dsn) as client:
        with at_work(Agent("adds", handlers={"task": do}, target=postgres_dsn)):
            task = client.add("Add", payload=1)
            assert owner.wait_for(task, timeout=20).result == 2
        assert [found.id for found in client.list_tasks(state="done")] == [task]
