"""Three services on one PostgreSQL, one killed under load: agents go on at another, nothing is lost or done twice."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.chaos.audited import audited
from tests.chaos.conftest import Rounds
from tests.http.client import Client, Got
from tests.http.test_streams import Reader
from tests.http.waiting import until
from tests.servers.databases import temporary_database
from tests.servers.postgres import PostgresServer

NODES = 3
PATIENCE_S = 120.0
BATCH = 10


class Size(NamedTuple):
    agents: int
    tasks: int
    kills: int


SHORT, LONG = Size(9, 150, 1), Size(30, 3_000, 6)


def test_a_node_killed_under_load(rounds: Rounds, chaos_seconds: float, server: PostgresServer, tmp_path: Path) -> None:
    size = SHORT if chaos_seconds == 0 else LONG

    def one_round(seed: int) -> None:
        with temporary_database(server) as database:
            play(database, size, Random(seed), tmp_path, server)
            audited(database)

    rounds(one_round)


def play(database: str, size: Size, random: Random, folder: Path, server: PostgresServer) -> None:
    with Nodes.serving(database, folder) as nodes:
        start = nodes.ask(0, "list_events", {"limit": 1_000}).body["cursor"]
        followers = [Follower(nodes, number, start) for number in range(NODES)]
        crew = Crew(nodes, size)
        crew.start()
        try:
            for at in sorted(random.sample(range(size.tasks // 10, size.tasks * 8 // 10), size.kills)):
                crew.await_done(at)
                nodes.kill(random.randrange(NODES))
                if size.kills > 1:
                    nodes.start_missing()
            crew.await_done(size.tasks)
        finally:
            crew.stop()
        assert crew.wrong == []
        assert nodes.moves > 0, "agents of a killed node went to another"
        check(nodes, crew, size)
        for follower in followers:
            follower.check_gapless()
        say_whether_they_are_ready(nodes.living(), server)


def say_whether_they_are_ready(living: list[Client], server: PostgresServer) -> None:
    """While the database is gone a service lives, and is not ready; afterwards all are, by themselves."""
    server.kill9()
    try:
        assert living[0].get("/ready").status == 503
        assert living[0].get("/health").status == 200
    finally:
        server.start()
    for client in living:
        until(lambda client=client: client.get("/ready").status == 200)  # type: ignore[misc]


def check(nodes: Nodes, crew: Crew, size: Size) -> None:
    """What was acknowledged is what stands."""
    assert len(crew.submitted) == len(set(crew.submitted)) == size.tasks
    states: dict[str, Any] = {}
    cursor = None
    while True:
        page = nodes.ask(0, "list_tasks", {"limit": 1_000, **({"cursor": cursor} if cursor else {})}).body
        states |= {task["id"]: task["state"] for task in page["tasks"]}
        cursor = page["cursor"]
        if cursor is None:
            break
    assert states == dict.fromkeys(crew.submitted, "done"), "none lost, none twice"
    assert sorted(crew.done) == sorted(crew.submitted), "each end was acknowledged to one agent, once"


class Nodes:
    """The services. Whoever asks one that is gone asks the next."""

    def __init__(self, database: str, folder: Path) -> None:
        self._database = database
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * NODES
        self._clients: list[Client | None] = [None] * NODES
        self.moves = 0
        """Calls that had to be made again elsewhere."""

    @classmethod
    @contextmanager
    def serving(cls, database: str, folder: Path) -> Iterator[Nodes]:
        nodes = cls(database, folder)
        try:
            nodes.start_missing()
            yield nodes
        finally:
            for process in nodes._processes:
                if process is not None:
                    _end(process)

    def start_missing(self) -> None:
        begun = [(number, self._start()) for number in range(NODES) if self._processes[number] is None]
        for number, process in begun:
            self._processes[number] = process
            assert process.stderr is not None
            line = process.stderr.readline().decode()
            assert line.startswith("listening at "), line
            self._clients[number] = Client(line.removeprefix("listening at ").strip())

    def kill(self, number: int) -> None:
        process = self._processes[number]
        if process is None:
            return
        _end(process)
        self._processes[number] = None

    def near(self, number: int) -> Client:
        """The service for that number; one that is killed is not known to be so until it is asked."""
        client = self._clients[number % NODES]
        assert client is not None
        return client

    def living(self) -> list[Client]:
        return [self.near(number) for number in range(NODES) if self._processes[number] is not None]

    def ask(self, number: int, operation: str, body: Any) -> Got:
        for again in range(1_000):
            try:
                got = self.near(number + again).post(operation, body)
            except (OSError, http.client.HTTPException):
                self.moves += 1
                continue
            if got.status != 503:
                return got
        raise AssertionError("no service answers")

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "rota", "serve", "-d", self._database, "--port", "0", "--quiet"]
        return subprocess.Popen(command, stderr=subprocess.PIPE, cwd=self._folder)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert process.stderr is not None
    process.stderr.close()


class Follower:
    """Reads the stream of events at one service, and goes on at another when that is gone."""

    def __init__(self, nodes: Nodes, number: int, start: str) -> None:
        self._nodes = nodes
        self._number = number
        self._start = start
        self._ids: list[str] = []
        """What readers that have ended were told."""
        self._reader = self._opened()

    def check_gapless(self) -> None:
        """It was told every event once, in their order."""
        every = list(_events_after(self._nodes, self._start))
        until(lambda: self._so_far()[-1:] == every[-1:], 30.0)
        assert self._so_far() == every
        self._reader.close()

    def _so_far(self) -> list[str]:
        if self._reader.ended.is_set():
            self._ids += self._reader.ids
            self._reader.close()
            self._reader = self._opened()
        return [*self._ids, *self._reader.ids]

    def _opened(self) -> Reader:
        last = self._ids[-1] if self._ids else self._start
        for again in range(NODES):
            try:
                return Reader(self._nodes.near(self._number + again), last=last)
            except (OSError, http.client.HTTPException):
                continue
        raise AssertionError("no service answers")


def _events_after(nodes: Nodes, cursor: str) -> Iterator[str]:
    while True:
        page = nodes.ask(0, "list_events", {"cursor": cursor, "limit": 1_000}).body
        if not page["events"]:
            return
        yield from (event["seq"] for event in page["events"])
        cursor = page["cursor"]


class Crew:
    """Who submits, and agents that work, each at a service of its own until that is gone."""

    def __init__(self, nodes: Nodes, size: Size) -> None:
        self.submitted: list[str] = []
        self.done: list[str] = []
        """Tasks whose end was acknowledged."""
        self.wrong: list[str] = []
        self._nodes = nodes
        self._size = size
        self._changed = threading.Condition()
        self._over = False
        self._threads = [threading.Thread(target=self._safely, args=(self._submit, 0))]
        self._threads += [
            threading.Thread(target=self._safely, args=(self._work, number)) for number in range(size.agents)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def await_done(self, n: int) -> None:
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.done) >= n or bool(self.wrong), PATIENCE_S)
            assert self.wrong == []
            assert came, f"only {len(self.done)} are done"

    def stop(self) -> None:
        self._over = True
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _safely(self, what: Callable[[int], None], number: int) -> None:
        try:
            what(number)
        except Exception as error:
            with self._changed:
                self.wrong.append(f"{number}: {error!r}")
                self._changed.notify_all()

    def _submit(self, number: int) -> None:
        for start in range(0, self._size.tasks, BATCH):
            tasks = [{"title": f"t{n}", "max_attempts": 100} for n in range(start, start + BATCH)]
            got = self._nodes.ask(number, "submit", {"tasks": tasks, "key": f"batch {start}"})
            assert got.status == 200, got
            self.submitted += got.body["ids"]

    def _work(self, number: int) -> None:
        name = f"a{number}"
        assert self._nodes.ask(number, "register_agent", {"agent": {"name": name}}).status == 200
        claims = 0
        while not self._over:
            claims += 1
            request = {"agent": name, "wait": 1.0, "request": f"{name} {claims}"}
            got = self._nodes.ask(number, "claim", request)
            assert got.status == 200, got
            for given in got.body["tasks"]:
                self._finish(number, name, {"task": given["task"], "token": given["token"]})

    def _finish(self, number: int, name: str, held: dict[str, str]) -> None:
        self._nodes.ask(number, "heartbeat", {"agent": name, "beats": [held]})
        got = self._nodes.ask(number, "complete", {"outcomes": [held]})
        assert got.status == 200, got
        if held["task"] in got.body["states"]:
            with self._changed:
                self.done.append(held["task"])
                self._changed.notify_all()
