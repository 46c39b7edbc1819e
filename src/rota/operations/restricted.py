"""What somebody asks, narrowed to what is its own: a key of a tenant sees that tenant alone, one of an agent speaks
for that agent alone.

Whatever is not said here to be safe is refused to a key of a tenant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.operations.principal import Principal
from rota.operations.table import Operation


def _as_it_is(answer: Any) -> Any:
    return answer


class Narrowed(NamedTuple):
    """What is to be asked instead, and what becomes of the answer."""

    request: Any
    mend: Callable[[Any], Any] = _as_it_is


def needs_narrowing(principal: Principal) -> bool:
    """Whether its requests have to be looked into at all."""
    return principal.tenant is not None or principal.agent is not None or principal.urgent is not None


def narrowed(distributor: Distributor, principal: Principal, operation: Operation, request: Any) -> Narrowed:
    """The request as this principal may make it; refused when it may not."""
    del distributor, request
    raise RotaError("not_allowed", f"{operation.name} is not for keys of one tenant", field=str(principal.tenant))
