"""Preemption: only where it helps, only what may, and never more than is asked."""

from __future__ import annotations

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from rota.model.priority import BANDS, PRIORITIES
from rota.model.queue import Preemption
from rota.planning.for_now import Asked, full, refusal_now, standings
from rota.planning.keep import Kept, give_kept
from rota.planning.preempt import Running, Wanting, preempt
from rota.planning.snapshot import Agent, Snapshot
from rota.planning.wishes import most
from tests.planning.pictures import NAMES, agents, copy, requirements, snapshots

NOW = 1_000_000
EVERYBODY = range(100)

policies = st.sampled_from(
    [
        Preemption(band=PRIORITIES[band], over=PRIORITIES[over], at_most=most_, priced=priced)
        for band in range(4)
        for over in range(band + 1, 5)
        for most_ in (1, 2)
        for priced in (False, True)
    ]
)
asked = st.builds(Asked, requirements, st.integers(0, 4), st.integers(1, 2))


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[Agent], list[Running], list[Wanting]]:
    """Agents whose running tasks are known, each one of those it may do, and tasks that wait."""
    fleet = [draw(agents(number)) for number in range(draw(st.integers(1, len(NAMES))))]
    running = []
    numbers = iter(range(1, 100))
    for agent in fleet:
        agent.running = draw(st.integers(0, agent.slots))
        agent.used = {}
        for _ in range(agent.running):
            one = draw(asked)
            agent.used = {**agent.used, **{name: agent.used.get(name, 0) + n for name, n in one.needs.resources}}
            running.append(
                Running(
                    next(numbers),
                    agent.id,
                    draw(st.integers(0, 4)),
                    one,
                    draw(st.integers(0, NOW)),
                    draw(st.integers(0, 2)),
                    draw(st.sampled_from([False, False, False, True])),
                )
            )
    wanting = [Wanting(next(numbers) + 200, draw(asked)) for _ in range(draw(st.integers(1, 4)))]
    return fleet, running, sorted(wanting, key=lambda one: one.asked.band)


@given(scenes(), policies)
def test_whoever_gives_way_may_and_it_helps(
    scene: tuple[list[Agent], list[Running], list[Wanting]], policy: Preemption
) -> None:
    fleet, running, wanting = scene
    before = msgspec.json.encode([(one.id, one.running) for one in fleet])
    decided = preempt(fleet, EVERYBODY, running, wanting, policy, NOW)
    assert msgspec.json.encode([(one.id, one.running) for one in fleet]) == before, "nothing is changed"
    assert len({one.task for one in decided}) == len(decided)
    assert len({one.victim for one in decided}) == len(decided)
    tasks = {one.task: one.asked for one in wanting}
    held = {one.task: one for one in running}
    for one in decided:
        victim, better = held[one.victim], tasks[one.task]
        assert victim.agent == one.agent
        assert better.band <= BANDS[policy.band] < BANDS[policy.over] <= victim.band
        assert not victim.settled
        assert victim.preempted < policy.at_most
        agent = next(agent for agent in fleet if agent.id == one.agent)
        assert policy.priced or agent.profile.cost is None
        assert standings(fleet, better)[agent.id] is not None, "it could have had a free slot"
        if not agent.reserved and not agent.kind_room:
            less = _without(agent, victim)
            assert refusal_now(less, better) is None


@given(scenes(), policies)
def test_none_while_an_agent_that_may_has_room(
    scene: tuple[list[Agent], list[Running], list[Wanting]], policy: Preemption
) -> None:
    fleet, running, wanting = scene
    first = wanting[0]
    assume(any(no is None for no in standings(fleet, first.asked).values()))
    assert first.task not in {one.task for one in preempt(fleet, EVERYBODY, running, wanting, policy, NOW)}


@given(scenes(), policies)
def test_of_those_that_would_do_the_one_that_loses_least(
    scene: tuple[list[Agent], list[Running], list[Wanting]], policy: Preemption
) -> None:
    fleet, running, wanting = scene
    decided = preempt(fleet, EVERYBODY, running, wanting[:1], policy, NOW)
    victims = [one for one in running if one.task in {one.victim for one in decided}]
    for other in running:
        if any(other.since > victim.since for victim in victims):
            assert not preempt(fleet, EVERYBODY, [other], wanting[:1], policy, NOW), "that one would have lost less"


@given(snapshots(), st.data())
def test_what_is_kept_goes_to_whom_it_is_kept_for_or_to_nobody(snapshot: Snapshot, data: st.DataObject) -> None:
    now = copy(snapshot)
    kept: list[Kept] = []
    for agent in now.agents:
        free = agent.slots - agent.running
        agent.kept = data.draw(st.integers(0, max(free, 0)))
        for _ in range(agent.kept):
            lane = data.draw(st.sampled_from(list(now.lanes)))
            head = data.draw(st.sampled_from(list(lane.heads)))
            if head.task not in {one.task for one in kept}:
                kept.append(Kept(head.task, agent.id, lane.id, head.due))
        agent.kept = sum(one.agent == agent.id for one in kept)
    before = {agent.id: (agent.running, agent.kept) for agent in now.agents}
    wanted = sum(listener.n for listener in now.listeners)
    gives = give_kept(now, kept)
    owed = {(one.task, one.agent) for one in kept}
    assert all((give.task, give.agent) in owed for give in gives)
    assert len({give.task for give in gives}) == len(gives)
    assert wanted - sum(listener.n for listener in now.listeners) == len(gives)
    for agent in now.agents:
        had, kept_before = before[agent.id]
        given_now = sum(give.agent == agent.id for give in gives)
        assert (agent.running, agent.kept) == (had + given_now, kept_before - given_now)
        assert agent.running <= agent.slots or given_now == 0
    lanes = {lane.id: lane for lane in now.lanes}
    assert all(lanes[give.lane].barred is None for give in gives)


@given(agents(0), asked, st.integers(0, 4))
def test_a_kept_slot_is_no_room_for_others(agent: Agent, task: Asked, kept: int) -> None:
    agent.kept = min(kept, max(agent.slots - agent.running, 0))
    if agent.running >= most(agent):
        assert full(agent, task) is not None


def _without(agent: Agent, one: Running) -> Agent:
    needs = one.given.needs
    used = {**agent.used, **{name: agent.used[name] - amount for name, amount in needs.resources}}
    return msgspec.structs.replace(agent, running=agent.running - 1, used=used)
