"""Agents over three transports: what handlers return, raise and say, and what they are told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from rota import Agent, AgentSpec, BadTask, Client, Dispatcher, RotaError, Task, TryLater, connect
from rota.operations.distributor import Distributor
from tests.python.working import at_work, brisk_queue, until

Reach = Callable[[], Client]


def test_handlers_by_kind(reach: Reach, client: Client) -> None:
    agent = Agent("kinds", target=client, slots=3, role="kinds")

    @agent.handles("double")
    async def double(task: Task) -> int:
        await asyncio.sleep(0)
        return int(task.payload) * 2

    @agent.handles("where")
    def where(task: Task) -> dict[str, str]:
        return {"thread": threading.current_thread().name, "title": task.title}

    @agent.handles("never", "bad")
    def bad(task: Task) -> None:
        raise BadTask("there is no such thing")

    with at_work(agent):
        doubled = client.add("Double", kind="double", payload=21, role="kinds")
        on_thread = client.add("Where?", kind="where", role="kinds")
        never = client.add("Never", kind="never", role="kinds")
        unknown = client.add("What?", kind="unknown", role="kinds", max_attempts=1)
        assert client.wait_for(doubled, timeout=10).result == 42
        assert client.wait_for(on_thread, timeout=10).result == {"thread": f"rota {on_thread}", "title": "Where?"}
        view = client.wait_for(never, timeout=10)
        assert (view.state, view.attempts) == ("dead", 1)
        assert "there is no such thing" in (view.reason or "")
        assert "has no handler for tasks of kind 'unknown'" in (client.wait_for(unknown, timeout=10).reason or "")


def test_what_handlers_raise_and_return(reach: Reach, client: Client) -> None:
    brisk_queue(client, "raising")
    later: list[int] = []

    def do(task: Task) -> Any:
        if task.title == "later" and not later:
            later.append(1)
            raise TryLater(0.05, "busy")
        if task.title == "fails" and task.attempt == 1:
            raise ValueError("no luck")
        if task.title == "fails":
            return [attempt.error for attempt in task.attempts]
        if task.title == "no JSON":
            return object()
        if task.title == "exits":
            raise SystemExit(3)
        if task.title == "limited":
            task.fail("used up", retry_at=0.05, limit="provider:x") if task.attempt == 1 else None
        return task.attempt

    with at_work(Agent("raises", handlers={"*": do}, target=client, role="raises", slots=4)):
        titles = ("later", "fails", "no JSON", "exits", "limited")
        tasks = {title: client.add(title, queue="raising", role="raises", max_attempts=2) for title in titles}
        ended = {title: client.wait_for(task, timeout=15) for title, task in tasks.items()}
    assert (ended["later"].state, ended["later"].attempts) == ("done", 1)
    assert ended["fails"].state == "done"
    assert ended["fails"].result[0].startswith("ValueError: no luck (at test_agent.py:")
    assert ended["no JSON"].state == "dead"
    assert "can not be written as JSON" in (ended["no JSON"].reason or "")
    assert "sys.exit(3)" in (ended["exits"].reason or "")
    assert (ended["limited"].state, ended["limited"].attempts) == ("done", 1)


def test_progress_checkpoint_and_the_story_of_earlier_attempts(reach: Reach, client: Client) -> None:
    brisk_queue(client, "story")
    looked = threading.Event()

    async def do(task: Task) -> Any:
        if task.attempt == 1:
            task.progress(0.5, "half of it")
            task.spent(0.25, tokens=100)
            while not looked.is_set():
                await asyncio.sleep(0.01)
            task.checkpoint({"page": 7})
            raise RuntimeError("the printer is on fire")
        return [task.last_checkpoint, task.attempts[0].notes, task.attempts[0].usage["tokens"], task.attempts[0].cost]

    with at_work(Agent("story", handlers={"task": do}, target=client, role="story")):
        task = client.add("Print", queue="story", role="story")
        until(lambda: client.get_task(task).progress == 0.5)
        looked.set()
        assert client.wait_for(task, timeout=10).result == [{"page": 7}, "half of it", 100, 0.25]


def test_a_question_frees_the_slot_and_the_answer_comes_with_the_task(reach: Reach, client: Client) -> None:
    async def do(task: Task) -> Any:
        if task.title == "Paint" and task.answer is None:
            task.ask("Which colour?", checkpoint={"primed": True})
        return [task.answer, task.last_checkpoint]

    with at_work(Agent("painter", handlers={"task": do}, target=client, role="painter")):
        task = client.add("Paint", role="painter")
        until(lambda: client.get_task(task).state == "asked")
        assert client.wait_for(client.add("Clean", role="painter"), timeout=10).state == "done"
        client.answer(task, "blue")
        assert client.wait_for(task, timeout=10).result == ["blue", {"primed": True}]


@pytest.mark.parametrize("is_async", [True, False])
def test_a_cancelled_task_ends_its_handler(reach: Reach, client: Client, is_async: bool) -> None:
    name = f"cancel-{is_async}"
    brisk_queue(client, name)
    heard: list[str | None] = []

    async def waits(task: Task) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            heard.append(task.cancelled)

    def sleeps(task: Task) -> None:
        task.wait(60)
        heard.append(task.cancelled)

    handler = waits if is_async else sleeps
    with at_work(Agent(name, handlers={"task": handler}, target=client, role=name)):
        task = client.add("Wait", queue=name, role=name)
        until(lambda: client.get_task(task).state == "running")
        assert client.cancel(task, reason="enough").pending == [task]
        assert client.wait_for(task, timeout=10).state == "cancelled"
        assert heard == ["cancel"]
        quick = client.add("Go on", queue=name, role=name)
        until(lambda: client.get_task(quick).state == "running")


def test_who_blocks_the_event_loop_keeps_its_lease(reach: Reach, client: Client) -> None:
    brisk_queue(client, "blocking")
    began, go_on = threading.Event(), threading.Event()

    async def blocks(task: Task) -> int:
        began.set()
        go_on.wait(20)
        return task.attempt

    with at_work(Agent("blocks", handlers={"task": blocks}, target=client, role="blocks")):
        task = client.add("Block", queue="blocking", role="blocks")
        assert began.wait(10)
        first = client.get_task(task).until
        # Three renewals: without them the lease would have ended by now.
        for _ in range(3):
            until(lambda: client.get_task(task).until != first)
            first = client.get_task(task).until
        go_on.set()
        assert client.wait_for(task, timeout=10).result == 1


def test_a_late_outcome_is_dropped_and_the_agent_goes_on(
    reach: Reach, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    stolen = threading.Event()

    def do(task: Task) -> str:
        if task.title == "Slow":
            stolen.wait(20)
        return task.agent

    with at_work(Agent("late", handlers={"task": do}, target=client, role="late", slots=2)):
        task = client.add("Slow", role="late")
        until(lambda: client.get_task(task).state == "running")
        # Somebody takes its tasks away.
        client.register("late", role="late", slots=2, instance=client.get_agent("late").instance)
        held = client.get_task(task)
        assert held.agent == "late"
        from rota.model.commands.work import GiveBack, Held

        token = _token_of(client, task)
        client.call(GiveBack(tasks=[Held(task=task, token=token)], reason="taken away"))
        client.hold(task)
        stolen.set()
        assert client.wait_for(client.add("Next", role="late"), timeout=10).result == "late"
        until(lambda: "does not count" in caplog.text or "its outcome is dropped" in caplog.text)
        assert client.get_task(task).state == "held"
        client.cancel(task)


def _token_of(client: Client, task: str) -> str:
    raise NotImplementedError
