"""A process that owns a database for itself lets others join in: they come over to it, and go on afterwards."""

from __future__ import annotations

import os
import queue
from pathlib import Path
from typing import Any

import psutil
import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.owner.address import address_of
from rota.owner.link import Link
from rota.owner.own import owned
from tests.chaos.audited import audited
from tests.cli.shell import process as rota_process
from tests.owner.faces import no_faces
from tests.owner.owners import owners
from tests.servers.processes import await_end

PATIENCE_S = 20.0


def nothing(_line: str) -> None:
    raise AssertionError(_line)


def test_callers_come_over_and_go_on_afterwards(database: str, owner: psutil.Process, runtime: Path) -> None:
    link = Link(database)
    link.call("register_agent", {"agent": {"name": "ann"}})
    came: queue.Queue[Any] = queue.Queue()
    link.ask("claim", {"agent": "ann", "wait": 40.0}, done=came.put)
    with owned(database, no_faces, nothing) as distributor:
        assert await_end([owner], 10.0) == []
        assert link.call("owner.about", {})["process"] == os.getpid()
        distributor.call(Submit(tasks=[TaskSpec(title="x")]))
        (given,) = came.get(timeout=PATIENCE_S)["tasks"]
        link.ask("claim", {"agent": "ann", "wait": 40.0}, done=came.put)
        link.call("list_queues", {})
    done = {"outcomes": [{"task": given["task"], "token": given["token"]}]}
    assert link.call("complete", done)["states"] == {"task-1": "done"}
    (next_owner,) = owners(runtime)
    assert link.call("owner.about", {})["process"] == next_owner.pid
    link.call("submit", {"tasks": [{"title": "y"}]})
    assert came.get(timeout=PATIENCE_S)["tasks"][0]["task"] == "task-2"
    link.close()
    audited(database)


def test_a_second_one_is_told_who_owns_it(database: str) -> None:
    with owned(database, no_faces, nothing):
        with pytest.raises(RotaError, match=f"process {os.getpid()} owns the database") as refused:
            owned(database, no_faces, nothing).__enter__()
        assert refused.value.code == "owned"
        assert refused.value.data == {"owner": str(os.getpid())}


def test_one_without_a_socket_is_told_of_as_well(database: str) -> None:
    with Distributor.open(database), pytest.raises(RotaError, match="is owned by process") as refused:
        owned(database, no_faces, nothing).__enter__()
    assert refused.value.code == "owned"


def test_without_a_place_for_the_socket_it_works_alone(database: str, runtime: Path) -> None:
    (runtime / "rota").touch()
    warnings: list[str] = []
    with owned(database, no_faces, warnings.append) as distributor:
        distributor.call(Register(agent=AgentSpec(name="ann")))
    assert len(warnings) == 1
    assert "others can not join in" in warnings[0]


def test_it_leaves_nothing_behind(database: str) -> None:
    with owned(database, no_faces, nothing):
        address = address_of(database)
        assert os.stat(address.socket).st_mode & 0o777 == 0o600
    assert not os.path.exists(address.socket)
    assert not os.path.exists(address.start)


def test_rota_run_takes_over_from_an_owner_in_the_background(
    database: str, owner: psutil.Process, tmp_path: Path
) -> None:
    (tmp_path / "fleet.toml").write_text('[[agent]]\nname = "sh"\ncommand = ["true"]\n')
    link = Link(database)
    link.call("submit", {"tasks": [{"title": "x"}]})
    said = rota_process("run", tmp_path / "fleet.toml", "--database", database, "--quiet")
    assert said.code == 0, said.talk
    assert await_end([owner], 10.0) == []
    assert link.call("get_task", {"task": "task-1"})["state"] == "done"
    link.close()


def test_two_of_one_postgresql_database_are_two_nodes(postgres_dsn: str) -> None:
    with owned(postgres_dsn, no_faces, nothing) as one, owned(postgres_dsn, no_faces, nothing) as two:
        two.call(Submit(tasks=[TaskSpec(title="x")]))
        link = Link(postgres_dsn)
        assert link.call("get_task", {"task": "task-1"})["title"] == "x"
        assert link.call("owner.about", {})["process"] == os.getpid()
        link.close()
        assert one.node.number != two.node.number


def test_a_postgresql_database_has_an_owner_in_the_background(postgres_dsn: str, runtime: Path) -> None:
    link = Link(postgres_dsn, idle=0.2)
    link.call("submit", {"tasks": [{"title": "x"}]})
    (node,) = owners(runtime)
    assert postgres_dsn not in " ".join(node.cmdline())
    assert postgres_dsn not in Path(address_of(postgres_dsn).log).read_text()
    node.kill()
    assert link.call("get_task", {"task": "task-1"})["title"] == "x"
    (node,) = owners(runtime)
    link.close()
    assert await_end([node], 20.0) == []
