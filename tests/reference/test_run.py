"""Failures, room, patience, batches and bad input, by hand."""

from collections.abc import Callable, Sequence

import pytest

from bench.reference.agent import Agent, fleet, singles
from bench.reference.baselines import BASELINES, PREEMPTIVE
from bench.reference.graph import upward_rank
from bench.reference.orders import edf, edf_late, fifo, longest
from bench.reference.picks import RoundRobin
from bench.reference.preemptive import preemptive, srpt
from bench.reference.report import report
from bench.reference.run import central, own_queues
from bench.reference.task import Task


def batch(*works: float) -> list[Task]:
    return [Task(seq, 0.0, work, work) for seq, work in enumerate(works)]


def test_a_batch_is_ordered_as_a_whole() -> None:
    first = next(central(batch(1, 2, 3), fleet(1), longest))
    assert (first.task.seq, first.finish) == (2, 3)


def test_shortest_remaining_time_preempts_and_resumes() -> None:
    tasks = [Task(0, 0.0, 10.0, 10.0), Task(1, 4.0, 2.0, 2.0), Task(2, 5.0, 3.0, 3.0)]
    spans = [(span.task.seq, span.start, span.finish, span.ending) for span in preemptive(tasks, fleet(1), srpt)]
    assert spans == [(0, 0, 4, "preempted"), (1, 4, 6, "done"), (2, 6, 9, "done"), (0, 9, 15, "done")]


def test_a_preempted_task_takes_another_agent_it_is_better_for() -> None:
    agents = [Agent("both", skills={"a": 1, "b": 1}), Agent("plain")]
    tasks = [
        Task(0, 0.0, 5.0, 5.0, band=1),  # on both
        Task(1, 0.0, 9.0, 9.0, band=2),  # on plain
        Task(2, 1.0, 1.0, 1.0, band=0, needs=(("a", 1),)),
    ]
    spans = list(PREEMPTIVE["preemptive bands"](tasks, agents))
    assert [(span.task.seq, span.agent, span.start, span.finish) for span in spans] == [
        (0, 0, 0, 1),
        (1, 1, 0, 1),
        (2, 0, 1, 2),
        (0, 1, 1, 5),
        (1, 0, 2, 10),
    ]


def test_failed_attempts_are_made_again_until_dead() -> None:
    agents = [Agent("bad", slots=2, failure=0.5)]
    spans = list(central(batch(*[1.0] * 400), agents, attempts=3))
    found = report(spans, agents)
    dead = {span.task.seq for span in spans if span.ending == "dead"}
    assert all(sum(span.task.seq == seq for span in spans) == 3 for seq in dead)
    assert 20 < len(dead) < 80  # 50 of 400 expected
    assert found.endings["done"] + found.endings["dead"] == 400
    assert sum(found.busy) == len(spans)


def test_all_policies_meet_the_same_bad_luck() -> None:
    agents = [Agent("one", failure=0.3), Agent("two", failure=0.3)]
    tasks = batch(*[float(size) for size in range(1, 60)])
    runs = [run(tasks, agents, seed=7) for run in BASELINES.values()]
    endings = [sorted((span.task.seq, span.ending) for span in run) for run in runs]
    assert all(one == endings[0] for one in endings)
    other_seed = sorted((span.task.seq, span.ending) for span in BASELINES["fifo"](tasks, agents, seed=8))
    assert other_seed != endings[0]


def test_backoff_delays_the_next_attempt() -> None:
    agents = [Agent("bad", failure=0.9)]
    spans = list(central(batch(1.0), agents, attempts=4, backoff=lambda failures: 10.0 * failures, seed=3))
    assert [span.ready for span in spans] == [0.0, 11.0, 32.0, 63.0][: len(spans)]
    assert len(spans) > 1


def test_who_finds_no_room_is_refused() -> None:
    tasks = [Task(seq, seq / 10, 1.0, 1.0) for seq in range(12)]
    spans = list(central(tasks, fleet(1), room=3))
    assert [span.task.seq for span in spans if span.ending == "refused"] == [3, 4, 5, 6, 7, 8, 9, 11]


def test_the_impatient_leave_and_make_room() -> None:
    tasks = [
        Task(0, 0.0, 10.0, 10.0),
        Task(1, 1.0, 1.0, 1.0, patience=2.0),
        Task(2, 2.0, 1.0, 1.0),
        Task(3, 4.0, 1.0, 1.0),
    ]
    spans = list(own_queues(tasks, fleet(1), RoundRobin(fleet(1)), room=2))
    assert [(span.task.seq, span.ending, span.finish) for span in spans] == [
        (2, "refused", 2.0),
        (1, "expired", 3.0),
        (0, "done", 10.0),
        (3, "done", 11.0),
    ]


def test_patience_begins_anew_with_each_attempt() -> None:
    tasks = [Task(0, 0.0, 1.0, 1.0, patience=5.0), Task(1, 2.0, 10.0, 10.0)]
    spans = list(central(tasks, [Agent("bad", failure=0.99)], attempts=2, backoff=lambda _failures: 3.0))
    assert [(span.task.seq, span.ready, span.finish, span.ending) for span in spans[:2]] == [
        (0, 0.0, 1.0, "failed"),
        (0, 4.0, 9.0, "expired"),
    ]


def test_who_left_is_not_counted_as_held() -> None:
    agents = singles(2)
    tasks = [
        Task(0, 0.0, 9.0, 9.0),
        Task(1, 0.0, 9.0, 9.0),
        Task(2, 1.0, 1.0, 1.0, patience=1.0),
        Task(3, 1.0, 1.0, 1.0, patience=1.0),
        Task(4, 3.0, 1.0, 1.0),
        Task(5, 3.0, 1.0, 1.0),
    ]
    seen: list[list[int]] = []

    def pick(candidates: Sequence[int], held: Sequence[int]) -> int:
        seen.append(list(held))
        return min(candidates, key=held.__getitem__)

    list(own_queues(tasks, agents, pick))
    assert seen == [[0, 0], [1, 0], [1, 1], [2, 1], [1, 1], [2, 1]]


def test_the_fast_are_preferred_and_do_more_in_the_same_time() -> None:
    agents = [Agent("slow", speed=0.5), Agent("fast", speed=2.0)]
    spans = list(central(batch(4.0, 4.0), agents))
    assert [(span.agent, span.finish) for span in spans] == [(1, 2.0), (0, 8.0)]


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_runs_a_mixed_fleet(name: str) -> None:
    agents = [Agent("big", 3, 1.0, {"a": 2}), Agent("small", 1, 2.0)]
    tasks = [
        Task(seq, seq / 4, 1.0, 1.0, seq % 3, "one", seq / 4 + 3, needs=(("a", 1),) if seq % 2 else ())
        for seq in range(40)
    ]
    found = report(BASELINES[name](tasks, agents, seed=1), agents)
    assert found.all.tasks == found.deadlines == 40
    assert sum(busy * agent.speed for busy, agent in zip(found.busy, agents, strict=True)) == pytest.approx(40)


@pytest.mark.parametrize(
    ("told", "run"),
    [
        ("sort tasks by submit", lambda: central([Task(0, 2.0, 1, 1), Task(1, 1.0, 1, 1)], fleet(1))),
        ("submit is nan", lambda: central([Task(0, float("nan"), 1, 1)], fleet(1))),
        ("work is -1", lambda: central([Task(0, 0.0, -1, 1)], fleet(1))),
        ("needs python 3, which no agent has", lambda: central([Task(0, 0, 1, 1, needs=(("python", 3),))], fleet(1))),
        ("waits for a parent that never ends", lambda: central([Task(4, 0.0, 1, 1, parents=(5,))], fleet(1))),
        ("circle", lambda: upward_rank([Task(0, 0, 1, 1, parents=(1,)), Task(1, 0, 1, 1, parents=(0,))])),
        ("neither parents", lambda: preemptive([Task(0, 0.0, 1, 1, parents=(5,))], fleet(1), srpt)),
        ("sort by submit", lambda: preemptive([Task(0, 2.0, 1, 1), Task(1, 1.0, 1, 1)], fleet(1), srpt)),
        ("knows no failures", lambda: preemptive([], [Agent("bad", failure=0.1)], srpt)),
        ("slots is 0", lambda: Agent("none", slots=0)),
        ("speed is 0", lambda: Agent("still", speed=0)),
        ("failure is 1", lambda: Agent("hopeless", failure=1)),
    ],
)
def test_bad_input_is_refused_with_a_reason(told: str, run: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=told):
        list(run())  # type: ignore[call-overload]


def test_fifo_is_by_submit_and_survives_a_retry() -> None:
    """A failed task takes its old place."""
    agents = [Agent("bad", failure=0.6)]
    spans = list(central(batch(1.0, 1.0, 1.0), agents, fifo, attempts=50, seed=2))
    assert any(span.ending == "failed" for span in spans)
    assert [span.task.seq for span in spans] == sorted(span.task.seq for span in spans)


def test_a_key_that_ages_is_looked_at_when_its_turn_comes() -> None:
    # At 10, when the slot is free, the first deadline cannot be met any more, though it was the earliest.
    tasks = [
        Task(0, 0.0, 10.0, 10.0),
        Task(1, 1.0, 5.0, 5.0, deadline=12.0),
        Task(2, 2.0, 4.0, 4.0, deadline=14.0),
        Task(3, 3.0, 2.0, 2.0),
    ]
    spans = {span.task.seq: span.start for span in central(tasks, fleet(1), aged=edf_late)}
    assert spans == {0: 0.0, 2: 10.0, 3: 14.0, 1: 16.0}
    plain = {span.task.seq: span.start for span in central(tasks, fleet(1), edf)}
    assert plain == {0: 0.0, 1: 10.0, 2: 15.0, 3: 19.0}
