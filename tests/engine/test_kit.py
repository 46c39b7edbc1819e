"""The test kit itself: its clock, its drain, and what its assertions say when they fail."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from typing import Any

import pytest

from rota.model.agent import AgentSpec
from rota.model.commands.fleet import Register
from rota.model.commands.submit import Submit
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.model.task import Given, TaskSpec
from rota.operations.distributor import Distributor
from rota.testing import TestDistributor
from tests.engine.fleet import agent, claim, submit, take, task, view


def message(assertion: Any, **fields: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assertion(**fields)
    return str(caught.value)


class TestClock:
    def test_it_only_moves_when_told_to(self, rota: TestDistributor) -> None:
        assert str(rota.clock) == "2026-01-05T09:00:00.000000Z"
        task(rota)
        rota.clock.advance("1h30m")
        rota.clock.advance(0.5)
        assert str(rota.clock) == "2026-01-05T10:30:00.500000Z"
        assert rota.clock.seconds == 1767609000.5

    def test_everything_on_the_way_happens_at_its_moment(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3)
        submit(rota, TaskSpec(title="late", start="40s"), TaskSpec(title="early", start="10s"))
        seen: list[tuple[str, str]] = []
        for _ in range(2):
            answer = rota.ask(Claim(agent="ann", wait=45))
            answer.add_done_callback(lambda it: seen.append((it.result(0).tasks[0].title, str(rota.clock)[11:19])))
        rota.clock.advance("1h")
        assert seen == [("early", "09:00:10"), ("late", "09:00:40")]

    def test_ten_years_pass_quickly(self, memory: TestDistributor) -> None:
        number = task(memory, start="3600d")
        turns = memory.node.turns
        memory.clock.advance("3640d")
        assert view(memory, number).state == "ready"
        assert memory.node.turns - turns < 10

    def test_a_claim_that_waits_moves_it_to_its_answer(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        assert claim(rota, "ann", wait=45) == []
        assert str(rota.clock) == "2026-01-05T09:00:45.000000Z"

    def test_a_bad_span(self, memory: TestDistributor) -> None:
        with pytest.raises(RotaError, match="not a length of time"):
            memory.clock.advance("soon")
        with pytest.raises(RotaError):
            memory.clock.advance(-1)


class TestSeed:
    def story(self, seed: int) -> list[Any]:
        with TestDistributor(seed=seed) as rota:
            for name in ("ann", "bob", "eve"):
                agent(rota, name, slots=2)
            submit(rota, *["t"] * 9)
            told = []
            while given := rota.call(Claim(agents=["ann", "bob", "eve"], n=3)).tasks:
                told.append([(it.task, it.agent, it.token) for it in given])
            return told

    def test_the_same_seed_the_same_story(self) -> None:
        assert self.story(7) == self.story(7)
        assert self.story(7) != self.story(8)


class TestDrain:
    def test_each_kind_with_its_function(self, rota: TestDistributor) -> None:
        submit(rota, TaskSpec(title="a", kind="double", payload=4), TaskSpec(title="b", kind="shout", payload="hi"))
        handlers = {"double": lambda given: given.payload * 2, "*": lambda given: given.payload.upper()}
        assert rota.drain(handlers) == {"done": 2}
        rota.assert_done(kind="double", result=8)
        rota.assert_done(kind="shout", result="HI")

    def test_dependencies_delays_and_retries_to_the_end(self, rota: TestDistributor) -> None:
        submit(
            rota, TaskSpec(title="first", ref="f", start="2h"), TaskSpec(title="then", after=["f"]),
            TaskSpec(title="flaky"), TaskSpec(title="hopeless", max_attempts=3), TaskSpec(title="held", held=True),
        )  # fmt: skip
        tries: list[str] = []

        def work(given: Given) -> str:
            tries.append(given.title)
            if given.title == "hopeless" or (given.title == "flaky" and tries.count("flaky") < 4):
                raise ValueError(f"no luck with {given.title}")
            return given.title

        assert rota.drain({"task": work}) == {"done": 3, "dead": 1, "held": 1}
        assert (tries.count("flaky"), tries.count("hopeless")) == (4, 3)
        assert rota.clock.seconds >= 1767603600 + 7200
        rota.assert_done(title="then", result="then")
        (dead,) = rota.assert_submitted(state="dead")
        assert dead.reason == "attempt 3 of 3 failed: ValueError: no luck with hopeless"

    def test_a_retry_that_avoids_it_for_a_while(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        tries: list[int] = []

        def work(given: Given) -> None:
            tries.append(given.attempt)
            if given.attempt == 1:
                raise ValueError("once")

        number = task(rota)
        assert rota.drain({"*": work}) == {"done": 1}
        assert tries == [1, 2]
        assert view(rota, number).agent == "drain"

    def test_what_nobody_can_do_is_left(self, rota: TestDistributor) -> None:
        submit(rota, TaskSpec(title="a", role="pilot"), TaskSpec(title="b"))
        assert rota.drain({"*": lambda given: given.title}) == {"ready": 1, "done": 1}
        assert rota.drain({"*": lambda _given: None}, agent=AgentSpec(name="pia", role="pilot")) == {"done": 2}

    def test_a_kind_without_a_function_is_dead_with_the_reason(self, rota: TestDistributor) -> None:
        task(rota, kind="mail")
        assert rota.drain({"call": lambda _given: None}) == {"dead": 1}
        assert "no handler for kind 'mail'; there are handlers for call" in message(rota.assert_done, kind="mail")


class TestAssertions:
    def test_submitted(self, rota: TestDistributor) -> None:
        assert message(rota.assert_submitted, kind="mail") == (
            "expected a task with kind='mail', found 0.\nNo task was submitted at all."
        )
        one, two = submit(rota, TaskSpec(title="a", kind="mail", payload={"to": "x"}), TaskSpec(title="b"))
        assert [it.id for it in rota.assert_submitted()] == [one, two]
        assert [it.id for it in rota.assert_submitted(payload={"to": "x"}, state="ready", count=1)] == [one]
        assert message(rota.assert_submitted, kind="call", payload=1) == textwrap.dedent(f"""\
            expected a task with kind='call', payload=1, found 0.
            2 task(s) were submitted:
              {one} ready: title='a', kind='mail', payload={{'to': 'x'}}
              {two} ready: title='b', kind='task', payload=None""")
        assert "expected 3 task(s) with priority='normal', found 2" in message(
            rota.assert_submitted, count=3, priority="normal"
        )
        assert "expected a task with queue='nowhere', found 0" in message(rota.assert_submitted, queue="nowhere")

    def test_many_are_cut_short(self, rota: TestDistributor) -> None:
        submit(rota, *["t"] * 25)
        assert message(rota.assert_submitted, kind="x").endswith("and 15 more")

    def test_refuted(self, rota: TestDistributor) -> None:
        number = task(rota, kind="mail")
        rota.refute_submitted(kind="call")
        assert message(rota.refute_submitted, kind="mail") == (
            f"expected no task with kind='mail', found 1:\n  {number} ready: title='task', kind='mail'"
        )

    def test_done(self, rota: TestDistributor) -> None:
        number, _other = submit(rota, TaskSpec(title="a", kind="mail"), "b")
        assert message(rota.assert_done, kind="mail") == (
            f"1 of 1 task(s) with kind='mail' are not done:\n"
            f"  {number} 'a' is ready: no agent of its pool may take it now: no_agent"
        )
        rota.drain({"*": lambda given: given.title})
        rota.assert_done(count=2)
        rota.assert_done(id=number, result="a")
        assert message(rota.assert_done, kind="mail", result="z") == (
            f"expected result 'z', found:\n  {number} 'a': 'a'"
        )

    def test_a_field_that_tasks_do_not_have(self, memory: TestDistributor) -> None:
        with pytest.raises(TypeError, match="tasks have no field 'colour'; they have after, agent"):
            memory.assert_submitted(colour="red")


class TestWhole:
    def test_code_under_test_takes_either(self, memory: TestDistributor) -> None:
        def sign_up(rota: Distributor | TestDistributor, name: str) -> str:
            ids: list[str] = rota.call(Submit(tasks=[TaskSpec(title=f"welcome {name}", kind="mail")])).ids
            return ids[0]

        with Distributor.open(":memory:") as real:
            assert sign_up(real, "ann") == sign_up(memory, "ann")

    def test_on_a_file_it_owns_and_lets_go_of(self, tmp_path: Path) -> None:
        path = tmp_path / "work.db"
        with TestDistributor(str(path)) as rota:
            number = task(rota)
            rota.restart()
            assert view(rota, number).state == "ready"
            with pytest.raises(RotaError) as caught:
                TestDistributor(str(path))
            assert caught.value.code == "owned"
        with TestDistributor(str(path)) as rota:
            assert view(rota, number).title == "task"

    def test_the_example_in_its_documentation_runs(self) -> None:
        text = inspect.cleandoc(TestDistributor.__doc__ or "").split("no luck:\n", 1)[1].split("\nA claim", 1)[0]
        space: dict[str, Any] = {}
        exec(textwrap.dedent(text), space)
        space["sign_up"] = lambda rota, address: rota.call(
            Submit(tasks=[TaskSpec(title="welcome", kind="mail", payload={"to": address})])
        )
        ran = [run() for name, run in list(space.items()) if name.startswith("test_")]
        assert len(ran) == 2

    def test_by_name_with_plain_data(self, memory: TestDistributor) -> None:
        memory.run("register_agent", {"agent": {"name": "ann"}})
        memory.run("submit", b'{"tasks":[{"title":"a"}]}')
        assert memory.run("claim", {"agent": "ann"}).tasks[0].title == "a"

    def test_a_crash_is_no_goodbye(self, rota: TestDistributor) -> None:
        rota.call(Register(agent=AgentSpec(name="ann")))
        waiting = rota.ask(Claim(agent="ann", wait=45))
        rota.restart()
        with pytest.raises(RotaError, match="crashed"):
            waiting.result(0)
        rota.clock.advance("20s")  # until then another node would offer tasks to who listened at the dead one
        number = task(rota)
        assert take(rota, "ann").task == number
