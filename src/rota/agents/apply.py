"""The queues and pools of a fleet file, put into the database."""

from __future__ import annotations

import msgspec

from rota.files.fleet import Fleet
from rota.model.commands.fleet import SetPool, SetQueue
from rota.model.commands.read import ListQueues, QueuePage
from rota.model.queue import PoolPolicy
from rota.operations.distributor import Distributor


def apply_fleet(distributor: Distributor, fleet: Fleet) -> None:
    """Create the pools and queues that the file names, or give them its policies; nothing is removed."""
    for name, policy in fleet.pools.items():
        distributor.call(SetPool(pool=name, policy=policy))
    named = {queue.pool for queue in fleet.queues.values()} | {agent.spec.pool for agent in fleet.agents}
    for name in sorted(named - fleet.pools.keys() - {"default"}):
        distributor.call(SetPool(pool=name, policy=PoolPolicy()))
    page: QueuePage = distributor.call(ListQueues())
    known = {queue.name for queue in page.queues}
    # A queue may name another that is made after it, so all of them are there before any says what flows over.
    for name, queue in fleet.queues.items():
        if name not in known:
            plain = msgspec.structs.replace(queue, overflow="refuse", overflow_queue=None)
            distributor.call(SetQueue(queue=name, policy=plain))
    for name, queue in fleet.queues.items():
        distributor.call(SetQueue(queue=name, policy=queue))
