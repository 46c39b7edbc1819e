"""The baselines of the scoreboard by name, all called alike.

Own queues come twice: dealt out evenly, as the plain algorithms do, and by capacity (slots x speed). Evenly, an agent
of a mixed fleet may get more than it can do, and then waits grow as long as tasks come; a fair comparison shows both.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from bench.reference.agent import Agent
from bench.reference.orders import Order, banded, edf, fifo, latest_start, longest, sjf
from bench.reference.picks import AtRandom, LeastOf, Pick, RoundRobin, Shortest, by_capacity
from bench.reference.preemptive import Preference, fixed, preemptive, srpt
from bench.reference.run import Backoff, at_once, central, own_queues
from bench.reference.span import Span
from bench.reference.task import Task


class Baseline(Protocol):
    """Tasks in order of submit, agents, and what becomes of failed attempts → what happened."""

    def __call__(
        self,
        tasks: Iterable[Task],
        agents: Sequence[Agent],
        *,
        seed: int = 0,
        attempts: int = 5,
        backoff: Backoff = at_once,
    ) -> Iterator[Span]: ...


def late(order: Order) -> Baseline:
    """One central queue in this order."""

    def run(
        tasks: Iterable[Task],
        agents: Sequence[Agent],
        *,
        seed: int = 0,
        attempts: int = 5,
        backoff: Backoff = at_once,
    ) -> Iterator[Span]:
        return central(tasks, agents, order, seed=seed, attempts=attempts, backoff=backoff)

    return run


def early(pick: Callable[[Sequence[Agent], int], Pick], order: Order = fifo) -> Baseline:
    """A queue in front of each agent; `pick` is made for each run, from its agents and seed."""

    def run(
        tasks: Iterable[Task],
        agents: Sequence[Agent],
        *,
        seed: int = 0,
        attempts: int = 5,
        backoff: Backoff = at_once,
    ) -> Iterator[Span]:
        picked = pick(agents, seed)
        return own_queues(tasks, agents, picked, order, seed=seed, attempts=attempts, backoff=backoff)

    return run


def resumed(preference: Preference) -> Callable[[Iterable[Task], Sequence[Agent]], Iterator[Span]]:
    """Preemptive resume. Only for agents that never fail, and tasks without parents."""
    return lambda tasks, agents: preemptive(tasks, agents, preference)


BASELINES: dict[str, Baseline] = {
    "fifo": late(fifo),
    "sjf": late(sjf),
    "longest first": late(longest),
    "edf": late(edf),
    "least slack": late(latest_start),
    "bands": late(banded(fifo)),
    "bands, edf": late(banded(edf)),
    "round robin": early(lambda agents, _seed: RoundRobin(agents)),
    "round robin by capacity": early(lambda agents, _seed: RoundRobin(agents, by_capacity)),
    "random": early(AtRandom),
    "random by capacity": early(lambda agents, seed: AtRandom(agents, seed, by_capacity)),
    "two choices": early(lambda agents, seed: LeastOf(agents, 2, seed)),
    "two choices by capacity": early(lambda agents, seed: LeastOf(agents, 2, seed, by_capacity)),
    "shortest queue": early(Shortest),
    "shortest queue by capacity": early(lambda agents, seed: Shortest(agents, seed, by_capacity)),
}

PREEMPTIVE = {
    "srpt": resumed(srpt),
    "preemptive bands": resumed(fixed(banded(fifo))),
    "preemptive edf": resumed(fixed(edf)),
}
