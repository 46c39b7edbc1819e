"""`rota run` with agents that are killed at random moments, as is `rota` itself and its PostgreSQL: run again until it
is let through, it does every task, on both databases.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import psutil

from tests.chaos.audited import audited
from tests.chaos.conftest import Rounds
from tests.durability.life import ROOT
from tests.servers.databases import temporary_database
from tests.servers.postgres import PostgresServer
from tests.servers.processes import await_end

TASKS = 40
KILLS = (4, 12)
RUN_S = 100.0

FLEET = """
[queue.default]
max_attempts = 1000
backoff = { base = 0.01, cap = 0.05 }

[[agent]]
name = "shell"
slots = 2
command = ["sh", "work.sh"]

[[agent]]
name = "clerk"
slots = 2
python = "clerk:work"
"""
# A line of the log is one piece of work; O_APPEND writes it whole or not at all.
SHELL = 'sleep 0.02; echo "$ROTA_TITLE" >> log; echo "$ROTA_TITLE"\n'
CLERK = """
import time

def work(task):
    time.sleep(0.02)
    with open("log", "a") as log:
        log.write(task["title"] + "\\n")
    return task["title"]
"""


def test_agents_and_owners_killed(rounds: Rounds, tmp_path: Path) -> None:
    def one_round(seed: int) -> None:
        with fleet_folder(tmp_path) as folder:
            play(folder, f"{folder}/work.db", seed, None)

    rounds(one_round)


def test_agents_nodes_and_server_killed(rounds: Rounds, server: PostgresServer, tmp_path: Path) -> None:
    def one_round(seed: int) -> None:
        with fleet_folder(tmp_path) as folder, temporary_database(server) as database:
            play(folder, database, seed, server)

    rounds(one_round)


@contextmanager
def fleet_folder(where: Path) -> Iterator[Path]:
    with TemporaryDirectory(dir=where) as name:
        folder = Path(name)
        (folder / "fleet.toml").write_text(FLEET)
        (folder / "work.sh").write_text(SHELL)
        (folder / "clerk.py").write_text(CLERK)
        lines = [json.dumps({"title": f"t{number}"}) for number in range(TASKS)]
        (folder / "tasks.jsonl").write_text("\n".join(lines))
        yield folder


def play(folder: Path, database: str, seed: int, server: PostgresServer | None) -> None:
    random = Random(seed)
    code, kills, card = _run(folder, database, random, random.randint(*KILLS), server)
    while code is None:
        code, kills, card = _run(folder, database, random, kills, server)
    assert code == 0, card
    assert (card["tasks"], card["done"], card["violations"]) == (TASKS, TASKS, 0), card
    done = (folder / "log").read_text().splitlines()
    assert set(done) == {f"t{number}" for number in range(TASKS)}
    audited(database)


def _run(
    folder: Path, database: str, random: Random, kills: int, server: PostgresServer | None
) -> tuple[int | None, int, dict[str, object]]:
    """One `rota run`, in which some are killed: its exit code, None if it was killed; kills left; its scorecard."""
    program = [sys.executable, "-m", "rota", "run", "fleet.toml", "tasks.jsonl", "--json", "--database", database]
    with subprocess.Popen(
        program,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT}/src"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        killed = False
        family: list[psutil.Process] = []
        try:
            while kills and not killed and not _ends_within(process, random.uniform(0.02, 0.5)):
                family = _children(process.pid)
                kills -= 1
                draw = random.random()
                if server is not None and draw < 0.15:
                    server.kill9()
                    server.start()
                elif family and draw < 0.75:
                    with suppress(psutil.NoSuchProcess):
                        random.choice(family).kill()
                else:
                    process.kill()
                    killed = True
            out, said = process.communicate(timeout=RUN_S)
        finally:
            process.kill()
    if killed:
        # Whoever minds the agents ends them when `rota` is gone; two runs must not work in one folder.
        assert await_end(family, 20) == []
        return None, kills, {}
    assert "Traceback" not in said, said
    return process.returncode, kills, json.loads(out) if out else {"said": said}


def _ends_within(process: subprocess.Popen[str], seconds: float) -> bool:
    # The moment of the next kill.
    threading.Event().wait(seconds)
    return process.poll() is not None


def _children(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [*psutil.Process(pid).children(recursive=True)]
    return []
