"""Queueing formulas, written down here without a look at the package under test. Mean service is 1."""

from collections.abc import Callable
from itertools import count
from math import exp, prod

Function = Callable[[float], float]


def erlang_b(servers: int, load: float) -> float:
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    blocked, rho = erlang_b(servers, load), load / servers
    return blocked / (1 - rho * (1 - blocked))


def erlang_c_wait(servers: int, load: float) -> float:
    return erlang_c(servers, load) / (servers - load)


def pollaczek_khinchine(rho: float, cv2: float) -> float:
    """Mean time in the system."""
    return 1 + rho * (1 + cv2) / (2 * (1 - rho))


def cobham(rho: float) -> tuple[float, float]:
    """Mean wait of two classes of equal load, exponential service, no preemption."""
    residual = rho  # lambda E[S^2] / 2
    return residual / (1 - rho / 2), residual / ((1 - rho / 2) * (1 - rho))


def preemptive_classes(rho: float) -> tuple[float, float]:
    """Mean time in the system of the same with preemptive resume."""
    high = rho / 2
    return 1 / (1 - high), (1 + rho / (1 - rho)) / (1 - high)


def mm1k(rho: float, room: int) -> float:
    return (1 - rho) * rho**room / (1 - rho ** (room + 1))


def mean_field(d: int, rho: float) -> float:
    total = 0.0
    for i in count(1):
        term = rho ** (i - 1) if d == 1 else rho ** ((d**i - d) / (d - 1))
        if term < 1e-12:
            return total
        total += term
    raise AssertionError


def erlang_a(servers: int, rate: float, theta: float) -> tuple[float, float, float, float]:
    """Share that leaves, share that waits, mean number waiting, utilisation: the birth-death chain, summed."""
    weights = [1.0]
    while len(weights) <= servers or weights[-1] > 1e-14 * max(weights):
        n = len(weights)
        weights.append(weights[-1] * rate / (min(n, servers) + max(n - servers, 0) * theta))
    shares = [weight / sum(weights) for weight in weights]
    queued = sum(max(n - servers, 0) * share for n, share in enumerate(shares))
    busy = sum(min(n, servers) * share for n, share in enumerate(shares)) / servers
    return theta * queued / rate, sum(shares[servers:]), queued, busy


def _load_below(rho: float, x: float) -> float:
    """Of exponential tasks no longer than x."""
    return rho * (1 - exp(-x) * (1 + x))


def _square_below(x: float) -> float:
    return 2 - exp(-x) * (x * x + 2 * x + 2)


_STEPS, _END = 40_000, 50.0


def _simpson(function: Function) -> float:
    step = _END / _STEPS
    inner = sum((4 if i % 2 else 2) * function(i * step) for i in range(1, _STEPS))
    return step / 3 * (function(0.0) + inner + function(_END))


def sjf(rho: float) -> float:
    """Phipps: without preemption."""
    return 1 + _simpson(lambda x: exp(-x) * rho / (1 - _load_below(rho, x)) ** 2)


def preemptive_sjf(rho: float) -> float:
    def time(x: float) -> float:
        free = 1 - _load_below(rho, x)
        return rho * _square_below(x) / 2 / free**2 + x / free

    return _simpson(lambda x: exp(-x) * time(x))


def srpt(rho: float) -> float:
    """Schrage and Miller: wait until first served, then the time from there to the end."""

    def wait(x: float) -> float:
        return rho * (_square_below(x) + x * x * exp(-x)) / 2 / (1 - _load_below(rho, x)) ** 2

    # Residence of size x is the integral to x of 1 / (1 - rho(t)); its mean over x swaps into the tail at t.
    return _simpson(lambda x: exp(-x) * wait(x)) + _simpson(lambda t: exp(-t) / (1 - _load_below(rho, t)))


def erlang_b_defined(servers: int, load: float) -> float:
    """By the definition, for small numbers: to check the recursion that all of Erlang rests on."""
    terms = [load**n / prod(range(1, n + 1)) for n in range(servers + 1)]
    return terms[-1] / sum(terms)
