"""The parts of a plan by themselves: filter, score, order, backoff, graph."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.model.priority import PRIORITIES, TARGET_WAIT_S
from rota.model.queue import Backoff, QueuePolicy
from rota.model.requirements import Requirements, canonical, from_text, text_of
from rota.model.times import SECOND
from rota.planning.backoff import full_jitter
from rota.planning.filter import nobody, refusal, refusal_now
from rota.planning.graph import cycle
from rota.planning.order import due, target_wait_s
from rota.planning.score import SCORES, tie
from rota.planning.snapshot import Agent, Profile
from tests.planning.pictures import agents, profiles, requirements

# --- filter


def may(profile: Profile, needs: Requirements) -> bool:
    """The same rule as one expression."""
    has = dict(profile.skills)
    return (
        needs.pin in (None, profile.name)
        and profile.name not in {*needs.ban, *needs.avoid}
        and needs.role in (None, profile.role)
        and (not needs.regions or profile.region in needs.regions)
        and all(has.get(skill, 0) >= level for skill, level in needs.skills)
    )


@given(profiles("ann"), requirements)
def test_a_refusal_is_a_reason_and_its_absence_is_permission(profile: Profile, needs: Requirements) -> None:
    found = refusal(profile, needs)
    assert (found is None) == may(profile, needs)
    if found is not None:
        assert found.code in ("pinned", "banned", "avoided", "role", "region", "skill")
        assert found.text


@given(agents(0), requirements)
def test_what_bars_an_agent_only_for_now(agent: Agent, needs: Requirements) -> None:
    found = refusal_now(agent, needs)
    free = agent.barred is None and agent.running < agent.slots
    assert (found is None) == (may(agent.profile, needs) and free)
    lasting = refusal(agent.profile, needs)
    if lasting is not None:
        assert found == lasting
    elif found is not None:
        assert found.code == (agent.barred or "busy")


@given(st.lists(st.integers(0, 4), unique=True).flatmap(lambda ids: st.tuples(*[agents(n) for n in ids])), requirements)
def test_nobody_counts_each_reason_once_an_agent(fleet: tuple[Agent, ...], needs: Requirements) -> None:
    reason = nobody(fleet, needs)
    someone = any(may(agent.profile, needs) and agent.barred is None for agent in fleet)
    assert (reason is None) == someone
    if reason is None:
        return
    if not fleet:
        assert reason == "no_agent"
        return
    counts = dict(part.split("=") for part in reason.removeprefix("nobody:").split(","))
    assert sum(map(int, counts.values())) == len(fleet)
    assert list(map(int, counts.values())) == sorted(map(int, counts.values()), reverse=True)


@given(requirements)
def test_equal_requirements_have_one_spelling(needs: Requirements) -> None:
    again = canonical(
        skills=dict(reversed(needs.skills)), role=needs.role, regions=[*reversed(needs.regions), *needs.regions],
        pin=needs.pin, ban=[*needs.ban, *needs.ban],
    )  # fmt: skip
    plain = Requirements(skills=needs.skills, role=needs.role, regions=needs.regions, pin=needs.pin, ban=needs.ban)
    assert again == plain
    assert text_of(again) == text_of(plain)
    assert from_text(text_of(needs)) == needs


# --- score


@pytest.mark.parametrize("strategy", sorted(SCORES))
@given(agent=agents(0))
def test_scores_grow_with_every_task(strategy: str, agent: Agent) -> None:
    """The lazy heaps rely on it: an old entry can only stand too early."""
    score = SCORES[strategy]  # type: ignore[index]
    scores = []
    for _ in range(5):
        scores.append(score(agent))
        agent.running += 1
        agent.served += 1
    assert scores == sorted(scores)


@pytest.mark.parametrize(("strategy", "score"), [("least_loaded", 0.5), ("round_robin", 1.75), ("balanced", 1 / 6)])
def test_what_each_strategy_counts(strategy: str, score: float) -> None:
    agent = Agent(0, Profile("ann"), slots=4, running=1, weight=2.0, served=3, busy_s=30.0, mean_s=10.0)
    assert SCORES[strategy](agent) == pytest.approx(score)  # type: ignore[index]


def test_ties_favour_nobody_over_many_plans() -> None:
    won = [min(range(4), key=lambda agent: tie(seed, agent)) for seed in range(400)]
    assert all(70 <= won.count(agent) <= 130 for agent in range(4))


# --- order


@given(st.integers(0, 10**15), st.integers(0, 4), st.none() | st.integers(0, 10**16))
def test_when_a_task_is_due(submitted: int, band: int, deadline: int | None) -> None:
    fifo, plain = QueuePolicy(ordering="fifo"), QueuePolicy()
    waits = submitted + round(TARGET_WAIT_S[band] * SECOND)
    assert due(submitted, band, deadline, fifo) == waits
    assert due(submitted, band, deadline, plain) == (waits if deadline is None else deadline)
    own = QueuePolicy(target_wait={PRIORITIES[band]: 7.5})
    assert target_wait_s(band, own) == 7.5
    assert due(submitted, band, None, own) == submitted + 7_500_000


# --- backoff


@given(st.floats(0, 1_000), st.floats(0, 100_000), st.integers(1, 1_000_000), st.randoms(use_true_random=False))
def test_waits_stay_between_zero_and_the_most(base: float, more: float, attempts: int, random: Random) -> None:
    backoff = Backoff(base=base, cap=base + more)
    most = min(backoff.cap, base * 2.0 ** min(attempts - 1, 60))
    assert 0 <= full_jitter(backoff, attempts, random) <= round(most * SECOND)


def test_waits_fill_the_whole_span() -> None:
    random = Random(1)
    for attempts, most in ((1, 1.0), (2, 2.0), (4, 8.0), (10, 300.0), (1_000, 300.0)):
        waits = [full_jitter(Backoff(), attempts, random) / SECOND for _ in range(500)]
        assert min(waits) < most * 0.05
        assert most * 0.95 < max(waits) <= most
        assert abs(sum(waits) / 500 - most / 2) < most * 0.06


# --- graph


@st.composite
def graphs(draw: st.DrawFn) -> dict[int, list[int]]:
    nodes = range(draw(st.integers(0, 8)))
    return {node: draw(st.lists(st.integers(0, 9), max_size=3, unique=True)) for node in nodes}


def sortable(parents: dict[int, list[int]]) -> bool:
    """Kahn: take away who waits for nobody until nothing is left."""
    left = {node: {it for it in found if it in parents} for node, found in parents.items()}
    while left:
        free = [node for node, found in left.items() if not found & left.keys()]
        if not free:
            return False
        for node in free:
            del left[node]
    return True


@given(graphs())
def test_a_cycle_is_found_exactly_when_there_is_one(parents: dict[int, list[int]]) -> None:
    found = cycle(parents)
    assert (found is None) == sortable(parents)
    if found is not None:
        assert found[0] == found[-1]
        assert len(set(found)) == len(found) - 1
        for node, following in pairwise(found):
            assert following in parents[node]


def test_deep_chains_and_wide_fans() -> None:
    chain = {node: [node + 1] for node in range(50_000)}
    assert cycle(chain) is None
    chain[50_000] = [0]
    assert len(cycle(chain) or ()) == 50_002
    fan = {node: list(range(node + 1, 400)) for node in range(400)}
    assert cycle(fan) is None
