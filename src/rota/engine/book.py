"""The small tables by name and number: pools, queues, agents, tenants, shapes, lanes.

A read-through memory of what the database says. Pools, queues and agents change together with one version number
in `meta`, looked at once a turn; tenants, shapes and lanes never change once they are there. A turn that is rolled
back forgets everything, so nothing that was not committed can linger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from rota.engine.agent_row import ACTIVE as ACTIVE
from rota.engine.agent_row import DRAINING as DRAINING
from rota.engine.agent_row import REMOVED as REMOVED
from rota.engine.agent_row import Agent as Agent
from rota.engine.agent_row import agent_of
from rota.engine.limits import Charged, Limits
from rota.engine.owned import Owned
from rota.engine.project_shares import ProjectShares
from rota.engine.set_aside import Fault
from rota.model.errors import RotaError
from rota.model.queue import PoolPolicy, QueuePolicy
from rota.model.requirements import Requirements, from_text, text_of
from rota.model.rule import Rule
from rota.model.stage import Stage
from rota.planning.filter import refusal
from rota.planning.rules import Rules
from rota.planning.snapshot import Fits
from rota.store.protocol import Reader
from rota.store.sql import fleet
from rota.store.sql.limits import LIMIT_SPECS
from rota.store.statement import One

VERSION = "fleet_version"
RULES = "rules"
"""Where all routing rules are kept, in `meta`."""
GONE = 2
"""How far a queue is paused that was removed: tasks of the past still name it."""


class Pool(NamedTuple):
    """A pool as kept."""

    id: int
    name: str
    policy: PoolPolicy


class Queue(NamedTuple):
    """A queue as kept."""

    id: int
    name: str
    pool: int
    policy: QueuePolicy
    paused: bool
    """Nothing of it is given out; of a removed one neither."""
    reason: str | None
    removed: bool = False


class LaneKey(NamedTuple):
    """What makes a lane."""

    pool: int
    queue: int
    shape: int
    band: int
    tenant: int
    late: int = 0
    share: int = 0
    """Which share of its tenant the tasks' project counts to; 0 = tasks without a project."""


class Book:
    """Names to numbers and back, as of the turn that read them."""

    def __init__(self) -> None:
        self.broken: Mapping[int, Fault] = {}
        """Shapes that this node has set aside: told to readers, for those who ask why."""
        self.forget()

    def forget(self) -> None:
        """Remember nothing: the next turn reads again."""
        self._version: str | None = None
        self.pools: dict[int, Pool] = {}
        self.queues: dict[int, Queue] = {}
        self.agents: dict[int, Agent] = {}
        self._by_pool: dict[int, dict[int, Agent]] = {}
        self.finds_slots = False
        """The slots of some agents are found out."""
        self._queue_ids: dict[str, int] = {}
        self._agent_ids: dict[str, int] = {}
        self._tenants: dict[str, int] = {}
        self._tenant_names: dict[int, str] = {}
        self.weights: dict[int, int] = {}
        """Of tenants that do not weigh 1."""
        self.shares = ProjectShares()
        self.limits = Limits()
        self.rules = Rules(())
        self._charged: dict[int, Charged] = {}
        self._keys: dict[int, frozenset[str]] = {}
        self._somebody: dict[tuple[int, int], bool] = {}
        self._shapes: dict[Requirements, int] = {}
        self.needs: dict[int, Requirements] = {}
        self.fits: Fits = {}
        """Who may do what for good, as long as agents stay what they are."""
        self._stage_lists: dict[str, int] = {}
        self._stages: dict[int, tuple[Stage, ...]] = {}
        self._lanes: dict[LaneKey, int] = {}
        self._lane_keys: dict[int, LaneKey] = {}
        self.owned: Owned | None = None
        """What only this process changes, where it owns the database."""

    def refresh(self, reader: Reader, *, alone: bool = False) -> None:
        """Read pools, queues and agents again if they changed since. `alone`: nobody else can have changed them."""
        if alone and self._version is not None:
            return
        if alone:
            self.owned = Owned()
        version = _version(reader)
        while version != self._version:
            self._read(reader)
            # Another node may have changed them between two of these reads.
            self._version, version = version, _version(reader)

    def _read(self, reader: Reader) -> None:
        self.pools = {
            number: Pool(number, name, msgspec.json.decode(policy, type=PoolPolicy))
            for number, name, policy in reader.one(fleet.POOLS)
        }
        self.queues = {
            number: Queue(
                number, name, pool, msgspec.json.decode(policy, type=QueuePolicy), bool(paused), reason, paused == GONE
            )
            for number, name, pool, policy, paused, reason in reader.one(fleet.QUEUES)
        }
        self.agents = {row[0]: agent_of(*row) for row in reader.one(fleet.AGENTS)}
        self.finds_slots = any(agent.spec.least_slots is not None for agent in self.agents.values())
        self._by_pool = {}
        for agent in self.agents.values():
            if agent.state != REMOVED:
                self._by_pool.setdefault(agent.pool, {})[agent.id] = agent
        self.fits = {}
        self.weights = dict(reader.one(fleet.WEIGHTS))
        self.limits = Limits(reader.one(LIMIT_SPECS))
        self._charged.clear()
        self._keys.clear()
        self._somebody.clear()
        rules = reader.one(fleet.GET_META, RULES)
        self.rules = Rules(msgspec.json.decode(rules[0][0], type=list[Rule]) if rules else ())
        self._queue_ids = {queue.name: queue.id for queue in self.queues.values() if not queue.removed}
        self._agent_ids = {agent.name: agent.id for agent in self.agents.values()}

    @property
    def version(self) -> int:
        """The number of the last change to pools, queues and agents that is known here."""
        return int(self._version or 0)

    def changed(self, reader: Reader) -> None:
        """Pools, queues or agents were changed in this turn: say so to all nodes and read them again."""
        reader.one(fleet.RAISE_META, VERSION)
        self._version = None
        self.refresh(reader)

    def agents_of(self, pool: int) -> Collection[Agent]:
        """The agents of a pool that were not removed, in order of number."""
        return self._by_pool.get(pool, {}).values()

    def those_of(self, pool: int, numbers: Iterable[int]) -> list[Agent]:
        """Of these agents those of the pool that were not removed."""
        own = self._by_pool.get(pool, {})
        return [own[number] for number in numbers if number in own]

    def pool(self, name: str) -> Pool | None:
        """The pool of this name."""
        return next((pool for pool in self.pools.values() if pool.name == name), None)

    def queue(self, name: str, field: str = "queue") -> Queue:
        """The queue of this name; refused when there is none."""
        number = self._queue_ids.get(name)
        if number is None:
            raise RotaError("no_queue", f"there is no queue named {name[:100]!r}", field=field)
        return self.queues[number]

    def agent(self, name: str, field: str = "agent") -> Agent:
        """The agent of this name that was not removed; refused when there is none."""
        number = self._agent_ids.get(name)
        if number is None or self.agents[number].state == REMOVED:
            raise RotaError("no_agent", f"there is no agent named {name[:100]!r}", field=field)
        return self.agents[number]

    def agents_named(self, names: Iterable[str]) -> list[Agent]:
        """The agents of these names, none of them removed; refused when there is no such one."""
        ids, agents = self._agent_ids, self.agents
        found = [agents.get(ids.get(name, 0)) for name in names]
        known = [agent for agent in found if agent is not None and agent.state != REMOVED]
        return known if len(known) == len(found) else [self.agent(str(name)) for name in names]

    def agent_named(self, name: str) -> Agent | None:
        """The agent of this name, also a removed one."""
        number = self._agent_ids.get(name)
        return None if number is None else self.agents[number]

    def agent_name(self, number: int) -> str:
        """What the agent of this number is called."""
        agent = self.agents.get(number)
        return agent.name if agent else f"agent-{number}"

    def tenant(self, reader: Reader, name: str) -> int:
        """The number of this tenant; a new one is made known."""
        number = self._tenants.get(name)
        if number is None:
            number = _intern(reader, fleet.TENANT_BY_NAME, fleet.ADD_TENANT, name)
            self._tenants[name] = number
            self._tenant_names[number] = name
        return number

    def known_tenant(self, reader: Reader, name: str) -> int | None:
        """The number of this tenant if there is one."""
        found = reader.one(fleet.TENANT_BY_NAME, name)
        return int(found[0][0]) if found else None

    def tenant_name(self, reader: Reader, number: int) -> str:
        """What the tenant of this number is called."""
        name = self._tenant_names.get(number)
        if name is None:
            name = str(reader.one(fleet.TENANT_BY_ID, number)[0][0])
            self._tenant_names[number] = name
        return name

    def shape(self, reader: Reader, needs: Requirements) -> int:
        """The number of the shape with these requirements; a new one is made known."""
        number = self._shapes.get(needs)
        if number is None:
            number = _intern(reader, fleet.SHAPE_BY_NEEDS, fleet.ADD_SHAPE, text_of(needs))
            self._shapes[needs] = number
            self.needs[number] = needs
        return number

    def needs_of(self, reader: Reader, shape: int) -> Requirements:
        """The requirements of the shape of this number."""
        needs = self.needs.get(shape)
        if needs is None:
            needs = self.needs[shape] = from_text(reader.one(fleet.SHAPE_BY_ID, shape)[0][0])
        return needs

    def stage_list(self, reader: Reader, stages: Sequence[Stage]) -> int | None:
        """The number of this list of stages; a new one is made known. None for no stages."""
        if not stages:
            return None
        text = msgspec.json.encode(stages, order="sorted").decode()
        number = self._stage_lists.get(text)
        if number is None:
            number = _intern(reader, fleet.STAGE_LIST_BY_TEXT, fleet.ADD_STAGE_LIST, text)
            self._stage_lists[text] = number
        return number

    def stages_of(self, reader: Reader, number: int | None) -> tuple[Stage, ...]:
        """The list of stages of this number."""
        if number is None:
            return ()
        stages = self._stages.get(number)
        if stages is None:
            text = reader.one(fleet.STAGE_LIST_BY_ID, number)[0][0]
            stages = self._stages[number] = msgspec.json.decode(text, type=tuple[Stage, ...])
        return stages

    def charged(self, reader: Reader, lane: int) -> Charged:
        """The limits that tasks of this lane are charged to."""
        if not self.limits:
            return {}
        found = self._charged.get(lane)
        if found is None:
            key = self.lane_key(reader, lane)
            needs = self.needs_of(reader, key.shape)
            queue, tenant = self.queues[key.queue].name, self.tenant_name(reader, key.tenant)
            found = self._charged[lane] = self.limits.of_lane(queue, tenant, needs.kind, needs.limits)
        return found

    def somebody_may(self, reader: Reader, pool: int, shape: int) -> bool:
        """Whether an agent of the pool may ever do such tasks. While it has no agents, somebody is still to come."""
        found = self._somebody.get((pool, shape))
        if found is None:
            agents, needs = self.agents_of(pool), self.needs_of(reader, shape)
            found = not agents or any(refusal(agent.profile, needs) is None for agent in agents)
            self._somebody[pool, shape] = found
        return found

    def keys_of(self, reader: Reader, lane: int) -> frozenset[str]:
        """The keys that tasks of this lane are charged to."""
        found = self._keys.get(lane)
        if found is None:
            key = self.lane_key(reader, lane)
            needs = self.needs_of(reader, key.shape)
            queue, tenant = self.queues[key.queue].name, self.tenant_name(reader, key.tenant)
            found = self._keys[lane] = self.limits.keys_of_lane(queue, tenant, needs.kind, needs.limits)
        return found

    def lane(self, reader: Reader, key: LaneKey) -> int:
        """The number of this lane; a new one is made known."""
        number = self._lanes.get(key)
        if number is None:
            number = _intern(reader, fleet.LANE_BY_KEY, fleet.ADD_LANE, *key)
            self._lanes[key] = number
            self._lane_keys[number] = key
        return number

    def lane_key(self, reader: Reader, lane: int) -> LaneKey:
        """What makes the lane of this number."""
        key = self._lane_keys.get(lane)
        if key is None:
            key = self._lane_keys[lane] = LaneKey(*reader.one(fleet.LANE_BY_ID, lane)[0])
        return key


def _version(reader: Reader) -> str:
    found = reader.one(fleet.GET_META, VERSION)
    return str(found[0][0]) if found else "0"


def _intern(reader: Reader, look: One, add: One, *values: object) -> int:
    found = reader.one(look, *values) or reader.one(add, *values) or reader.one(look, *values)
    return int(found[0][0])
