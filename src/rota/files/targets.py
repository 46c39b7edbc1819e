"""`[targets]` of fleet.toml: what distribution is to reach."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rota.files.place import Misfit
from rota.model.errors import RotaError
from rota.model.times import Span, seconds

Share = Annotated[float, Meta(ge=0, le=1)]


class TargetsTable(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What distribution is to reach. `distribution_status` shows each figure beside its target. Shares are 0 to 1."""

    distribution_latency: Annotated[
        Span,
        Meta(description="From the later of task ready and slot free to the answer, at most, of 99 in 100 tasks."),
    ] = 0.05
    load_variance: Annotated[
        Annotated[float, Meta(ge=0)],
        Meta(description="Variation of utilisation between agents that may do the same, at most."),
    ] = 0.1
    completion_rate: Annotated[Share, Meta(description="Done over done, dead and expired, at least.")] = 0.99
    priority_respected: Annotated[
        Share, Meta(description="Tasks given while no better one waited for the slot, at least.")
    ] = 1.0
    deadline_success: Annotated[Share, Meta(description="Deadlines met, at least.")] = 0.95
    utilisation: Annotated[
        Share, Meta(description="Busy over offered slot-time while work waited for the agent, at least.")
    ] = 0.8
    queue_overflow: Annotated[Share, Meta(description="Tasks shed over tasks submitted, at most.")] = 0.0
    fairness: Annotated[
        Share, Meta(description="Jain's index of service by weight while all tenants had tasks waiting, at least.")
    ] = 0.9


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """The same, ready to use: `distribution_latency` is seconds."""

    distribution_latency: float = 0.05
    load_variance: float = 0.1
    completion_rate: float = 0.99
    priority_respected: float = 1.0
    deadline_success: float = 0.95
    utilisation: float = 0.8
    queue_overflow: float = 0.0
    fairness: float = 0.9


def targets_of(table: TargetsTable | None) -> Targets:
    """The targets that a file sets, the usual ones for the rest."""
    if table is None:
        return Targets()
    values = msgspec.structs.asdict(table)
    try:
        values["distribution_latency"] = seconds(table.distribution_latency, "")
    except RotaError as error:
        raise Misfit(("targets", "distribution_latency"), error.message) from None
    return Targets(**values)
