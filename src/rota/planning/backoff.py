"""When a failed task is tried again."""

from __future__ import annotations

from random import Random

from rota.model.queue import Backoff
from rota.model.times import SECOND


def full_jitter(backoff: Backoff, attempts: int, random: Random) -> int:
    """Microseconds to wait after `attempts` failed attempts: U(0, min(cap, base * 2^(attempts - 1))).

    Source: Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
    """
    most = min(backoff.cap, backoff.base * 2.0 ** min(max(attempts - 1, 0), 60))
    return round(random.uniform(0.0, most) * SECOND)
