"""Snapshots drawn by Hypothesis, small enough that everything clashes, and the plan written down the slow way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from hypothesis import strategies as st

from rota.model.requirements import Requirements
from rota.planning.filter import refusal
from rota.planning.plan import plan, survey
from rota.planning.score import SCORES, tie
from rota.planning.snapshot import Agent, Give, Lane, Listener, Plan, Profile, Snapshot

NAMES = ("ann", "bob", "cat", "dan", "eve")
_roles = st.sampled_from([None, "reader", "writer"])
_levels = st.dictionaries(st.sampled_from(["js", "py"]), st.integers(1, 3), max_size=2)

picky = st.builds(
    Requirements,
    skills=_levels.map(lambda found: tuple(sorted(found.items()))),
    role=_roles,
    regions=st.sampled_from([(), ("eu",), ("eu", "us")]),
    pin=st.sampled_from([None, None, None, "ann", "zoe"]),
    ban=st.sampled_from([(), (), ("ann",), ("ann", "bob")]),
    avoid=st.sampled_from([(), (), ("bob",)]),
)
mild = st.builds(
    Requirements,
    skills=st.sampled_from([(), (), (("py", 1),), (("py", 2),)]),
    role=st.sampled_from([None, None, "writer"]),
    ban=st.sampled_from([(), (), (), ("bob",)]),
)
requirements = mild | picky


@st.composite
def profiles(draw: st.DrawFn, name: str) -> Profile:
    skills = draw(st.sampled_from([(("py", 2),), (("py", 1),), (("js", 3), ("py", 3)), ()]))
    return Profile(name, draw(st.sampled_from(["writer", "writer", "reader", None])), draw(_regions), skills)


_regions = st.sampled_from(["eu", "us", None])


@st.composite
def agents(draw: st.DrawFn, number: int) -> Agent:
    slots = draw(st.sampled_from([4, 2, 1, 3]))
    return Agent(
        id=number,
        profile=draw(profiles(NAMES[number])),
        slots=slots,
        running=draw(st.sampled_from([0, 0, 0, 0, 1, 5])),
        barred=draw(st.sampled_from([None] * 7 + ["draining", "unhealthy"])),
        weight=draw(st.sampled_from([0.5, 1.0, 4.0])),
        served=draw(st.integers(0, 5)),
        busy_s=draw(st.sampled_from([0.0, 1.0, 30.0])),
        mean_s=draw(st.sampled_from([1.0, 1e-6, 10.0])),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Up to 5 agents, 5 listeners and 6 lanes of a few tasks each, all heads shown: small enough that all clash."""
    fleet = [draw(agents(number)) for number in range(draw(st.integers(2, len(NAMES))))]
    everybody = tuple(agent.id for agent in fleet)
    shapes = dict(enumerate(draw(st.lists(requirements, min_size=1, max_size=4, unique=True))))
    listeners = []
    for number in range(draw(st.integers(1, 5))):
        some = draw(st.lists(st.sampled_from(everybody), max_size=3, unique=True))
        listeners.append(Listener(number, tuple(some) or everybody, draw(st.sampled_from([4, 1, 2, 5]))))
    numbers = iter(draw(st.permutations(range(1, 37))))
    lanes = []
    for number in range(draw(st.integers(2, 6))):
        dues = draw(st.lists(st.integers(0, 4), min_size=1, max_size=6))
        heads = sorted((due, next(numbers)) for due in dues)
        barred = draw(st.sampled_from([None] * 6 + ["paused", "limit:x"]))
        lanes.append(Lane(number, draw(st.sampled_from(sorted(shapes))), draw(st.integers(0, 4)), barred, heads))
    return Snapshot(
        agents=fleet,
        listeners=listeners,
        lanes=lanes,
        shapes=shapes,
        strategy=draw(st.sampled_from(sorted(SCORES))),
        seed=draw(st.integers(0, 3)),
    )


def copy(snapshot: Snapshot, lanes: Sequence[Lane] | None = None) -> Snapshot:
    """The same with agents and listeners that may be used up."""
    return msgspec.structs.replace(
        snapshot,
        agents=[msgspec.structs.replace(agent) for agent in snapshot.agents],
        listeners=[msgspec.structs.replace(listener) for listener in snapshot.listeners],
        lanes=[msgspec.structs.replace(lane) for lane in (snapshot.lanes if lanes is None else lanes)],
    )


def planned(snapshot: Snapshot) -> Plan:
    """The plan as the engine makes it, with all heads at hand."""
    lanes, parked = survey(copy(snapshot))
    decided = plan(copy(snapshot, lanes))
    decided.parked = parked
    return decided


def planned_through_a_window(snapshot: Snapshot, heads_each: int) -> Plan:
    """The plan as the engine makes it when it reads a few heads first, and more only when asked."""
    lanes, parked = survey(copy(snapshot))
    while True:
        shown = [
            msgspec.structs.replace(lane, heads=lane.heads[:heads_each], more=len(lane.heads) > heads_each)
            for lane in lanes
        ]
        decided = plan(copy(snapshot, shown))
        if not decided.starved:
            decided.parked = parked
            return decided
        heads_each *= 2


def the_slow_way(snapshot: Snapshot) -> list[Give]:
    """Every task in the order of work, every agent looked at for each."""
    now = copy(snapshot)
    gives = []
    for _band, due, task, lane in in_order(now):
        may = [agent for agent in now.agents if may_now(now, agent, lane)]
        if not may:
            continue
        best = min(may, key=lambda agent: (SCORES[now.strategy](agent), tie(now.seed, agent.id), agent.id))
        listener = next(it for it in now.listeners if best.id in it.agents and it.n > 0)
        gives.append(Give(task, lane.id, due, best.id, listener.id, SCORES[now.strategy](best)))
        listener.n -= 1
        best.running += 1
        best.served += 1
    return gives


def in_order(snapshot: Snapshot) -> list[tuple[int, int, int, Lane]]:
    """All tasks that may be given out, best first."""
    found = [(lane.band, *head, lane) for lane in snapshot.lanes if lane.barred is None for head in lane.heads]
    return sorted(found, key=lambda row: row[:3])


def may_now(snapshot: Snapshot, agent: Agent, lane: Lane) -> bool:
    """Whether this agent could be given a task of this lane at this moment."""
    listens = any(agent.id in listener.agents and listener.n > 0 for listener in snapshot.listeners)
    fits = refusal(agent.profile, snapshot.shapes[lane.shape]) is None
    return listens and fits and agent.barred is None and agent.running < agent.slots


def replayed(snapshot: Snapshot, decided: Plan) -> Iterator[tuple[Snapshot, Give]]:
    """Each decision with the moment at which it was taken."""
    now = copy(snapshot)
    by_id = {agent.id: agent for agent in now.agents}
    listeners = {listener.id: listener for listener in now.listeners}
    for give in decided.gives:
        yield now, give
        by_id[give.agent].running += 1
        by_id[give.agent].served += 1
        listeners[give.listener].n -= 1
