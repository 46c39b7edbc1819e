"""Resources: listed, read, watched."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from rota.faces.mcp.resources.reading import list_resources, list_templates, read_resource
from rota.faces.mcp.resources.watching import Watching
from rota.model.commands.fleet import CreateProject, SetQueue
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec
from rota.model.task import TaskSpec
from rota.operations.distributor import Distributor
from rota.testing import TestDistributor
from tests.mcp.tools.desk import Desk, told


def read(desk: Desk, uri: str) -> Any:
    (content,) = read_resource(desk.distributor, uri)["contents"]
    assert (content["uri"], content["mimeType"]) == (uri, "application/json")
    return json.loads(content["text"])


def test_what_is_there_can_be_read(desk: Desk) -> None:
    made = desk.rota.call(CreateProject(project=ProjectSpec(title="voice", plan="x"), tasks=[TaskSpec(title="a")]))
    number, (first,) = made.project, made.ids
    desk.rota.call(SetQueue(queue="a/b c"))
    task = desk.claim("ada/1")
    desk.call("fail_task", **told(task), error="broke", retryable=False)
    found = list_resources(desk.distributor)["resources"]
    assert [one["name"] for one in found] == ["projects", "queues", "agents", "dead-letters", number]
    for one in found:
        assert read(desk, one["uri"])
    assert "broke" in read(desk, "rota://dead-letters")["tasks"][0]["reason"]
    shown = read(desk, f"rota://task/{first}")
    assert shown["title"] == f'<data source="{first} title">a</data>'
    assert "broke" in shown["story"][0]["error"]
    assert read(desk, f"rota://project/{number}")["items"][0]["id"] == first
    assert read(desk, "rota://queue/a%2Fb%20c")["name"] == "a/b c"
    assert read(desk, "rota://agent/ada%2F1")["failed"] == 1
    templates = [one["uriTemplate"] for one in list_templates()["resourceTemplates"]]
    assert templates == [
        "rota://project/{project}",
        "rota://task/{task}",
        "rota://queue/{queue}",
        "rota://agent/{agent}",
    ]


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("rota://task/task-99", "no_task"),
        ("rota://queue/none", "no_queue"),
        ("rota://task", "invalid"),
        ("rota://queues/x", "invalid"),
        ("rota://nothing/x", "invalid"),
        ("file:///etc/passwd", "invalid"),
        (7, "invalid"),
    ],
)
def test_what_can_not_be_read(memory: Desk, uri: Any, code: str) -> None:
    with pytest.raises(RotaError) as caught:
        read_resource(memory.distributor, uri)
    assert caught.value.code == code


def test_whoever_watches_hears_of_changes_and_of_nothing_else(desk: Desk) -> None:
    one, two = desk.submit("one", "two")
    heard: list[str] = []
    watching = Watching(desk.distributor, every=3600)
    for uri in (f"rota://task/{one}", "rota://dead-letters"):
        watching.watch("s", uri, lambda news: heard.append(news["uri"]))
    watching.look()
    assert heard == []
    task = desk.claim("ada")
    watching.look()
    assert heard == [f"rota://task/{one}"]
    watching.look()
    assert len(heard) == 1
    desk.call("fail_task", **told(task), error="x", retryable=False)
    watching.look()
    assert sorted(heard[1:]) == ["rota://dead-letters", f"rota://task/{one}"]
    desk.call("hold", tasks=[two])
    watching.look()
    assert len(heard) == 3
    watching.unwatch("s", "rota://dead-letters")
    desk.call("redrive", tasks=[one])
    watching.look()
    assert heard[3:] == [f"rota://task/{one}"]
    watching.unwatch("s")


def test_a_watch_hears_by_itself_and_survives_what_goes(tmp_path: Any) -> None:
    del tmp_path
    with Distributor.open(":memory:") as rota:
        rota.run("register_agent", {"agent": {"name": "ada"}})
        heard = threading.Event()
        watching = Watching(rota, every=0.01)
        watching.watch("s", "rota://agent/ada", lambda _uri: heard.set())
        rota.run("remove_agent", {"agent": "ada"})
        assert heard.wait(20)
        watching.unwatch("s")


def test_what_is_not_there_can_not_be_watched() -> None:
    with TestDistributor() as rota:
        desk = Desk(rota)
        watching = Watching(desk.distributor, every=3600)
        for uri in ("rota://nothing", "rota://task/task-9", "rota://queue/none"):
            with pytest.raises(RotaError):
                watching.watch("s", uri, lambda _news: None)
