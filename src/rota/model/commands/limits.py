"""Limits: setting, removing, starting anew, and looking at them."""

from __future__ import annotations

import msgspec

from rota.model.limit import LimitSpec, LimitView


class SetLimit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Create a limit, or replace the one of the same key, unit and period. What was used stays used.

    A limit on what each task may have of its own (a project, a field of the payload) holds for tasks submitted from
    then on.
    """

    limit: LimitSpec


class RemoveLimit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Remove the limits of this key: all, or those of one unit. Tasks that waited for them wait no longer."""

    key: str
    unit: str | None = None


class ResetLimit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Start anew with nothing used: a limit at all values of its key, or at one value (`tenant:acme`).

    A budget that asked for more goes on; a provider's limit that was reported with `fail` opens.
    """

    key: str


class ListLimits(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All limits, each with up to 100 of the values of its key that are in use."""


class LimitPage(msgspec.Struct, kw_only=True):
    """The limits by name."""

    limits: list[LimitView]
    parked: dict[str, str] = {}
    """Keys that agents reported as used up at a provider, with the time when they open (RFC 3339)."""


class GetLimit(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The limits of one key, each with up to 1,000 of the values that are in use."""

    key: str
