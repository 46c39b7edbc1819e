"""The line to PostgreSQL breaks in the very commit: whether it was done is learnt from the server, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.read import GetHistory, ListTasks
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Complete, Done
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.store import postgres, postgres_connect
from tests.durability.cutting_proxy import CuttingProxy, Where, cutting_proxy
from tests.durability.finish import look
from tests.durability.ledger import Ledger
from tests.servers.databases import temporary_database
from tests.servers.postgres import PostgresServer, running_postgres

WHERE: tuple[Where, ...] = ("before", "after")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """One of our own: another's socket may lie anywhere."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def proxy(server: PostgresServer) -> Iterator[CuttingProxy]:
    with (
        temporary_database(server) as dsn,
        TemporaryDirectory(dir="/tmp", prefix="rota-") as folder,
        cutting_proxy(Path(folder), dsn) as proxy,
    ):
        yield proxy


@pytest.mark.parametrize("where", WHERE)
def test_a_submit_is_done_once_wherever_the_line_breaks(proxy: CuttingProxy, where: Where) -> None:
    with Distributor.open(proxy.dsn) as distributor:
        title = f"cut {where} submit"
        proxy.cut(title, where)
        # No key: nothing but the truth about the commit keeps it from being done twice or not at all.
        submitted = distributor.call(Submit(tasks=[TaskSpec(title=title)], batch=title), timeout=60)
        assert proxy.was_cut.is_set()
        found = [task.id for task in distributor.call(ListTasks(batch=title)).tasks]
        assert found == submitted.ids
        assert look(distributor.store, Ledger()) == []


@pytest.mark.parametrize("where", WHERE)
def test_a_claim_and_an_outcome_are_done_once_wherever_the_line_breaks(proxy: CuttingProxy, where: Where) -> None:
    with Distributor.open(proxy.dsn) as distributor:
        name = f"cut-{where}"
        (task,) = distributor.call(Submit(tasks=[TaskSpec(title=name)])).ids
        distributor.call(Register(agent=AgentSpec(name=name)))
        proxy.cut(f"{name}-request", where)
        (given,) = distributor.call(Claim(agent=name, request=f"{name}-request"), timeout=60).tasks
        assert proxy.was_cut.is_set()
        proxy.cut(f"{name}-result", where)
        done = Done(task=task, token=given.token, result=f"{name}-result")
        judged = distributor.call(Complete(outcomes=[done]), timeout=60)
        assert proxy.was_cut.is_set()
        assert (judged.states, judged.refused) == ({task: "done"}, {})
        history = distributor.call(GetHistory(task=task))
        assert [(attempt.number, attempt.outcome) for attempt in history.attempts] == [(1, "done")]
        assert look(distributor.store, Ledger()) == []


@pytest.mark.parametrize("where", WHERE)
def test_what_can_not_be_learnt_is_said_to_be_unknown(
    proxy: CuttingProxy, where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "RESOLVE_S", 0.2)
    monkeypatch.setattr(postgres_connect.connect, "__kwdefaults__", {"patience": 0.1, "stop": None})
    with Distributor.open(proxy.dsn) as distributor:
        title = f"unknown {where}"
        proxy.cut(title, where, stay_deaf=True)
        with pytest.raises(RotaError, match="whether it was done can not be learnt") as refused:
            distributor.call(Submit(tasks=[TaskSpec(title=title)], batch=title, key=title), timeout=60)
        assert refused.value.code == "unavailable"
        proxy.hear()
        # The advice it came with: ask again with the same key.
        submitted = distributor.call(Submit(tasks=[TaskSpec(title=title)], batch=title, key=title), timeout=60)
        assert [task.id for task in distributor.call(ListTasks(batch=title)).tasks] == submitted.ids
        assert look(distributor.store, Ledger()) == []
