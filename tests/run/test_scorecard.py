"""The figures of a scorecard, against another way of counting them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.agents.scorecard.figures import Load, percentile, spread_of, utilisation, variation
from rota.agents.scorecard.make import cause_of
from rota.agents.scorecard.record import Record, micros
from rota.agents.scorecard.replay import Replay
from rota.agents.scorecard.spans import Spans, Switch, common, length, union, without
from rota.model.agent import AgentView
from rota.model.event import EventView, MoveView
from rota.model.queue import QueuePolicy, QueueView
from rota.model.state import State
from rota.model.task import TaskView
from rota.model.times import SECOND, rfc3339

START = 1_700_000_000 * SECOND
_spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8).map(union)


def moments(spans: Spans) -> set[int]:
    return {moment for begin, end in spans for moment in range(begin, end)}


@given(_spans, _spans)
def test_spans_are_sets_of_moments(one: Spans, other: Spans) -> None:
    assert moments(common(one, other)) == moments(one) & moments(other)
    assert moments(without(one, other)) == moments(one) - moments(other)
    assert moments(union([*one, *other])) == moments(one) | moments(other)
    assert length(one) == len(moments(one))
    for spans in (one, common(one, other), without(one, other)):
        assert all(begin < end for begin, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans())))
def test_a_switch_is_on_between_on_and_off(presses: list[tuple[int, bool]]) -> None:
    switch = Switch()
    expected = set()
    on = False
    presses.sort(key=lambda press: press[0])
    for (at, now_on), (following, _) in pairwise([*presses, (60, False)]):
        switch.set(now_on, at)
        on = now_on
        expected |= set(range(at, following)) if on else set()
    assert moments(switch.spans(60)) == expected


@given(st.lists(st.integers(0, 1000), min_size=1), st.sampled_from([0.5, 0.99, 1.0]))
def test_a_percentile_is_a_nearest_rank(values: list[int], share: float) -> None:
    found = percentile(sorted(values), share)
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_spreads_and_loads() -> None:
    spread = spread_of([3_000_000, 1_000_000, 2_000_000])
    assert spread is not None
    assert (spread.n, spread.mean_s, spread.p50_s, spread.p99_s) == (3, 2.0, 2.0, 3.0)
    assert spread_of([]) is None
    # Weighted by slots: u = 18/40; deviations .55 (1 slot) and -.18333 (3 slots).
    loads = [Load(1, 10, 10), Load(3, 8, 30)]
    assert utilisation(loads) == 0.45
    assert variation(loads) == pytest.approx(((0.55**2 + 3 * (8 / 30 - 0.45) ** 2) / 4) ** 0.5 / 0.45)
    assert variation([Load(2, 9, 10), Load(5, 9, 10)]) == 0
    assert variation([Load(1, 4, 100), Load(1, 4, 100)]) is None
    assert variation([Load(1, 5, 10)]) is None
    assert utilisation([Load(1, 0, 0)]) is None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("the check refused the answer: exit code 1: no", "rejected by the check"),
        ("ended by signal 11 (SIGSEGV)", "crashed by SIGSEGV"),
        ("exit code 3: what", "exit code 3"),
        ("no end within 3 s (timeout)", "took too long"),
        ("no output for 3 s (stalled)", "stalled"),
        ("the lease ended without a heartbeat", "lease lost"),
        ("ValueError: exit code 3", "raised an error"),
        ("", "no reason given"),
    ],
)
def test_causes(error: str, cause: str) -> None:
    assert cause_of(error) == cause
    assert cause_of(error, "rejected") == "rejected at review"


class Story:
    """Events written down by hand; times are seconds from the start."""

    def __init__(self) -> None:
        self.events: list[EventView] = []

    def says(self, at: float, kind: str, *moves: MoveView, **data: object) -> None:
        when = rfc3339(START + round(at * SECOND))
        self.events.append(EventView(seq=str(len(self.events)), at=when, kind=kind, moves=list(moves), data=data))

    def replay(self, agents: dict[str, dict[str, int]], skills: dict[int, dict[str, int]], **more: bool) -> Replay:
        tasks = {
            number: TaskView(
                id=f"task-{number}",
                title="t",
                kind="task",
                queue="default",
                tenant="default",
                priority="normal",
                state="done",
                submitted=self.events[0].at,
                skills=needs,
            )
            for number, needs in skills.items()
        }
        views = {
            name: AgentView(name=name, state="active", healthy=True, slots=1, running=0, skills=has)
            for name, has in agents.items()
        }
        queue = QueueView(name="default", paused=False, policy=QueuePolicy(), waiting=0, running=0, aside={})
        return Replay(Record("b", tasks, [], self.events, views, {"default": queue}, more.get("shared", False)))


def move(first: int, to: State, last: int | None = None, agent: str | None = None, lane: int | None = None) -> MoveView:
    return MoveView(
        first=f"task-{first}", last=f"task-{last or first}", to=to, agent=agent, lane=lane, slot=0 if agent else None
    )


def seconds(spans: Spans) -> list[tuple[float, float]]:
    return [((begin - START) / SECOND, (end - START) / SECOND) for begin, end in spans]


def test_a_replay_knows_who_waited_for_whom() -> None:
    story = Story()
    story.says(0, "submit", move(1, "ready", last=2, lane=1), move(3, "ready", lane=2))
    story.says(0, "register", agent="any")
    story.says(0, "register", agent="skilled")
    story.says(1, "plan", move(1, "running", agent="any", lane=1), move(3, "running", agent="skilled", lane=2))
    story.says(4, "complete", move(1, "done"))
    story.says(4, "plan", move(2, "running", agent="any", lane=1))
    # The second task fails and avoids its agent, so only the other is waited for.
    story.says(5, "fail", move(2, "ready", lane=3))
    story.says(7, "complete", move(3, "done"))
    story.says(7, "plan", move(2, "running", agent="skilled", lane=3))
    story.says(9, "complete", move(2, "done"))
    replay = story.replay({"any": {}, "skilled": {"x": 2}, "never": {"x": 9}}, {1: {}, 2: {}, 3: {"x": 1}})
    assert sorted(wait / SECOND for wait in replay.waits) == [1, 1, 2, 4]
    any_, skilled = replay.agents
    assert seconds(replay.waited_for(any_)) == [(0, 4)]
    assert seconds(replay.waited_for(skilled)) == [(0, 4), (5, 7)]
    assert [seconds(slot) for slot in replay.busy("any")] == [[(1, 5)]]
    assert [seconds(slot) for slot in replay.busy("skilled")] == [[(1, 9)]]
    assert seconds(replay.work()) == [(0, 9)]
    assert seconds(replay.work(replay.asks(any_))) == [(0, 9)]
    assert len(replay.asks(any_)) == 1
    assert len(replay.asks(skilled)) == 2


@pytest.mark.parametrize("shared", [False, True])
def test_a_standstill_does_not_count(shared: bool) -> None:
    story = Story()
    story.says(0, "submit", move(1, "ready", last=2, lane=1))
    story.says(0, "register", agent="a")
    story.says(1, "plan", move(1, "running", agent="a", lane=1))
    # Killed; an hour later another process takes over, and the agent comes a second after it.
    story.says(3601, "node_lost", move(1, "ready", lane=1))
    story.says(3601, "node_started")
    story.says(3602, "register", agent="a")
    story.says(3603, "plan", move(1, "running", agent="a", lane=1))
    story.says(3605, "complete", move(1, "done"))
    replay = story.replay({"a": {}}, {1: {}, 2: {}}, shared=shared)
    assert seconds(replay.work()) == [(0, 1), (3601, 3605)]
    assert seconds(replay.elapsed()) == [(0, 1), (3601, 3605)]
    # Alone on its file, an agent is gone with its process; with others about, it may have lived elsewhere.
    back = 3601 if shared else 3602
    assert seconds(replay.up("a")) == [(0, 1), (back, 3605)]
    assert seconds(replay.waited_for(replay.agents[0])) == [(0, 1), (back, 3605)]


def test_a_paused_queue_is_not_waited_for() -> None:
    story = Story()
    story.says(0, "submit", move(1, "ready", lane=1))
    story.says(0, "register", agent="a")
    story.says(2, "pause", queue="default")
    story.says(5, "resume", queue="default")
    story.says(6, "plan", move(1, "running", agent="a", lane=1))
    story.says(8, "complete", move(1, "done"))
    replay = story.replay({"a": {}}, {1: {}})
    assert seconds(replay.waited_for(replay.agents[0])) == [(0, 2), (5, 6)]
    assert micros(story.events[-1].at) == replay.until
