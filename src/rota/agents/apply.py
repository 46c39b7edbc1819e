"""The queues, pools, limits and routing rules of a fleet file, put into the database."""

from __future__ import annotations

import msgspec

from rota.files.fleet import Fleet
from rota.model.commands.fleet import SetPool, SetQueue, SetTenant
from rota.model.commands.limits import SetLimit
from rota.model.commands.read import ListQueues, QueuePage
from rota.model.commands.route import SetRules
from rota.model.commands.schedules import SetSchedule
from rota.model.queue import PoolPolicy
from rota.operations.distributor import Distributor


def apply_fleet(distributor: Distributor, fleet: Fleet) -> None:
    """Create the pools, queues and limits that the file names, or give them its policies; nothing is removed.

    Its rules, if it has any, take the place of all there are: their order counts.
    """
    for name, policy in fleet.pools.items():
        distributor.call(SetPool(pool=name, policy=policy))
    named = {queue.pool for queue in fleet.queues.values()} | {agent.spec.pool for agent in fleet.agents}
    for name in sorted(named - fleet.pools.keys() - {"default"}):
        distributor.call(SetPool(pool=name, policy=PoolPolicy()))
    for name, weight in fleet.tenants.items():
        distributor.call(SetTenant(tenant=name, weight=weight))
    page: QueuePage = distributor.call(ListQueues())
    known = {queue.name for queue in page.queues}
    # A queue may name another that is made after it, so all of them are there before any says what flows over
    # or moves.
    for name, queue in fleet.queues.items():
        if name not in known:
            plain = msgspec.structs.replace(queue, overflow="refuse", overflow_queue=None, stages=())
            distributor.call(SetQueue(queue=name, policy=plain))
    for name, queue in fleet.queues.items():
        distributor.call(SetQueue(queue=name, policy=queue))
    for limit in fleet.limits:
        distributor.call(SetLimit(limit=limit))
    for schedule in fleet.schedules:
        distributor.call(SetSchedule(schedule=schedule))
    if fleet.rules:
        distributor.call(SetRules(rules=list(fleet.rules)))
