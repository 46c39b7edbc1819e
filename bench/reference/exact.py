"""Checks that have no luck in their targets: list scheduling bounds, round robin's spacing, balls in bins."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

from bench.reference.agent import Agent, fleet, singles
from bench.reference.graph import graham_bounds, inherited_due, upward_rank
from bench.reference.orders import fifo, longest, sjf
from bench.reference.picks import AtRandom, LeastOf, Pick, RoundRobin
from bench.reference.report import report
from bench.reference.row import Row
from bench.reference.run import central
from bench.reference.task import Task

_ROUNDING = 1e-9


def rows(seed: int, *, quick: bool) -> Iterator[Row]:
    random = Random(f"exact {seed}")
    yield _graham(random, 10 if quick else 100)
    yield _longest_first(random, 20 if quick else 500)
    yield _worst_case(4)
    yield _spacing()
    if not quick:
        yield from _balls(1_000_000)


def random_graph(random: Random, count: int) -> list[Task]:
    """Each task waits for up to three earlier ones; heavy-tailed work, rough estimates, all submitted at once."""
    tasks = []
    for seq in range(count):
        parents = random.sample(range(seq), random.randint(0, min(seq, 3)))
        work = random.paretovariate(1.5)
        tasks.append(Task(seq, 0.0, work, work * random.lognormvariate(0, 0.5), parents=tuple(parents)))
    return tasks


def _graham(random: Random, graphs: int) -> Row:
    schedules = broken = 0
    for _ in range(graphs):
        tasks = random_graph(random, random.randint(20, 300))
        for slots in (4, 16):
            least, greatest = graham_bounds(tasks, slots)
            for order in (fifo, sjf, upward_rank(tasks), inherited_due(tasks)):
                agents = fleet(slots)
                makespan = report(central(tasks, agents, order), agents).makespan
                schedules += 1
                broken += not least * (1 - _ROUNDING) <= makespan <= greatest * (1 + _ROUNDING)
    return Row("list scheduling", f"Graham's bounds broken, of {schedules}", 0, broken)


def _longest_first(random: Random, batches: int) -> Row:
    """Batches whose best makespan is known because they were cut from a full schedule of length 1."""
    broken = 0
    for _ in range(batches):
        slots = random.randint(2, 12)
        works = [piece for _ in range(slots) for piece in _cut(random)]
        tasks = [Task(seq, 0.0, work, work) for seq, work in enumerate(works)]
        agents = fleet(slots)
        makespan = report(central(tasks, agents, longest), agents).makespan
        broken += not 1 - _ROUNDING <= makespan <= 4 / 3 - 1 / (3 * slots) + _ROUNDING
    return Row("longest first", f"4/3 - 1/(3m) broken, of {batches}", 0, broken)


def _cut(random: Random) -> list[float]:
    cuts = sorted([0.0, 1.0, *(random.random() for _ in range(random.randint(0, 6)))])
    return [after - before for before, after in pairwise(cuts)]


def _worst_case(slots: int) -> Row:
    """Two tasks each of 2m - 1 down to m + 1, and three of m: best 3m, longest first 4m - 1."""
    works = [*(work for size in range(2 * slots - 1, slots, -1) for work in (size, size)), slots, slots, slots]
    tasks = [Task(seq, 0.0, float(work), float(work)) for seq, work in enumerate(works)]
    agents = fleet(slots)
    makespan = report(central(tasks, agents, longest), agents).makespan
    return Row("longest first", f"its worst case, m {slots}", 4.0 * slots - 1, makespan)


def _spacing() -> Row:
    agents = (Agent("a", 5), Agent("b", 1), Agent("c", 1))
    pick = RoundRobin(agents, weigh=lambda agent: agent.slots)
    given = "".join(agents[pick((0, 1, 2), (0, 0, 0))].name for _ in range(14))
    different = sum(a != b for a, b in zip(given, "aabacaa" * 2, strict=True))
    return Row("round robin 5 1 1", "turns that differ, of 14", 0, different)


def _balls(count: int) -> Iterator[Row]:
    """As many balls as bins: the fullest has about ln n / ln ln n, with two choices ln ln n / ln 2 + O(1)."""
    bins = singles(count)
    random, two = AtRandom(bins), LeastOf(bins, repeats=True)
    yield Row("balls in bins", f"fullest of {count:,}, random", 9, _fullest(count, random), tolerance=0.12)
    yield Row("balls in bins", f"fullest of {count:,}, two choices", 4, _fullest(count, two))


def _fullest(count: int, pick: Pick) -> int:
    everyone = range(count)
    held = [0] * count
    for _ in everyone:
        held[pick(everyone, held)] += 1
    return max(held)
