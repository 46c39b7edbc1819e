"""What one side has no place for, remembered on the other until something else is said there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

WAS, SHOWN = "was", "shown"
Kept = dict[str, dict[str, Any]]
"""By key: what it was, and what was shown in its stead. What was not there is not in there."""


def kept_of(original: Mapping[str, Any], shown: Mapping[str, Any]) -> str | None:
    """What has to be remembered to get the original back from what will be shown; None when that is nothing.

    It is text of ASCII characters: a database may not hold every value that JSON can.
    """
    kept: Kept = {}
    for key in [*original, *(key for key in shown if key not in original)]:
        values = {name: side[key] for name, side in ((WAS, original), (SHOWN, shown)) if key in side}
        if len(values) == 1 or not _same(values[WAS], values[SHOWN]):
            kept[key] = values
    return json.dumps(kept) if kept else None


def restored(shown: Mapping[str, Any], kept: object) -> dict[str, Any]:
    """The original, but for the keys that show something else by now."""
    found = dict(shown)
    for key, values in _read(kept).items():
        now = {SHOWN: shown[key]} if key in shown else {}
        then = {SHOWN: values[SHOWN]} if SHOWN in values else {}
        if not _same(now, then):
            continue
        if WAS in values:
            found[key] = values[WAS]
        else:
            del found[key]
    return found


def _read(kept: object) -> Kept:
    found = json.loads(kept) if isinstance(kept, str) else {}
    return found if isinstance(found, dict) else {}


def _same(one: object, other: object) -> bool:
    """As JSON: true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
