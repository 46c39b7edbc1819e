"""What only a network can do to a client: cut lines, services that are away, keys."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota import Client, RotaError, TaskSpec, connect
from rota.faces.http.server import HttpServer, Listening
from rota.model.commands.fleet import RemoveAgent
from rota.model.commands.keys import CreateKey, RevokeKey
from rota.operations.distributor import Distributor
from tests.python.dropping_proxy import DroppingProxy, Where
from tests.python.working import until


@pytest.fixture(scope="module")
def rota(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distributor]:
    with Distributor.open(str(tmp_path_factory.mktemp("service") / "work.db")) as distributor:
        yield distributor


@pytest.fixture(scope="module")
def server(rota: Distributor) -> Iterator[HttpServer]:
    server = HttpServer(rota, Listening(port=0, log=None))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def line(server: HttpServer) -> Iterator[DroppingProxy]:
    proxy = DroppingProxy(int(server.url.rpartition(":")[2]))
    yield proxy
    proxy.close()


@pytest.fixture
def client(line: DroppingProxy) -> Iterator[Client]:
    with connect(line.url, timeout=10) as client:
        client.queues()
        yield client


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_submit_whose_answer_is_lost_is_done_once(client: Client, line: DroppingProxy, where: Where) -> None:
    line.cut("/v1/submit", where, times=2)
    submitted = client.submit([TaskSpec(title="Once", role="nobody")], batch=f"once {where}")
    assert line.seen == 3
    assert [task.id for task in client.list_tasks(batch=f"once {where}")] == submitted.ids


def test_a_claim_whose_answer_is_lost_is_answered_again(client: Client, line: DroppingProxy) -> None:
    client.register("ann", role="ann")
    task = client.add("Mine", role="ann")
    line.cut("/v1/claim", "after")
    (given,) = client.claim("ann", wait=5)
    assert given.task == task
    line.cut("/v1/complete", "after")
    assert client.complete(given, "ok") == "done"
    assert client.history(task).attempts[0].number == 1


def test_what_is_not_safe_to_repeat_is_not_repeated(client: Client, line: DroppingProxy) -> None:
    client.register("bob")
    line.cut("/v1/remove_agent", "after")
    with pytest.raises(RotaError, match="it may have happened") as refused:
        client.call(RemoveAgent(agent="bob"))
    assert (refused.value.code, refused.value.data, line.seen) == ("unavailable", {"may_have_happened": True}, 1)


def test_a_service_that_is_not_there_says_so_at_once() -> None:
    with connect("http://127.0.0.1:1") as client, pytest.raises(RotaError, match="can not be reached") as refused:
        client.queues()
    assert refused.value.code == "unavailable"


@pytest.mark.parametrize(
    "target", ["http://", "http://host:port", "https://me:secret@host", "http://host/?a=b", "ftp://x"]
)
def test_targets_that_are_none(target: str) -> None:
    with pytest.raises(RotaError) as refused:
        connect(target)
    assert refused.value.code == "invalid"
    assert "secret" not in str(refused.value)


def test_arguments_that_fit_no_target(tmp_path: Path) -> None:
    with pytest.raises(RotaError, match="only a service over HTTP asks for a key"):
        connect(str(tmp_path / "work.db"), key="rota_x")
    with pytest.raises(RotaError, match="a service has its owner"):
        connect("http://127.0.0.1:1", own=True)
    with pytest.raises(RotaError, match="must be above 0"):
        connect(":memory:", timeout=0)


def test_something_else_answers() -> None:
    class Other(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(404)
            self.send_header("content-length", "5")
            self.end_headers()
            self.wfile.write(b"where")

        def log_message(self, *_: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        with (
            connect(f"http://127.0.0.1:{other.server_port}") as client,
            pytest.raises(RotaError, match="no Rota service"),
        ):
            client.queues()
        other.shutdown()


def test_keys(server: HttpServer, rota: Distributor, monkeypatch: pytest.MonkeyPatch) -> None:
    made = connect(rota).call(CreateKey(name="test", scopes=["read", "submit"]))
    # A key works within a second of its making.
    until(lambda: _refusal_without_key(server.url) == "key_needed")
    with connect(server.url, key=made.secret) as client:
        assert client.queues()
        with pytest.raises(RotaError) as refused:
            client.drain_agent("ann")
    assert refused.value.code == "not_allowed"
    monkeypatch.setenv("ROTA_KEY", made.secret)
    with connect(server.url) as client:
        assert client.queues()
    connect(rota).call(RevokeKey(key=made.id))


def _refusal_without_key(url: str) -> str | None:
    with connect(url) as client:
        try:
            client.queues()
        except RotaError as refused:
            return refused.code
    return None
