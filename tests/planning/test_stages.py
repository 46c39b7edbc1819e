"""Stages: no relaxation narrows, no raise lowers, each comes once and in its order."""

from __future__ import annotations

from typing import get_args

from hypothesis import assume, given
from hypothesis import strategies as st

from rota.model.agent import Cost
from rota.model.priority import PRIORITIES
from rota.model.requirements import Requirements
from rota.model.stage import Change, Droppable, Stage
from rota.model.stage_check import fault
from rota.model.times import SECOND
from rota.planning.filter import refusal
from rota.planning.snapshot import Profile
from rota.planning.stages import due, due_by_attempts, next_moment, raised, relaxed
from tests.planning.pictures import requirements

changes = st.builds(
    Change,
    priority=st.sampled_from([None, *PRIORITIES]),
    raise_by=st.none() | st.integers(1, 4),
    skills=st.dictionaries(st.sampled_from(["js", "py", "go"]), st.integers(0, 3)),
    drop=st.lists(st.sampled_from(get_args(Droppable)), unique=True),
    widen=st.sampled_from([None, "near", "any"]),
)
profiles = st.builds(
    Profile,
    st.sampled_from(["ann", "bob"]),
    st.sampled_from([None, "reader", "writer"]),
    st.sampled_from([None, "eu", "us"]),
    st.dictionaries(st.sampled_from(["js", "py"]), st.integers(0, 3)).map(lambda found: tuple(sorted(found.items()))),
    st.sampled_from([(), (("gpu", 1.0), ("ram", 4.0))]),
    st.sampled_from([None, Cost(per_task=1.0)]),
)
_clock = st.sampled_from([0, 1, 5, 60.0, 3_600])
stages = st.lists(
    st.builds(Stage, after=_clock, change=changes)
    | st.builds(Stage, attempts=st.integers(1, 4), change=changes)
    | st.builds(Stage, before_deadline=_clock, change=changes),
    max_size=6,
).map(tuple)
_moments = st.none() | st.integers(0, 4_000).map(lambda seconds: seconds * SECOND)


def near(region: str) -> frozenset[str]:
    return frozenset({"us"} if region == "eu" else ())


@given(changes, requirements, profiles)
def test_who_might_do_it_before_still_may(change: Change, needs: Requirements, profile: Profile) -> None:
    assume(refusal(profile, needs) is None)
    assert refusal(profile, relaxed(change, needs, near)) is None


@given(changes, st.integers(0, 4))
def test_a_raise_never_lowers_and_steps_end_below_an_emergency(change: Change, band: int) -> None:
    better = raised(change, band)
    assert better <= band
    if change.priority is None and band > 0:
        assert better >= 1


@given(stages, _moments, _moments)
def test_by_the_clock_each_comes_once_at_the_moment_that_was_told(
    found: tuple[Stage, ...], waits_from: int | None, deadline: int | None
) -> None:
    fired, came, now = 0, list[int](), -3_601 * SECOND
    while (told := next_moment(found, fired, waits_from, deadline)) is not None:
        assert due(found, fired, waits_from, deadline, told - 1) == []
        ready = due(found, fired, waits_from, deadline, told)
        assert ready, "a timer that comes for nothing"
        assert told > now
        now = told
        came += ready
        fired |= sum(1 << at for at in ready)
    assert len(came) == len(set(came))
    clocks = {at for at, stage in enumerate(found) if stage.attempts is None}
    missing = clocks - set(came)
    assert all(waits_from is None for at in missing if found[at].after is not None)
    assert all(deadline is None for at in missing if found[at].before_deadline is not None)


@given(stages, st.integers(0, 5))
def test_attempts_bring_those_that_are_reached_fewest_first(found: tuple[Stage, ...], attempts: int) -> None:
    ready = due_by_attempts(found, 0, attempts)
    numbers = [found[at].attempts or 0 for at in ready]
    assert numbers == sorted(numbers)
    assert set(ready) == {at for at, one in enumerate(found) if one.attempts is not None and one.attempts <= attempts}
    assert due_by_attempts(found, sum(1 << at for at in ready), attempts) == []


_lowering = st.builds(Change, skills=st.dictionaries(st.sampled_from(["js", "py"]), st.integers(0, 2), min_size=1))
_raising = st.builds(Change, priority=st.sampled_from(PRIORITIES))


@given(st.lists(st.builds(Stage, after=_clock, change=_lowering | _raising), max_size=3))
def test_what_passes_the_check_never_takes_back(found: list[Stage]) -> None:
    """Of stages of one clock, in their order, each leaves what earlier ones gave."""
    assume(fault(found) is None)
    level = dict[str, int]()
    best = len(PRIORITIES)
    timed = sorted((stage.after, at) for at, stage in enumerate(found) if isinstance(stage.after, int | float))
    for _, at in timed:
        change = found[at].change
        for skill, wanted in change.skills.items():
            assert wanted <= level.get(skill, 100)
            level[skill] = wanted
        if change.priority is not None:
            assert PRIORITIES.index(change.priority) < best
            best = PRIORITIES.index(change.priority)
