"""Which tasks are a tenant's own."""

from __future__ import annotations

from collections.abc import Iterable

from rota.model.errors import RotaError
from rota.model.ids import task_number
from rota.operations.distributor import Distributor
from rota.store.sql.listing import TENANTS_OF


def own_numbers(distributor: Distributor, tenant: str, tasks: Iterable[str]) -> frozenset[int]:
    """The numbers of those of these tasks that are the tenant's. What is no id of a task is nobody's."""
    numbers = set()
    for task in tasks:
        try:
            numbers.add(task_number(task))
        except RotaError:
            continue
    with distributor.store.read() as reader:
        book = distributor.book_for(reader)
        number = book.known_tenant(reader, tenant)
        rows = reader.each(TENANTS_OF, [(one,) for one in sorted(numbers)])
    return frozenset(task for task, owner in rows if owner == number)
