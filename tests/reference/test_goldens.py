"""The numbers the simulator is held against are what queueing theory says."""

import pytest

from bench.reference import goldens
from tests.reference import formulas

DIGITS = 6e-5  # most were written down with four digits


def near(expected: object) -> object:
    return pytest.approx(expected, abs=DIGITS)


def test_erlangs_recursion_is_his_definition() -> None:
    for servers, load in ((1, 0.5), (4, 3.2), (10, 8.0), (10, 10.0)):
        assert formulas.erlang_b(servers, load) == pytest.approx(formulas.erlang_b_defined(servers, load))


def test_central_queue() -> None:
    for (servers, rho), expected in goldens.MMC.items():
        load = servers * rho
        assert expected == near((formulas.erlang_c(servers, load), formulas.erlang_c_wait(servers, load)))
    for servers, share in goldens.STAFFED.items():
        assert share == near(formulas.erlang_c(servers, 100))


def test_orders_of_one_server() -> None:
    for table, formula in (
        (goldens.SJF, formulas.sjf),
        (goldens.PREEMPTIVE_SJF, formulas.preemptive_sjf),
        (goldens.SRPT, formulas.srpt),
    ):
        for rho, mean in table.items():
            assert mean == near(formula(rho))


def test_pollaczek_khinchine() -> None:
    for (cv2, rho), mean in goldens.MG1.items():
        assert mean == near(formulas.pollaczek_khinchine(rho, cv2))


def test_two_classes() -> None:
    for rho, waits in goldens.COBHAM_WAIT.items():
        assert waits == near(formulas.cobham(rho))
        assert sum(waits) / 2 == near(rho / (1 - rho))
    for rho, times in goldens.PREEMPTIVE_TIME.items():
        assert times == near(formulas.preemptive_classes(rho))


def test_little_room() -> None:
    for (servers, load), share in goldens.ERLANG_B.items():
        assert share == near(formulas.erlang_b(servers, load))
    for (rho, room), share in goldens.MM1K.items():
        assert share == near(formulas.mm1k(rho, room))


def test_impatience() -> None:
    for model, expected in goldens.ERLANG_A.items():
        assert expected == near(formulas.erlang_a(*model))


def test_power_of_d_choices() -> None:
    for (d, rho), mean in goldens.SQ.items():
        assert mean == near(formulas.mean_field(d, rho))
    assert formulas.mean_field(1, 0.9) == pytest.approx(goldens.RANDOM)
    assert goldens.FEW_SHORTEST[0] > 1 + formulas.erlang_c_wait(10, 9)
