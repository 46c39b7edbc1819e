"""Why DAGs were not done in time: what no order could help, and what an order might have."""

from collections.abc import Sequence

import msgspec

from bench.reference.span import Span
from bench.scoreboard.dag_orders import below
from bench.scoreboard.reference import Run, Workload


class Fates(msgspec.Struct, frozen=True):
    """Numbers of DAGs of one run. Each that was not done in time counts once, to the first that holds."""

    met: int = 0
    too_large: int = 0
    """More work than all slots can do from its submission to its deadline."""
    held: int = 0
    """Tasks that ran when it came held slots so long that it would have been late had it got every slot from then on:
    the first free slot comes too late for its longest chain, or too few slots are free for its work."""
    order: int = 0
    """The rest: another order may have saved it, at the cost of others."""

    def __add__(self, other: "Fates") -> "Fates":
        return Fates(
            self.met + other.met, self.too_large + other.too_large, self.held + other.held, self.order + other.order
        )


def fates(workload: Workload, run: Run) -> Fates:
    """What became of each DAG. Slots of speed 1; nothing that runs is taken away."""
    spans = list(run(workload.tasks, workload.agents))
    finishes = {span.task.seq: span.finish for span in spans}
    chains = below(workload)
    slots = sum(agent.slots for agent in workload.agents)
    found = Fates()
    for group in workload.groups:
        first = workload.tasks[group[0]]
        work = sum(workload.tasks[seq].work for seq in group)
        if all(finishes[seq] <= first.deadline for seq in group):
            found += Fates(met=1)
        elif work > slots * (first.deadline - first.submit):
            found += Fates(too_large=1)
        elif _held(_free_at(spans, first.submit, slots), work, max(chains[seq] for seq in group), first.deadline):
            found += Fates(held=1)
        else:
            found += Fates(order=1)
    return found


def _free_at(spans: Sequence[Span], now: float, slots: int) -> list[float]:
    """When each slot is free of what runs at this moment."""
    busy = [span.finish for span in spans if span.start < now < span.finish]
    return [now] * (slots - len(busy)) + busy


def _held(free_at: Sequence[float], work: float, chain: float, deadline: float) -> bool:
    room = sum(max(0.0, deadline - at) for at in free_at)
    return room < work or min(free_at) + chain > deadline
