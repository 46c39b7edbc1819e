"""Names that are a tenant's own, where all tenants share one space of names."""

from __future__ import annotations

from urllib.parse import quote


def prefix_of(tenant: str) -> str:
    """What they begin with."""
    return f"{quote(tenant, safe='')}/"
