"""Agents coming, going and changing; queues and pools; projects."""

from __future__ import annotations

from typing import Any

import pytest

from rota.engine import projects
from rota.model.agent import AgentSpec, AgentView, Cost
from rota.model.commands.fleet import (
    CreateProject,
    DeleteProject,
    Drain,
    FinalizeProject,
    PauseQueue,
    Register,
    RemoveAgent,
    ResumeAgent,
    SetPool,
    SetQueue,
)
from rota.model.commands.read import GetAgent, GetProject, GetQueue, ListAgents, ListProjects, ListQueues, ListTasks
from rota.model.commands.work import Claim, Claimed, Heartbeat
from rota.model.errors import RotaError
from rota.model.project import ProjectSpec
from rota.model.queue import Backoff, PoolPolicy, QueuePolicy
from rota.model.task import TaskSpec
from rota.testing import TestDistributor
from tests.engine.fleet import agent, attempts, claim, done, queue, states, submit, take, task, view


def refused(rota: TestDistributor, code: str, request: Any) -> RotaError:
    with pytest.raises(RotaError) as caught:
        rota.call(request)
    assert caught.value.code == code, caught.value
    return caught.value


def shown(rota: TestDistributor, name: str) -> AgentView:
    found: AgentView = rota.call(GetAgent(agent=name))
    return found


class TestRegister:
    def test_what_it_said_is_shown(self, rota: TestDistributor) -> None:
        cost = Cost(per_hour=1.0, per_1k_tokens=0.5)
        spec = AgentSpec(name="ann", role="writer", slots=3, skills={"py": 2}, region="eu", cost=cost, weight=2.0)
        rota.call(Register(agent=spec, instance="i"))
        found = shown(rota, "ann")
        assert (found.role, found.slots, found.skills, found.region) == ("writer", 3, {"py": 2}, "eu")
        assert (found.cost, found.weight, found.instance, found.state) == (cost, 2.0, "i", "active")
        assert (found.healthy, found.running, found.tasks) == (True, 0, [])

    def test_again_changes_it_and_wakes_the_plan(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        number = task(rota, skills={"py": 3})
        answer = rota.ask(Claim(agent="ann", wait=45))
        agent(rota, "ann", skills={"py": 3})
        assert answer.result(0).tasks[0].task == number

    def test_fewer_slots_than_it_uses(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=4)
        submit(rota, *["t"] * 6)
        given = claim(rota, "ann", 4)
        agent(rota, "ann", slots=2)
        assert claim(rota, "ann", 4) == []
        done(rota, *given[:2])
        assert claim(rota, "ann", 4) == []
        done(rota, given[2])
        assert [it.slot for it in claim(rota, "ann", 4)] == [0]

    def test_a_second_process_of_the_name_is_refused_while_the_first_lives(self, rota: TestDistributor) -> None:
        rota.call(Register(agent=AgentSpec(name="ann"), instance="one"))
        again = Register(agent=AgentSpec(name="ann"), instance="two")
        assert refused(rota, "name_taken", again).field == "agent.name"
        rota.clock.advance("20s")
        rota.call(Heartbeat(agent="ann", instance="one"))
        rota.clock.advance("25s")
        refused(rota, "name_taken", again)
        rota.clock.advance("31s")
        assert rota.call(again).name == "ann"
        assert shown(rota, "ann").instance == "two"

    def test_replacing_gives_back_at_once_what_the_first_held(self, rota: TestDistributor) -> None:
        rota.call(Register(agent=AgentSpec(name="ann"), instance="one"))
        number = task(rota)
        (given,) = claim(rota, "ann", instance="one")
        answer = rota.call(Register(agent=AgentSpec(name="ann"), instance="two", replace=True))
        assert answer.given_back == [number]
        assert view(rota, number).state == "ready"
        assert [(it.outcome, it.counted) for it in attempts(rota, number)] == [("replaced", False)]
        assert done(rota, given).refused == {number: "lease_lost"}
        refused(rota, "name_taken", Heartbeat(agent="ann", instance="one"))

    def test_a_replaced_process_that_still_listens_gets_nothing(self, rota: TestDistributor) -> None:
        rota.call(Register(agent=AgentSpec(name="ann"), instance="one"))
        old = rota.ask(Claim(agent="ann", instance="one", wait=45))
        rota.call(Register(agent=AgentSpec(name="ann"), instance="two", replace=True))
        number = task(rota)
        assert old.result(0) == Claimed()
        assert claim(rota, "ann", instance="two")[0].task == number

    def test_the_same_process_again_keeps_its_tasks(self, rota: TestDistributor) -> None:
        rota.call(Register(agent=AgentSpec(name="ann"), instance="one"))
        number = task(rota)
        claim(rota, "ann", instance="one")
        assert rota.call(Register(agent=AgentSpec(name="ann"), instance="one")).given_back == []
        assert view(rota, number).state == "running"

    def test_its_pool_can_not_change_while_it_holds_tasks(self, rota: TestDistributor) -> None:
        rota.call(SetPool(pool="far"))
        agent(rota, "ann")
        task(rota)
        given = take(rota, "ann")
        move = Register(agent=AgentSpec(name="ann", pool="far"))
        assert refused(rota, "not_empty", move).field == "agent.pool"
        done(rota, given)
        rota.call(move)
        assert shown(rota, "ann").pool == "far"

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"name": ""}, "agent.name"), ({"name": "a\nb"}, "agent.name"), ({"name": "x" * 101}, "agent.name"),
            ({"slots": 0}, "agent.slots"), ({"slots": 10_001}, "agent.slots"),
            ({"skills": {"py": 101}}, "agent.skills.py"), ({"skills": {"": 1}}, "agent.skills"),
            ({"weight": 0.0}, "agent.weight"), ({"weight": float("nan")}, "agent.weight"),
            ({"cost": Cost(per_hour=-1.0)}, "agent.cost.per_hour"), ({"pool": "nowhere"}, "agent.pool"),
            ({"role": "\0"}, "agent.role"), ({"region": " "}, "agent.region"),
        ],
    )  # fmt: skip
    def test_bad_values(self, rota: TestDistributor, more: dict[str, Any], field: str) -> None:
        with pytest.raises(RotaError) as caught:
            rota.call(Register(agent=AgentSpec(**{"name": "ann", **more})))
        assert caught.value.field == field
        assert rota.call(ListAgents()).agents == []


class TestDrainAndRemove:
    def test_a_drained_agent_finishes_what_it_has(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=2)
        first, second = submit(rota, "one", "two")
        given = take(rota, "ann")
        assert rota.call(Drain(agent="ann", reason="update")).changed
        assert not rota.call(Drain(agent="ann")).changed
        assert (shown(rota, "ann").state, shown(rota, "ann").reason) == ("draining", "update")
        assert claim(rota, "ann") == []
        assert done(rota, given).states == {first: "done"}
        agent(rota, "ann", slots=3)
        assert shown(rota, "ann").state == "draining", "registering again does not end a drain"
        assert rota.call(ResumeAgent(agent="ann")).changed
        assert not rota.call(ResumeAgent(agent="ann")).changed
        assert take(rota, "ann").task == second

    def test_removing_gives_back_what_it_has(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        agent(rota, "bob")
        number = task(rota)
        given = take(rota, "ann")
        assert rota.call(RemoveAgent(agent="ann")).changed
        assert view(rota, number).state == "ready"
        assert [(it.outcome, it.counted) for it in attempts(rota, number)] == [("agent_removed", False)]
        assert done(rota, given).refused == {number: "lease_lost"}
        for request in (
            RemoveAgent(agent="ann"), Claim(agent="ann"), Heartbeat(agent="ann"), Drain(agent="ann"),
            ResumeAgent(agent="ann"), GetAgent(agent="ann"),
        ):  # fmt: skip
            assert refused(rota, "no_agent", request).field == "agent"
        assert [it.name for it in rota.call(ListAgents()).agents] == ["bob"]
        assert take(rota, "bob").task == number

    def test_a_removed_one_can_come_back(self, rota: TestDistributor) -> None:
        rota.call(Register(agent=AgentSpec(name="ann"), instance="one"))
        rota.call(RemoveAgent(agent="ann"))
        rota.call(Register(agent=AgentSpec(name="ann"), instance="two"))
        number = task(rota)
        assert claim(rota, "ann", instance="two")[0].task == number

    def test_one_that_listens_is_removed(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        answer = rota.ask(Claim(agent="ann", wait=45))
        rota.call(RemoveAgent(agent="ann"))
        number = task(rota)
        rota.clock.advance("45s")
        assert answer.result(0) == Claimed()
        assert view(rota, number).state == "ready"


def test_agents_are_listed_by_name_in_pages(rota: TestDistributor) -> None:
    rota.call(SetPool(pool="far"))
    for name in ("eve", "ann", "bob"):
        agent(rota, name)
    agent(rota, "far", pool="far")
    first = rota.call(ListAgents(limit=3))
    assert [it.name for it in first.agents] == ["ann", "bob", "eve"]
    assert [it.name for it in rota.call(ListAgents(limit=3, cursor=first.cursor)).agents] == ["far"]
    assert [it.name for it in rota.call(ListAgents(pool="far")).agents] == ["far"]
    assert rota.call(ListAgents(pool="nowhere")).agents == []


class TestQueues:
    def test_policy_and_counts(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        policy = QueuePolicy(max_attempts=2, backoff=Backoff(base=2, cap=9), term=30, ttl=3600, depth=50)
        assert rota.call(SetQueue(queue="q", policy=policy)).changed
        assert not rota.call(SetQueue(queue="q", policy=policy)).changed
        ready, held = task(rota, queue="q"), task(rota, queue="q", held=True)
        task(rota, queue="q")
        take(rota, "ann")
        found = rota.call(GetQueue(queue="q"))
        assert (found.policy, found.waiting, found.running, found.aside) == (policy, 1, 1, {"held": 1})
        assert view(rota, ready).max_attempts == 2
        assert view(rota, held).expires == "2026-01-05T10:00:00.000000Z"
        assert [it.name for it in rota.call(ListQueues()).queues] == ["default", "q"]
        rota.call(PauseQueue(queue="q", reason="why not"))
        assert rota.call(GetQueue(queue="q")).reason == "why not"

    def test_its_pool_changes_only_while_it_is_empty(self, rota: TestDistributor) -> None:
        rota.call(SetPool(pool="far"))
        queue(rota, "q")
        agent(rota, "ann")
        number = task(rota, queue="q")
        move = SetQueue(queue="q", policy=QueuePolicy(pool="far"))
        assert refused(rota, "not_empty", move).field == "policy.pool"
        given = take(rota, "ann")
        refused(rota, "not_empty", move)
        done(rota, given)
        rota.call(move)
        agent(rota, "fay", pool="far")
        number = task(rota, queue="q")
        assert take(rota, "fay").task == number

    @pytest.mark.parametrize(
        ("policy", "field"),
        [
            ({"max_attempts": 0}, "policy.max_attempts"), ({"backoff": Backoff(base=5, cap=1)}, "policy.backoff"),
            ({"backoff": Backoff(base=-1)}, "policy.backoff"), ({"term": 0.5}, "policy.term"),
            ({"term": float("nan")}, "policy.term"), ({"ttl": 0.0}, "policy.ttl"),
            ({"target_wait": {"urgent": 1.0}}, "policy.target_wait"),
            ({"target_wait": {"high": -1.0}}, "policy.target_wait.high"), ({"depth": 0}, "policy.depth"),
            ({"overflow": "move"}, "policy.overflow_queue"), ({"overflow_queue": "default"}, "policy.overflow_queue"),
            ({"overflow": "move", "overflow_queue": "nowhere"}, "policy.overflow_queue"),
            ({"overflow": "move", "overflow_queue": "q"}, "policy.overflow_queue"),
            ({"pool": "nowhere"}, "policy.pool"),
        ],
    )  # fmt: skip
    def test_bad_policies(self, rota: TestDistributor, policy: dict[str, Any], field: str) -> None:
        with pytest.raises(RotaError) as caught:
            rota.call(SetQueue(queue="q", policy=QueuePolicy(**policy)))
        assert caught.value.field == field
        assert [it.name for it in rota.call(ListQueues()).queues] == ["default"]

    def test_bad_pool_policies(self, rota: TestDistributor) -> None:
        error = refused(rota, "invalid", SetPool(pool="p", policy=PoolPolicy(avoid_s=-1)))
        assert error.field == "policy.avoid_s"
        assert refused(rota, "invalid", SetPool(pool="")).field == "pool"

    def test_unknown_ones(self, rota: TestDistributor) -> None:
        for request in (GetQueue(queue="q"), PauseQueue(queue="q"), ListTasks(queue="q")):
            assert refused(rota, "no_queue", request).field == "queue"

    def test_target_waits_order_queues_of_one_band(self, rota: TestDistributor) -> None:
        agent(rota, "ann", slots=3)
        queue(rota, "slow", target_wait={"normal": 7_200.0})
        queue(rota, "fast", target_wait={"normal": 10.0})
        slow, plain, fast = task(rota, queue="slow"), task(rota), task(rota, queue="fast")
        assert [it.task for it in claim(rota, "ann", 3)] == [fast, plain, slow]

    @pytest.mark.parametrize("strategy", ["balanced", "least_loaded", "round_robin"])
    def test_each_strategy_spreads_work(self, rota: TestDistributor, strategy: Any) -> None:
        rota.call(SetPool(pool="default", policy=PoolPolicy(strategy=strategy)))
        for name in ("ann", "bob", "eve"):
            agent(rota, name, slots=4)
        submit(rota, *["t"] * 6)
        given = rota.call(Claim(agents=["ann", "bob", "eve"], n=6)).tasks
        assert sorted([it.agent for it in given]) == ["ann", "ann", "bob", "bob", "eve", "eve"]


class TestProjects:
    def test_created_with_its_first_tasks(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        spec = ProjectSpec(title="moon", plan="fly", key="apollo")
        tasks = [TaskSpec(title="a", ref="a"), TaskSpec(title="b", after=["a"])]
        made = rota.call(CreateProject(project=spec, tasks=tasks))
        done(rota, take(rota, "ann"))
        found = rota.call(GetProject(project="apollo"))
        assert (found.id, found.title, found.plan, found.state) == (made.project, "moon", "fly", "open")
        assert found.tasks == {"done": 1, "ready": 1}
        listed = rota.call(ListTasks(project="apollo")).tasks
        assert sorted(it.id for it in listed) == sorted(made.ids)
        assert rota.call(CreateProject(project=spec, tasks=tasks)) == made
        assert rota.call(CreateProject(project=spec)).project == made.project
        other = CreateProject(project=spec, tasks=[TaskSpec(title="lost?")])
        assert refused(rota, "other_request", other).field == "project.key"
        assert rota.states() == {"done": 1, "ready": 1}

    def test_all_or_nothing(self, rota: TestDistributor) -> None:
        request = CreateProject(project=ProjectSpec(title="p"), tasks=[TaskSpec(title="a", queue="nowhere")])
        assert refused(rota, "no_queue", request).field == "tasks[0].queue"
        assert rota.call(ListProjects()).projects == []
        assert refused(rota, "invalid", CreateProject(project=ProjectSpec(title=" "))).field == "project.title"

    def test_finalized_when_all_has_ended(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        made = rota.call(CreateProject(project=ProjectSpec(title="p"), tasks=[TaskSpec(title="a")]))
        given = take(rota, "ann")
        error = refused(rota, "wrong_state", FinalizeProject(project=made.project))
        assert "running" in error.message
        done(rota, given)
        assert rota.call(FinalizeProject(project=made.project)).changed
        assert not rota.call(FinalizeProject(project=made.project)).changed
        assert rota.call(GetProject(project=made.project)).state == "finalized"

    def test_deleted(self, rota: TestDistributor) -> None:
        agent(rota, "ann")
        tasks = [TaskSpec(title=title) for title in ("done", "running", "waiting")]
        made = rota.call(CreateProject(project=ProjectSpec(title="p", key="k"), tasks=tasks))
        done(rota, take(rota, "ann"))
        take(rota, "ann")
        rota.call(DeleteProject(project="k"))
        assert states(rota, made.ids) == ["done", "running", "cancelled"]
        assert view(rota, made.ids[0]).project is None
        rota.clock.advance("30s")
        assert view(rota, made.ids[1]).state == "cancelled"
        refused(rota, "no_project", GetProject(project=made.project))

    def test_deleted_whatever_its_size(self, rota: TestDistributor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(projects, "PAGE", 3)
        made = rota.call(
            CreateProject(project=ProjectSpec(title="p"), tasks=[TaskSpec(title=str(n)) for n in range(10)])
        )
        rota.call(DeleteProject(project=made.project))
        assert states(rota, made.ids) == ["cancelled"] * 10

    def test_unknown_ones(self, rota: TestDistributor) -> None:
        for request in (FinalizeProject, DeleteProject, GetProject):
            assert refused(rota, "no_project", request(project="proj-999999")).field == "project"
            assert refused(rota, "no_project", request(project="apollo")).field == "project"

    def test_listed_in_pages(self, rota: TestDistributor) -> None:
        made = [rota.call(CreateProject(project=ProjectSpec(title=str(n)))).project for n in range(5)]
        seen, cursor = [], None
        while True:
            page = rota.call(ListProjects(limit=2, cursor=cursor))
            seen += [it.id for it in page.projects]
            cursor = page.cursor
            if cursor is None:
                break
        assert seen == made
