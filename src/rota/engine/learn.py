"""What finished attempts teach: how busy agents were, how long kinds of tasks take, how often they succeed.

Completions only append samples; whoever holds the pool's lock folds them, so no row is hot. A node that has the
lock folds its own turn's samples without writing them down first.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

from rota.engine.book import Pool
from rota.engine.context import Context
from rota.model.times import SECOND
from rota.planning.score import BUSY_TAU_S
from rota.store.sql import fleet
from rota.store.sql.leases import ADD_SAMPLE, TAKE_SAMPLES

ALPHA = 0.2
"""Weight of the newest sample in the exponential averages (duration per agent and kind)."""
NEW = (0, 0.0, 0, 1.0, 0, 0)
"""served, busy_s, busy_at, mean_s, done, failed of an agent nobody has seen working."""


def fold(context: Context, pool: Pool) -> None:
    """Fold samples into the averages. The caller holds the pool's lock; samples of other pools are folded too."""
    del pool
    samples: list[tuple[int, str, float, int, int]] = list(context.changes.samples)
    context.changes.samples.clear()
    if context.transaction.dialect == "postgres":
        samples += [(row[0], row[1], row[2], row[3], row[4]) for row in context.transaction.one(TAKE_SAMPLES)]
    if not samples:
        return
    samples.sort(key=lambda sample: sample[3])
    _fold_served(context, samples)
    _fold_estimates(context, samples)


def keep_samples(context: Context) -> None:
    """Write down samples that this turn could not fold."""
    if context.changes.samples:
        context.transaction.add(ADD_SAMPLE, context.changes.samples)
        context.changes.samples.clear()


def count_served(context: Context, agents: Sequence[int]) -> None:
    """These agents were given one more task, each as often as it is named."""
    rows = _read(context, sorted(set(agents)))
    for agent in agents:
        served, busy_s, busy_at, mean_s, done, failed = rows[agent]
        rows[agent] = (served + 1, busy_s, busy_at, mean_s, done, failed)
    context.served.update(rows)
    context.changed_served.update(rows)


def keep_served(context: Context) -> None:
    """Write what the turn learnt of its agents, once."""
    rows = [(agent, *context.served[agent]) for agent in sorted(context.changed_served)]
    context.transaction.each(fleet.SET_SERVED, rows)
    context.changed_served.clear()


def load_of(context: Context, agents: Sequence[int]) -> dict[int, tuple[int, float, float]]:
    """Tasks served, busy seconds decayed to now, and mean duration in seconds of these agents."""
    found = {}
    for agent, (served, busy_s, busy_at, mean_s, _done, _failed) in _read(context, agents).items():
        found[agent] = (served, busy_s * exp(-max(context.now - busy_at, 0) / SECOND / BUSY_TAU_S), mean_s)
    return found


_Served = tuple[int, float, int, float, int, int]


def _read(context: Context, agents: Sequence[int]) -> dict[int, _Served]:
    rows: dict[int, _Served] = {agent: context.served.get(agent, NEW) for agent in agents}
    for agent, served, busy_s, busy_at, mean_s, done, failed in context.transaction.each(
        fleet.SERVED, [(agent,) for agent in agents if agent not in context.served]
    ):
        rows[agent] = context.served[agent] = (served, busy_s, busy_at, mean_s, done, failed)
    return rows


def _fold_served(context: Context, samples: Sequence[tuple[int, str, float, int, int]]) -> None:
    rows = _read(context, sorted({sample[0] for sample in samples}))
    for agent, _kind, seconds, ended, good in samples:
        served, busy_s, busy_at, mean_s, done, failed = rows[agent]
        faded = busy_s * exp(-max(ended - busy_at, 0) / SECOND / BUSY_TAU_S)
        mean_s = seconds if done + failed == 0 else (1 - ALPHA) * mean_s + ALPHA * seconds
        rows[agent] = (served, faded + seconds, max(ended, busy_at), mean_s, done + good, failed + 1 - good)
    context.served.update(rows)
    context.changed_served.update(rows)


def _fold_estimates(context: Context, samples: Sequence[tuple[int, str, float, int, int]]) -> None:
    """Log-normal averages per (agent, kind): mean and variance of ln(seconds), share of successes.

    West's incremental exponentially weighted variance (Finch 2009, "Incremental calculation of weighted mean and
    variance", section 9).
    """
    keys = sorted({(sample[0], sample[1]) for sample in samples})
    found = {(row[0], row[1]): row[2:] for row in context.transaction.each(fleet.ESTIMATES_OF, keys)}
    known = set(found)
    for agent, kind, seconds, _ended, good in samples:
        value = log(max(seconds, 1e-6))
        if (agent, kind) not in found:
            found[agent, kind] = (1.0, value, 0.0, float(good))
            continue
        n, mean, variance, success = found[agent, kind]
        step = value - mean
        mean += ALPHA * step
        variance = (1 - ALPHA) * (variance + ALPHA * step * step)
        found[agent, kind] = (n + 1, mean, variance, success + ALPHA * (good - success))
    context.transaction.each(fleet.DROP_ESTIMATES, sorted(known))
    context.transaction.add(fleet.ADD_ESTIMATE, [(agent, kind, *found[agent, kind]) for agent, kind in keys])
