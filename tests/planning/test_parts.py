"""The parts of a plan by themselves: order, backoff, graph. Filters and scores have files of their own."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rota.model.priority import PRIORITIES, TARGET_WAIT_S
from rota.model.queue import Backoff, Ordering, QueuePolicy
from rota.model.requirements import Requirements, canonical, from_text, text_of
from rota.model.times import SECOND
from rota.planning.backoff import full_jitter
from rota.planning.graph import cycle
from rota.planning.order import Facts, due, must_by, standing, target_wait_s
from tests.planning.pictures import requirements


@given(requirements)
def test_equal_requirements_have_one_spelling(needs: Requirements) -> None:
    again = canonical(
        skills=dict(reversed(needs.skills)), role=needs.role, regions=[*reversed(needs.regions), *needs.regions],
        pin=needs.pin, ban=[*needs.ban, *needs.ban], kind=needs.kind, near=needs.near, max_cost=needs.max_cost,
        resources=dict(reversed(needs.resources)),
    )  # fmt: skip
    plain = msgspec.structs.replace(needs, avoid=())
    assert again == plain
    assert text_of(again) == text_of(plain)
    assert from_text(text_of(needs)) == needs


# --- order


@given(st.integers(0, 10**15), st.integers(0, 4), st.none() | st.integers(0, 10**16))
def test_when_a_task_is_due(submitted: int, band: int, deadline: int | None) -> None:
    facts = Facts(submitted, band, deadline, estimate=2_000_000, low=1_000_000)
    fifo, plain = QueuePolicy(ordering="fifo"), QueuePolicy()
    waits = submitted + round(TARGET_WAIT_S[band] * SECOND)
    assert due(facts, fifo) == waits
    assert due(facts, plain) == (waits + 20_000_000 if deadline is None else deadline)
    own = QueuePolicy(target_wait={PRIORITIES[band]: 7.5}, patience=3)
    assert target_wait_s(band, own) == 7.5
    assert due(facts._replace(deadline=None), own) == submitted + 13_500_000
    assert due(facts._replace(needed_by=submitted), plain) <= submitted


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_when_a_task_is_late(now: int, deadline: int, estimate: int, low: int) -> None:
    facts = Facts(0, 3, deadline, estimate, low)
    found = standing(facts, now, QueuePolicy())
    assert found.late == (now + low > deadline)
    assert found.due == (estimate if found.late else deadline), "the late go shortest first"
    if found.turns_late is not None:
        assert found.turns_late > now
        assert standing(facts, found.turns_late, QueuePolicy()).late
        assert not standing(facts, found.turns_late - 1, QueuePolicy()).late
    assert not standing(facts, now, QueuePolicy(ordering="fifo")).late, "no deadline counts there"


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6))
def test_of_tasks_needed_at_one_time_the_shorter_stands_first(deadline: int, must: int, short: int, more: int) -> None:
    """Only for a deadline of what waits for it, only where deadlines order; what is handed on stays exact."""
    policy = QueuePolicy()
    facts = Facts(0, 3, deadline, short, 0, needed_by=must, must_by=must)
    longer = facts._replace(estimate=short + more)
    first, second = standing(facts, 0, policy), standing(longer, 0, policy)
    assert first.due <= second.due
    assert first.turns_late == second.turns_late
    assert due(facts, policy) == due(longer, policy) == min(deadline, must)
    assert must_by(facts, policy) == must_by(longer, policy) == min(deadline, must)
    assert second.due == min(deadline, must) + (round((short + more) / 2) if must < deadline else 0)


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.sampled_from(["makespan", "fifo", "fair", "shortest"]))
def test_elsewhere_a_lent_due_date_is_taken_as_it_is(needed: int, estimate: int, ordering: Ordering) -> None:
    facts = Facts(0, 3, None, estimate, 0, needed_by=needed, must_by=needed)
    plain = QueuePolicy(ordering=ordering)
    assert standing(facts, 0, plain).due == due(facts, plain)
    no_deadline = Facts(0, 3, None, estimate, 0, needed_by=needed)
    assert standing(no_deadline, 0, QueuePolicy()).due == due(no_deadline, QueuePolicy())


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
