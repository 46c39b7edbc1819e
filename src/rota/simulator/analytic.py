"""Exact results of queueing theory: what the simulator must come out at. Mean service is 1 unless said."""

from __future__ import annotations

from math import exp, log1p

Waits = tuple[float, float]
"""Probability of waiting, mean wait."""


def erlang_b(servers: int, offered: float) -> float:
    """Share of arrivals lost when nobody can wait: B(0) = 1, B(c) = a B(c-1) / (c + a B(c-1)) (Erlang 1917)."""
    lost = 1.0
    for number in range(1, servers + 1):
        lost = offered * lost / (number + offered * lost)
    return lost


def m_m_c(servers: int, rho: float) -> Waits:
    """M/M/c: C = B / (1 - rho (1 - B)), Wq = C / (c (1 - rho)) (Erlang C)."""
    lost = erlang_b(servers, rho * servers)
    wait = lost / (1 - rho * (1 - lost))
    return wait, wait / (servers * (1 - rho))


def m_g_1(rho: float, cv: float) -> float:
    """Mean wait of M/G/1: rho (1 + cv^2) / (2 (1 - rho)) (Pollaczek 1930, Khinchine 1932)."""
    return rho * (1 + cv * cv) / (2 * (1 - rho))


def two_bands(rho: float) -> tuple[float, float]:
    """Mean waits of two bands of equal load in M/M/1 without preemption: W0 / (1 - s1), W0 / ((1 - s1)(1 - s2)).

    W0 = rho, s1 = rho / 2, s2 = rho (Cobham 1954).
    """
    return rho / (1 - rho / 2), rho / ((1 - rho / 2) * (1 - rho))


def m_m_1_k(rho: float, places: int) -> float:
    """Share of arrivals refused by M/M/1 with so many places, the one in service included."""
    if rho == 1:
        return 1 / (places + 1)
    return (1 - rho) * rho**places / (1 - rho ** (places + 1))


def erlang_a(servers: int, rate: float, impatience: float) -> tuple[float, float]:
    """M/M/c+M: share that gives up, and utilisation. `impatience` is the rate at which each waiting task gives up.

    Birth and death: rate up; min(n, c) + impatience * max(n - c, 0) down (Palm 1957).
    """
    weights = [1.0]
    total = 1.0
    while weights[-1] > total * 1e-15 or len(weights) <= servers:
        n = len(weights)
        weights.append(weights[-1] * rate / (min(n, servers) + impatience * max(n - servers, 0)))
        total += weights[-1]
    busy = sum(min(n, servers) * weight for n, weight in enumerate(weights)) / total
    return 1 - busy / rate, busy / servers


def m_m_1_shortest_first(rho: float, steps: int = 20_000) -> float:
    """Mean time in M/M/1, shortest first without preemption: 1 + W, W = E[W0 / (1 - rho(X))^2].

    rho(x) is the load of tasks no longer than x: rho (1 - exp(-x) (1 + x)) (Phipps 1956). By the midpoint rule over
    the quantiles of X.
    """
    total = 0.0
    for step in range(steps):
        x = _exponential_quantile((step + 0.5) / steps)
        total += 1 / (1 - rho * (1 - exp(-x) * (1 + x))) ** 2
    return 1 + rho * total / steps


def _exponential_quantile(share: float) -> float:
    return -log1p(-share)
