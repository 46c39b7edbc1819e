"""Fairness: service per weight while every tenant had tasks waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rota.model.times import SECOND
from rota.simulator.measures.sketch import rounded

LAG_TENANTS = 32
"""With more tenants the lag is not followed: it would take more time than the simulation."""


class Fairness(msgspec.Struct, frozen=True, kw_only=True):
    """Service per weight over the intervals in which all tenants were backlogged."""

    jain: float | None
    """(sum x)^2 / (n sum x^2), x = slot-seconds per weight; None when there is one tenant or no such interval."""
    backlogged_s: float
    """How long all tenants had tasks waiting, seconds."""
    lag_s: float | None = None
    """The most by which one tenant was ahead of another since such an interval began, slot-seconds per weight; None
    for one tenant, and for more than 32."""


class Shares:
    """Follows what each tenant holds, and whether all of them wait."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights = weights
        self._waiting = dict.fromkeys(weights, 0)
        self._running = dict.fromkeys(weights, 0)
        self._without = len(weights)
        """Tenants that have nothing waiting."""
        self._since = 0
        """Since when all have been backlogged; 0 = they are not."""
        self._last = dict.fromkeys(weights, 0)
        self._service = dict.fromkeys(weights, 0)
        self._total = 0
        self._follow = 1 < len(weights) <= LAG_TENANTS
        self._at_begin = dict(self._service)
        self._lag = 0.0

    def wait(self, tenant: str, by: int) -> None:
        """So many tasks more or less of the tenant wait."""
        had = self._waiting[tenant]
        self._waiting[tenant] = had + by
        if had == 0 and by > 0:
            self._without -= 1
        elif had + by == 0 and had > 0:
            self._without += 1

    def hold(self, tenant: str, by: int, now: int) -> None:
        """An agent took one of the tenant's tasks, or let go of it."""
        if self._since:
            self._settle(tenant, now)
        self._running[tenant] += by

    def look(self, now: int) -> None:
        """A moment is over: are all backlogged from here on?"""
        if self._since and self._follow:
            self._look_for_lag(now)
        if self._without == 0 and not self._since:
            self._since = now
            self._at_begin = dict(self._service)
            for tenant in self._last:
                self._last[tenant] = now
        elif self._without and self._since:
            for tenant in self._last:
                self._settle(tenant, now)
            self._total += now - self._since
            self._since = 0

    def _look_for_lag(self, now: int) -> None:
        shares = []
        for tenant, weight in self._weights.items():
            self._settle(tenant, now)
            shares.append((self._service[tenant] - self._at_begin[tenant]) / weight)
        self._lag = max(self._lag, max(shares) - min(shares))

    def _settle(self, tenant: str, now: int) -> None:
        self._service[tenant] += self._running[tenant] * (now - self._last[tenant])
        self._last[tenant] = now

    def finish(self, now: int) -> Fairness:
        """It is over."""
        if self._since:
            for tenant in self._last:
                self._settle(tenant, now)
            self._total += now - self._since
        found = jain([self._service[tenant] / weight for tenant, weight in self._weights.items()])
        return Fairness(
            jain=found if len(self._weights) > 1 else None,
            backlogged_s=rounded(self._total / SECOND),
            lag_s=rounded(self._lag / SECOND) if self._follow else None,
        )


def jain(shares: Sequence[float]) -> float | None:
    """Jain's index (Jain, Chiu, Hawe 1984); None when nobody got anything."""
    squares = sum(share * share for share in shares)
    return rounded(sum(shares) ** 2 / (len(shares) * squares)) if squares else None
