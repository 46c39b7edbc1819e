"""Breakers and ejections by themselves: when they open, when they close, what they forget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rota.model.times import SECOND
from rota.planning import breaker, ejection
from rota.planning.breaker import CLOSED, Breaker
from rota.planning.ejection import CLEAN, Streak


def tried(outcomes: str, found: Breaker = CLOSED, at: int = 0) -> Breaker:
    """The breaker after these outcomes, one a second: `+` good, `-` bad."""
    for index, outcome in enumerate(outcomes):
        found = breaker.after(found, outcome == "+", at + index * SECOND, 30.0)
    return found


def test_it_opens_at_half_of_at_least_five() -> None:
    assert not tried("----").until
    assert tried("-----").until == 34 * SECOND
    assert tried("+-+--").until
    assert not tried("++--+").until, "two of five are less than half"
    assert not tried("-" * 4 + "+" * 20 + "-").until, "only the last twenty count"


def test_open_it_lets_nothing_through_then_one() -> None:
    found = tried("-----")
    assert CLOSED.room(0, 7) is None
    assert found.room(found.until - 1, 0) == 0
    assert found.room(found.until, 0) == 1
    assert found.room(found.until, 1) == 0, "the probe is on its way"


def test_the_probe_decides() -> None:
    found = tried("-----")
    assert breaker.after(found, True, found.until, 30.0) == CLOSED
    again = breaker.after(found, False, found.until + SECOND, 30.0)
    assert again.until == found.until + 31 * SECOND
    assert again.room(found.until + SECOND, 0) == 0


def test_what_ends_while_it_is_open_does_not_keep_it_open_longer() -> None:
    found = tried("-----")
    assert tried("---", found, 10 * SECOND).until == found.until


@given(st.lists(st.booleans(), max_size=60))
def test_it_opens_exactly_at_the_share(outcomes: list[bool]) -> None:
    found = CLOSED
    for index, good in enumerate(outcomes):
        if found.until:
            break
        found = breaker.after(found, good, index, 30.0)
        last = outcomes[max(index - 19, 0) : index + 1]
        share = last.count(False) / len(last)
        assert bool(found.until) == (len(last) >= 5 and share >= 0.5 and not good)
        assert found.failures == last.count(False)


def failing(n: int, streak: Streak = CLEAN, at: int = 0) -> Streak:
    for index in range(n):
        streak = ejection.after(streak, False, at + index, 30.0)
    return streak


def test_three_in_a_row_and_longer_each_time() -> None:
    assert failing(2).until == 0
    streak = failing(3)
    assert streak.until == 30 * SECOND + 2
    times = [30, 60, 120, 240, 300, 300]
    streak = CLEAN
    for out in times:
        begin = streak.until
        streak = failing(3, streak, begin)
        assert streak.until == begin + 2 + out * SECOND


def test_a_success_between_them_begins_anew() -> None:
    streak = ejection.after(failing(2), True, 5, 30.0)
    assert streak == CLEAN
    assert failing(2, streak).until == 0


def test_each_success_takes_one_ejection_off() -> None:
    streak = failing(3, failing(3), 40 * SECOND)
    assert streak.times == 2
    once = ejection.after(streak, True, streak.until, 30.0)
    assert once.times == 1
    assert ejection.after(once, True, streak.until, 30.0) == CLEAN


def test_what_an_agent_was_given_before_it_was_out_only_ends() -> None:
    streak = failing(3)
    assert failing(5, streak, 10 * SECOND) == streak
