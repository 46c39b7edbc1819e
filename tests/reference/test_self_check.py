"""The self-check passes, and would not if the simulator were wrong."""

import json
from functools import partial

import pytest

from bench.reference import one_server
from bench.reference.__main__ import app
from bench.reference.agent import fleet
from bench.reference.arrivals import poisson
from bench.reference.check import rows
from bench.reference.controls import one_fast_server
from bench.reference.goldens import MMC, SJF
from bench.reference.model import Model, Reading, wait, waited
from bench.reference.model import rows as model_rows
from bench.reference.orders import fifo, longest
from bench.reference.row import Row
from bench.reference.run import central


def test_quick_check_holds() -> None:
    found = list(rows(quick=True))
    assert len(found) > 20
    assert [row for row in found if not row.ok] == []


def test_wrong_order_is_found_out() -> None:
    model = next(model for model in one_server.models() if model.name == "M/M/1 SJF rho 0.5")
    for order in (fifo, longest):
        wrong = model._replace(run=partial(central, agents=fleet(1), order=order))
        (row,) = model_rows(wrong, 1, quick=True)
        assert row.target == SJF[0.5]
        assert row.measured > 1.9
        assert not row.ok


def test_one_slot_too_many_is_found_out() -> None:
    share, mean = MMC[4, 0.8]
    control = one_fast_server(4, 0.8)
    model = Model(
        "M/M/4 with 5",
        lambda count, seed: poisson(3.2, count, seed),
        lambda tasks: central(tasks, fleet(5)),
        [Reading("Wq", mean, wait, control), Reading("P(wait)", share, waited, control)],
        20_000,
        20_000,
    )
    assert [row.ok for row in model_rows(model, 1, quick=True)] == [False, False]


def test_same_seed_same_rows() -> None:
    first, second, other = ([*rows(quick=True, only="M/M/4", seed=seed)] for seed in (1, 1, 2))
    assert first == second != other


def test_row_judges_relative_to_its_target() -> None:
    assert Row("m", "w", 10.0, 10.2, 0.0, 0.02).ok
    assert not Row("m", "w", 10.0, 10.3, 0.0, 0.02).ok
    assert Row("m", "w", 0.0, 0.0).ok
    assert not Row("m", "w", 0.0, 1.0).ok


def test_command_prints_rows_and_says_how_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["--quick", "--only", "erlang b", "--json"]) == 0
    printed = capsys.readouterr()
    (row,) = (json.loads(line) for line in printed.out.splitlines())
    assert row["ok"]
    assert row["target"] == pytest.approx(0.1217, abs=1e-4)
    assert "all 1 rows hold" in printed.err
    assert _exit_code(["--quick", "--only", "round robin"]) == 0
    assert "all 1 rows hold" in capsys.readouterr().out
    assert _exit_code(["--only", "no such model"]) == 2


def _exit_code(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        app(arguments)
    return ended.value.code
