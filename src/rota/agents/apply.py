"""What a fleet file wishes, put into the database: the same way by `rota apply`, `rota run` and `rota serve`."""

from __future__ import annotations

from pathlib import Path

from rota.files.fleet import Fleet
from rota.model.bounds import KEY
from rota.model.commands.apply import Applied, Apply
from rota.operations.distributor import Distributor


def wish_of(fleet: Fleet, *, removes: bool = False) -> Apply:
    """All that the file wishes. Only the agents it names are changed, none is made: they come by themselves."""
    return Apply(
        source=None if fleet.file is None else str(Path(fleet.folder) / Path(fleet.file).name)[-KEY:],
        pools=fleet.pools,
        tenants=fleet.tenants,
        queues=fleet.queues,
        limits=list(fleet.limits),
        rules=list(fleet.rules) or None,
        schedules=list(fleet.schedules),
        agents=[agent.spec for agent in fleet.agents],
        removes=removes,
    )


def apply_fleet(distributor: Distributor, fleet: Fleet) -> Applied:
    """Put in what the file names; nothing is removed. All of it, or nothing when it is refused."""
    answer: Applied = distributor.call(wish_of(fleet))
    return answer
