"""Access keys: who may ask over a network, and what."""

from __future__ import annotations

from typing import Literal

import msgspec

from rota.model.times import Span

KeyScope = Literal["read", "submit", "work", "approve", "route", "admin", "urgent"]
"""What a key may do; `urgent`: say that a task is emergency or critical."""


class CreateKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Make an access key for asking over HTTP. It is shown this once: the database keeps its SHA-256 alone."""

    name: str
    """What it is for."""
    scopes: list[KeyScope]
    tenant: str | None = None
    """It sees and changes tasks of this tenant alone; None = of all."""
    agent: str | None = None
    """It speaks for this agent alone; None = for all, with a tenant for those named `TENANT/...`."""
    urgent_per_hour: int | None = None
    """So many tasks an hour may be emergency or critical; None = no limit. For the scope `urgent`."""
    expires: Span | None = None
    """After how long it is worth nothing; None = never."""


class KeyMade(msgspec.Struct, kw_only=True):
    """The new key. `secret` goes into the Authorization header: `Bearer SECRET`."""

    id: int
    secret: str


class ListKeys(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All access keys, also those that are worth nothing any more."""


class KeyView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A key as shown. Times are RFC 3339 UTC."""

    id: int
    name: str
    scopes: list[str]
    made: str
    tenant: str | None = None
    agent: str | None = None
    urgent_per_hour: int | None = None
    expires: str | None = None
    revoked: str | None = None
    used: str | None = None
    """When it was used last, to within some seconds."""


class KeyPage(msgspec.Struct, kw_only=True):
    """The keys, oldest first."""

    keys: list[KeyView]


class RevokeKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Let a key be worth nothing from now on."""

    key: int
    """Its id."""
