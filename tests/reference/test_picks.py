"""Whom each pick prefers."""

from collections import Counter

import pytest

from bench.reference.agent import Agent, singles
from bench.reference.picks import AtRandom, Fastest, LeastOf, RoundRobin, Shortest, by_capacity

AGENTS = (Agent("a", 4, 1.0), Agent("b", 1, 2.0), Agent("c", 2, 1.0))
ALL = (0, 1, 2)


def test_round_robin_takes_turns_among_those_who_may() -> None:
    pick = RoundRobin(AGENTS)
    assert [pick(ALL, (9, 0, 0)) for _ in range(6)] == [0, 1, 2, 0, 1, 2]
    assert {pick((0, 2), (0, 0, 0)) for _ in range(4)} == {0, 2}


def test_by_capacity_everyone_gets_its_share() -> None:
    pick = RoundRobin(AGENTS, by_capacity)
    assert Counter(pick(ALL, (0, 0, 0)) for _ in range(80)) == {0: 40, 1: 20, 2: 20}
    pick_at_random = AtRandom(AGENTS, 1, by_capacity)
    counts = Counter(pick_at_random(ALL, (0, 0, 0)) for _ in range(8_000))
    assert counts[0] == pytest.approx(4_000, rel=0.06)
    assert counts[1] == pytest.approx(2_000, rel=0.1)


def test_random_is_even_and_stays_among_those_who_may() -> None:
    pick = AtRandom(AGENTS, 3)
    counts = Counter(pick((0, 2), (0, 0, 0)) for _ in range(4_000))
    assert set(counts) == {0, 2}
    assert counts[0] == pytest.approx(2_000, rel=0.08)


def test_two_choices_never_take_the_worst_of_three() -> None:
    pick = LeastOf(AGENTS, 2)
    assert {pick(ALL, (5, 1, 9)) for _ in range(200)} == {0, 1}
    assert {pick((0, 2), (9, 1, 5)) for _ in range(50)} == {2}  # distinct, so both are always drawn
    assert pick((2,), (5, 1, 9)) == 2


def test_repeated_draws_take_the_worst_now_and_then() -> None:
    pick = LeastOf(AGENTS, 2, repeats=True)
    counts = Counter(pick(ALL, (5, 1, 9)) for _ in range(9_000))
    assert counts[1] == pytest.approx(5_000, rel=0.06)
    assert counts[2] == pytest.approx(1_000, rel=0.15)


def test_enough_choices_are_the_shortest_queue() -> None:
    for held in ((5, 1, 9), (0, 4, 1), (3, 3, 2)):
        shortest = min(ALL, key=lambda index: held[index])
        assert LeastOf(AGENTS, 3)(ALL, held) == Shortest(AGENTS)(ALL, held) == shortest


def test_shortest_weighs_what_is_held_by_capacity() -> None:
    assert Shortest(AGENTS)(ALL, (3, 2, 2)) in (1, 2)
    assert Shortest(AGENTS, weigh=by_capacity)(ALL, (3, 2, 2)) == 0


def test_equals_are_drawn() -> None:
    agents = singles(4)
    pick = Shortest(agents)
    assert {pick((0, 1, 2, 3), (1, 1, 2, 1)) for _ in range(100)} == {0, 1, 3}


def test_fastest() -> None:
    assert Fastest(AGENTS)(ALL, (0, 0, 0)) == 1
    assert Fastest(AGENTS)((0, 2), (0, 0, 0)) == 0
