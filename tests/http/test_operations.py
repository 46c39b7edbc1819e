"""Operations over HTTP: what is asked arrives, what is answered comes back, refusals are those of the table."""

from __future__ import annotations

import re
import threading
from http import HTTPStatus
from typing import Any

import pytest

from rota.faces.http.operations import BODY_BYTES
from rota.faces.http.server import HttpServer, Listening
from rota.model.commands.read import GetTask
from rota.model.errors import KINDS, RotaError
from rota.operations.distributor import Distributor
from rota.operations.table import OPERATIONS
from tests.http.client import Client
from tests.http.conftest import Lines
from tests.http.waiting import until


def test_a_task_from_submit_to_done(client: Client) -> None:
    assert client.ok("submit", {"tasks": [{"title": "one", "payload": {"n": 1}}]})["ids"] == ["task-1"]
    client.ok("register_agent", {"agent": {"name": "ann"}})
    (given,) = client.ok("claim", {"agent": "ann"})["tasks"]
    assert (given["task"], given["payload"]) == ("task-1", {"n": 1})
    outcome = {"task": "task-1", "token": given["token"], "result": "fine"}
    assert client.ok("complete", {"outcomes": [outcome]})["states"] == {"task-1": "done"}
    shown = client.get("/v1/get_task?task=task-1")
    assert (shown.status, shown.body["state"], shown.body["result"]) == (200, "done", "fine")


def test_every_operation_has_a_route(client: Client) -> None:
    for name, operation in OPERATIONS.items():
        got = client.post(name, {"no_such_field": 1})
        assert (got.status, got.code) == (400, "invalid"), name
        assert "no_such_field" in got.body["detail"]
        got = client.get(f"/v1/{name}?no_such_field=1")
        if operation.look is None:
            assert (got.status, got.headers["allow"]) == (405, "POST"), name
        else:
            assert (got.status, got.body["field"]) == (400, "no_such_field"), name


def test_a_refusal_is_the_same_as_in_process(client: Client, rota: Distributor) -> None:
    got = client.post("get_task", {"task": "task-77"})
    with pytest.raises(RotaError) as refused:
        rota.call(GetTask(task="task-77"))
    error = refused.value.as_dict()
    assert got.headers["content-type"] == "application/problem+json"
    assert {name: got.body[name] for name in error} == error
    assert (got.status, got.body["status"], got.body["type"]) == (404, 404, "urn:rota:error:no_task")
    assert got.body["title"] == "Not Found"


def test_what_is_no_operation(client: Client) -> None:
    assert client.post("fly").status == 404
    assert client.get("/").status == 404
    assert client.get("/v1/").status == 404
    assert client.send("DELETE", "/v1/get_task", None).status == 405
    assert client.send("POST", "/health", b"").status == 405


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "ends too early"),
        (b"[]", "object"),
        (b'{"task": 5}', "task: "),
        (b'{"task": "\xff"}', "UTF-8"),
        (b'{"task":' + b"[" * 5_000, ""),
        (b"", "task"),
    ],
)
def test_bodies_that_are_none(client: Client, body: bytes, text: str) -> None:
    got = client.send("POST", "/v1/get_task", body)
    assert (got.status, got.code) == (400, "invalid")
    assert text in got.body["detail"]


def test_another_kind_of_body(client: Client) -> None:
    assert client.post("list_queues", content_type="text/plain").status == 415
    assert client.post("list_queues", content_type="application/json; charset=utf-8").status == 200


def test_depth_and_batches_have_bounds(client: Client) -> None:
    deep: Any = 1
    for _ in range(120):
        deep = [deep]
    got = client.post("submit", {"tasks": [{"title": "deep", "payload": deep}]})
    assert (got.status, got.body["field"]) == (400, "tasks[0].payload")
    got = client.post("submit", {"tasks": [{"title": "many"}] * 10_001})
    assert (got.status, got.code) == (413, "too_large")


def test_a_body_that_is_too_large_is_not_read(client: Client) -> None:
    with client.stream() as stream:
        stream.sendall(b"POST /v1/submit HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n{" % (BODY_BYTES + 1))
        answer = stream.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer


def test_the_same_key_again_answers_the_same(client: Client) -> None:
    one = {"tasks": [{"title": "once"}]}
    first = client.ok("submit", one, idempotency_key='"k1"')
    assert client.ok("submit", one, idempotency_key="k1") == first
    assert client.ok("list_tasks")["tasks"][1:] == []
    other = client.post("submit", {"tasks": [{"title": "other"}]}, idempotency_key="k1")
    assert (other.status, other.code) == (422, "other_request")
    both = client.post("submit", {**one, "key": "k2"}, idempotency_key="k1")
    assert (both.status, both.body["field"]) == (400, "idempotency-key")
    project = {"project": {"title": "p"}}
    made = client.ok("create_project", project, idempotency_key="p1")
    assert client.ok("create_project", project, idempotency_key="p1") == made
    client.ok("register_agent", {"agent": {"name": "ann"}})
    tokens = [client.ok("claim", {"agent": "ann"}, idempotency_key="c1")["tasks"][0]["token"] for _ in range(2)]
    assert tokens[0] == tokens[1]


def test_a_key_where_it_would_be_a_promise_nobody_keeps(client: Client) -> None:
    client.ok("set_tenant", {"tenant": "a"}, idempotency_key="k")
    got = client.post("delete_project", {"project": "proj-1"}, idempotency_key="k")
    assert (got.status, got.body["field"]) == (400, "idempotency-key")


def test_an_edit_of_what_was_seen(client: Client) -> None:
    client.ok("submit", {"tasks": [{"title": "one"}]})
    seen = client.get("/v1/get_task?task=task-1")
    tag = seen.headers["etag"]
    again = client.get("/v1/get_task?task=task-1", if_none_match=tag)
    assert (again.status, again.body) == (304, "")
    client.ok("edit", {"task": "task-1", "title": "two"}, if_match=tag)
    late = client.post("edit", {"task": "task-1", "title": "three"}, if_match=tag)
    assert (late.status, late.code) == (412, "changed")
    known = client.post("edit", {"task": "task-1", "title": "three", "version": 0})
    assert (known.status, known.code) == (409, "changed")
    assert client.get("/v1/get_task?task=task-1", if_none_match=tag).body["title"] == "two"
    assert client.post("edit", {"task": "task-1", "title": "four"}, if_match='"x"').status == 412
    assert client.post("edit", {"task": "task-1", "title": "four"}, if_match="*").status == 200
    elsewhere = client.post("set_queue", {"queue": "q"}, if_match=tag)
    assert (elsewhere.status, elsewhere.body["field"]) == (400, "if-match")


def test_what_was_read_and_is_still_so_is_not_sent_again(client: Client) -> None:
    seen = client.get("/v1/list_queues")
    again = client.get("/v1/list_queues", if_none_match=seen.headers["etag"])
    assert (again.status, again.body, "content-length" in again.headers) == (304, "", False)
    client.ok("set_queue", {"queue": "new"})
    assert client.get("/v1/list_queues", if_none_match=seen.headers["etag"]).status == 200


def test_pages_follow_each_other(client: Client) -> None:
    client.ok("submit", {"tasks": [{"title": str(n)} for n in range(7)]})
    found, cursor = [], ""
    while True:
        page = client.get(f"/v1/list_tasks?limit=3{cursor}").body
        found += [task["id"] for task in page["tasks"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert found == [f"task-{n}" for n in range(7, 0, -1)]


def test_query_parameters(client: Client) -> None:
    client.ok("register_agent", {"agent": {"name": "ann"}})
    client.ok("register_agent", {"agent": {"name": "bob"}})
    matched = client.get("/v1/match?n=3&ban=ann&ban=eve").body
    assert [one["agent"] for one in matched["recommended"]] == ["bob"]
    assert client.get("/v1/list_tasks?whole=true").status == 200
    assert client.get("/v1/list_tasks?limit=x").body["field"] == "limit"
    assert client.get("/v1/list_tasks?limit=1&limit=2").body["field"] == "limit"
    assert client.get("/v1/list_tasks?kind=%ff").status == 400
    assert client.send("HEAD", "/v1/list_queues", None).body == ""


def test_each_status_of_the_table_is_one_of_http() -> None:
    for code, kind in KINDS.items():
        assert HTTPStatus(kind.status) >= 400, code


@pytest.mark.parametrize("path", ["/v2/submit", "/v0/get_task", "/v10/fly", "/v1/submit/", "/v1/SUBMIT", "/v1//submit"])
def test_other_versions_of_operations(client: Client, path: str) -> None:
    for method, body in (("POST", b"{}"), ("GET", None)):
        got = client.send(method, path, body)
        assert (got.status, got.code, got.body["field"]) == (404, "invalid", "path")
        assert path.startswith("/v1") or "/v1/OPERATION" in got.body["message"]


def test_pages_of_the_service(client: Client) -> None:
    assert client.get("/health").body == {"ok": True}
    assert client.get("/ready").body == {"ready": True}
    assert client.get("/openapi.json").body["openapi"] == "3.1.0"


def figures(client: Client) -> dict[str, str]:
    got = client.get("/metrics")
    assert got.headers["content-type"].startswith("text/plain")
    return dict(line.rsplit(" ", 1) for line in got.body.splitlines() if not line.startswith("#"))


def test_metrics(client: Client) -> None:
    client.ok("submit", {"tasks": [{"title": "x", "priority": "high"}, {"title": "y"}]})
    client.ok("register_agent", {"agent": {"name": "ann"}})
    client.ok("claim", {"agent": "ann"})
    values = figures(client)
    assert values['rota_tasks_waiting{queue="default"}'] == "1"
    assert values['rota_leases{queue="default"}'] == "1"
    assert values["rota_process_distribution_seconds_count"] == "1"
    assert values['rota_process_wait_seconds_count{priority="high"}'] == "1"
    assert values['rota_process_wait_seconds_count{priority="normal"}'] == "0"
    assert float(values['rota_process_wait_seconds_sum{priority="high"}']) > 0
    assert values['rota_hour_tasks{queue="default",what="given"}'] == "1"
    assert int(values["rota_process_turn_seconds_count"]) >= 3
    assert values['rota_http_requests_total{path="/v1/claim",status="200"}'] == "1"
    assert not any("task-" in name or "ann" in name for name in values)


def test_each_figure_is_described_once_and_said_once(client: Client) -> None:
    lines = client.get("/metrics").body.splitlines()
    described = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(described) == len(set(described))
    said = [line.rsplit(" ", 1)[0] for line in lines if not line.startswith("#")]
    assert len(said) == len(set(said))
    names = {re.sub(r"_(bucket|sum|count)$", "", name.partition("{")[0]) for name in said}
    assert names <= {*described, *(re.sub(r"_count$", "", one) for one in described)}


def test_audited_figures(rota: Distributor) -> None:
    """By a process of its own, which reads the same file."""
    server = HttpServer(rota, Listening(port=0, log=None, database=str(rota.store.name)))
    server.start()
    client = Client(server.url)
    try:
        client.ok("submit", {"tasks": [{"title": "x"}]})
        client.ok("register_agent", {"agent": {"name": "ann"}})
        client.ok("claim", {"agent": "ann"})
        assert "rota_audit_given" not in figures(client)
        until(lambda: "rota_audit_given" in figures(client))
        values = figures(client)
    finally:
        server.stop()
    found = [values[f"rota_audit_{what}"] for what in ("given", "inversions", "violations")]
    assert found == ["1", "0", "0"]


def test_requests_are_logged_and_what_they_say_is_not(server: HttpServer, client: Client, log: Lines) -> None:
    client.ok("submit", {"tasks": [{"title": "a secret"}]})
    client.get("/v1/get_task?task=task-9", x_request_id="r-7")
    server.stop()
    first, second = log.all()
    assert second["request"] == "r-7"
    assert (first["method"], first["path"], first["status"]) == ("POST", "/v1/submit", 200)
    assert (second["path"], second["status"]) == ("/v1/get_task", 404)
    assert first["ms"] > 0
    assert b"secret" not in log.text


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:8357", "[::1", "a b"])
def test_strange_hosts(client: Client, host: str) -> None:
    got = client.post("list_queues", host=host)
    assert (got.status, got.body["field"]) == (403, "host")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:5", "10.0.0.7", "rota.example", "ROTA.example:80"])
def test_known_hosts(client: Client, host: str) -> None:
    assert client.post("list_queues", host=host).status == 200


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://localhost:1", "file://", "http://127.0.0.1"])
def test_pages_of_others(client: Client, origin: str) -> None:
    got = client.post("list_queues", origin=origin)
    assert (got.status, got.body["field"]) == (403, "origin")


def test_own_pages(client: Client) -> None:
    assert client.post("list_queues", origin=client.url).status == 200


def test_many_at_once(client: Client) -> None:
    client.ok("register_agent", {"agent": {"name": "ann", "slots": 64}})
    found: list[str] = []

    def one(number: int) -> None:
        found.extend(client.ok("submit", {"tasks": [{"title": str(number)}]})["ids"])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = client.ok("claim", {"agent": "ann", "n": 64})["tasks"]
    assert sorted(found) == sorted(task["task"] for task in given)
    assert len(set(found)) == 32
