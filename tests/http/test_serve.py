"""`rota serve` as a process: started, asked, joined by short commands, ended, killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.http.client import Client, request, rest_of
from tests.http.waiting import until


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rt").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "rt"))
    monkeypatch.delenv("ROTA_DATABASE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rota(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "rota", *arguments], capture_output=True, text=True, timeout=60)


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Client]]:
    command = [sys.executable, "-m", "rota", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            line = process.stderr.readline().decode()
            assert line.startswith("listening at "), line + process.stderr.read().decode()
            yield process, Client(line.removeprefix("listening at ").strip())
        finally:
            process.kill()


def test_a_service_that_ends_when_it_is_told(place: Path) -> None:
    with serving("-d", "work.db") as (process, client):
        client.ok("register_agent", {"agent": {"name": "ann"}})
        with client.stream() as stream:
            stream.sendall(request("/v1/claim", json.dumps({"agent": "ann", "wait": 40}).encode()))
            until(lambda: bool(client.ok("get_agent", {"agent": "ann"}).get("listening")))
            process.send_signal(signal.SIGTERM)
            assert rest_of(stream).endswith(b'{"tasks":[]}')
        assert process.wait(20) == 0
        lines = [json.loads(line) for line in (process.stderr or sys.stdin.buffer).read().splitlines()]
    assert {"/v1/register_agent", "/v1/claim"} <= {line["path"] for line in lines}
    assert (place / "work.db").exists()


def test_what_was_acknowledged_outlives_a_kill() -> None:
    with serving("-d", "work.db", "--quiet") as (process, client):
        (task,) = client.ok("submit", {"tasks": [{"title": "kept"}]})["ids"]
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    with serving("-d", "work.db", "--quiet") as (_, client):
        assert client.ok("get_task", {"task": task})["title"] == "kept"


def test_keys_made_beside_it() -> None:
    refused = rota("serve", "-d", "work.db", "--host", "0.0.0.0", "--port", "0")
    assert refused.returncode == 6
    assert "rota keys create" in refused.stderr
    with serving("-d", "work.db", "--quiet") as (_, client):
        assert client.post("list_queues").status == 200
        made = rota("keys", "create", "boss", "--scope", "read", "--scope", "work", "-d", "work.db")
        assert made.returncode == 0, made.stderr
        one = client.with_key(made.stdout.strip())
        assert one.post("list_queues").status == 200
        listed = json.loads(rota("keys", "list", "-d", "work.db", "--json").stdout)["keys"]
        assert [(key["name"], key["scopes"]) for key in listed] == [("boss", ["read", "work"])]
        assert made.stdout.strip() not in rota("keys", "list", "-d", "work.db").stdout
        assert rota("keys", "revoke", "1", "-d", "work.db").stdout == "key 1 revoked\n"
        assert rota("keys", "revoke", "9", "-d", "work.db").returncode == 3
        until(lambda: one.post("list_queues").status == 401)


def test_with_a_fleet(place: Path) -> None:
    (place / "fleet.toml").write_text(
        'database = "own.db"\n[queue.fast]\nmax_attempts = 2\n'
        f"[[agent]]\nname = \"echo\"\ncommand = ['{sys.executable}', '-c', 'print(42)']\n"
    )
    with serving() as (process, client):
        client.ok("submit", {"tasks": [{"title": "x", "queue": "fast"}]})
        until(lambda: bool(client.ok("get_task", {"task": "task-1"})["state"] == "done"))
        assert client.ok("get_task", {"task": "task-1"})["result"] == 42
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert (place / "own.db").exists()


def test_a_port_that_is_taken() -> None:
    with serving("-d", "one.db", "--quiet") as (_, client):
        refused = rota("serve", "-d", "two.db", "--port", str(client.port))
        assert refused.returncode == 7
        assert "choose another with --port" in refused.stderr
        assert "try again in a moment" not in refused.stderr
        refused = rota("serve", "-d", "two.db", "--port", "70000")
        assert (refused.returncode, "70000 is not between 0 and 65535" in refused.stderr) == (2, True)


def test_a_database_that_is_served_already() -> None:
    with serving("-d", "one.db", "--quiet") as (process, _):
        refused = rota("serve", "-d", "one.db", "--port", "0")
        assert (refused.returncode, str(process.pid) in refused.stderr) == (7, True), refused.stderr
