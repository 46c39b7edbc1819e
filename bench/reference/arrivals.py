"""Poisson arrivals for the self-check; the real workloads are made by others and only fed in."""

from collections.abc import Callable, Iterator
from math import inf, sqrt
from random import Random

from bench.reference.task import Task

Sizes = Callable[[Random], float]  # service times of mean 1


def exponential(random: Random) -> float:
    return random.expovariate(1.0)


def constant(_random: Random) -> float:
    return 1.0


def hyperexponential(cv2: float) -> Sizes:
    """Two exponential phases with balanced means: mean 1, squared coefficient of variation cv2 > 1."""
    share = (1 + sqrt((cv2 - 1) / (cv2 + 1))) / 2

    def sizes(random: Random) -> float:
        phase = share if random.random() < share else 1 - share
        return random.expovariate(2 * phase)

    return sizes


def poisson(
    rate: float, count: int, seed: int, sizes: Sizes = exponential, *, bands: int = 1, patience: float = inf
) -> Iterator[Task]:
    """So many tasks at that rate, each in one of the bands at random, with an exponential patience of that mean."""
    random = Random(f"arrivals {seed}")
    now = 0.0
    for seq in range(count):
        now += random.expovariate(rate)
        work = sizes(random)
        band = int(random.random() * bands) if bands > 1 else 0
        limit = random.expovariate(1 / patience) if patience < inf else inf
        yield Task(seq, now, work, work, band, "", inf, (), (), limit)
