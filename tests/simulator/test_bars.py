"""A slot that the engine keeps free for a reason is no broken law, and no task is passed over that it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulator.written import simulated, task


@pytest.mark.parametrize("reserve", ["", 'reserve = [{ slots = 1, priority = "high" }]'])
def test_slots_that_are_still_found_out(tmp_path: Path, reserve: str) -> None:
    fleet = f'[[agent]]\nname = "a"\nslots = "auto"\nmin_slots = 1\nmax_slots = 4\n{reserve}\n'
    found = simulated(tmp_path, fleet, [task(priority=band) for band in ("high", "normal") for _ in range(8)])
    assert found.ended["done"] == 16
    assert found.makespan_s < 16 * 10, "it was given more than one slot with time"


def test_a_slot_kept_for_a_task_that_may_not_have_it_yet(tmp_path: Path) -> None:
    """Who gave way freed it, and meanwhile another window began in which it is somebody else's."""
    fleet = """\
[pool.default]
preempt = { patience_s = 0, band = "high", over = "low" }
[[agent]]
name = "a"
slots = 2
reserve = [{ slots = 1, tenant = "other", hours = ["daily 00:01-23:00"] }]
"""
    long = task(run_s=600, priority="low")
    other = task(priority="low", tenant="other", submit_s=10)
    found = simulated(tmp_path, fleet, [long, long, other, task(priority="high", submit_s=59.5)])
    assert found.ended["done"] == 4
    assert found.attempts > 4, "something gave way"


def test_a_free_slot_that_is_reserved_passes_nobody_over(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "a"\nslots = 2\nreserve = [{ slots = 1, tenant = "t1" }]\n'
    high, low = task(tenant="t2", priority="high"), task(tenant="t1", priority="low")
    found = simulated(tmp_path, fleet, [high] * 4 + [low] * 4)
    assert found.ended["done"] == 8
    assert found.inversions == 0


def test_a_slot_without_its_resource_passes_nobody_over(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "a"\nslots = 2\nresources = { gpu = 1 }\n'
    found = simulated(tmp_path, fleet, [task(priority="high", resources={"gpu": 1})] * 3 + [task(priority="low")] * 3)
    assert found.ended["done"] == 6
    assert found.inversions == 0


def test_a_slot_is_free_again_when_the_hours_it_is_reserved_for_end(tmp_path: Path) -> None:
    fleet = '[[agent]]\nname = "a"\nreserve = [{ slots = 1, priority = "high", hours = ["daily 00:00-17:00"] }]\n'
    found = simulated(tmp_path, fleet, [task(priority="low")])
    assert found.ended["done"] == 1
    assert found.queue_s is not None
    assert found.queue_s.most == 17 * 3_600


def test_a_slot_is_free_again_when_its_agent_crashed(tmp_path: Path) -> None:
    """The resource is free with the end of the lease, and nothing else ends that would say so."""
    fleet = """\
[queue.default]
term = "20s"
max_attempts = 1
[[agent]]
name = "a"
slots = 2
resources = { gpu = 1 }
"""
    tasks = [task(resources={"gpu": 1}, max_attempts=1)] * 3
    found = simulated(tmp_path, fleet, tasks, more={"agent.crash": "1"})
    assert (found.ended["dead"], found.lost) == (3, 3)


def test_work_is_conserved_beside_limits(tmp_path: Path) -> None:
    """A limit excuses those that it stops alone."""
    fleet = """\
[[agent]]
name = "a"
slots = 4
[[limit]]
key = "tenant:t1"
capacity = 1
[[limit]]
key = "kind:b"
unit = "tasks"
period = "20s"
capacity = 1
burst = 1
"""
    first, others, rated = task(tenant="t1"), task(tenant="t2"), task(tenant="t2", kind="b")
    found = simulated(tmp_path, fleet, [first] * 3 + [others] * 4 + [rated] * 2)
    assert found.ended["done"] == 9
    assert found.makespan_s == 40
    assert found.utilisation_waiting == 1, "while a task waited that might start, all slots were busy"
