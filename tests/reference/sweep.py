"""Laws every run must obey, read from its spans alone. Slow and plain: for small runs."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench.reference.agent import Agent
from bench.reference.span import NOBODY, Span
from bench.reference.task import Task

ENDED = ("done", "dead", "refused", "expired")


def each_task_ends_once(tasks: Sequence[Task], spans: Iterable[Span]) -> None:
    ended = sorted(span.task.seq for span in spans if span.ending in ENDED)
    assert ended == sorted(task.seq for task in tasks)


def times_are_in_order(spans: Iterable[Span]) -> None:
    for span in spans:
        assert span.task.submit <= span.ready <= span.start <= span.finish


def nobody_is_over_capacity(agents: Sequence[Agent], spans: Sequence[Span]) -> None:
    for index, agent in enumerate(agents):
        for moment in {span.start for span in spans}:
            assert _busy(index, moment, spans) <= agent.slots


def skills_are_met(agents: Sequence[Agent], spans: Iterable[Span]) -> None:
    for span in spans:
        assert span.agent == NOBODY or agents[span.agent].able(span.task.needs)


def no_slot_idles_beside_waiting_work(agents: Sequence[Agent], spans: Sequence[Span]) -> None:
    """Work conservation: while a task waits, every slot that may have it is busy."""
    for moment in _moments(spans):
        for waiting in _waiting(moment, spans):
            for index, agent in enumerate(agents):
                if agent.able(waiting.task.needs):
                    assert _busy(index, moment, spans) == agent.slots, f"{waiting} waits at {moment} for nothing"


def best_goes_first(agents: Sequence[Agent], spans: Sequence[Span], key: Callable[[Task], Any]) -> None:
    """No task starts on an agent that a better task, still waiting, could have had."""
    for started in spans:
        if started.agent == NOBODY:
            continue
        for waiting in _waiting(started.start, spans):
            # Ready by an end at this very instant: tasks without work end at once, after others have been started.
            if waiting.ready == started.start and (waiting.task.parents or waiting.ready > waiting.task.submit):
                continue
            if agents[started.agent].able(waiting.task.needs):
                assert (key(waiting.task), waiting.task.seq) >= (key(started.task), started.task.seq)


def parents_end_first(spans: Sequence[Span]) -> None:
    ends = {span.task.seq: span.finish for span in spans if span.ending in ENDED}
    for span in spans:
        assert all(ends[parent] <= span.ready for parent in span.task.parents)


def _moments(spans: Iterable[Span]) -> set[float]:
    return {moment for span in spans for moment in (span.ready, span.start, span.finish)}


def _waiting(moment: float, spans: Iterable[Span]) -> list[Span]:
    return [span for span in spans if span.ready <= moment < span.start]


def _busy(agent: int, moment: float, spans: Iterable[Span]) -> int:
    return sum(span.agent == agent and span.start <= moment < span.finish for span in spans)
