"""Checks that have no luck in their targets: list scheduling bounds, round robin's spacing, balls in bins."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from random import Random

from bench.reference.agent import Agent, fleet, singles
from bench.reference.graph import graham_bounds, inherited_due, upward_rank
from bench.reference.orders import Order, fifo, longest, sjf
from bench.reference.picks import AtRandom, LeastOf, Pick, RoundRobin, by_capacity
from bench.reference.report import report
from bench.reference.row import Row
from bench.reference.run import central
from bench.reference.task import Task

_ROUNDING = 1e-9


def random_graph(random: Random, count: int) -> list[Task]:
    """Each task waits for up to three earlier ones; heavy-tailed work, rough estimates, all submitted at once."""
    tasks = []
    for seq in range(count):
        parents = random.sample(range(seq), random.randint(0, min(seq, 3)))
        work = random.paretovariate(1.5)
        tasks.append(Task(seq, 0.0, work, work * random.lognormvariate(0, 0.5), parents=tuple(parents)))
    return tasks


def _graham(name: str, seed: int, quick: bool) -> Iterator[Row]:
    random = Random(f"graphs {seed}")
    schedules = broken = 0
    for _ in range(10 if quick else 100):
        tasks = random_graph(random, random.randint(20, 300))
        for slots in (4, 16):
            least, greatest = graham_bounds(tasks, slots)
            for order in (fifo, sjf, upward_rank(tasks), inherited_due(tasks)):
                schedules += 1
                makespan = _makespan(tasks, slots, order)
                broken += not least * (1 - _ROUNDING) <= makespan <= greatest * (1 + _ROUNDING)
    yield Row(name, f"Graham's bounds broken, of {schedules}", 0, broken)


def _longest_first(name: str, seed: int, quick: bool) -> Iterator[Row]:
    """Batches whose best makespan is known: cut from a full schedule of length 1, and the worst there is."""
    random = Random(f"batches {seed}")
    batches, broken = 20 if quick else 500, 0
    for _ in range(batches):
        slots = random.randint(2, 12)
        makespan = _makespan(_batch(piece for _ in range(slots) for piece in _cut(random)), slots, longest)
        broken += not 1 - _ROUNDING <= makespan <= 4 / 3 - 1 / (3 * slots) + _ROUNDING
    yield Row(name, f"4/3 - 1/(3m) broken, of {batches}", 0, broken)
    slots = 4  # the worst: two tasks each of 2m - 1 down to m + 1, three of m; best 3m, longest first 4m - 1
    worst = _batch([*range(2 * slots - 1, slots, -1), *range(2 * slots - 1, slots, -1), slots, slots, slots])
    yield Row(name, f"its worst case, m {slots}", 4 * slots - 1, _makespan(worst, slots, longest))


def _cut(random: Random) -> list[float]:
    cuts = sorted([0.0, 1.0, *(random.random() for _ in range(random.randint(0, 6)))])
    return [after - before for before, after in pairwise(cuts)]


def _batch(works: Iterable[float]) -> list[Task]:
    return [Task(seq, 0.0, work, work) for seq, work in enumerate(works)]


def _makespan(tasks: Iterable[Task], slots: int, order: Order) -> float:
    agents = fleet(slots)
    return report(central(tasks, agents, order), agents).makespan


def _spacing(name: str, _seed: int, _quick: bool) -> Iterator[Row]:
    agents = (Agent("a", 5), Agent("b", 1), Agent("c", 1))
    pick = RoundRobin(agents, by_capacity)
    given = "".join(agents[pick((0, 1, 2), (0, 0, 0))].name for _ in range(14))
    different = sum(a != b for a, b in zip(given, "aabacaa" * 2, strict=True))
    yield Row(name, "5 1 1: turns that differ, of 14", 0, different)


def _balls(name: str, seed: int, quick: bool) -> Iterator[Row]:
    """As many balls as bins: the fullest has about ln n / ln ln n, with two choices ln ln n / ln 2 + O(1)."""
    if quick:
        return
    count = 1_000_000
    bins = singles(count)
    random, two = AtRandom(bins, seed), LeastOf(bins, 2, seed, repeats=True)
    yield Row(name, f"fullest of {count:,}, random", 9, _fullest(count, random), tolerance=0.12)
    yield Row(name, f"fullest of {count:,}, two choices", 4, _fullest(count, two))


def _fullest(count: int, pick: Pick) -> int:
    everyone = range(count)
    held = [0] * count
    for _ in everyone:
        held[pick(everyone, held)] += 1
    return max(held)


CHECKS: dict[str, Callable[[str, int, bool], Iterator[Row]]] = {
    "list scheduling": _graham,
    "longest first": _longest_first,
    "round robin": _spacing,
    "balls in bins": _balls,
}
