"""One suite over three transports: the same calls have the same answers, and are refused the same."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rota import Client, RotaError, TaskSpec, connect
from rota.faces.python import options
from rota.faces.python.async_client import AsyncClient
from rota.faces.python.calls import CALLS
from rota.model.agent import AgentSpec
from rota.model.commands.fleet import CreateProject, SetQueue
from rota.model.commands.read import GetTask, ListTasks
from rota.model.commands.route import Match
from rota.model.commands.submit import Edit, Submit
from rota.model.commands.work import Beat, Claim, Complete, Done, Failed
from rota.model.project import ProjectSpec
from rota.model.queue import QueuePolicy
from rota.operations.distributor import Distributor
from rota.operations.table import OPERATIONS
from rota.testing import TestDistributor

Reach = Callable[[], Client]


def refusal(call: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(RotaError) as refused:
        call()
    return refused.value.as_dict()


def test_a_task_goes_from_add_to_its_result(client: Client) -> None:
    client.register("ann", slots=2)
    task = client.add("Say hello", priority="high", payload={"to": ["Bob", 1, 2.5, None]}, kind="greeting")
    (given,) = client.claim("ann", n=2)
    assert (given.task, given.title, given.kind, given.priority) == (task, "Say hello", "greeting", "high")
    assert given.payload == {"to": ["Bob", 1, 2.5, None]}
    assert client.heartbeat("ann", [Beat(task=task, token=given.token, progress=0.5)]).renewed == [task]
    assert client.get_task(task).progress == 0.5
    assert client.complete(given, {"said": "hello"}, usage={"words": 1.0}) == "done"
    view = client.wait_for(task, timeout=5)
    assert (view.state, view.result) == ("done", {"said": "hello"})
    assert [attempt.agent for attempt in client.history(task).attempts] == ["ann"]


def test_a_batch_is_submitted_once_listed_and_awaited(client: Client) -> None:
    client.register("bea", slots=501)
    specs = [TaskSpec(title=f"task {number}", ref=str(number), skills={"bea": 1}) for number in range(501)]
    ids = client.submit(specs, key="once", batch="many").ids
    assert client.submit(specs, key="once", batch="many").ids == ids
    assert sorted(task.id for task in client.list_tasks(batch="many")) == sorted(ids)
    client.register("bea", slots=501, skills={"bea": 1})
    outcomes = [Done(task=given.task, token=given.token) for given in client.claim("bea", n=501)]
    assert len(client.call(Complete(outcomes=outcomes)).states) == 501
    assert client.wait_for_batch("many", timeout=5).states == {"done": 501}


def test_an_attempt_fails_and_a_task_is_given_back_asked_answered_approved(client: Client) -> None:
    client.register("cid", role="cid")
    client.set_queue("judged", QueuePolicy(approval=True, max_attempts=2))
    task = client.add("Decide", queue="judged", role="cid")
    (given,) = client.claim("cid")
    assert client.give_back(given, "not now") == "ready"
    (given,) = client.claim("cid")
    assert client.ask(given, "Red or blue?", checkpoint={"at": 3}) == "asked"
    assert client.get_task(task).question == "Red or blue?"
    client.answer(task, "blue")
    (given,) = client.claim("cid")
    assert (given.answer, given.checkpoint) == ("blue", {"at": 3})
    assert client.complete(given, "done in blue") == "review"
    client.reject(task, "too dark")
    (given,) = client.claim("cid", wait=10)
    assert client.complete(given, "light blue") == "review"
    assert client.approve(task).tasks == [task]
    assert client.get_task(task).state == "done"
    hopeless = client.add("Never", role="cid")
    (given,) = client.claim("cid")
    assert client.fail(given, "no such thing", retryable=False) == "dead"
    assert client.redrive(hopeless).tasks == [hopeless]
    assert client.hold(hopeless).tasks == [hopeless]
    assert client.unhold(hopeless).tasks == [hopeless]
    assert client.cancel(hopeless, reason="enough").tasks == [hopeless]


def test_what_a_late_agent_says_is_refused(client: Client) -> None:
    client.register("dan", role="dan")
    client.add("Slow", role="dan")
    (given,) = client.claim("dan")
    assert client.complete(given, 1) == "done"
    assert client.complete(given, 1) == "done"
    late = refusal(lambda: client.complete(given, 2))
    assert (late["code"], late["data"]["task"]) == ("lease_lost", given.task)
    assert refusal(lambda: client.reject(given.task, "no"))["code"] == "wrong_state"


def test_who_waits_is_given_what_comes(client: Client) -> None:
    client.register("eve", role="eve")
    came: list[str] = []
    waiting = threading.Thread(target=lambda: came.extend(given.task for given in client.claim("eve", wait=20)))
    waiting.start()
    while client.get_agent("eve").listening == 0:
        time.sleep(0.01)
    task = client.add("At last", role="eve")
    waiting.join(10)
    assert came == [task]


def test_looking(client: Client) -> None:
    client.register("fay", role="fay", skills={"prose": 3})
    task = client.add("Write", role="fay", skills={"prose": 2})
    assert client.explain(task).agents["fay"] == "may"
    assert [found.task for found in client.explain_agent("fay").next] == [task]
    assert client.match(role="fay", skills={"prose": 2}).recommended[0].agent == "fay"
    assert "fay" in [agent.name for agent in client.agents()]
    assert "default" in [queue.name for queue in client.queues()]
    assert client.statistics().waiting >= 1
    client.drain_agent("fay", reason="lunch")
    client.resume_agent("fay")
    client.pause_queue("default", reason="lunch")
    assert client.explain(task).reason == "paused"
    client.resume_queue("default")
    made = client.call(CreateProject(project=ProjectSpec(title="A book"), tasks=[TaskSpec(title="One", role="nobody")]))
    assert client.get_task(made.ids[0]).project == made.project
    client.call(Edit(task=made.ids[0], title="Chapter one"))
    assert client.get_task(made.ids[0]).title == "Chapter one"


def test_events_are_read_to_the_end_and_followed(client: Client) -> None:
    seen = list(client.events())
    assert seen[0].seq != seen[-1].seq
    task = client.add("News", role="nobody")
    for event in client.events(after=seen[-1].seq, follow=True):
        if task in event.tasks:
            assert event.kind == "submit"
            break


REFUSED = {
    "a wrong type": Submit(tasks=[TaskSpec(title=5)]),  # type: ignore[arg-type]
    "a priority that is none": Submit(tasks=[TaskSpec(title="x", priority="urgent")]),  # type: ignore[arg-type]
    "not a number": Submit(tasks=[TaskSpec(title="x"), TaskSpec(title="x", payload=[float("nan")])]),
    "a cost that is no number": Failed(task="task-1", token="x", error="x", cost=float("inf")),
    "too great a number": Submit(tasks=[TaskSpec(title="x", payload=2**70)]),
    "no JSON": Submit(tasks=[TaskSpec(title="x", payload=object())]),
    "half a character": Submit(tasks=[TaskSpec(title="\ud800")]),
    "a NUL": Submit(tasks=[TaskSpec(title="a\0b")]),
    "nested too deep": Submit(tasks=[TaskSpec(title="x", payload=[[]] * 3)]),
    "nothing": Submit(tasks=[]),
    "too long a title": Submit(tasks=[TaskSpec(title="x" * 501)]),
    "a cycle": Submit(tasks=[TaskSpec(title="x", ref="a", after=["b"]), TaskSpec(title="x", ref="b", after=["a"])]),
    "no such task": GetTask(task="task-999999"),
    "an id that is none": GetTask(task="nonsense"),
    "no such queue": ListTasks(queue="nowhere"),
    "no such agent": Claim(agent="nobody"),
    "an agent that is no text": SetQueue(queue="x", policy=QueuePolicy(max_attempts="3")),  # type: ignore[arg-type]
    "a cursor that is none": ListTasks(cursor="?"),
    "no request": TaskSpec(title="x"),
    "no request either": None,
}


def _deep() -> Any:
    value: Any = []
    for _ in range(150):
        value = [value]
    return value


REFUSED["nested too deep"] = Submit(tasks=[TaskSpec(title="x", payload=_deep())])


@pytest.fixture(scope="module")
def reference() -> Any:
    with Distributor.open(":memory:") as distributor:
        yield connect(distributor)


@pytest.mark.parametrize("what", REFUSED)
def test_refusals_are_the_same_everywhere(client: Client, reference: Client, what: str) -> None:
    request = REFUSED[what]
    refused = refusal(lambda: client.call(request))
    assert refused == refusal(lambda: reference.call(request))
    assert refused["code"] in {"invalid", "too_large", "cycle", "no_task", "no_queue", "no_agent"}
    assert refused["fix"]


def test_the_same_for_whoever_awaits(reach: Reach) -> None:
    async def story() -> None:
        async with reach() as client:
            await client.register("gil", slots=2, role="gil")
            task = await client.add("Wait for me", role="gil")
            (given,) = await client.claim("gil", wait=5)
            assert await client.complete(given, "ok") == "done"
            assert (await client.wait_for(task, timeout=5)).result == "ok"
            assert [found.id async for found in client.list_tasks(kind="task", state="done") if found.id == task]
            with pytest.raises(RotaError, match="there is no task-99999"):
                await client.get_task("task-99999")
            await cancelled_claim(client)

    async def cancelled_claim(client: AsyncClient) -> None:
        waiting = asyncio.create_task(client.claim("gil", wait=40))
        while (await client.get_agent("gil")).listening == 0:
            await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        while (await client.get_agent("gil")).listening:
            await asyncio.sleep(0.01)

    asyncio.run(story())


def test_what_a_claim_is_given_as_it_is_withdrawn_goes_back(reach: Reach) -> None:
    async def story() -> None:
        async with reach() as client:
            await client.register("ivy", slots=50, role="ivy")
            for turn in range(20):
                waiting = asyncio.create_task(client.claim("ivy", n=50, wait=20))
                adding = asyncio.create_task(client.add(f"Now {turn}", role="ivy"))
                await asyncio.sleep(turn * 0.0005)
                waiting.cancel()
                (claimed,) = await asyncio.gather(waiting, return_exceptions=True)
                await adding
                for given in claimed if isinstance(claimed, list) else ():
                    await client.give_back(given)
            while (await client.get_agent("ivy")).running:
                await asyncio.sleep(0.01)
            assert len([task async for task in client.list_tasks(state="ready") if task.role == "ivy"]) == 20

    asyncio.run(asyncio.wait_for(story(), 30))


def test_a_call_takes_no_longer_than_it_may(client: Client) -> None:
    client.register("hal", role="hal")
    refused = refusal(lambda: client.call(Claim(agent="hal", wait=30), timeout=-29.8))
    assert refused["code"] == "unavailable"


def test_a_client_may_be_closed_twice(reach: Reach) -> None:
    client = reach()
    client.queues()
    client.close()
    client.close()


def test_the_test_kit_is_a_target_too() -> None:
    with TestDistributor() as rota, connect(rota) as client:
        client.register("ann")
        client.add("survive")
        client.claim("ann")
        rota.clock.advance("2m")
        assert client.claim("ann", wait=45)[0].attempt == 2


def test_every_operation_is_known_with_its_answer() -> None:
    known = {request: (call.operation, call.answer) for request, call in CALLS.items()}
    assert known == {one.request: (one.name, one.answer) for one in OPERATIONS.values()}


@pytest.mark.parametrize(
    ("described", "struct", "left_out"),
    [
        (options.TaskFields, TaskSpec, {"title"}),
        (options.ClaimFields, Claim, {"agent", "agents"}),
        (options.TaskFilter, ListTasks, {"limit", "cursor"}),
        (options.FailedFields, Failed, {"task", "token", "error", "branch"}),
        (options.MatchFields, Match, set()),
        (options.AgentFields, AgentSpec, {"name"}),
    ],
)
def test_what_methods_take_by_name_is_what_requests_have(described: Any, struct: Any, left_out: set[str]) -> None:
    fields = {field.name for field in msgspec.structs.fields(struct)}
    assert set(described.__annotations__) | set(inspect.get_annotations(described)) == fields - left_out


def test_both_clients_have_the_same_methods() -> None:
    def methods(of: type) -> dict[str, tuple[Any, str | None]]:
        found = {name: value for name, value in vars(of).items() if inspect.isfunction(value) and name[0] != "_"}
        return {
            name: (list(inspect.signature(value).parameters.values()), value.__doc__) for name, value in found.items()
        }

    plain, awaited = methods(Client), methods(AsyncClient)
    del plain["awaited"]
    assert {name: parameters for name, (parameters, _) in plain.items()} == {
        name: parameters for name, (parameters, _) in awaited.items()
    }
    assert {name for name in plain if plain[name][1] != awaited[name][1]} == {"call"}


def test_what_is_no_target_is_refused_at_once() -> None:
    assert refusal(lambda: connect(7))["field"] == "target"  # type: ignore[arg-type]
