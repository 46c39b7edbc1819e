"""Offers that other nodes made to this node's listeners: confirmed and answered here."""

from __future__ import annotations

from rota.engine.brief import brief
from rota.engine.context import Context
from rota.model.commands.work import Claimed
from rota.store.sql.leases import CONFIRM_LEASES, OFFERS_OF_NODE, LeaseRow


def deliver(context: Context) -> None:
    """Turn offers to listeners of this node into leases and answer the listeners."""
    if context.transaction.dialect == "sqlite" or not context.listening:
        return
    offers = [LeaseRow(*row) for row in context.transaction.one(OFFERS_OF_NODE, context.node)]
    waiting = {number for number in context.listening if number not in context.answered}
    found = [offer for offer in offers if offer.listener in waiting and offer.until > context.now]
    if not found:
        return
    rows = [(offer.task, offer.token, context.now + offer.term) for offer in found]
    confirmed = {task for (task,) in context.transaction.each(CONFIRM_LEASES, rows)}
    by_listener: dict[int, list[LeaseRow]] = {}
    for offer in found:
        if offer.task in confirmed:
            by_listener.setdefault(offer.listener, []).append(offer._replace(until=context.now + offer.term, offered=0))
    for number, leases in by_listener.items():
        context.answered[number] = Claimed(tasks=brief(context, leases))
        context.waited_from[number] = [lease.since for lease in leases]
