"""Questions: lists, histories, explanations, statistics, events."""

from __future__ import annotations

from typing import Any

import pytest

from rota.model.commands.fleet import CreateProject, Drain, PauseQueue
from rota.model.commands.read import (
    Explain,
    Explanation,
    GetAgent,
    GetHistory,
    GetStatistics,
    GetTask,
    ListEvents,
    ListTasks,
    Statistics,
)
from rota.model.commands.submit import Cancel, Edit, Hold, Submit, Unhold
from rota.model.commands.work import Ask, Beat, Claim, Heartbeat
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, done, fail, give_back, kill, queue, submit, take, task, view


def listed(rota: TestDistributor, **filters: Any) -> list[str]:
    """Ids through all pages of 2, oldest first."""
    found: list[str] = []
    cursor = None
    while True:
        page = rota.call(ListTasks(limit=2, cursor=cursor, **filters))
        found += [it.id for it in page.tasks]
        assert len(page.tasks) == 2 or page.cursor is None
        cursor = page.cursor
        if cursor is None:
            return found[::-1]


def explain(rota: TestDistributor, number: str) -> Explanation:
    found: Explanation = rota.call(Explain(task=number))
    assert found.task == number
    assert found.state == view(rota, number).state
    assert found.text
    return found


class TestList:
    def test_by_state(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=20)
        by_state = _one_in_each_state(rota)
        for state, number in by_state.items():
            extra = [by_state["parent"]] if state == "ready" else []
            if state != "parent":
                assert listed(rota, state=state) == sorted([*extra, number], key=_number), state
        assert listed(rota) == sorted(by_state.values(), key=_number)

    def test_by_everything_else_and_together(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3)
        queue(rota, "q")
        project = rota.call(CreateProject(project=ProjectSpec(title="p", key="apollo"))).project
        first = task(rota, queue="q", tenant="acme", priority="high", kind="mail")
        second = task(rota, queue="q", project=project, unique="u")
        batch = rota.call(Submit(tasks=[TaskSpec(title="b", kind="mail")], batch="b")).ids
        (given,) = claim(rota, "ann")
        assert given.task == first
        assert listed(rota, queue="q") == [first, second]
        assert listed(rota, tenant="acme") == [first]
        assert listed(rota, priority="high") == [first]
        assert listed(rota, kind="mail") == [first, *batch]
        assert listed(rota, project="apollo") == listed(rota, project=project) == [second]
        assert listed(rota, unique="u") == [second]
        assert listed(rota, batch="b") == batch
        assert listed(rota, agent="ann") == [first]
        assert listed(rota, queue="q", kind="mail", state="running", priority="high") == [first]
        assert listed(rota, queue="q", state="ready", kind="mail") == []
        assert listed(rota, tenant="nobody") == listed(rota, kind="none") == []

    def test_pages_of_many(self, rota: TestDistributor) -> None:
        ids = submit(rota, *["t"] * 7)
        assert listed(rota) == ids
        page = rota.call(ListTasks(limit=7))
        assert [it.id for it in page.tasks] == ids[::-1]
        assert page.cursor is None

    @pytest.mark.parametrize(
        ("filters", "code", "field"),
        [
            ({"queue": "q"}, "no_queue", "queue"), ({"agent": "bob"}, "no_agent", "agent"),
            ({"project": "apollo"}, "no_project", "project"), ({"limit": 0}, "invalid", "limit"),
            ({"limit": 1_001}, "invalid", "limit"), ({"cursor": "zzz"}, "invalid", "cursor"),
            ({"cursor": "task-²"}, "invalid", "cursor"), ({"state": "sleeping"}, "invalid", "state"),
            ({"priority": "urgent"}, "invalid", "priority"), ({"kind": "a\0"}, "invalid", "kind"),
            ({"tenant": "\ud800"}, "invalid", "tenant"), ({"project": "\0"}, "invalid", "project"),
        ],
    )  # fmt: skip
    def test_bad_filters(self, rota: TestDistributor, filters: dict[str, Any], code: str, field: str) -> None:
        with pytest.raises(RotaError) as caught:
            rota.call(ListTasks(**filters))
        assert (caught.value.code, caught.value.field) == (code, field)


def _number(number: str) -> int:
    return int(number.removeprefix("task-"))


def _one_in_each_state(rota: TestDistributor) -> dict[str, str]:
    found: dict[str, str] = {}
    found["expired"] = task(rota, ttl="1s", held=True)
    rota.clock.advance("1s")
    found["asked"] = task(rota)
    given = take(rota, "ann")
    rota.call(Ask(task=given.task, token=given.token, question="which?"))
    found["review"] = task(rota, approval=True)
    done(rota, take(rota, "ann"))
    found["done"] = task(rota)
    done(rota, take(rota, "ann"))
    found["dead"] = task(rota)
    kill(rota, "ann", found["dead"])
    found["cancelled"] = task(rota)
    rota.call(Cancel(tasks=[found["cancelled"]], reason="no"))
    found["parent"] = task(rota)
    found["blocked"] = task(rota, after=[found["parent"]])
    given = take(rota, "ann")
    found["running"] = task(rota)
    take(rota, "ann")
    found["scheduled"] = task(rota, start="1h")
    found["held"] = task(rota, held=True)
    found["ready"] = task(rota)
    give_back(rota, given)
    return found


class TestExplain:
    def test_ready(self, rota: TestDistributor) -> None:
        number = task(rota)
        assert explain(rota, number).reason == "no_agent"
        agent(rota, "ann")
        first = explain(rota, number)
        assert (first.reason, first.ahead, first.better_lanes, first.agents) == ("slot", 0, 0, {"ann": "may"})
        assert first.text == "waits until an agent asks for work that may take it; ann could, with a slot free"
        later, better = task(rota), task(rota, priority="critical")
        assert (explain(rota, later).ahead, explain(rota, later).better_lanes) == (1, 1)
        assert take(rota, "ann").task == better
        assert explain(rota, number).agents == {"ann": "busy: all 1 slots are in use"}
        assert explain(rota, number).text == "waits for a free slot of an agent that may take it, in its turn"

    def test_nobody_may(self, rota: TestDistributor) -> None:
        number = task(rota, role="writer", skills={"py": 3}, regions=["eu"])
        agent(rota, "ann", role="reader")
        agent(rota, "bob", role="writer", region="us")
        agent(rota, "eve", role="writer", region="eu", skills={"py": 2})
        agent(rota, "joe", role="writer")
        found = explain(rota, number)
        assert found.reason == "nobody:region=2,role=1,skill=1"
        assert found.agents == {
            "ann": "role: needs role writer, has reader",
            "bob": "region: needs region eu, is in us",
            "eve": "skill: needs py 3, has 2",
            "joe": "region: needs region eu, is in none",
        }
        pinned = explain(rota, task(rota, pin="zoe"))
        assert pinned.reason == "nobody:pinned=4"
        banned = explain(rota, task(rota, ban=["ann", "bob", "eve", "joe"]))
        assert banned.reason == "nobody:banned=4"

    def test_drained_and_unhealthy_agents(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        rota.call(Drain(agent="ann"))
        number = task(rota)
        assert explain(rota, number).agents == {"ann": "draining: ann is draining"}
        agent(rota, "bob")
        rota.clock.advance("100s")
        assert explain(rota, number).reason == "nobody:draining=1,unhealthy=1"
        rota.ask(Claim(agent="bob", wait=1))
        assert explain(rota, number).state == "running"

    def test_paused(self, rota: TestDistributor) -> None:
        rota.call(PauseQueue(queue="default", reason="holiday"))
        found = explain(rota, task(rota))
        assert (found.reason, found.text) == ("paused", "queue default is paused: holiday")

    def test_running_says_why_this_agent(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        numbers = submit(rota, "one", "two")
        claim(rota, "ann", 2)
        found = explain(rota, numbers[0])
        assert (found.reason, found.why["agent"], found.why["strategy"]) == ("running", "ann", "balanced")
        rota.call(Cancel(tasks=[numbers[0]]))
        assert "asked to stop" in explain(rota, numbers[0]).text

    def test_every_other_state(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=20)
        by_state = _one_in_each_state(rota)
        texts = {state: explain(rota, number) for state, number in by_state.items() if state != "parent"}
        assert texts["blocked"].waiting_for == [by_state["parent"]]
        assert texts["blocked"].text == f"waits for {by_state['parent']}"
        assert texts["scheduled"].text == "starts at 2026-01-05T10:00:01.000000Z"
        assert texts["dead"].text == "not retryable: it broke"
        assert texts["cancelled"].text == "no"
        assert texts["expired"].text == "nobody took it in time"
        for state, found in texts.items():
            assert found.reason == {"ready": "slot"}.get(state, state)

    def test_unknown(self, rota: TestDistributor) -> None:
        for request in (Explain(task="task-999999"), GetTask(task="task-999999"), GetHistory(task="task-999999")):
            with pytest.raises(RotaError) as caught:
                rota.call(request)
            assert (caught.value.code, caught.value.field) == ("no_task", "task")
        for wrong in ("7", "task-", "task-0", "task--1", "task-99999999999999999999", "task-\u0663"):
            with pytest.raises(RotaError) as caught:
                rota.call(GetTask(task=wrong))
            assert (caught.value.code, caught.value.field) == ("invalid", "task")


class TestHistory:
    def test_the_whole_story(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota, held=False)
        rota.call(Hold(tasks=[number], reason="wait"))
        rota.call(Edit(task=number, title="new"))
        rota.call(Unhold(tasks=[number]))
        fail(rota, take(rota, "ann"), error="boom", retry_at="1s")
        rota.clock.advance("1s")
        done(rota, take(rota, "bob"))
        history = rota.call(GetHistory(task=number))
        kinds = [it.kind for it in history.events]
        assert kinds == ["submit", "hold", "edit", "unhold", "plan", "fail", "start", "plan", "complete"]
        told = [it.state for it in history.events]
        assert told == ["ready", "held", "held", "ready", "running", "scheduled", "ready", "running", "done"]
        assert [(it.number, it.agent, it.outcome) for it in history.attempts] == [
            (1, "ann", "failed"), (2, "bob", "done")
        ]  # fmt: skip
        assert history.task.title == "new"

    def test_events_about_many_tasks_name_them(self, rota: TestDistributor) -> None:
        ids = submit(rota, "one", "two")
        (event,) = [it for it in rota.call(ListEvents()).events if it.kind == "submit"]
        assert (event.tasks, event.state) == (ids, "ready")


class TestEvents:
    def test_every_event_once_in_order_through_pages(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        for _ in range(5):
            task(rota)
            done(rota, take(rota, "ann"))
        whole = rota.call(ListEvents())
        seen: list[Any] = []
        cursor = None
        while True:
            page = rota.call(ListEvents(limit=3, cursor=cursor))
            cursor = page.cursor
            if not page.events:
                break
            seen += page.events
        assert seen == whole.events
        assert [it.kind for it in seen if it.kind in ("submit", "plan", "complete")] == [
            "submit", "plan", "complete"
        ] * 5  # fmt: skip
        task(rota)
        assert [it.kind for it in rota.call(ListEvents(cursor=cursor)).events] == ["submit"]

    def test_since_a_moment_or_so_long_ago(self, rota: TestDistributor) -> None:
        task(rota)
        rota.clock.advance("2h")
        task(rota)
        last = rota.call(ListEvents()).events[-1]
        rota.clock.advance("1m")
        for since in ("1h", "3600", "61s", last.at):
            assert rota.call(ListEvents(since=since)).events == [last]
        assert len(rota.call(ListEvents(since="3h")).events) > 1
        assert rota.call(ListEvents(since="10s")).events == []

    @pytest.mark.parametrize("cursor", ["x", "1.2.3", "-1", "1.", "²", "9" * 19, "9" * 30])
    def test_a_bad_cursor(self, rota: TestDistributor, cursor: str) -> None:
        with pytest.raises(RotaError) as caught:
            rota.call(ListEvents(cursor=cursor))
        assert caught.value.field == "cursor"


class TestStatistics:
    def test_exact(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=20)
        queue(rota, "q", max_attempts=2)

        def counted() -> Statistics:
            found: Statistics = rota.call(GetStatistics(minutes=60))
            return found

        submit(rota, *[TaskSpec(title="t", queue="q", deadline="10m")] * 3, "other")
        rota.clock.advance("10s")
        given = claim(rota, "ann", 20)
        assert counted().waited_s == 40.0
        done(rota, given[0])
        rota.clock.advance("2h")
        statistics = counted()
        assert statistics.counts == {}, "what was longer ago is not in the last hour"
        later = claim(rota, "ann", 20)
        assert len(later) == 3
        late = [it for it in later if it.queue == "q"]
        assert later[0].queue == "default", "those that missed their deadline stand behind"
        for it in late:
            fail(rota, it)
        done(rota, later[0])
        number = task(rota, queue="q", held=True)
        statistics = counted()
        assert (statistics.waiting, statistics.running, statistics.agents) == (0, 0, 1)
        assert statistics.aside == {"held": 1, "dead": 2}
        rota.call(Cancel(tasks=[number]))
        whole = rota.call(GetStatistics(minutes=600))
        assert whole.counts["submitted"] == 5
        assert whole.counts["given"] == 7
        assert whole.counts["lost"] == 3
        assert whole.counts["failed"] == 2
        assert whole.counts["done"] == 2
        assert whole.counts["cancelled"] == 1
        assert whole.counts["deadline_met"] == 1
        assert whole.counts["deadline_missed"] == whole.counts["dead"] == 2
        assert whole.per_queue["q"]["submitted"] == 4
        assert whole.per_queue["default"]["submitted"] == 1

    def test_now(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        submit(rota, *["t"] * 5)
        claim(rota, "ann", 2)
        task(rota, held=True)
        found = rota.call(GetStatistics())
        assert (found.waiting, found.running, found.aside) == (3, 2, {"held": 1})

    @pytest.mark.parametrize("minutes", [0, -1, 10**9])
    def test_bad_spans(self, rota: TestDistributor, minutes: int) -> None:
        with pytest.raises(RotaError) as caught:
            rota.call(GetStatistics(minutes=minutes))
        assert caught.value.field == "minutes"


def test_an_agent_shows_what_it_holds(rota: TestDistributor) -> None:
    agent(rota, "ann", slots=3)
    ids = submit(rota, "one", "two")
    given = claim(rota, "ann", 2)
    rota.call(Heartbeat(agent="ann", beats=[Beat(task=ids[0], token=given[0].token)]))
    found = rota.call(GetAgent(agent="ann"))
    assert (found.running, found.tasks, found.slots) == (2, ids, 3)
