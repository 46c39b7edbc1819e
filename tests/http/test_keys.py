"""Keys: who may do what. Every operation with every scope; every operation with what is another tenant's."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any, get_args
from urllib.parse import urlencode

import pytest

from rota.faces.http.server import HttpServer, Listening
from rota.model.commands.keys import CreateKey, ListKeys, RevokeKey
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.operations.table import OPERATIONS, Scope
from tests.http import client as http_client
from tests.http.client import Client, Got, rest_of
from tests.http.requests import PROJECT, REQUESTS, TASK
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


@pytest.fixture
def tenants(rota: Distributor, client: Client) -> tuple[Client, Client]:
    """Acme, who has a task, a project and an agent, and its rival."""
    acme = client.with_key(key(rota, *SCOPES, tenant="acme"))
    acme.ok("submit", {"tasks": [{"title": "secret of acme", "payload": "secret"}]})
    acme.ok("create_project", {"project": {"title": "secret plan"}})
    acme.ok("register_agent", {"agent": {"name": "acme/ann"}})
    return acme, client.with_key(key(rota, *SCOPES, tenant="rival"))


def test_every_operation_with_what_is_another_tenants(
    tenants: tuple[Client, Client], rota: Distributor, client: Client
) -> None:
    acme, rival = tenants
    before = acme.ok("get_task", {"task": TASK}), acme.ok("get_project", {"project": PROJECT})
    for name, request in REQUESTS.items():
        got = rival.post(name, request)
        assert "secret" not in str(got.body), name
        if got.status == 200:
            assert name in ("list_projects",), (name, got)
            assert got.body == {"projects": [], "cursor": None}
        else:
            assert got.code in ("not_allowed", "no_task", "no_project", "no_agent", "lease_lost",
                                "unknown_reference"), (name, got)  # fmt: skip
    assert (acme.ok("get_task", {"task": TASK}), acme.ok("get_project", {"project": PROJECT})) == before
    del rota, client


FOREIGN: list[tuple[str, dict[str, Any]]] = [
    ("submit", {"tasks": [{"title": "x", "project": PROJECT}]}),
    ("submit", {"tasks": [{"title": "x", "project": "acme/plan"}]}),
    ("submit", {"tasks": [{"title": "x", "after": [{"task": TASK}]}]}),
    ("submit", {"tasks": [{"title": "x", "tenant": "acme"}]}),
    ("edit", {"task": "task-OWN", "after": [TASK]}),
    ("create_project", {"project": {"title": "p"}, "tasks": [{"title": "x", "tenant": "acme"}]}),
    ("add_to_project", {"project": "proj-OWN", "tasks": [{"title": "x", "after": [TASK]}]}),
    ("add_to_project", {"project": "acme/plan", "tasks": [{"title": "x"}]}),
    ("list_tasks", {"project": PROJECT}),
    ("list_tasks", {"tenant": "acme"}),
    ("get_project", {"project": "acme/plan"}),
    ("claim", {"agent": "rival/bob", "tenant": "acme"}),
    ("claim", {"agent": "rival/bob", "project": PROJECT}),
    ("claim", {"agents": ["rival/bob", "acme/ann"]}),
    ("claim", {"agent": "rival/bob", "tasks": ["task-OWN", TASK]}),
    ("get_agent", {"agent": "acme/ann"}),
    ("cancel", {"batch": "b"}),
    ("heartbeat", {"agent": "acme/ann"}),
]
"""Every other field that can name what is another tenant's."""


@pytest.mark.parametrize(("operation", "asked"), FOREIGN)
def test_every_field_that_names_what_is_another_tenants(
    tenants: tuple[Client, Client], operation: str, asked: dict[str, Any]
) -> None:
    acme, rival = tenants
    before = acme.ok("get_task", {"task": TASK}), acme.ok("get_project", {"project": PROJECT})
    (own,) = rival.ok("submit", {"tasks": [{"title": "own"}]})["ids"]
    project = rival.ok("create_project", {"project": {"title": "own"}})["project"]
    rival.ok("register_agent", {"agent": {"name": "rival/bob"}})
    told = json.loads(json.dumps(asked).replace("task-OWN", own).replace("proj-OWN", project))
    got = rival.post(operation, told)
    assert 400 <= got.status < 500, got
    assert "secret" not in str(got.body)
    assert (acme.ok("get_task", {"task": TASK}), acme.ok("get_project", {"project": PROJECT})) == before


def test_every_look_by_query_at_what_is_another_tenants(tenants: tuple[Client, Client]) -> None:
    _, rival = tenants
    for name, operation in OPERATIONS.items():
        if operation.look is None:
            continue
        asked = {field: value for field, value in REQUESTS[name].items() if not isinstance(value, list | dict)}
        posted, got = rival.post(name, asked), rival.get(f"/v1/{name}?{urlencode(asked)}")
        assert (got.status, got.body) == (posted.status, posted.body), name
        assert "secret" not in str(got.body), name


def test_what_is_there_and_what_is_not_look_the_same(tenants: tuple[Client, Client]) -> None:
    _, rival = tenants

    def told(got: Got, name: str) -> dict[str, Any]:
        return {key: str(value).replace(name, "IT") for key, value in got.body.items()}

    for name, request in REQUESTS.items():
        if name in ("submit", "create_project", "list_tasks", "list_projects"):
            continue
        foreign = rival.post(name, request)
        nothing = rival.post(name, _renamed(request))
        assert told(foreign, TASK) == told(nothing, "task-999") or told(foreign, PROJECT) == told(
            nothing, "proj-999"
        ), name


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part) for part in value]
    return {TASK: "task-999", PROJECT: "proj-999"}.get(value, value) if isinstance(value, str) else value


def test_a_tenant_does_its_own_work(tenants: tuple[Client, Client]) -> None:
    acme, rival = tenants
    rival.ok("submit", {"tasks": [{"title": "first", "priority": "high", "unique": "u", "sequence": "s"}]})
    done = acme.ok("submit", {"tasks": [{"title": "next", "unique": "u", "sequence": "s", "ref": "a"}]})
    assert done["existing"] == []
    assert [task["title"] for task in acme.ok("list_tasks")["tasks"]] == ["next", "secret of acme"]
    given = acme.ok("claim", {"agent": "acme/ann", "n": 1})["tasks"]
    assert [one["title"] for one in given] == ["secret of acme"]
    held = {"task": given[0]["task"], "token": given[0]["token"]}
    assert acme.ok("heartbeat", {"agent": "acme/ann", "beats": [held]})["renewed"] == [held["task"]]
    foreign = {"task": "task-3", "token": "0" * 16}
    judged = acme.ok("complete", {"outcomes": [held, foreign]})
    assert judged == {"states": {held["task"]: "done"}, "refused": {"task-3": "lease_lost"}}
    project = acme.ok("list_projects")["projects"]
    assert [one["title"] for one in project] == ["secret plan"]
    acme.ok("add_to_project", {"project": PROJECT, "tasks": [{"title": "of the plan"}]})
    child = acme.ok("submit", {"tasks": [{"title": "child", "after": [TASK]}]})["ids"]
    assert acme.ok("get_task", {"task": child[0]})["tenant"] == "acme"
    assert acme.post("submit", {"tasks": [{"title": "x", "tenant": "rival"}]}).status == 403


def test_pages_of_projects_among_those_of_others(tenants: tuple[Client, Client]) -> None:
    acme, rival = tenants
    for number in range(7):
        acme.ok("create_project", {"project": {"title": f"secret {number}"}})
        if number % 3 == 0:
            rival.ok("create_project", {"project": {"title": f"own {number}"}})
    first = rival.ok("list_projects", {"limit": 2})
    assert [one["title"] for one in first["projects"]] == ["own 0", "own 3"]
    second = rival.ok("list_projects", {"limit": 2, "cursor": first["cursor"]})
    assert ([one["title"] for one in second["projects"]], second["cursor"]) == (["own 6"], None)


def test_some_own_and_some_foreign_tasks(tenants: tuple[Client, Client]) -> None:
    acme, rival = tenants
    (own,) = rival.ok("submit", {"tasks": [{"title": "own"}]})["ids"]
    got = rival.ok("cancel", {"tasks": [own, TASK]})
    assert (got["tasks"], got["refused"]) == ([own], {TASK: "no_task"})
    assert acme.ok("get_task", {"task": TASK})["state"] == "ready"


def test_a_tenant_waits_for_its_own_tasks_alone(tenants: tuple[Client, Client], rota: Distributor) -> None:
    acme, rival = tenants
    rival.ok("register_agent", {"agent": {"name": "rival/bob"}})
    assert rival.ok("claim", {"agent": "rival/bob", "wait": 0.2})["tasks"] == []
    assert acme.ok("get_task", {"task": TASK})["state"] == "ready"
    del rota


def test_a_tenant_sees_its_own_events_alone(tenants: tuple[Client, Client]) -> None:
    acme, rival = tenants
    reader = Reader(rival, "?since=1h")
    rival.ok("submit", {"tasks": [{"title": "own"}]})
    until(lambda: bool(reader.events))
    acme.ok("cancel", {"tasks": [TASK]})
    rival.ok("cancel", {"tasks": ["task-3"]})
    until(lambda: any(event["kind"] == "cancel" for event in reader.events))
    assert {task for event in reader.events for task in event["tasks"]} == {"task-3"}
    assert "secret" not in str(reader.events)
    reader.close()
