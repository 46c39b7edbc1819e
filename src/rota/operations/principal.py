"""Who asks, and what that is allowed."""

from __future__ import annotations

from typing import NamedTuple, get_args

import msgspec

from rota.engine.keys import URGENT
from rota.model.errors import RotaError
from rota.operations.keys import KeptKey
from rota.operations.table import Operation, Scope


class Principal(NamedTuple):
    """Somebody who asks over a network. Without `tenant` all tenants, without `agent` all agents are its own."""

    scopes: frozenset[Scope]
    tenant: str | None = None
    agent: str | None = None
    key: int | None = None
    """The number of its key; None = nobody needs one here."""
    urgent: int | None = None
    """So many tasks an hour may be emergency or critical; None = as many as it likes."""


EVERYBODY = Principal(frozenset(get_args(Scope)))
"""Who asks where no keys are needed: on the same machine as the same user."""


def principal_of(key: KeptKey) -> Principal:
    """Whoever has this key."""
    said = frozenset(msgspec.json.decode(key.scopes, type=list[str]))
    scopes: frozenset[Scope] = frozenset(scope for scope in get_args(Scope) if scope in said)
    return Principal(scopes, key.tenant, key.agent, key.id, key.urgent if URGENT in said else 0)


def check_scope(principal: Principal, operation: Operation) -> None:
    """Refuse what needs a scope that it does not have."""
    if operation.scope not in principal.scopes:
        had = ", ".join(sorted(principal.scopes)) or "none"
        raise RotaError(
            "not_allowed", f"{operation.name} needs the scope {operation.scope}; this key has {had}", field="scope"
        )
