"""Owners in the background: started by whoever comes first, gone when nobody needs them, replaced when killed."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.read import ListQueues
from rota.operations.distributor import Distributor
from rota.owner.address import address_of
from rota.owner.link import Link, LinkError
from rota.store.owner import owner_of
from tests.chaos.audited import audited
from tests.owner.caller import Caller
from tests.owner.owners import owners
from tests.servers.processes import await_end


def test_twenty_that_start_at_once_come_to_one_owner(database: str, runtime: Path) -> None:
    with ExitStack() as stack:
        callers = [stack.enter_context(Caller(database)) for _ in range(20)]
        for number, caller in enumerate(callers):
            caller.ask("submit", {"tasks": [{"title": f"t{number}"}]})
        ids = [caller.hear()["answer"]["ids"][0] for caller in callers]
        assert sorted(ids) == sorted(f"task-{number}" for number in range(1, 21))
        assert {caller.call("owner.about")["process"] for caller in callers} == {owners(runtime)[0].pid}
        assert len(owners(runtime)) == 1


def test_two_databases_have_two_owners(tmp_path: Path, runtime: Path) -> None:
    one, two = Link(str(tmp_path / "one.db")), Link(str(tmp_path / "two.db"))
    one.call("submit", {"tasks": [{"title": "x"}]})
    assert two.call("list_tasks", {})["tasks"] == []
    assert len(owners(runtime)) == 2
    one.close()
    two.close()


def test_it_leaves_when_nobody_needs_it_and_leaves_nothing_behind(database: str, runtime: Path) -> None:
    link = Link(database, idle=0.2)
    link.call("list_queues", {})
    (owner,) = owners(runtime)
    link.close()
    assert await_end([owner], 20.0) == []
    address = address_of(database)
    assert not os.path.exists(address.socket)
    assert not os.path.exists(address.start)
    assert "nobody needs it" in Path(address.log).read_text()
    audited(database)


def test_it_stays_while_an_agent_holds_a_task(database: str, runtime: Path) -> None:
    link = Link(database, idle=0.2)
    link.call("register_agent", {"agent": {"name": "ann"}})
    link.call("submit", {"tasks": [{"title": "x"}]})
    (given,) = link.call("claim", {"agent": "ann"})["tasks"]
    (owner,) = owners(runtime)
    link.close()
    assert await_end([owner], 2.5) == [owner]
    again = Link(database, idle=0.2)
    assert again.call("owner.about", {})["process"] == owner.pid
    done = {"outcomes": [{"task": given["task"], "token": given["token"]}]}
    assert again.call("complete", done)["states"] == {"task-1": "done"}
    again.close()
    assert await_end([owner], 20.0) == []


def test_it_leaves_when_its_file_is_taken_away(database: str, runtime: Path) -> None:
    link = Link(database)
    link.call("submit", {"tasks": [{"title": "x"}]})
    (owner,) = owners(runtime)
    for file in Path(database).parent.iterdir():
        file.unlink()
    assert await_end([owner], 20.0) == []
    assert link.call("list_tasks", {})["tasks"] == []
    assert "taken away" in Path(address_of(database).log).read_text()
    link.close()


def test_the_socket_of_one_that_was_killed_is_taken_over(database: str, owner: psutil.Process) -> None:
    owner.kill()
    assert await_end([owner], 10.0) == []
    address = address_of(database)
    assert os.path.exists(address.socket)
    with pytest.raises(ConnectionRefusedError), socket.socket(socket.AF_UNIX) as stream:
        stream.connect(address.socket)
    link = Link(database)
    assert link.call("owner.about", {})["process"] != owner.pid
    link.close()


def test_a_call_that_waits_outlives_the_owner(database: str, owner: psutil.Process) -> None:
    with Caller(database) as waiting:
        waiting.call("register_agent", {"agent": {"name": "ann"}})
        waiting.ask("claim", {"agent": "ann", "wait": 40.0})
        owner.kill()
        link = Link(database)
        link.call("submit", {"tasks": [{"title": "x"}]})
        assert waiting.hear()["answer"]["tasks"][0]["task"] == "task-1"
        link.close()


def test_a_caller_killed_while_it_waits_strands_nothing(database: str) -> None:
    link = Link(database)
    link.call("register_agent", {"agent": {"name": "ann"}})
    link.call("register_agent", {"agent": {"name": "bob"}})
    for _ in range(3):
        with Caller(database) as caller:
            caller.call("list_queues")
            caller.ask("claim", {"agent": "ann", "wait": 40.0})
    link.call("submit", {"tasks": [{"title": "x"}]})
    assert link.call("claim", {"agent": "bob", "wait": 40.0})["tasks"][0]["task"] == "task-1"
    link.close()


def test_a_database_that_can_not_be_used_says_why_to_all_at_once(tmp_path: Path, runtime: Path) -> None:
    (tmp_path / "work.db").write_text("this is no database, but a text of some length" * 100)
    with ExitStack() as stack:
        callers = [stack.enter_context(Caller(str(tmp_path / "work.db"))) for _ in range(4)]
        for caller in callers:
            caller.ask("list_queues")
        codes = {caller.hear()["error"]["code"] for caller in callers}
    assert codes == {"corrupt_database"}
    assert await_end(owners(runtime), 10.0) == []


def test_a_program_that_owns_the_file_is_named(database: str) -> None:
    with Distributor.open(database) as distributor:
        distributor.call(ListQueues())
        link = Link(database)
        with pytest.raises(LinkError, match=f"owned by process {os.getpid()}") as refused:
            link.call("list_queues", {})
        assert refused.value.code == "owned"
        distributor.call(Register(agent=AgentSpec(name="ann")))
    # A refusal is not for ever.
    assert link.call("list_agents", {})["agents"][0]["name"] == "ann"
    link.close()


def test_one_with_another_runtime_directory_finds_it(
    database: str, owner: psutil.Process, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    link = Link(database)
    assert link.call("owner.about", {})["process"] == owner.pid
    link.close()
    assert owner_of(database) == str(owner.pid)
