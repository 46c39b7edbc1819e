"""Score terms and the strategies made of them: what each counts, and what the plan relies on."""

from __future__ import annotations

from collections import Counter
from math import ceil, isfinite, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.model.agent import Cost
from rota.model.requirements import Requirements
from rota.planning.draws import Draws, mixed
from rota.planning.score import scorer, scores, shares_of, tie
from rota.planning.snapshot import Agent, Head, Known, Lane, Listener, Plan, Profile, Snapshot
from rota.planning.strategies import SINGLE, STRATEGIES, asks_history, fault
from rota.planning.terms import TERMS, Scene, drawn
from tests.planning.pictures import agents, planned, requirements

fleets = st.integers(1, 5).flatmap(lambda n: st.tuples(*[agents(number) for number in range(n)]))
heads = st.builds(Head, st.just(1), st.integers(1, 1_000), st.just(0), st.sampled_from([0, 17, 1 << 60]))


@pytest.mark.parametrize("term", sorted(TERMS))
@given(fleet=fleets, needs=requirements, seed=st.integers(0, 3), head=heads)
def test_terms_are_small_numbers_that_grow_with_every_task(
    term: str, fleet: tuple[Agent, ...], needs: Requirements, seed: int, head: Head
) -> None:
    """The lazy heaps rely on it: an old entry can only stand too early. Terms of the task are asked anew each time."""
    scene = Scene(needs, fleet, seed, head, fleet)
    score = TERMS[term].make(scene)
    found = []
    for _ in range(5):
        found.append(score(fleet[0]))
        assert isfinite(found[-1])
        assert found[-1] >= 0
        if term not in ("utilisation", "load", "turns", "served"):
            assert found[-1] <= 1
        fleet[0].running += 1
        fleet[0].served += 1
        fleet[0].given += 1
    assert found == sorted(found)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
@given(fleet=fleets, needs=requirements, head=heads)
def test_a_score_is_the_sum_of_its_shares(
    strategy: str, fleet: tuple[Agent, ...], needs: Requirements, head: Head
) -> None:
    weights = STRATEGIES[strategy].weights
    scene = Scene(needs, fleet, 1, head, fleet)
    for agent in fleet:
        shares = shares_of(weights, scene, agent)
        assert shares.keys() == weights.keys()
        assert sum(shares.values()) == pytest.approx(scorer(weights, scene)(agent))


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
@given(fleet=fleets, needs=requirements, seed=st.integers(0, 3), head=heads, some=st.sets(st.integers(0, 4)))
def test_all_at_once_scores_are_the_same_as_one_by_one(
    strategy: str, fleet: tuple[Agent, ...], needs: Requirements, seed: int, head: Head, some: set[int]
) -> None:
    free = [agent for agent in fleet if agent.id in some]
    draws = Draws(fleet)
    scene = Scene(needs, fleet, seed, head, free, lambda: draws)
    weights = STRATEGIES[strategy].weights
    assert list(scores(weights, scene)) == list(map(scorer(weights, scene), free))
    own = {**weights, "rendezvous": 0.3, "random": 7.0, "load": 0.1}
    assert list(scores(own, scene)) == list(map(scorer(own, scene), free))


def ann(**more: object) -> Agent:
    return Agent(id=0, profile=Profile("ann"), slots=4, running=1, served=3, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("strategy", "score"), [("least_loaded", 0.5), ("round_robin", 1.75), ("balanced", 50 / 240)])
def test_what_each_strategy_counts(strategy: str, score: float) -> None:
    agent = ann(weight=2.0, busy_s=30.0, mean_s=60 * log(6 / 5), given=2)
    found = scorer(STRATEGIES[strategy].weights, Scene(Requirements(), [agent], 0))
    assert found(agent) == pytest.approx(score)


def one_by_one(agents_: list[Agent], n: int, strategy: str, **more: object) -> list[int]:
    """The agents that get `n` tasks, one plan each, every task done before the next."""
    given_to = []
    for task in range(1, n + 1):
        snapshot = Snapshot(
            agents=agents_,
            listeners=[Listener(1, tuple(agent.id for agent in agents_), 1)],
            lanes=[Lane(1, 1, 3, heads=[Head(0, task)])],
            shapes={1: Requirements(kind="build", **more)},  # type: ignore[arg-type]
            strategy=strategy,
        )
        (give,) = planned(snapshot).gives
        next(agent for agent in agents_ if agent.id == give.agent).served += 1
        given_to.append(give.agent)
    return given_to


def fleet_of(n: int, **more: object) -> list[Agent]:
    return [Agent(id=number, profile=Profile(f"a{number}"), slots=9, **more) for number in range(1, n + 1)]  # type: ignore[arg-type]


def test_smooth_weighted_round_robin() -> None:
    """5, 1, 1: the heavy one is spread out, not served five times in a row (nginx gives a a b a c a a)."""
    fleet = fleet_of(3)
    for agent, weight in zip(fleet, (5.0, 1.0, 1.0), strict=True):
        agent.weight = weight
    served = one_by_one(fleet, 14, "round_robin")
    assert Counter(served[:7]) == Counter(served[7:]) == {1: 5, 2: 1, 3: 1}
    assert served[:7] != sorted(served[:7])


def test_weights_learnt_or_set_by_hand() -> None:
    fleet = fleet_of(2, weight=9.0)
    fleet[0].expected = {"build": Known(1.0, 1.0)}
    fleet[1].expected = {"build": Known(2.0, 0.5)}
    assert Counter(one_by_one(fleet, 100, "weighted")) == {1: 80, 2: 20}, "twice as fast, twice as often well"
    for agent in fleet:
        agent.served, agent.by_hand = 0, True
    assert Counter(one_by_one(fleet, 100, "weighted")) == {1: 50, 2: 50}


def test_performance_counts_failures_in() -> None:
    """Whoever fails at once looks fast: its time per success is long."""
    fleet = fleet_of(2)
    fleet[0].expected = {"build": Known(1.0, 0.02)}
    fleet[1].expected = {"build": Known(10.0, 1.0)}
    assert set(one_by_one(fleet, 5, "performance")) == {2}


def test_cost_and_energy_choose_the_cheapest_for_the_work() -> None:
    fleet = [
        Agent(id=1, profile=Profile("slow", cost=Cost(per_hour=10, energy_per_hour=1)), slots=9),
        Agent(id=2, profile=Profile("fast", cost=Cost(per_hour=15, energy_per_hour=9)), slots=9),
    ]
    fleet[0].expected = {"build": Known(20.0, 1.0)}
    fleet[1].expected = {"build": Known(10.0, 1.0)}
    assert set(one_by_one(fleet, 5, "cost")) == {2}
    assert set(one_by_one(fleet, 5, "energy")) == {1}


def test_locality_goes_near_and_only_then_elsewhere() -> None:
    regions = ("us-east-1", "eu-west-1", "eu-north-1")
    fleet = [
        Agent(id=number, profile=Profile(region, region=region), slots=1) for number, region in enumerate(regions, 1)
    ]
    snapshot = Snapshot(
        agents=fleet,
        listeners=[Listener(1, (1, 2, 3), 3)],
        lanes=[Lane(1, 1, 3, heads=[Head(0, task) for task in (1, 2, 3)])],
        shapes={1: Requirements(near="eu-north-1")},
        strategy="locality",
    )
    assert [give.agent for give in planned(snapshot).gives] == [3, 2, 1]


def keyed(fleet: list[Agent], keys: list[int], strategy: str, seed: int = 0) -> Plan:
    snapshot = Snapshot(
        agents=fleet,
        listeners=[Listener(1, tuple(agent.id for agent in fleet), len(keys))],
        lanes=[Lane(1, 1, 3, heads=[Head(0, task, 0, key) for task, key in enumerate(keys, 1)])],
        shapes={1: Requirements()},
        strategy=strategy,
        seed=seed,
    )
    return planned(snapshot)


def small(n: int, slots: int) -> list[Agent]:
    return [Agent(id=number, profile=Profile(f"a{number}"), slots=slots, weight=slots) for number in range(1, n + 1)]


def test_affinity_sticks_and_spills() -> None:
    homes = {keyed(small(5, 2), [99], "affinity", seed).gives[0].agent for seed in range(20)}
    assert len(homes) == 1, "the same agent, whatever the moment"
    gives = keyed(small(5, 2), [99] * 4, "affinity").gives
    assert [give.agent in homes for give in gives] == [True, True, False, False], "it spills once its home is full"
    assert gives[2].agent != gives[3].agent, "to whoever is least busy"


def test_consistent_hashing_keeps_its_bound() -> None:
    """No agent holds more than ceil(1.25 * m / n), whatever the keys; the same key goes to the same agents."""
    for key in range(20):
        gives = keyed(small(10, 40), [key + 1] * 100, "consistent_hash").gives
        held = Counter(give.agent for give in gives)
        assert max(held.values()) <= ceil(1.25 * 100 / 10)
        assert len(held) <= 10
    spread = Counter(give.agent for give in keyed(small(10, 40), list(range(1, 201)), "consistent_hash").gives)
    assert max(spread.values()) <= ceil(1.25 * 200 / 10)


def test_when_an_agent_goes_only_its_own_keys_move() -> None:
    agents_ = small(10, 1)
    moved = 0
    for key in range(1, 2_001):
        first = min(agents_, key=lambda agent: drawn(key, agent)).id
        left = min(agents_[1:], key=lambda agent: drawn(key, agent)).id
        moved += first != left
        assert first == left or first == 1
    assert 140 <= moved <= 260


def test_rendezvous_gives_keys_by_weight() -> None:
    agents_ = small(3, 1)
    agents_[0].weight = 4.0
    first = Counter(min(agents_, key=lambda agent: drawn(key, agent)).id for key in range(6_000))
    assert first[1] == pytest.approx(4_000, rel=0.05)
    assert first[2] == pytest.approx(1_000, rel=0.15)


def test_mixed_bits_are_even_and_do_not_keep_an_order() -> None:
    """Under a checksum two agents would stand the same way under keys that differ by the same bits."""
    below = [mixed(key, 1) < mixed(key, 2) for key in range(4_000)]
    assert 1_880 <= sum(below) <= 2_120
    same = sum(one == other for one, other in zip(below[::2], below[1::2], strict=True))
    assert 900 <= same <= 1_100
    ones = sum(mixed(key, 3).bit_count() for key in range(4_000)) / 4_000
    assert ones == pytest.approx(16, abs=0.3)


@given(st.lists(st.integers(0, 1 << 62), min_size=1, max_size=9, unique=True), st.integers(-(1 << 63), 1 << 64))
def test_draws_are_mixed_bits(numbers: list[int], key: int) -> None:
    fleet = [Agent(id=number, profile=Profile("a"), slots=1) for number in numbers]
    draws = Draws(fleet)
    assert draws.of(key, fleet) == [mixed(key, number) for number in numbers]
    some = fleet[::-2]
    assert draws.of(key, some) == [mixed(key, agent.id) for agent in some]


def test_random_is_even_and_repeatable() -> None:
    gives = [keyed(small(4, 1), [0], "random", seed).gives[0].agent for seed in range(400)]
    assert all(70 <= gives.count(agent) <= 130 for agent in range(1, 5))
    assert gives == [keyed(small(4, 1), [0], "random", seed).gives[0].agent for seed in range(400)]


def test_two_choices_beat_one() -> None:
    """Balls into bins: the fullest of 100 holds about ln ln n / ln 2 + O(1) with two choices, more with one."""
    one = Counter(give.agent for give in keyed(small(100, 50), [0] * 100, "random").gives)
    two = Counter(give.agent for give in keyed(small(100, 50), [0] * 100, "power_of_two").gives)
    assert max(two.values()) <= 3 <= max(one.values())
    assert len(two) > len(one)


def test_an_agent_without_room_is_never_one_of_two() -> None:
    fleet = small(3, 1)
    fleet[0].running = fleet[1].running = 1
    snapshot_agents = {keyed(fleet, [0], "power_of_two", seed).gives[0].agent for seed in range(10)}
    assert snapshot_agents == {3}


def test_skill_gap_spares_the_skilled() -> None:
    gap = TERMS["skill_gap"].make
    fleet = [Agent(id=level, profile=Profile(f"a{level}", skills=(("py", level),)), slots=1) for level in (1, 2, 4)]
    score = gap(Scene(Requirements(skills=(("py", 1),)), fleet, 0))
    assert [score(agent) for agent in fleet] == [0.0, 0.5, 0.75]


def test_own_weights_score_as_they_say() -> None:
    fleet = [
        Agent(id=1, profile=Profile("a", cost=Cost(per_task=1)), slots=2, running=1),
        Agent(id=2, profile=Profile("b", cost=Cost(per_task=9)), slots=2),
    ]

    def chosen(**terms: float) -> int:
        snapshot = Snapshot(
            agents=[Agent(id=a.id, profile=a.profile, slots=2, running=a.running) for a in fleet],
            listeners=[Listener(1, (1, 2), 1)],
            lanes=[Lane(1, 1, 3, heads=[Head(0, 1)])],
            shapes={1: Requirements()},
            strategy="mine",
            terms=terms,
        )
        return planned(snapshot).gives[0].agent

    assert chosen(load=1.0) == 2
    assert chosen(cost=1.0) == 1
    assert chosen(load=1.0, cost=0.1) == 2
    assert chosen(load=0.1, cost=1.0) == 1


@pytest.mark.parametrize(
    ("weights", "term"), [({}, ""), ({"speed": 1}, "speed"), ({"load": 0}, "load"), ({"load": 1, "cost": -1}, "cost")]
)
def test_weights_that_mean_nothing_are_told(weights: dict[str, float], term: str) -> None:
    found = fault(weights)
    assert found is not None
    assert found[0] == term


def test_the_tables_fit_each_other() -> None:
    for name, row in STRATEGIES.items():
        assert fault(row.weights) is None
        assert row.text
        assert (name in SINGLE) == any(TERMS[term].looks == "task" for term in row.weights)
    assert asks_history(STRATEGIES["performance"].weights)
    assert not any(asks_history(STRATEGIES[name].weights) for name in ("balanced", "round_robin", "least_loaded"))


def test_ties_favour_nobody_over_many_plans() -> None:
    won = [min(range(4), key=lambda agent: tie(seed, agent)) for seed in range(400)]
    assert all(70 <= won.count(agent) <= 130 for agent in range(4))
