"""Figures of a small run, computed by hand."""

import pytest

from bench.reference.agent import Agent
from bench.reference.report import report
from bench.reference.span import NOBODY, Span
from bench.reference.task import Task

AGENTS = [Agent("one", slots=2), Agent("two")]


def test_figures() -> None:
    quick = Task(0, 0.0, 2.0, 2.0, band=1, tenant="x", deadline=5.0)
    slow = Task(1, 0.0, 20.0, 20.0, band=1, tenant="y", deadline=30.0)
    lost = Task(2, 1.0, 1.0, 1.0, band=0, tenant="x", deadline=99.0)
    found = report(
        [
            Span(quick, 0, 0.0, 0.0, 2.0, "failed"),
            Span(quick, 0, 3.0, 4.0, 6.0, "done"),
            Span(lost, NOBODY, 1.0, 7.0, 7.0, "expired"),
            Span(slow, 1, 0.0, 4.0, 24.0, "done"),
        ],
        AGENTS,
    )
    assert found.makespan == 24.0
    assert found.busy == [4.0, 20.0]
    assert found.utilisation == pytest.approx([4 / 48, 20 / 24])
    assert found.endings == {"failed": 1, "done": 2, "expired": 1}
    assert (found.deadlines, found.deadlines_met, found.share_met) == (3, 1, 1 / 3)
    assert found.all.wait == pytest.approx(2.5)
    assert found.all.turnaround == pytest.approx(15.0)
    assert found.all.slowdown == pytest.approx((1 + 24 / 20) / 2)
    assert found.tenants["y"].slowdown == pytest.approx(1.2)
    assert set(found.bands) == {1}
    assert [found.wait_quantile(share) for share in (0.0, 0.5, 0.51, 1.0)] == [1.0, 1.0, 4.0, 4.0]


def test_nothing_has_no_figures() -> None:
    found = report([], AGENTS)
    assert (found.makespan, found.utilisation, found.share_met, found.wait_quantile(0.5)) == (0.0, [0.0, 0.0], 1.0, 0.0)
