"""Agents that work through `rota mcp` processes, a third of which are killed, as is the owner: every task gets done."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import psutil
import pytest

from rota.owner.link import Link
from tests.chaos.audited import audited
from tests.chaos.conftest import Rounds
from tests.mcp.classic.client import Client, Clients
from tests.servers.processes import await_end

TERM_S = 3.0
"""So soon what a dead agent had under an owner that died too goes to others."""
PATIENCE_S = 120.0
LOOK_S = 0.1
"""How often an agent asks that was given nothing."""


class Size(NamedTuple):
    agents: int
    tasks: int
    owners: int
    """Owners that are killed."""


SHORT, LONG = Size(10, 100, 1), Size(50, 1_000, 3)


def test_agents_behind_mcp_and_owners_killed(
    rounds: Rounds, chaos_seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = SHORT if chaos_seconds == 0 else LONG

    def one_round(seed: int) -> None:
        # A socket's path must be short.
        with TemporaryDirectory(dir=tmp_path) as folder, TemporaryDirectory(prefix="rota-") as run:
            monkeypatch.setenv("XDG_RUNTIME_DIR", run)
            play(f"{folder}/work.db", size, Random(seed))

    rounds(one_round)


def play(database: str, size: Size, random: Random) -> None:
    with Clients(database) as clients, linked(database) as link:
        policy = {"term": TERM_S, "max_attempts": 1_000, "patience": 0.0, "backoff": {"base": 0.01, "cap": 0.05}}
        link.call("set_queue", {"queue": "taskqueue", "policy": policy})
        first = clients.new(name="planner")
        items = [{"title": f"t{number}", "description": "d"} for number in range(size.tasks)]
        made = first.told("create_project", initialPrompt="p", autoApprove=True, tasks=items)
        crew = Crew(clients, made["projectId"], size)
        crew.start()
        try:
            kill_some(crew, link, size, random)
            crew.await_end()
        finally:
            crew.stop()
        assert crew.wrong == []
        stored = first.told("list_tasks", projectId=made["projectId"])["tasks"]
        assert [task["id"] for task in stored] == [task["id"] for task in made["tasks"]], "none lost, none twice"
        assert {task["status"] for task in stored} == {"done"}
        said = {task["id"]: task["completedDetails"] for task in stored}
        assert {task: said[task] for task, _ in crew.done} == dict(crew.done), "what was acknowledged is what stands"
        assert len(crew.done) == len({task for task, _ in crew.done}), "no result was taken twice"
        audited(database)


@contextmanager
def linked(database: str) -> Iterator[Link]:
    link = Link(database)
    try:
        yield link
    finally:
        link.close()


class Crew:
    """Agents, each behind a process of its own."""

    def __init__(self, clients: Clients, project: str, size: Size) -> None:
        self.done: list[tuple[str, str]] = []
        """Tasks whose end was acknowledged, with what was said of them."""
        self.wrong: list[str] = []
        """What no agent should have been told."""
        self.members = [clients.new(name=f"a{number}") for number in range(size.agents)]
        self.killed: set[int] = set()
        self._project = project
        self._changed = threading.Condition()
        self._over = False
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(size.agents)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def kill(self, number: int) -> None:
        self.killed.add(number)
        self.members[number].kill()

    def await_done(self, n: int) -> None:
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.done) >= n or bool(self.wrong), PATIENCE_S)
            assert self.wrong == []
            assert came, f"only {len(self.done)} are done"

    def await_end(self) -> None:
        """Until some agent is told that all is done."""
        with self._changed:
            came = self._changed.wait_for(lambda: self._over or bool(self.wrong), PATIENCE_S)
            assert self.wrong == []
            assert came, f"only {len(self.done)} are done"

    def stop(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _work(self, number: int) -> None:
        try:
            while not self._over:
                self._once(self.members[number])
        except (AssertionError, OSError) as error:
            if number not in self.killed:
                self._say_wrong(f"agent {number}: {error!r}")

    def _once(self, client: Client) -> None:
        given = self._told(client, "get_next_task", projectId=self._project)
        if given is None:
            return
        if "task" not in given:
            with self._changed:
                self._over = self._over or "waiting" not in given
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._over, LOOK_S)
            return
        task, details = given["task"]["id"], f"done by {given['lease']['agentId']}"
        more = {"projectId": self._project, "taskId": task, "completedDetails": details}
        if self._told(client, "update_task", status="done", **more) is not None:
            with self._changed:
                self.done.append((task, details))
                self._changed.notify_all()

    def _told(self, client: Client, tool: str, **arguments: Any) -> dict[str, Any] | None:
        """What the tool says; None when it could not be done because the lease was lost meanwhile."""
        answer = client.tool(tool, arguments)
        text = answer["result"]["content"][0]["text"] if "result" in answer else str(answer)
        if "result" in answer and "isError" not in answer["result"]:
            found: dict[str, Any] = json.loads(text)
            return found
        if tool == "get_next_task" or "may have happened" in text or "owned by" in text:
            self._say_wrong(f"{tool}: {text}")
        return None

    def _say_wrong(self, text: str) -> None:
        with self._changed:
            self.wrong.append(text)
            self._over = True
            self._changed.notify_all()


def kill_some(crew: Crew, link: Link, size: Size, random: Random) -> None:
    """A third of the agents, and owners between them, each when a number of tasks drawn by lot is done."""
    victims: list[int | None] = list(random.sample(range(size.agents), size.agents // 3))
    for _ in range(size.owners):
        victims.insert(random.randint(len(victims) // 3, 1 + 2 * len(victims) // 3), None)
    moments = sorted(random.sample(range(size.tasks // 20, size.tasks * 9 // 10), len(victims)))
    for at, victim in zip(moments, victims, strict=True):
        crew.await_done(at)
        if victim is not None:
            crew.kill(victim)
            continue
        owner = psutil.Process(link.call("owner.about", {})["process"])
        owner.send_signal(signal.SIGKILL)
        assert await_end([owner], 20.0) == []
