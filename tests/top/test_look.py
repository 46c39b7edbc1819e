"""What is looked at, at what cost; on paper; the pace."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import msgspec
import pytest

from rota.faces.cli.top import top
from rota.faces.top import words
from rota.faces.top.finish import ENOUGH, Measured, Pace, finish
from rota.faces.top.look import AGENTS, EVENTS, LEAST_S, PAGES, SHARE, SINCES, Looker
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.read import GetAgent
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim, Fail, Failed
from rota.model.errors import RotaError
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.cli.shell import rota
from tests.top.conftest import Place


class Counting:
    """Calls to a distributor, counted."""

    def __init__(self, kit: TestDistributor) -> None:
        self.kit = kit
        self.calls: Counter[str] = Counter()
        self.events = 0

    def __call__(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.calls[operation] += 1
        answer: dict[str, Any] = msgspec.to_builtins(self.kit.run(operation, arguments))
        self.events += len(answer.get("events", ()))
        return answer


def test_a_look_costs_the_same_however_much_there_is() -> None:
    with TestDistributor() as kit:
        for number in range(AGENTS + 20):
            kit.call(Register(agent=AgentSpec(name=f"agent-{number:03}", slots=2)))
        for _ in range(3):
            kit.call(Submit(tasks=[TaskSpec(title="x") for _ in range(500)]))
        for number in range(60):
            kit.call(Claim(agent=f"agent-{number:03}", n=2))
        call, now = Counting(kit), 0.0
        looker = Looker(call, clock=lambda: now)
        picture = looker.look()
        assert (len(picture.agents), picture.more_agents) == (AGENTS, 1)
        assert call.calls["explain"] == SINCES
        assert call.calls["list_events"] <= PAGES
        assert call.events <= PAGES * EVENTS
        known = sum(work.since_s is not None for agent in picture.agents for work in agent.work)
        assert known == SINCES
        now += 1.0
        call.calls.clear()
        picture = looker.look()
        assert set(call.calls) == {"list_agents", "list_tasks", "list_events", "explain"}, "what is dear waits"
        assert sum(work.since_s is not None for agent in picture.agents for work in agent.work) == 2 * SINCES
        now += 5.0
        looker.look()
        assert call.calls["list_queues"] == call.calls["explain_agent"] == 1


def test_who_is_given_nothing_is_named_with_the_reason() -> None:
    with TestDistributor() as kit:
        kit.call(Register(agent=AgentSpec(name="ann")))
        kit.call(Register(agent=AgentSpec(name="bob")))
        kit.call(Submit(tasks=[TaskSpec(title="x", pin="ann") for _ in range(3)]))
        kit.call(Submit(tasks=[TaskSpec(title="y", max_attempts=9)]))
        for _ in range(3):
            (given,) = kit.call(Claim(agent="ann", tasks=["task-1", "task-2", "task-3"])).tasks
            kit.call(Fail(outcomes=[Failed(task=given.task, token=given.token, error="no", retryable=False)]))
        view = kit.call(GetAgent(agent="ann"))
        assert view.barred is not None
        assert view.barred.startswith("ejected: ann is out after failures in a row, until ")
        picture = Looker(Counting(kit)).look()
        assert [words.agent_rows(agent)[0][1][1] for agent in picture.agents] == ["ejected", "active"]
        assert [wait.text for wait in picture.waits if wait.agent == "ann"] == [view.barred]
        assert "ann" in [words.event_row(event)[3] for event in picture.events if event.kind == "eject"]
        assert "ann" in [words.event_row(event)[3] for event in picture.events if event.kind == "register"]
        kit.clock.advance("10m")
        kit.call(Register(agent=AgentSpec(name="carl")))
        picture = Looker(Counting(kit)).look()
        assert words.agent_rows(picture.agents[0])[0][1][1] == "silent"
        assert [wait.text for wait in picture.waits] == ["agents with a free slot do not ask for work"]
        assert picture.finish.text == "no agent works or asks for work"
        kit.clock.advance("10m")
        wait, *_others = Looker(Counting(kit)).look().waits
        assert words.wait_row(wait)[3] == "unhealthy: ann has not been heard of for 90 s"


def test_looking_takes_a_small_share_of_the_time() -> None:
    with TestDistributor() as kit:
        looker = Looker(Counting(kit))
        picture = looker.look()
        picture.took_s = 0.001
        assert looker.pause_s(picture) == LEAST_S
        picture.took_s = 2.0
        assert looker.pause_s(picture) == 2.0 * SHARE


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_on_paper_and_as_json(place: Place) -> None:
    said = rota("top", place.address)
    assert said.code == 0
    assert said.out.startswith(
        "2 agents, 1 of 4 slots at work; 3 ready, 1 running, 1 dead\n4 tasks to be done: too few"
    )
    assert "the queue is paused: inventory" in said.out
    assert "\x1b" not in said.out
    found = rota("top", place.address, "--json").json
    assert [(agent["name"], len(agent.get("work", []))) for agent in found["agents"]] == [("ann", 1), ("bob", 0)]
    assert found["states"]["dead"] == 1


@pytest.mark.parametrize("place", ["file"], indirect=True)
def test_what_can_not_be_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, place: Place) -> None:
    assert rota("top", tmp_path / "none.db").code == 3
    assert not (tmp_path / "none.db").exists()
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setitem(sys.modules, "textual.app", None)
    monkeypatch.delitem(sys.modules, "rota.faces.top.screen", raising=False)
    with pytest.raises(RotaError, match="needs the extra 'top'") as refused:
        top(place.address)
    assert refused.value.code == "no_driver"


def test_the_finish_goes_by_the_latest_pace_that_says_enough() -> None:
    states = {"ready": 90, "running": 10, "dead": 50, "held": 7}
    slow, fast = Pace(ENOUGH, 50.0), Pace(ENOUGH, 5.0)
    assert finish(states, [fast, slow]).seconds == 100.0
    assert finish(states, [Pace(ENOUGH - 1, 1.0), slow]).seconds == 1_000.0
    told = finish(states, [Pace(0, 60.0)])
    assert (told.tasks, told.seconds) == (100, None)
    assert "too few" in told.text
    assert finish({"dead": 3}, []).text == "nothing is left to do"


def test_the_pace_is_measured_over_a_minute() -> None:
    now = 0.0
    measured, pace = Measured(lambda: now), Pace(0, 0.0)
    for second in range(200):
        now = float(second)
        pace = measured.note(2 * second)
    assert pace == Pace(120, 60.0)
    assert measured.note(5) == Pace(0, 0.0), "an agent went, and its count with it"
