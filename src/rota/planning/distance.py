"""How far regions are apart: their names are paths, `eu/west/2` or `eu-west-2`, the widest part first."""

from __future__ import annotations

import re

_PARTS = re.compile(r"[/-]")


def distance(one: str | None, other: str | None) -> float:
    """0 for the same region, 1 for regions that share nothing or are not known, in between by what they share.

    The share of the longer path's parts that both do not begin with: `eu-west-1` and `eu-west-2` are 1/3 apart.
    """
    if one is None or other is None:
        return 1.0
    if one == other:
        return 0.0
    left, right = _PARTS.split(one), _PARTS.split(other)
    shared = 0
    for mine, theirs in zip(left, right, strict=False):
        if mine != theirs:
            break
        shared += 1
    return 1.0 - shared / max(len(left), len(right))
