"""Snapshots drawn by Hypothesis, small enough that everything clashes, and the plan written down the slow way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from hypothesis import strategies as st

from rota.model.agent import Cost
from rota.model.requirements import Requirements
from rota.planning.filter import refusal
from rota.planning.for_now import Asked, standings
from rota.planning.plan import plan, survey
from rota.planning.refusal import Refusal
from rota.planning.score import scorer, tie
from rota.planning.snapshot import (
    TENANT,
    VIRTUAL,
    Agent,
    Give,
    Head,
    KindRoom,
    Known,
    Lane,
    Listener,
    PassKey,
    Plan,
    Profile,
    Reserved,
    Snapshot,
)
from rota.planning.strategies import STRATEGIES, weights_of
from rota.planning.terms import Scene

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
demanding = st.builds(
    Requirements,
    kind=st.sampled_from(["review", "build"]),
    resources=st.sampled_from([(), (("gpu", 1.0),), (("gpu", 0.1), ("ram", 3.0))]),
    near=st.sampled_from([None, "eu", "us-west"]),
    max_cost=st.sampled_from([None, None, 0.5, 3.0]),
    skills=st.sampled_from([(), (("py", 1),)]),
)
mild = st.builds(
    Requirements,
    skills=st.sampled_from([(), (), (("py", 1),), (("py", 2),)]),
    role=st.sampled_from([None, None, "writer"]),
    ban=st.sampled_from([(), (), (), ("bob",)]),
)
requirements = mild | picky | demanding


@st.composite
def profiles(draw: st.DrawFn, name: str) -> Profile:
    skills = draw(st.sampled_from([(("py", 2),), (("py", 1),), (("js", 3), ("py", 3)), ()]))
    role = draw(st.sampled_from(["writer", "writer", "reader", None]))
    resources = draw(st.sampled_from([(), (("gpu", 2.0),), (("gpu", 1.0), ("ram", 7.0))]))
    return Profile(name, role, draw(_regions), skills, resources, draw(_costs))


_regions = st.sampled_from(["eu", "us", None])
_costs = st.sampled_from([None, Cost(per_task=1.0), Cost(per_hour=3600.0, energy_per_hour=2.0)])
_barred = st.sampled_from(
    [None] * 7
    + [Refusal("draining", "it is"), Refusal("unhealthy", "it is")]
    + [Refusal("ejected", "it is", {"until": until}) for until in (5, 6)]
)
_kind_room = st.dictionaries(st.sampled_from(["review", "build", "task"]), st.integers(0, 1).map(KindRoom), max_size=1)
_reserved = st.lists(
    st.builds(
        Reserved, st.integers(1, 2), st.sampled_from([None, 0, 1]), st.sampled_from([None, 1, 2]), st.integers(0, 1)
    ),
    max_size=2,
).map(tuple)
_expected = st.dictionaries(
    st.sampled_from(["review", "build"]),
    st.builds(Known, st.sampled_from([0.5, 2.0, 60.0]), st.sampled_from([0.0, 0.5, 1.0])),
)


@st.composite
def agents(draw: st.DrawFn, number: int) -> Agent:
    slots = draw(st.sampled_from([4, 2, 1, 3]))
    return Agent(
        id=number,
        profile=draw(profiles(NAMES[number])),
        slots=slots,
        running=draw(st.sampled_from([0, 0, 0, 0, 1, 5])),
        barred=draw(_barred),
        cap=draw(st.sampled_from([None, None, None, 1, 2])),
        kind_room=draw(_kind_room) if draw(st.integers(0, 4)) == 4 else {},
        reserved=draw(_reserved) if draw(st.integers(0, 4)) == 4 else (),
        expected=draw(_expected),
        by_hand=draw(st.booleans()),
        weight=draw(st.sampled_from([0.5, 1.0, 4.0])),
        served=draw(st.integers(0, 5)),
        busy_s=draw(st.sampled_from([0.0, 1.0, 30.0])),
        mean_s=draw(st.sampled_from([1.0, 1e-6, 10.0])),
    )


_pass_keys = st.builds(PassKey, st.integers(0, 3), st.integers(0, 3), st.sampled_from([TENANT, TENANT, VIRTUAL, 0, 1]))
_passes = st.dictionaries(_pass_keys, st.integers(0, 30_000_000), max_size=10)


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
        costs = st.sampled_from([1_000_000, 10_000_000, 0])
        keys = st.sampled_from([0, 0, 17, 18])
        heads = sorted(Head(due, next(numbers), draw(costs), draw(keys)) for due in dues)
        barred = draw(st.sampled_from([None] * 6 + ["paused", "limit:x"]))
        lanes.append(
            Lane(
                number,
                draw(st.sampled_from(sorted(shapes))),
                draw(st.integers(0, 3)),
                barred,
                late=draw(st.sampled_from([False, False, True])),
                tenant=draw(st.integers(1, 3)),
                share=draw(st.sampled_from([0, 0, 1, 2])),
                slack=draw(st.sampled_from([0.0, 1.0, 20.0, None])),
                heads=heads,
            )
        )
    return Snapshot(
        agents=fleet,
        listeners=listeners,
        lanes=lanes,
        shapes=shapes,
        strategy=draw(st.sampled_from(sorted(STRATEGIES))),
        seed=draw(st.integers(0, 3)),
        weights=draw(st.sampled_from([{}, {1: 5}])),
        passes=draw(_passes),
        slack=draw(st.sampled_from([0.0, 1.0, 20.0])),
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
    """Every task in the order of work, all lanes, tenants and agents looked at for each."""
    now = copy(snapshot)
    served = [lane for lane in now.lanes if lane.barred is None and _served(now, lane)]
    gives: list[Give] = []
    for band in range(5):
        of_band = [lane for lane in served if lane.band == band]
        if not of_band:
            continue
        mean = sum(lane.heads[0].cost for lane in of_band) // len(of_band)
        passes = _passes_of(now, band, of_band, round(now.slack * mean))
        for late in (False, True):
            _give_slowly(now, [lane for lane in of_band if lane.late == late], passes, mean, gives)
    return gives


def _passes_of(now: Snapshot, band: int, lanes: Sequence[Lane], kept: int) -> dict[PassKey, int]:
    """What every tenant and share that waits had, as far as it counts."""

    def had(key: PassKey, virtual: PassKey) -> int:
        return max(now.passes.get(key, 0), now.passes.get(virtual, 0) - kept)

    found = {}
    for lane in lanes:
        tenant, share = PassKey(band, lane.tenant, TENANT), PassKey(band, lane.tenant, lane.share)
        found[tenant] = had(tenant, PassKey(band, 0, TENANT))
        found[share] = had(share, PassKey(band, lane.tenant, VIRTUAL))
    return found


def _served(now: Snapshot, lane: Lane) -> bool:
    """Whether a listening agent with a slot free at the start of the plan may serve it, as `survey` asks."""
    listening = {agent for listener in now.listeners for agent in listener.agents}
    return any(agent.id in listening and no is None for agent, no in _standings(now, lane))


def _standings(now: Snapshot, lane: Lane) -> list[tuple[Agent, Refusal | None]]:
    found = standings(now.agents, Asked(now.shapes[lane.shape], lane.band, lane.tenant))
    return [(agent, found[agent.id]) for agent in now.agents]


def scores(now: Snapshot, lane: Lane, head: Head) -> dict[int, float]:
    """What each agent that may be given the task at this moment scores."""
    needs = now.shapes[lane.shape]
    every = [agent for agent in now.agents if refusal(agent.profile, needs) is None]
    free = [agent for agent in now.agents if may_now(now, agent, lane)]
    score = scorer(weights_of(now.strategy, now.terms), Scene(needs, every, now.seed, head, free))
    return {agent.id: score(agent) for agent in free}


def hand_over(now: Snapshot, number: int, lane: Lane, listener: int) -> None:
    """One task of the lane is in the agent's hands, for this listener."""
    agent = next(agent for agent in now.agents if agent.id == number)
    needs = now.shapes[lane.shape]
    agent.running += 1
    agent.served += 1
    agent.given += 1
    next(one for one in now.listeners if one.id == listener).n -= 1
    agent.used = {
        name: agent.used.get(name, 0.0) + dict(needs.resources).get(name, 0.0)
        for name in {*agent.used, *dict(needs.resources)}
    }
    agent.reserved = tuple(
        one._replace(
            running=one.running
            + ((one.band is None or lane.band <= one.band) and (one.tenant is None or one.tenant == lane.tenant))
        )
        for one in agent.reserved
    )
    if needs.kind in agent.kind_room:
        left = agent.kind_room[needs.kind]
        agent.kind_room = {**agent.kind_room, needs.kind: left._replace(room=left.room - 1)}


def _in_turn(lane: Lane, mine: Sequence[Lane], passes: dict[PassKey, int], mean: int) -> bool:
    """Whether its tenant is at most the slack ahead of any that waits, and so its share in the tenant."""
    if lane.slack is None:
        return True
    tenant, share = PassKey(lane.band, lane.tenant, TENANT), PassKey(lane.band, lane.tenant, lane.share)
    others = [passes[PassKey(lane.band, one.tenant, TENANT)] for one in mine]
    shares = [passes[PassKey(lane.band, one.tenant, one.share)] for one in mine if one.tenant == lane.tenant]
    slack = round(lane.slack * mean)
    return passes[tenant] - slack <= min(others) and passes[share] - slack <= min(shares)


def _give_slowly(now: Snapshot, lanes: list[Lane], passes: dict[PassKey, int], mean: int, gives: list[Give]) -> None:
    left = {lane.id: list(lane.heads) for lane in lanes}
    alone = sum(key.share == TENANT for key in passes) == 1
    while left:
        mine = [lane for lane in lanes if lane.id in left]
        turn = [lane for lane in mine if _in_turn(lane, mine, passes, mean)]
        lane = min(turn, key=lambda one: left[one.id][0][:2])
        may = [agent for agent in now.agents if may_now(now, agent, lane)]
        if not may:
            del left[lane.id]
            continue
        head = left[lane.id].pop(0)
        if not left[lane.id]:
            del left[lane.id]
        scored = scores(now, lane, head)
        best = min(may, key=lambda agent: (scored[agent.id], tie(now.seed, agent.id), agent.id))
        listener = next(it for it in now.listeners if best.id in it.agents and it.n > 0)
        shared = sum(key.tenant == lane.tenant and key.share != TENANT for key in passes) > 1
        cost = max(head.cost, 1) if shared or not alone else 0
        if cost:
            passes[PassKey(lane.band, lane.tenant, TENANT)] += max(cost // now.weights.get(lane.tenant, 1), 1)
        if shared:
            passes[PassKey(lane.band, lane.tenant, lane.share)] += cost
        share = lane.share if shared else -1
        gives.append(Give(head.task, lane.id, head.due, best.id, listener.id, scored[best.id], cost, share))
        hand_over(now, best.id, lane, listener.id)


def in_order(snapshot: Snapshot) -> list[tuple[int, int, int, Lane]]:
    """All tasks that may be given out, best first."""
    found = [
        (lane.band, head.due, head.task, lane) for lane in snapshot.lanes if lane.barred is None for head in lane.heads
    ]
    return sorted(found, key=lambda row: row[:3])


def may_now(snapshot: Snapshot, agent: Agent, lane: Lane) -> bool:
    """Whether this agent could be given a task of this lane at this moment."""
    listens = any(agent.id in listener.agents and listener.n > 0 for listener in snapshot.listeners)
    return listens and {one.id: no for one, no in _standings(snapshot, lane)}[agent.id] is None


def replayed(snapshot: Snapshot, decided: Plan) -> Iterator[tuple[Snapshot, Give]]:
    """Each decision with the moment at which it was taken."""
    now = copy(snapshot)
    lanes = {lane.id: lane for lane in now.lanes}
    for give in decided.gives:
        yield now, give
        hand_over(now, give.agent, lanes[give.lane], give.listener)
