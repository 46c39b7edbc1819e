"""The example of docs/scheduling.md, as it stands there."""

from __future__ import annotations

from typing import Any

from rota.testing import TestDistributor
from tests.engine.fleet import agent, done, spec, submit, take


def test_the_order_of_the_example(rota: TestDistributor) -> None:
    agent(rota, "ann")
    names: dict[str, str] = {}

    def come(name: str, pause: str, **more: Any) -> None:
        rota.clock.advance(pause)
        names[submit(rota, spec(**more))[0]] = name

    come("A", "0s", tenant="acme", estimate="60s")
    come("B", "30s", tenant="acme", estimate="5s")
    come("C", "10s", tenant="zenith", estimate="20s", deadline="30s")
    come("D", "10s", tenant="zenith", estimate="30s", deadline="610s")
    come("E", "5s", tenant="acme", estimate="10s", priority="low")
    low = next(number for number, name in names.items() if name == "E")
    come("F", "1s", tenant="acme", estimate="40s", priority="high", deadline="304s", after=[low])
    rota.clock.advance("4s")
    order = []
    for _ in names:
        given = take(rota, "ann")
        order.append(names[given.task])
        done(rota, given)
    assert order == ["E", "F", "D", "B", "A", "C"]
