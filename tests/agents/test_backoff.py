"""Delays before an agent is started again."""

from __future__ import annotations

import random

from rota.agents.process.backoff import Backoff


class Most(random.Random):
    """Always draws the upper end."""

    def uniform(self, _low: float, high: float) -> float:
        return high


def delays(backoff: Backoff, number: int) -> list[float]:
    drawn = []
    for _ in range(number):
        backoff.failed()
        drawn.append(backoff.delay_s)
    return drawn


def test_the_ceiling_doubles_up_to_the_most() -> None:
    expected = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]
    assert [round(delay, 6) for delay in delays(Backoff(chance=Most()), 11)] == expected


def test_it_stays_at_the_most_for_ever() -> None:
    assert delays(Backoff(chance=Most()), 3000)[-1] == 30.0


def test_a_success_starts_anew() -> None:
    backoff = Backoff(chance=Most())
    assert backoff.delay_s == 0.0
    delays(backoff, 5)
    backoff.succeeded()
    assert backoff.delay_s == 0.0
    assert delays(backoff, 1) == [0.1]


def test_jitter_is_full_and_comes_from_the_seed() -> None:
    one, two = (delays(Backoff(chance=random.Random(7)), 12) for _ in range(2))
    assert one == two
    late = [delays(Backoff(chance=random.Random(seed)), 12)[-1] for seed in range(200)]
    assert min(late) < 3.0
    assert max(late) > 27.0
