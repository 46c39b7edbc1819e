"""What finished attempts teach: how busy agents were, how long kinds of tasks take, how often they succeed.

Completions only append samples; whoever holds the pool's lock folds them, so no row is hot. A node that has the
lock folds its own turn's samples without writing them down first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log

from rota.engine.book import ACTIVE, Pool
from rota.engine.context import Context
from rota.engine.ending import SAYS_NOTHING
from rota.engine.estimates import ACCURACY, ANY_AGENT, ANY_KIND, beliefs_of, off_by
from rota.engine.held import BELIEFS
from rota.engine.owned import Served
from rota.engine.troubles import learn_troubles
from rota.model.times import SECOND
from rota.planning.busy import faded, weight_of
from rota.planning.estimate import ALPHA, NOTHING, learn
from rota.planning.snapshot import TENANT, PassKey
from rota.planning.strategies import weights_of
from rota.store.sql import fleet
from rota.store.sql.leases import ADD_SAMPLE, TAKE_SAMPLES, Sample

_IN_TURN = frozenset({"turns", "served"})
"""Terms that count what an agent was given so far."""
NEW = (0, 0.0, 0, 1.0, 0, 0)
"""served, busy_s, busy_at, mean_s, done, failed of an agent nobody has seen working."""


def fold(context: Context, pool: Pool) -> None:
    """Fold the pool's samples into the averages. The caller holds the pool's lock; a single writer holds all."""
    own = context.changes.samples
    context.changes.samples = []
    if context.transaction.dialect == "postgres":
        context.changes.samples = [sample for sample in own if _pool_of(context, sample) != pool.id]
        own = [sample for sample in own if _pool_of(context, sample) == pool.id]
        own += [Sample(*row) for row in context.transaction.one(TAKE_SAMPLES, pool.id)]
    if not own:
        return
    own.sort(key=lambda sample: sample.ended)
    _correct_passes(context, [sample for sample in own if sample.cost])
    told = [sample for sample in own if sample.good != SAYS_NOTHING]
    if told:
        _fold_served(context, told)
        learn_troubles(context, told)
        # Beliefs about kinds of work belong to all pools.
        context.transaction.hold(BELIEFS)
        _fold_estimates(context, told)


def _pool_of(context: Context, sample: Sample) -> int:
    return context.book.lane_key(context.transaction, sample.lane).pool


def keep_samples(context: Context) -> None:
    """Write down samples that this turn could not fold."""
    if context.changes.samples:
        context.transaction.add(ADD_SAMPLE, context.changes.samples)
        context.changes.samples.clear()


def count_served(context: Context, agents: Sequence[int]) -> None:
    """These agents were given one more task, each as often as it is named."""
    rows = served_of(context, sorted(set(agents)))
    for agent in agents:
        served, busy_s, busy_at, mean_s, done, failed = rows[agent]
        rows[agent] = (served + 1, busy_s, busy_at, mean_s, done, failed)
    context.changed_served.update(agents)


def take_turns(pool: Pool) -> bool:
    """Whether the pool's agents are given tasks in turn, by how many they were given."""
    return not _IN_TURN.isdisjoint(weights_of(pool.policy.strategy, pool.policy.terms))


def catch_up(context: Context, number: int) -> None:
    """Let an agent that comes new, or comes back, count as served as often as those of its pool that were there.

    Where agents are given tasks in turn it would be given all of them until it had as many as they (start-time fair
    queueing: who was not there saves nothing up).
    """
    agent = context.book.agents[number]
    if not take_turns(context.book.pools[agent.pool]):
        return
    others = [one for one in context.book.agents_of(agent.pool) if one.state == ACTIVE]
    rows = served_of(context, sorted({number, *(one.id for one in others)}))
    shares = [rows[one.id][0] / one.weight for one in others if one.id != number]
    if shares:
        served, busy_s, busy_at, mean_s, done, failed = rows[number]
        served = max(served, int(max(shares) * agent.weight))
        rows[number] = (served, busy_s, busy_at, mean_s, done, failed)
        context.changed_served.add(number)


def keep_served(context: Context) -> None:
    """Write what the turn learnt of its agents, once."""
    if not context.changed_served:
        return
    rows = [(agent, *context.served[agent]) for agent in sorted(context.changed_served)]
    context.transaction.each(fleet.SET_SERVED, rows)
    context.changed_served.clear()


def served_of(context: Context, agents: Iterable[int]) -> dict[int, Served]:
    """What is known of agents, these among them: what is written there is learnt of them."""
    known = context.served
    missing = [(agent,) for agent in agents if agent not in known]
    if missing:
        known.update((agent, NEW) for (agent,) in missing)
        for agent, *row in context.transaction.each(fleet.SERVED, missing):
            known[agent] = (row[0], row[1], row[2], row[3], row[4], row[5])
    return known


def _fold_served(context: Context, samples: Sequence[Sample]) -> None:
    rows = served_of(context, sorted({sample.agent for sample in samples}))
    for agent, _kind, seconds, ended, good, *_ in samples:
        served, busy_s, busy_at, mean_s, done, failed = rows[agent]
        busy_s = faded(busy_s, (ended - busy_at) / SECOND) + weight_of(seconds)
        mean_s = seconds if done + failed == 0 else (1 - ALPHA) * mean_s + ALPHA * seconds
        rows[agent] = (served, busy_s, max(ended, busy_at), mean_s, done + good, failed + 1 - good)
        context.changed_served.add(agent)


def _fold_estimates(context: Context, samples: Sequence[Sample]) -> None:
    """Beliefs about each agent's kind of work, each kind, all work, and how far submitters' estimates are off."""
    taught = [(sample, _teaches(sample)) for sample in samples]
    keys = sorted({key for _sample, levels in taught for key in levels})
    remembered = None if context.owned is None else context.owned.beliefs
    found = beliefs_of(context.transaction, keys, remembered)
    known = [key for key in keys if found[key] is not None]
    for sample, levels in taught:
        value = log(max(sample.seconds, 1e-6)) if sample.good else None
        off = off_by(sample.seconds, sample.estimate) if sample.good and sample.estimate else None
        for key in levels:
            found[key] = learn(found[key], off if key[0] == ACCURACY else value, float(sample.good))
    if remembered is not None:
        remembered.update(found)
    rows = {key: (*key, *(found[key] or NOTHING)) for key in keys}
    context.transaction.each(fleet.SET_ESTIMATE, [rows.pop(key) for key in known])
    context.transaction.add(fleet.ADD_ESTIMATE, list(rows.values()))


def _teaches(sample: Sample) -> list[tuple[int, str]]:
    keys = [(sample.agent, sample.kind), (ANY_AGENT, sample.kind), (ANY_AGENT, ANY_KIND)]
    return [*keys, (ACCURACY, sample.kind), (ACCURACY, ANY_KIND)] if sample.estimate else keys


def _correct_passes(context: Context, samples: Sequence[Sample]) -> None:
    """What tenants and shares were charged when their tasks were given out was an estimate; now the work is known."""
    more: dict[tuple[int, PassKey], int] = {}
    if not samples:
        return
    for sample in samples:
        key = context.book.lane_key(context.transaction, sample.lane)
        off = round(sample.seconds * SECOND) - sample.cost
        tenant = key.pool, PassKey(key.band, key.tenant, TENANT)
        more[tenant] = more.get(tenant, 0) + off // context.book.weights.get(key.tenant, 1)
        if sample.share >= 0:
            share = key.pool, PassKey(key.band, key.tenant, sample.share)
            more[share] = more.get(share, 0) + off
    rows = [(pool, *key, off) for (pool, key), off in sorted(more.items()) if off]
    context.transaction.each(fleet.RAISE_PASS, rows)
