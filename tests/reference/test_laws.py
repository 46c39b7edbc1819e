"""Laws that hold for every workload, fleet and order."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.reference.agent import Agent, fleet
from bench.reference.batches import BatchMeans
from bench.reference.controls import lindley
from bench.reference.graph import graham_bounds, inherited_due, upward_rank
from bench.reference.orders import Order, banded, edf, fifo, longest, sjf
from bench.reference.picks import AtRandom, Fastest, LeastOf, RoundRobin, Shortest
from bench.reference.preemptive import fixed, preemptive, srpt
from bench.reference.report import report
from bench.reference.run import central, own_queues
from bench.reference.span import Span
from bench.reference.task import Task
from tests.reference import sweep
from tests.reference.strategies import batches, fleets, workloads

few = settings(max_examples=60)
ORDERS = (fifo, sjf, longest, edf, banded(fifo))


def general_laws(tasks: Sequence[Task], agents: Sequence[Agent], spans: Sequence[Span]) -> None:
    sweep.each_task_ends_once(tasks, spans)
    sweep.times_are_in_order(spans)
    sweep.nobody_is_over_capacity(agents, spans)
    sweep.skills_are_met(agents, spans)


@few
@given(workloads(parents=True, patience=True), fleets, st.sampled_from(ORDERS))
def test_central_queue_keeps_slots_busy_and_order(tasks: list[Task], agents: tuple[Agent, ...], order: Order) -> None:
    spans = list(central(tasks, agents, order))
    general_laws(tasks, agents, spans)
    sweep.no_slot_idles_beside_waiting_work(agents, spans)
    sweep.best_goes_first(agents, spans, order)
    sweep.parents_end_first(spans)
    for span in spans:
        assert span.start - span.ready <= span.task.patience
        assert (span.ending == "expired") == (span.agent == -1)


@few
@given(workloads(parents=True, patience=True), fleets, st.integers(0, 4))
def test_own_queues_keep_their_own_agent_busy_and_in_order(
    tasks: list[Task], agents: tuple[Agent, ...], which: int
) -> None:
    pick = (RoundRobin(agents), AtRandom(agents), LeastOf(agents), Shortest(agents), Fastest(agents))[which]
    spans = list(own_queues(tasks, agents, pick))
    general_laws(tasks, agents, spans)
    sweep.parents_end_first(spans)
    for index, agent in enumerate(agents):
        own = [span for span in spans if span.agent == index]
        alone = [span._replace(agent=0) for span in own]
        sweep.no_slot_idles_beside_waiting_work([agent], alone)
        sweep.best_goes_first([agent], alone, fifo)


@few
@given(workloads(), st.integers(1, 4))
def test_fifo_starts_in_order_of_submit(tasks: list[Task], slots: int) -> None:
    plain = [task._replace(needs=()) for task in tasks]
    spans = sorted(central(plain, fleet(slots)), key=lambda span: span.task.seq)
    starts = [span.start for span in spans]
    assert starts == sorted(starts)


@few
@given(workloads())
def test_one_slot_fifo_is_lindleys_recursion(tasks: list[Task]) -> None:
    plain = [task._replace(needs=()) for task in tasks]
    free_at, expected = 0.0, []
    for task in plain:
        start = max(task.submit, free_at)
        expected.append(start - task.submit)
        free_at = start + task.work
    spans = sorted(central(plain, fleet(1)), key=lambda span: span.task.seq)
    assert [span.start - span.ready for span in spans] == expected


@few
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=40, max_size=60))
def test_the_control_is_the_wait_in_one_fast_server(gaps: list[tuple[int, int]]) -> None:
    now, tasks = 0.0, []
    for seq, (gap, work) in enumerate(gaps):
        now += gap
        tasks.append(Task(seq, now, float(work), float(work)))
    noted, wanted = BatchMeans(len(tasks), 0), BatchMeans(len(tasks), 0)
    handed_on = list(lindley(tasks, noted, 2.0))
    assert handed_on == tasks
    for span in central(tasks, [Agent("fast", speed=2.0)]):
        wanted.add(span.task.seq, span.start - span.ready)
    assert noted.means() == pytest.approx(wanted.means())


@few
@given(workloads(), st.sampled_from(ORDERS))
def test_one_slot_ends_its_busy_periods_at_the_same_time_in_every_order(tasks: list[Task], order: Order) -> None:
    plain = [task._replace(needs=()) for task in tasks]
    runs = (
        central(plain, fleet(1)),
        central(plain, fleet(1), order),
        preemptive(plain, fleet(1), fixed(order)),
        preemptive(plain, fleet(1), srpt),
    )
    first, *others = (_busy_periods(list(run)) for run in runs)
    assert all(other == first for other in others)


@few
@given(workloads(), fleets, st.sampled_from((*ORDERS, None)))
def test_preemption_runs_the_best_always(tasks: list[Task], agents: tuple[Agent, ...], order: Order | None) -> None:
    exact = [task._replace(estimate=task.work) for task in tasks]
    spans = list(preemptive(exact, agents, fixed(order) if order else srpt))
    general_laws(exact, agents, spans)
    sweep.no_slot_idles_beside_waiting_work(agents, spans)
    for task in exact:
        mine = [span for span in spans if span.task == task]
        assert sum((span.finish - span.start) * agents[span.agent].speed for span in mine) == task.work
        assert all(later.ready == earlier.finish for earlier, later in pairwise(mine))
    for moment in {span.start for span in spans}:
        waiting = [span for span in spans if span.ready <= moment < span.start]
        running = [span for span in spans if span.start <= moment < span.finish]
        for one in waiting:
            for other in running:
                if agents[other.agent].able(one.task.needs):
                    assert _key(one, moment, spans, agents, order) >= _key(other, moment, spans, agents, order)


@few
@given(batches(), st.integers(1, 8))
def test_list_schedules_stay_within_grahams_bounds(tasks: list[Task], slots: int) -> None:
    least, greatest = graham_bounds(tasks, slots)
    for order in (fifo, sjf, longest, upward_rank(tasks), inherited_due(tasks)):
        agents = fleet(slots)
        spans = list(central(tasks, agents, order))
        sweep.parents_end_first(spans)
        assert least - 1e-9 <= report(spans, agents).makespan <= greatest + 1e-9


@few
@given(batches())
def test_one_slot_makespan_is_the_work_and_plenty_of_slots_give_the_critical_path(tasks: list[Task]) -> None:
    for slots in (1, len(tasks)):
        least, _ = graham_bounds(tasks, slots)
        assert report(central(tasks, fleet(slots)), fleet(slots)).makespan == pytest.approx(least)


@few
@given(batches())
def test_stream_order_of_parents_and_children_does_not_matter(tasks: list[Task]) -> None:
    assert sorted(central(tasks, fleet(2))) == sorted(central(tasks[::-1], fleet(2)))


def _busy_periods(spans: list[Span]) -> list[tuple[float, float]]:
    periods: list[tuple[float, float]] = []
    for start, finish in sorted((span.start, span.finish) for span in spans if span.finish > span.start):
        if periods and start <= periods[-1][1]:
            periods[-1] = (periods[-1][0], max(finish, periods[-1][1]))
        else:
            periods.append((start, finish))
    return periods


def _key(span: Span, moment: float, spans: list[Span], agents: Sequence[Agent], order: Order | None) -> Any:
    if order:
        return order(span.task)
    mine = [one for one in spans if one.task == span.task and one.start < moment]
    return span.task.work - sum((min(one.finish, moment) - one.start) * agents[one.agent].speed for one in mine)
