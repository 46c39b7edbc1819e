"""Keys of a tenant: every operation, and every field, with what is another tenant's."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from rota.model.commands.limits import ListLimits
from rota.operations.distributor import Distributor
from rota.operations.table import OPERATIONS
from tests.http.client import Client, Got
from tests.http.requests import PROJECT, REQUESTS, TASK
from tests.http.test_keys import SCOPES, key
from tests.http.test_streams import Reader
from tests.http.waiting import until


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
            assert name in ("list_projects", "list_events"), (name, got)
            assert got.body.get("projects", got.body.get("events")) == [], (name, got)
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


def test_a_tenant_parks_its_own_limits_alone(tenants: tuple[Client, Client], rota: Distributor) -> None:
    """What all tenants are charged to would stand still for all of them."""
    _acme, rival = tenants
    rival.ok("register_agent", {"agent": {"name": "rival/bob"}})
    rival.ok("submit", {"tasks": [{"title": "own"}]})
    (given,) = rival.ok("claim", {"agent": "rival/bob"})["tasks"]
    failed = {"task": given["task"], "token": given["token"], "error": "429", "retry_at": "1h"}
    got = rival.post("fail", {"outcomes": [{**failed, "limit": "account"}]})
    assert (got.status, got.body["field"]) == (403, "outcomes[0].limit")
    assert rota.call(ListLimits()).parked == {}
    assert rival.ok("fail", {"outcomes": [{**failed, "limit": "rival/account"}]})["states"]


def test_a_tenant_uses_its_own_limits_alone(tenants: tuple[Client, Client]) -> None:
    """Nor may one tenant use up what others are charged to."""
    _acme, rival = tenants
    got = rival.post("submit", {"tasks": [{"title": "own", "limits": ["rival/a", "budget"]}]})
    assert (got.status, got.body["field"]) == (403, "tasks[0].limits")
    (own,) = rival.ok("submit", {"tasks": [{"title": "own", "limits": ["rival/a"]}]})["ids"]
    assert rival.post("edit", {"task": own, "limits": ["budget"]}).status == 403
    assert rival.ok("edit", {"task": own, "limits": ["rival/b"]})["tasks"] == [own]


def test_a_tenants_empty_keys_are_refused_as_everybodys(tenants: tuple[Client, Client]) -> None:
    _acme, rival = tenants
    for name in ("unique", "sequence", "group", "affinity"):
        got = rival.post("submit", {"tasks": [{"title": "own", name: ""}]})
        assert (got.status, got.body["field"]) == (400, f"tasks[0].{name}")


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


def test_a_tenant_lists_its_own_events_page_by_page(tenants: tuple[Client, Client]) -> None:
    acme, rival = tenants
    own = rival.ok("submit", {"tasks": [{"title": "own"}]})["ids"][0]
    acme.ok("cancel", {"tasks": [TASK]})
    rival.ok("cancel", {"tasks": [own]})
    every = rival.ok("list_events", {})
    assert {task for event in every["events"] for task in event["tasks"]} == {own}
    assert "cancel" in [event["kind"] for event in every["events"]]
    paged: list[dict[str, Any]] = []
    page = rival.ok("list_events", {"limit": 1})
    while page["events"]:
        paged += page["events"]
        page = rival.ok("list_events", {"limit": 1, "cursor": page["cursor"]})
    assert paged == every["events"]
    assert rival.ok("list_events", {"cursor": every["cursor"]})["events"] == []


def test_a_tenant_is_not_told_why_others_wait(tenants: tuple[Client, Client]) -> None:
    acme, rival = tenants
    rival.ok("submit", {"tasks": [{"title": "x", "role": "nobody has it", "skills": {"z": 1}}]})
    reader = Reader(acme, "?since=1h")
    (given,) = acme.ok("claim", {"agent": "acme/ann"})["tasks"]
    until(lambda: any(event["kind"] == "plan" for event in reader.events))
    told = acme.ok("get_history", {"task": given["task"]})["events"]
    for event in (*reader.events, *told):
        if event["kind"] == "plan":
            assert "data" not in event
    assert any(event["kind"] == "plan" for event in told)
    assert [move["agent"] for event in told for move in event["moves"] if move["to"] == "running"] == ["acme/ann"]
    reader.close()
