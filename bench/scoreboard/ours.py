"""Runs of the engine in the simulator."""

from collections.abc import Mapping

from rota.simulator.result import Result
from rota.simulator.simulate import prepared, simulate


def engine(workload: str, settings: Mapping[str, str], seed: int = 0, slots: str | None = None) -> Result:
    """The result of one simulation."""
    return simulate(prepared(workload, slots=slots, given=settings, seed=seed)).result
