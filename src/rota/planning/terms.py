"""Score terms: what may be said for and against giving a task to an agent. Least is best, about 0 to 1.

A strategy weighs them (see `strategies`). While a plan gives tasks, every term of an agent only grows or stays: `plan`
relies on it to keep candidates in lazy heaps. Terms that look at the single task are asked anew for each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Literal, NamedTuple

from rota.model.requirements import Requirements
from rota.planning.busy import BUSY_TAU_S, weight_of
from rota.planning.distance import distance
from rota.planning.draws import Draws, mixed
from rota.planning.price import energy, price
from rota.planning.snapshot import Agent, Head

LEAST_SUCCESS = 0.05
"""An agent that always fails counts as succeeding this often, so that its time stays finite."""
CROWD = 1.25
"""By so much an agent may hold more than its share before keys spill to the next one."""

_DRAWS = 1 << 32
"""So many different numbers are drawn."""
_running = attrgetter("running")
_slots = attrgetter("slots")

Score = Callable[[Agent], float]
Looks = Literal["shape", "affinity", "task"]


class Scene(NamedTuple):
    """What is scored: tasks of one shape, or one task of it, among the agents that may do it."""

    needs: Requirements
    agents: Sequence[Agent]
    """All of the pool that may do such tasks, whether they have room now or not."""
    seed: int
    head: Head | None = None
    free: Sequence[Agent] = ()
    """Those that can be given it now; only told with a task."""
    draws: Callable[[], Draws] | None = None
    """Draws for `free`, kept from task to task."""


class Term(NamedTuple):
    """One row of the table."""

    text: str
    make: Callable[[Scene], Score]
    looks: Looks = "shape"
    """At what it looks: at the shape; at the affinity key of a task that has one; at each single task."""
    history: bool = False
    """It needs what was learnt of each agent at this kind of work."""
    each: Callable[[Scene], Sequence[float]] | None = None
    """What `make` says of each of `free`, all at once, where that is faster."""

    def column(self, scene: Scene) -> Sequence[float]:
        """The term of each of the scene's `free`, in their order."""
        return self.each(scene) if self.each is not None else list(map(self.make(scene), scene.free))


def utilisation(agent: Agent) -> float:
    """Time-averaged utilisation (see `busy`). What this plan gives counts by its expected weight: so it spreads."""
    busy_s = agent.busy_s + agent.given * weight_of(agent.mean_s) if agent.given else agent.busy_s
    return busy_s / (agent.slots * BUSY_TAU_S)


def load(agent: Agent) -> float:
    """Share of its slots that would be in use. Least-connection balancing with weights = slots (as in Envoy)."""
    return (agent.running + 1) / agent.slots


def turns(agent: Agent) -> float:
    """Tasks served per slot, a half ahead: stride form of smooth weighted round robin (Waldspurger; nginx)."""
    return (agent.served + 0.5) / agent.weight


def capability(agent: Agent, kind: str, usual_s: float) -> float:
    """The weight of an agent at a kind of work: as set by hand, else slots x speed x success.

    Speed is against `usual_s`, the usual time of such work, seconds.
    """
    if agent.by_hand:
        return agent.weight
    known = agent.expected.get(kind)
    if known is None:
        return agent.weight
    return agent.weight * max(usual_s, 1e-6) / max(known.seconds, 1e-6) * max(known.success, LEAST_SUCCESS)


def _utilisation(_scene: Scene) -> Score:
    return utilisation


def _load(_scene: Scene) -> Score:
    return load


def _turns(_scene: Scene) -> Score:
    return turns


def _nothing(_agent: Agent) -> float:
    return 0.0


def _served(scene: Scene) -> Score:
    kind = scene.needs.kind
    usual_s = _mean([agent.expected_s(kind) for agent in scene.agents])
    weights = {agent.id: capability(agent, kind, usual_s) for agent in scene.agents}
    return lambda agent: (agent.served + 0.5) / weights[agent.id]


def _time(scene: Scene) -> Score:
    kind = scene.needs.kind
    return _against_the_mean(scene, lambda agent: agent.expected_s(kind) / max(agent.success(kind), LEAST_SUCCESS))


def _cost(scene: Scene) -> Score:
    kind = scene.needs.kind
    return _against_the_mean(scene, lambda agent: price(agent.profile.cost, agent.expected_s(kind)))


def _energy(scene: Scene) -> Score:
    kind = scene.needs.kind
    return _against_the_mean(scene, lambda agent: energy(agent.profile.cost, agent.expected_s(kind)))


def _skill_gap(scene: Scene) -> Score:
    wanted = scene.needs.skills

    def gap(agent: Agent) -> float:
        if not wanted:
            return 0.0
        has = dict(agent.profile.skills)
        return sum(1.0 - level / max(has.get(skill, 0), level) for skill, level in wanted) / len(wanted)

    return _once(scene, gap)


def _distance(scene: Scene) -> Score:
    near = scene.needs.near
    if near is None:
        return _nothing
    return _once(scene, lambda agent: distance(near, agent.profile.region))


def _affinity(scene: Scene) -> Score:
    """0 for the key's home, 1 for all others. The home is the first in rendezvous order, whoever listens."""
    key = scene.head.affinity if scene.head is not None else 0
    if not key or not scene.agents:
        return _nothing
    home = min(scene.agents, key=lambda agent: (drawn(key, agent), agent.id)).id
    return lambda agent: 0.0 if agent.id == home else 1.0


def _rendezvous(scene: Scene) -> Score:
    key = _key(scene)
    return lambda agent: drawn(key, agent)


def _each_rendezvous(scene: Scene) -> Sequence[float]:
    drawn = _draws(scene, _key(scene))
    return [1.0 - ((h + 1) / _DRAWS) ** (1.0 / agent.weight) for h, agent in zip(drawn, scene.free, strict=True)]


def drawn(key: int, agent: Agent) -> float:
    """An agent's place for a key, 0 to 1, the least first: weighted rendezvous hashing.

    The order of -ln(h) / w (Thaler, Ravishankar 1998; Mosko, Schindelhauer, Schomaker), written as 1 - h^(1/w). When
    an agent goes only its own keys move, to agents by their weights.
    """
    h = (mixed(key, agent.id) + 1) / _DRAWS
    return float(1.0 - h ** (1.0 / agent.weight))


def _crowded(scene: Scene) -> Score:
    """1 for agents that hold their share of all that is held, by 1.25, or more; 0 for the others.

    Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2016): ceil(c * m * w / W), c = 1.25.
    """
    share = _share(scene)
    return lambda agent: float(agent.running >= share * agent.slots)


def _each_crowded(scene: Scene) -> Sequence[float]:
    share = _share(scene)
    return [1.0 if agent.running >= share * agent.slots else 0.0 for agent in scene.free]


def _share(scene: Scene) -> float:
    """So much or more for each of its slots and an agent is crowded. Tasks are whole, so nothing need be rounded up."""
    held = sum(map(_running, scene.agents)) + 1
    slots = sum(map(_slots, scene.agents))
    return float(CROWD * held / max(slots, 1))


def _random(scene: Scene) -> Score:
    key = mixed(scene.seed, _key(scene))
    return lambda agent: mixed(key, agent.id) / _DRAWS


def _each_random(scene: Scene) -> Sequence[float]:
    return [h / _DRAWS for h in _draws(scene, mixed(scene.seed, _key(scene)))]


def _draws(scene: Scene, key: int) -> list[int]:
    draws = Draws(scene.free) if scene.draws is None else scene.draws()
    return draws.of(key, scene.free)


def _two_choices(scene: Scene) -> Score:
    """0 for two agents drawn for this task, 1 for the others (Mitzenmacher 2001; Azar and others 1999)."""
    two = _two_of(scene)
    if two is None:
        return _nothing
    drawn = [scene.free[at].id for at in two]
    return lambda agent: 0.0 if agent.id in drawn else 1.0


def _each_two_choices(scene: Scene) -> Sequence[float]:
    two = _two_of(scene)
    column = [0.0 if two is None else 1.0] * len(scene.free)
    for at in two or ():
        column[at] = 0.0
    return column


def _two_of(scene: Scene) -> tuple[int, int] | None:
    """The places of the two in `free`; None = there are no more than two."""
    n = len(scene.free)
    if n <= 2:
        return None
    key = mixed(scene.seed, _key(scene))
    first = key % n
    return first, (first + 1 + mixed(key, first) % (n - 1)) % n


def _each_load(scene: Scene) -> Sequence[float]:
    return [(agent.running + 1) / agent.slots for agent in scene.free]


TERMS: dict[str, Term] = {
    "utilisation": Term("how busy it was lately, per slot", _utilisation),
    "load": Term("the share of its slots that would be in use", _load, each=_each_load),
    "turns": Term("tasks it was given so far, per slot, or per weight where one is set by hand", _turns),
    "served": Term(
        "tasks it was given so far, per weight: slots x speed x success at this kind of work, or as set by hand",
        _served,
        history=True,
    ),
    "time": Term("expected time per success, against the mean of those that may", _time, history=True),
    "cost": Term("its price for such a task, against the mean", _cost, history=True),
    "energy": Term("the energy it takes for such a task, against the mean", _energy, history=True),
    "skill_gap": Term("how far its levels are above what is needed: the least skilled that may first", _skill_gap),
    "distance": Term("how far its region is from `near` of the task", _distance),
    "affinity": Term("1 for all but the home of the task's affinity key", _affinity, looks="affinity"),
    "rendezvous": Term(
        "its place in the order that belongs to the affinity key, or the task",
        _rendezvous,
        "task",
        each=_each_rendezvous,
    ),
    "crowded": Term(
        f"1 once it holds {CROWD:g} times its share of all that is held", _crowded, "task", each=_each_crowded
    ),
    "random": Term("a number drawn for each task and agent", _random, "task", each=_each_random),
    "two_choices": Term("1 for all but two agents drawn for the task", _two_choices, "task", each=_each_two_choices),
}
"""All of them."""


def _key(scene: Scene) -> int:
    if scene.head is None:
        return 0
    return scene.head.affinity or scene.head.task


def _against_the_mean(scene: Scene, of: Callable[[Agent], float]) -> Score:
    """x / (x + mean): 0 for nothing, one half for the mean, 1 for ever so much."""
    found = {agent.id: of(agent) for agent in scene.agents}
    mean = _mean(list(found.values()))
    scaled = {number: value / (value + mean) if value > 0 else 0.0 for number, value in found.items()}
    return lambda agent: scaled[agent.id]


def _once(scene: Scene, of: Callable[[Agent], float]) -> Score:
    found = {agent.id: of(agent) for agent in scene.agents}
    return lambda agent: found[agent.id]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
