"""Textbook queues, written in the plainest way: what the engine has to agree with to the microsecond."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush, heapreplace
from typing import Any

from tests.simulator.runs import Came


def fifo(tasks: Sequence[Came], servers: int) -> list[tuple[str, int]]:
    """First come, first served; whoever's patience is over before a server is free has gone (M/M/c, M/M/c+M)."""
    free = [0] * servers
    heapify(free)
    found = []
    for task in tasks:
        wait = max(free[0] - task.at, 0)
        if task.patience is not None and wait and wait >= task.patience:
            found.append(("expired", task.patience))
            continue
        heapreplace(free, task.at + wait + task.run)
        found.append(("done", wait))
    return found


def bounded(tasks: Sequence[Came], places: int) -> list[str]:
    """One server, so many places with the one in service: who finds none is refused (M/M/1/K)."""
    leaves: list[int] = []
    last = 0
    found = []
    for task in tasks:
        while leaves and leaves[0] <= task.at:
            heappop(leaves)
        if len(leaves) == places:
            found.append("refused")
            continue
        last = max(last, task.at) + task.run
        heappush(leaves, last)
        found.append("done")
    return found


def ordered(tasks: Sequence[Came], servers: int, key: Callable[[Came], Any]) -> list[int]:
    """Waits when, of the waiting, the least key is served first, never interrupted; ties in order of arrival."""
    waits = [0] * len(tasks)
    waiting: list[tuple[Any, int]] = []
    busy: list[int] = []
    at = 0
    while at < len(tasks) or waiting:
        nothing_free = len(busy) == servers
        if waiting and not nothing_free:
            raise AssertionError("a server stood idle")
        now = tasks[at].at if at < len(tasks) else busy[0]
        if nothing_free:
            now = min(now, busy[0])
        while busy and busy[0] <= now:
            heappop(busy)
        while at < len(tasks) and tasks[at].at == now:
            heappush(waiting, (key(tasks[at]), at))
            at += 1
        while waiting and len(busy) < servers:
            _key, chosen = heappop(waiting)
            waits[chosen] = now - tasks[chosen].at
            heappush(busy, now + tasks[chosen].run)
    return waits
