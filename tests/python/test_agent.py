"""Agents over three transports: what handlers return, raise and say, and what they are told."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

import pytest

from rota import Agent, AgentSpec, BadTask, Client, Dispatcher, RotaError, Task, TryLater, connect
from rota.faces.python import life, shift
from rota.model.commands.fleet import SetPool
from rota.model.queue import PoolPolicy, Preemption, QueuePolicy
from rota.operations.distributor import Distributor
from tests.python.working import at_work, brisk_queue, until


def test_handlers_by_kind(client: Client) -> None:
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
        raise BadTask(f"there is no such thing as {task.title}")

    with at_work(agent):
        doubled = client.add("Double", kind="double", payload=21, role="kinds")
        on_thread = client.add("Where?", kind="where", role="kinds")
        never = client.add("Never", kind="never", role="kinds")
        unknown = client.add("What?", kind="unknown", role="kinds", max_attempts=1)
        assert client.wait_for(doubled, timeout=10).result == 42
        assert client.wait_for(on_thread, timeout=10).result == {"thread": f"rota {on_thread}", "title": "Where?"}
        view = client.wait_for(never, timeout=10)
        assert (view.state, view.attempts) == ("dead", 1)
        assert "there is no such thing as Never" in (view.reason or "")
        assert "has no handler for tasks of kind 'unknown'" in (client.wait_for(unknown, timeout=10).reason or "")


@pytest.mark.parametrize("reach", ["http"], indirect=True)
def test_what_handlers_raise_and_return(client: Client) -> None:
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


@pytest.mark.parametrize("reach", ["in process"], indirect=True)
@pytest.mark.parametrize("error", [StopIteration, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError])
def test_no_exception_of_a_handler_ends_the_agent_or_strands_the_task(
    client: Client, error: type[BaseException]
) -> None:
    """Futures and loops make something of their own of these, and so of all that is at work besides."""

    def plain(_task: Task) -> Any:
        raise error

    async def awaited(_task: Task) -> Any:
        raise error

    role = error.__name__
    with at_work(Agent(role, handlers={"plain": plain, "awaited": awaited}, target=client, role=role, slots=2)):
        tasks = [client.add(kind, kind=kind, role=role, max_attempts=1) for kind in ("plain", "awaited")]
        for task in tasks:
            ended = client.wait_for(task, timeout=10)
            assert (ended.state, role in (ended.reason or "")) == ("dead", True), ended.reason


@pytest.mark.parametrize("reach", ["in process"], indirect=True)
def test_a_handler_that_swallows_its_cancellation_keeps_nobody(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shift, "LAST_S", 0.05)
    monkeypatch.setattr(life, "LAST_S", 0.05)
    begun = threading.Event()

    async def forever(_task: Task) -> None:
        while True:
            begun.set()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

    task = client.add("For ever", role="forever")
    with at_work(Agent("forever", handlers={"*": forever}, target=client, role="forever", grace=0)):
        assert begun.wait(10)
    assert (client.get_task(task).state, client.get_task(task).attempts) == ("ready", 0)
    client.cancel(task)


@pytest.mark.parametrize("reach", ["in process"], indirect=True)
def test_the_end_of_the_loop_burns_no_attempt(client: Client) -> None:
    async def forever(_task: Task) -> None:
        await asyncio.sleep(60)

    async def program() -> None:
        working = asyncio.create_task(Agent("cut", handlers={"*": forever}, target=client, role="cut").work())
        while client.get_task(task).state != "running":
            await asyncio.sleep(0.01)
        for one in asyncio.all_tasks() - {asyncio.current_task()}:
            one.cancel()
        await asyncio.wait([working])

    task = client.add("Cut off", role="cut")
    asyncio.run(program())
    view = client.get_task(task)
    assert (view.state, view.attempts) == ("ready", 0)


def test_progress_checkpoint_and_the_story_of_earlier_attempts(client: Client) -> None:
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


def test_a_question_frees_the_slot_and_the_answer_comes_with_the_task(client: Client) -> None:
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


@pytest.mark.parametrize(
    ("reach", "is_async"),
    [("in process", True), ("socket", False), ("http", True), ("http", False)],
    indirect=["reach"],
)
def test_a_cancelled_task_ends_its_handler(client: Client, is_async: bool) -> None:
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
    with at_work(Agent(name, handlers={"task": handler}, target=client, role=name, grace=0)):
        task = client.add("Wait", queue=name, role=name)
        until(lambda: client.get_task(task).state == "running")
        assert client.cancel(task, reason="enough").pending == [task]
        assert client.wait_for(task, timeout=10).state == "cancelled"
        assert heard == ["cancel"]
        quick = client.add("Go on", queue=name, role=name)
        until(lambda: client.get_task(quick).state == "running")


@pytest.mark.parametrize("reach", ["http"], indirect=True)
def test_what_gives_way_leaves_a_checkpoint_and_goes_on_later(client: Client) -> None:
    preempt = Preemption(over="low", patience_s=0.0)
    client.call(SetPool(pool="pressed", policy=PoolPolicy(preempt=preempt)))
    client.set_queue("pressed", QueuePolicy(pool="pressed", term=1.0))

    async def do(task: Task) -> Any:
        if task.title == "slow" and task.last_checkpoint is None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                task.checkpoint([task.cancelled])
                raise
        return task.last_checkpoint

    with at_work(Agent("pressed", handlers={"task": do}, target=client, pool="pressed")):
        slow = client.add("slow", queue="pressed", priority="low")
        until(lambda: client.get_task(slow).state == "running")
        urgent = client.add("urgent", queue="pressed", priority="emergency")
        assert client.wait_for(urgent, timeout=15).state == "done"
        view = client.wait_for(slow, timeout=15)
        assert (view.result, view.attempts) == (["preempt"], 1)


@pytest.mark.parametrize("reach", ["http"], indirect=True)
def test_who_blocks_the_event_loop_keeps_its_lease(client: Client) -> None:
    brisk_queue(client, "blocking")
    began, go_on = threading.Event(), threading.Event()

    async def blocks(task: Task) -> int:
        began.set()
        go_on.wait(20)
        return task.attempt

    with at_work(Agent("blocks", handlers={"task": blocks}, target=client, role="blocks")):
        task = client.add("Block", queue="blocking", role="blocks")
        assert began.wait(10)
        ends: set[str | None] = set()

        def renewed() -> int:
            ends.add(client.get_task(task).until)
            return len(ends) - 1

        # Without three renewals the lease would have ended by then.
        until(lambda: renewed() == 3)
        go_on.set()
        assert client.wait_for(task, timeout=10).result == 1


def test_a_late_outcome_is_dropped_and_the_agent_goes_on(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    def do(task: Task) -> str:
        if task.title == "Slow":
            # As if its lease had ended meanwhile.
            client.give_back(task.given)
            client.hold(task.id)
        return task.agent

    with at_work(Agent("late", handlers={"task": do}, target=client, role="late")):
        task = client.add("Slow", role="late")
        assert client.wait_for(client.add("Next", role="late"), timeout=10).result == "late"
        until(lambda: "its outcome came too late" in caplog.text or "its outcome is dropped" in caplog.text)
        assert client.get_task(task).state == "held"
        client.cancel(task)


@pytest.mark.parametrize("reach", ["http"], indirect=True)
def test_who_takes_the_name_over_ends_the_other(client: Client) -> None:
    client.register("one", role="one", instance="first")
    with pytest.raises(RotaError, match="another process calls itself 'one'"):
        Agent("one", handlers={"task": lambda _task: 1}, target=client).run()
    agent = Agent("one", handlers={"task": lambda _task: 1}, target=client, role="one", replace=True)
    with pytest.raises(RotaError, match="is now another process"), at_work(agent):
        _take_over_from(agent, client)


def _take_over_from(agent: Agent, client: Client) -> None:
    name = agent.spec.name
    assert client.wait_for(client.add("Mine now", role="one"), timeout=10).state == "done"
    client.register(name, role="one", instance="third", replace=True)
    until(lambda: agent.is_stopped)


def test_a_graceful_stop_finishes_or_gives_back_and_frees_the_name(client: Client) -> None:
    begun = threading.Semaphore(0)

    async def do(task: Task) -> str:
        begun.release()
        if task.title == "short":
            while not stopping.is_set():
                await asyncio.sleep(0.01)
            return "finished"
        await asyncio.sleep(60)
        return "never"

    stopping = threading.Event()
    with at_work(Agent("ends", handlers={"task": do}, target=client, role="ends", slots=2, grace=0.3)):
        short, long = client.add("short", role="ends"), client.add("long", role="ends")
        assert begun.acquire(timeout=10)
        assert begun.acquire(timeout=10)
        stopping.set()
    assert client.get_task(short).result == "finished"
    assert (client.get_task(long).state, client.get_task(long).attempts) == ("ready", 0)
    assert client.get_agent("ends").instance is None
    client.cancel(long)


def test_told_twice_to_stop_it_gives_back_at_once_whatever_its_functions_do(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "LAST_S", 0.05)
    deaf, let_go = threading.Event(), threading.Event()

    def do(_task: Task) -> None:
        deaf.set()
        let_go.wait(20)

    agent = Agent("deaf", handlers={"task": do}, target=client, role="deaf", grace=60)
    with at_work(agent):
        task = client.add("Never mind", role="deaf")
        assert deaf.wait(10)
        agent.stop()
    assert (client.get_task(task).state, client.get_task(task).attempts) == ("ready", 0)
    let_go.set()
    client.cancel(task)


def test_told_to_stop_before_it_works_it_does_not_begin() -> None:
    agent = Agent("early", handlers={"task": print}, target=":memory:")
    agent.stop()
    agent.run()
    assert agent.is_stopped


def test_a_dispatcher_starts_the_best_of_its_roster(client: Client) -> None:
    briefs: dict[str, str] = {}

    async def start(task: Task) -> str:
        briefs[task.id] = task.brief
        return f"{task.agent} did it"

    roster = [AgentSpec(name="d-prose", skills={"d-prose": 3}), AgentSpec(name="d-code", skills={"d-code": 2}, slots=2)]
    with at_work(Dispatcher(roster, start, target=client)):
        poem = client.add("Write a poem", skills={"d-prose": 2}, description="About **rain**.")
        code = client.add("Write a parser", skills={"d-code": 1})
        assert client.wait_for(poem, timeout=10).result == "d-prose did it"
        assert client.wait_for(code, timeout=10).result == "d-code did it"
    assert briefs[poem].startswith("# Write a poem")
    assert "About **rain**." in briefs[poem]


def test_what_makes_no_agent() -> None:
    with pytest.raises(RotaError, match="there are none"):
        Agent("idle", target=":memory:").run()
    agent = Agent("twice", target=":memory:", handlers={"a": print})
    with pytest.raises(RotaError, match="has a handler already"):
        agent.handles("a")(print)
    with pytest.raises(RotaError, match="is empty"):
        Dispatcher([], print)
    with pytest.raises(RotaError, match="must be 0 seconds or more"):
        Agent("hasty", grace=-1)


def test_an_agent_in_a_program_with_a_loop_of_its_own() -> None:
    async def program() -> None:
        async with connect(":memory:") as client:
            pass
        with Distributor.open(":memory:") as distributor:
            client_of = connect(distributor)
            agent = Agent("inside", handlers={"task": _double}, target=client_of)
            working = asyncio.create_task(agent.work())
            async with client_of as client:
                task = await client.add("Double", payload=4)
                assert (await client.wait_for(task, timeout=10)).result == 8
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    asyncio.run(program())


def _double(task: Task) -> int:
    return int(task.payload) * 2
