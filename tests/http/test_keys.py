"""Keys: who may do what. Every operation with every scope."""

from __future__ import annotations

import sqlite3
import time
from typing import Any, get_args

import pytest

from rota.faces.http.server import HttpServer, Listening
from rota.model.commands.keys import CreateKey, ListKeys, RevokeKey
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.operations.table import OPERATIONS, Scope
from tests.http import client as http_client
from tests.http.client import Client, rest_of
from tests.http.requests import REQUESTS
from tests.http.test_streams import Reader
from tests.http.waiting import until

SCOPES: tuple[Scope, ...] = get_args(Scope)


def key(rota: Distributor, *scopes: str, **more: Any) -> str:
    made = rota.call(CreateKey(name="k", scopes=list(scopes), **more))  # type: ignore[arg-type]
    return str(made.secret)


@pytest.fixture
def boss(rota: Distributor, client: Client) -> Client:
    return client.with_key(key(rota, *SCOPES, "urgent"))


def test_every_operation_is_asked_here() -> None:
    assert set(REQUESTS) == set(OPERATIONS)


@pytest.mark.parametrize("scope", SCOPES)
def test_every_operation_with_every_scope(rota: Distributor, client: Client, scope: Scope) -> None:
    one = client.with_key(key(rota, scope))
    for name, operation in OPERATIONS.items():
        got = one.post(name, REQUESTS[name])
        refused = got.status == 403 and got.body.get("field") == "scope"
        assert refused == (operation.scope != scope), (name, got)


def test_every_page_with_every_scope(rota: Distributor, client: Client) -> None:
    pages = {"/metrics": "read", "/v1/events?after=x": "read"}
    for scope in SCOPES:
        one = client.with_key(key(rota, scope))
        for path, needed in pages.items():
            got = one.get(path)
            assert (got.status == 403) == (scope != needed), (path, scope)


def test_without_a_key_once_there_is_one(rota: Distributor, client: Client) -> None:
    assert client.post("list_queues").status == 200
    secret = key(rota, "read")
    until(lambda: client.post("list_queues").status == 401)
    for name, request in REQUESTS.items():
        got = client.post(name, request)
        assert (got.status, got.code) == (401, "key_needed"), name
        assert got.headers["www-authenticate"].startswith("Bearer")
    assert client.get("/metrics").status == client.get("/v1/events").status == 401
    assert client.get("/health").status == client.get("/ready").status == 200
    assert client.with_key(secret).post("list_queues").status == 200


@pytest.mark.parametrize("said", ["Bearer", "Bearer rota_x", "Basic cm90YTpyb3Rh", "rota_", "Bearer \xe9"])
def test_what_is_no_key(rota: Distributor, client: Client, said: str) -> None:
    key(rota, "read")
    assert client.post("list_queues", authorization=said).status == 401


def test_a_key_that_was_revoked_or_has_expired(rota: Distributor, client: Client) -> None:
    made = rota.call(CreateKey(name="gone", scopes=["read"]))
    short = client.with_key(key(rota, "read", expires="0.2s"))
    gone = client.with_key(made.secret)
    assert gone.post("list_queues").status == 200
    assert short.post("list_queues").status in (200, 401)
    assert rota.call(RevokeKey(key=made.id)).changed
    assert not rota.call(RevokeKey(key=made.id)).changed
    until(lambda: gone.post("list_queues").status == 401)
    until(lambda: short.post("list_queues").status == 401)
    with pytest.raises(RotaError, match="no key 99"):
        rota.call(RevokeKey(key=99))


def test_a_key_that_is_revoked_while_its_claim_waits_is_given_nothing(rota: Distributor, client: Client) -> None:
    boss = client.with_key(key(rota, *SCOPES))
    made = rota.call(CreateKey(name="gone", scopes=["work"]))
    boss.ok("register_agent", {"agent": {"name": "ann"}})
    with client.stream() as stream:
        said = (f"authorization: Bearer {made.secret}", "connection: close")
        stream.sendall(http_client.request("/v1/claim", b'{"agent": "ann", "wait": 40}', *said))
        until(lambda: len(rota.node.listening) == 1)
        rota.call(RevokeKey(key=made.id))
        until(lambda: client.with_key(made.secret).post("claim", {"agent": "ann"}).status == 401)
        boss.ok("submit", {"tasks": [{"title": "one", "max_attempts": 1}]})
        assert rest_of(stream).startswith(b"HTTP/1.1 401 ")
    until(lambda: bool(boss.ok("get_task", {"task": "task-1"})["state"] == "ready"))
    (given,) = boss.ok("claim", {"agent": "ann"})["tasks"]
    assert given["title"] == "one", "with one attempt: none of the others was counted"


def test_a_key_that_is_revoked_ends_its_streams(rota: Distributor, client: Client) -> None:
    boss = client.with_key(key(rota, *SCOPES))
    made = rota.call(CreateKey(name="gone", scopes=["read"]))
    reader = Reader(client.with_key(made.secret))
    boss.ok("submit", {"tasks": [{"title": "seen"}]})
    until(lambda: bool(reader.events))
    rota.call(RevokeKey(key=made.id))
    until(lambda: client.with_key(made.secret).post("list_queues").status == 401)
    boss.ok("submit", {"tasks": [{"title": "not seen"}]})
    assert reader.ended.wait(10)
    assert not any("not seen" in str(event) for event in reader.events)
    assert [task for event in reader.events for task in event.get("tasks", [])] == ["task-1"]
    reader.close()


def test_the_database_holds_no_key(rota: Distributor, boss: Client) -> None:
    made = boss.ok("create_key", {"name": "new", "scopes": ["read"]})
    assert boss.with_key(made["secret"]).post("list_queues").status == 200
    with sqlite3.connect(rota.store.name) as connection:
        dump = "\n".join(connection.iterdump())
    connection.close()
    assert "new" in dump
    assert made["secret"].removeprefix("rota_") not in dump
    assert "secret" not in boss.post("list_keys").body["keys"][0]


def test_when_a_key_was_used_last(rota: Distributor, server: HttpServer, client: Client) -> None:
    before = time.time()
    one = client.with_key(key(rota, "read"))
    key(rota, "read")
    one.ok("list_queues")
    server.stop()
    used, unused = rota.call(ListKeys()).keys
    assert used.used is not None
    assert used.used > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(before - 2))
    assert unused.used is None


def test_another_address_is_refused_without_a_key(rota: Distributor) -> None:
    with pytest.raises(RotaError) as refused:
        HttpServer(rota, Listening(host="0.0.0.0", port=0))
    assert (refused.value.code, refused.value.field) == ("not_allowed", "host")
    secret = key(rota, "read")
    server = HttpServer(rota, Listening(host="0.0.0.0", port=0, log=None))
    server.start()
    client = Client(server.url.replace("0.0.0.0", "127.0.0.1"))
    try:
        assert client.post("list_queues").status == 401
        assert client.with_key(secret).post("list_queues").status == 200
        rota.call(RevokeKey(key=1))
        until(lambda: client.with_key(secret).post("list_queues").status == 401)
        assert client.post("list_queues").status == 401, "also when no valid key is left"
    finally:
        server.stop()


def test_who_may_say_that_it_is_urgent(rota: Distributor, client: Client) -> None:
    plain = client.with_key(key(rota, "submit"))
    some = client.with_key(key(rota, "submit", "urgent", urgent_per_hour=3))
    urgent = {"tasks": [{"title": "x", "priority": "critical"}, {"title": "y"}]}
    got = plain.post("submit", urgent)
    assert (got.status, got.body["field"]) == (403, "priority")
    staged = {"title": "x", "stages": [{"after": "1s", "change": {"priority": "emergency"}}]}
    assert plain.post("submit", {"tasks": [staged]}).status == 403
    assert plain.post("create_project", {"project": {"title": "p"}, **urgent}).status == 403
    boss = client.with_key(key(rota, "admin"))
    hourly = {"schedule": {"name": "s", "every": "1h", "task": {"title": "x", "priority": "critical"}}}
    assert boss.post("set_schedule", hourly).status == 403
    plain.ok("submit", {"tasks": [{"title": "x", "priority": "high"}]})
    assert plain.post("edit", {"task": "task-1", "priority": "emergency"}).status == 403
    some.ok("submit", urgent)
    some.ok("edit", {"task": "task-1", "priority": "emergency"})
    some.ok("submit", urgent)
    got = some.post("submit", urgent)
    assert (got.status, got.code) == (429, "limit_used_up")
    some.ok("submit", {"tasks": [{"title": "z", "priority": "high"}]})


def test_a_key_of_one_agent(rota: Distributor, client: Client) -> None:
    ann = client.with_key(key(rota, "work", agent="ann"))
    ann.ok("register_agent", {"agent": {"name": "ann"}})
    ann.ok("claim", {"agent": "ann"})
    ann.ok("heartbeat", {"agent": "ann"})
    for name, request in {
        "register_agent": {"agent": {"name": "bob"}},
        "claim": {"agent": "bob"},
        "heartbeat": {"agent": "bob"},
        "set_health": {"agent": "bob", "healthy": True},
    }.items():
        assert (ann.post(name, request).status, ann.post(name, request).body["field"]) == (403, "agent"), name
    assert ann.post("claim", {"agents": ["ann", "bob"]}).status == 403


def test_a_key_of_one_agent_of_a_tenant(rota: Distributor, client: Client) -> None:
    with pytest.raises(RotaError, match="must begin with 'acme/'"):
        key(rota, "work", tenant="acme", agent="ann")
    ann = client.with_key(key(rota, "read", "work", tenant="acme", agent="acme/ann"))
    ann.ok("register_agent", {"agent": {"name": "acme/ann"}})
    assert ann.ok("get_agent", {"agent": "acme/ann"})["name"] == "acme/ann"
    for name in ("ann", "acme/bob", "rival/ann"):
        assert ann.post("claim", {"agent": name}).status == 403
