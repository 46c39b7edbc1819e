"""Limits: never more than allowed, open again exactly when there is room, and never shut for ever."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rota.model.requirements import Requirements
from rota.planning.limit import PARTS, Gauge, Measure, Used, asked, charge, correct, gauge, left, opens, opens_after
from rota.planning.plan import plan
from rota.planning.snapshot import Agent, Head, Lane, Listener, Profile, Snapshot

START = 1_800_000_000_000_000
periods = st.integers(1_000, 90_000_000_000)
capacities = st.integers(1, 10**12)


@st.composite
def rates(draw: st.DrawFn) -> Measure:
    capacity = draw(capacities)
    return Measure(capacity, draw(periods), draw(st.integers(1, capacity)))


quotas = st.tuples(capacities, periods).map(lambda found: Measure(*found))
shares = st.integers(1, 1_200)
"""What a task uses, in thousandths of the most that can be left."""
steps = st.lists(st.tuples(st.integers(0, 3_000), shares), min_size=1, max_size=30)
"""Pauses in thousandths of the period, and shares."""


def admitted(measure: Measure, wanted: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The charges that fit, with their moments."""
    assert measure.period is not None
    now, used, taken = START, Used(), []
    for pause, share in wanted:
        now += measure.period * pause // 1_000
        each = max(measure.most * share // 1_000, 1)
        if gauge(measure, used, each, now).room and each <= measure.most:
            used = charge(measure, used, each, now)
            taken.append((now, each))
    return taken


@given(rates(), steps)
def test_a_rate_is_never_exceeded_in_any_time(measure: Measure, wanted: list[tuple[int, int]]) -> None:
    assert measure.period is not None
    assert measure.burst is not None
    taken = admitted(measure, wanted)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            total = sum(amount for _at, amount in taken[first : last + 1])
            span = taken[last][0] - taken[first][0]
            # Less than one millionth may be in the air.
            assert (total - measure.burst - 1) * measure.period < span * measure.capacity


@given(quotas, steps)
def test_a_quota_is_never_exceeded_in_its_period(measure: Measure, wanted: list[tuple[int, int]]) -> None:
    assert measure.period is not None
    window, total = 0, 0
    for at, amount in admitted(measure, wanted):
        if at >= window + measure.period:
            window, total = at, 0
        total += amount
        assert total <= measure.capacity


@given(rates() | quotas, steps, shares)
def test_it_opens_exactly_when_there_is_room(measure: Measure, wanted: list[tuple[int, int]], share: int) -> None:
    now, used = START, Used()
    each = max(measure.most * share // 1_000, 1)
    for pause, other in wanted:
        now += (measure.period or 0) * pause // 1_000
        used = charge(measure, used, measure.most * other // 1_000, now)  # whether it fits or not
        at = opens(measure, used, each, now)
        assert at is not None, "nothing that has a period is shut for ever"
        assert at >= now
        assert left(measure, used, at) >= asked(measure, each)
        assert at == now or left(measure, used, at - 1) < asked(measure, each)


@given(rates() | quotas, shares)
def test_one_who_waits_until_it_opens_always_gets_something(measure: Measure, share: int) -> None:
    now, used = START, Used()
    each = max(measure.most * share // 1_000, 1)
    for _ in range(5):
        at = opens(measure, used, each, now)
        assert at is not None
        now = at
        assert gauge(measure, used, each, now).room
        used = charge(measure, used, each, now)


@given(rates() | quotas, st.lists(st.tuples(st.integers(0, 300), shares, shares), min_size=1, max_size=20))
def test_corrections_lead_to_what_was_really_used(measure: Measure, tasks: list[tuple[int, int, int]]) -> None:
    """Charging an estimate and correcting it at once is the same as charging what was used."""
    assert measure.period is not None
    now, estimated, real = START, Used(), Used()
    for pause, guess, truth in tasks:
        now += measure.period * pause // 1_000
        expected, actual = measure.most * guess // 1_000, measure.most * truth // 1_000
        estimated = charge(measure, estimated, expected, now)
        estimated = correct(measure, estimated, actual - expected, now, now)
        real = charge(measure, real, actual, now)
        assert estimated == real


@given(rates() | quotas, shares, st.integers(0, 5_000))
def test_what_no_longer_weighs_is_not_given_back(measure: Measure, share: int, pause: int) -> None:
    """A correction of a charge from before the present window must not let more through now."""
    assert measure.period is not None
    first = charge(measure, Used(), measure.most * share // 1_000, START)
    end = opens(measure, first, measure.most, START)
    assert end is not None
    end = max(end, START + measure.period)
    now = end + measure.period * pause // 1_000
    second = charge(measure, first, measure.most, now)
    assert second.began == now
    assert correct(measure, second, -measure.most, START, now) == second


@given(st.integers(1, 50), st.integers(0, 60))
def test_concurrency_counts_what_runs(capacity: int, running: int) -> None:
    measure = Measure(capacity * PARTS, concurrency=True)
    used = Used(running * PARTS)
    assert gauge(measure, used, PARTS, START).room == (running < capacity)
    assert opens(measure, used, PARTS, START) == (START if running < capacity else None)


def test_a_budget_opens_only_when_somebody_opens_it() -> None:
    measure = Measure(10 * PARTS)
    used = charge(measure, Used(), 10 * PARTS, START)
    assert opens(measure, used, PARTS, START) is None
    assert opens(measure, correct(measure, used, -2 * PARTS, START, START + 1), PARTS, START + 1) == START + 1


def test_tasks_of_unknown_use_start_while_something_is_left() -> None:
    measure = Measure(10 * PARTS, 60_000_000)
    used = charge(measure, Used(), 10 * PARTS - 1, START)
    assert gauge(measure, used, 0, START).room
    assert not gauge(measure, charge(measure, used, 1, START), 0, START).room


def test_a_rate_by_hand() -> None:
    """Sixty a minute, three at once: three now, then one a second."""
    measure = Measure(60 * PARTS, 60_000_000, 3 * PARTS)
    used, taken = Used(), 0
    while gauge(measure, used, PARTS, START).room:
        used = charge(measure, used, PARTS, START)
        taken += 1
    assert taken == 3
    assert opens(measure, used, PARTS, START) == START + 1_000_000
    used = charge(measure, used, PARTS, START + 1_000_000)
    assert opens(measure, used, PARTS, START + 1_000_000) == START + 2_000_000
    assert left(measure, used, START + 60_000_000) == 3 * PARTS


def test_many_small_charges_are_one_large_one() -> None:
    """Nothing is rounded: a third of a second each."""
    measure = Measure(3 * PARTS, 1_000_000, 3 * PARTS)
    used = Used()
    for _ in range(3):
        assert gauge(measure, used, PARTS, START).room
        used = charge(measure, used, PARTS, START)
    assert used == charge(measure, Used(), 3 * PARTS, START)
    assert opens(measure, used, PARTS, START) == START + 333_334


def test_a_rate_in_use_for_years_keeps_small_numbers() -> None:
    measure = Measure(10**18, 60_000_000, 10**17)
    now, used = START, Used()
    for _ in range(1_000):
        used = charge(measure, used, 10**17, now)
        assert used.used < 2**62
        at = opens(measure, used, 10**17, now)
        assert at is not None
        assert at - now == 6_000_000
        now = at


@given(st.integers(0, 6), st.integers(0, 6), st.integers(1, 3))
def test_a_plan_gives_no_more_than_limits_leave(shared: int, own: int, each: int) -> None:
    """Two lanes share a limit and the better one has a second; a third has none and is never held up."""
    lanes = [
        Lane(1, 1, 1, heads=[Head(0, task) for task in range(1, 5)], limits=("shared", "own")),
        Lane(2, 1, 2, heads=[Head(0, task) for task in range(11, 15)], limits=("shared",)),
        Lane(3, 1, 3, heads=[Head(0, task) for task in range(21, 25)]),
    ]
    gauges = {"shared": Gauge(shared, each, each), "own": Gauge(own, 1)}
    agents = [Agent(1, Profile("ann"), 50)]
    snapshot = Snapshot(agents, [Listener(1, (1,), 50)], lanes, {1: Requirements()}, gauges=gauges)
    decided = plan(snapshot)
    given_out = Counter(give.lane for give in decided.gives)
    first = min(4, own, shared // each)
    assert given_out == Counter({1: first, 2: min(4, shared // each - first), 3: 4})
    assert set(decided.passed) <= {1, 2}
    assert all(reason in ("limit:shared", "limit:own") for reason in decided.passed.values())
    assert (1 in decided.passed) == (first < 4)


@given(
    st.sampled_from([Measure(7, 60), Measure(7, 60, 3), Measure(5, 7, 9), Measure(12, 30)]),
    st.integers(0, 30),
    st.integers(-100, 0),
    st.integers(1, 7),
    st.integers(0, 20),
)
def test_behind_others_it_opens_when_each_of_them_has_gone(
    measure: Measure, used: int, began: int, each: int, before: int
) -> None:
    each, now, had = min(each, measure.most), 0, Used(used, began)
    told = opens_after(measure, had, each, before, now)
    for _ in range(before):
        at = opens(measure, had, each, now)
        assert at is not None
        now, had = at, charge(measure, had, each, at)
    at = opens(measure, had, each, now)
    assert at is not None
    assert told is not None
    if measure.burst is None:
        assert told == at
    else:
        assert abs(told - at) <= before + 1, "each turn waits for a whole microsecond"
