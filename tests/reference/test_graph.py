"""Ranks, inherited dues and bounds of a graph small enough to do by hand.

0 (2) -> 1 (3) -> 3 (1)
0 (2) -> 2 (7) -> 3 (1)        4 (5) alone
"""

from bench.reference.graph import critical_path, graham_bounds, inherited_due, upward_rank
from bench.reference.task import Task

TASKS = [
    Task(0, 0.0, 2.0, 2.0),
    Task(1, 0.0, 3.0, 3.0, parents=(0,)),
    Task(2, 0.0, 7.0, 7.0, parents=(0,)),
    Task(3, 0.0, 1.0, 1.0, parents=(1, 2), deadline=20.0),
    Task(4, 100.0, 5.0, 5.0),
]


def test_upward_rank_is_the_longest_way_to_the_end() -> None:
    order = upward_rank(TASKS)
    assert [-order(task) for task in TASKS] == [10.0, 4.0, 8.0, 1.0, 5.0]


def test_due_is_inherited_from_the_most_pressing_child() -> None:
    order = inherited_due(TASKS, k=10.0, target=4.0)
    assert [order(task) for task in TASKS] == [12.0, 19.0, 19.0, 20.0, 154.0]
    shorter = inherited_due(TASKS, k=1.0)
    assert [shorter(task) for task in TASKS] == [0.0, 3.0, 7.0, 20.0, 105.0]


def test_bounds() -> None:
    assert critical_path(TASKS) == 10.0
    assert graham_bounds(TASKS, 1) == (18.0, 18.0)
    assert graham_bounds(TASKS, 2) == (10.0, 14.0)
    assert graham_bounds(TASKS, 4) == (10.0, 12.0)


def test_parents_that_are_not_among_the_tasks_do_not_count() -> None:
    assert critical_path(TASKS[1:2]) == 3.0
    assert critical_path([]) == 0.0
