"""What an answer says that it used: tokens and money."""

from __future__ import annotations

from typing import Any

import msgspec

_COSTS = ("total_cost_usd", "cost_usd", "total_cost", "cost")
MOST = 1e15


def tokens_of(result: Any) -> float:
    """Tokens that an answer says it used: `usage.total_tokens`, `usage.tokens`, or input and output together."""
    usage = result.get("usage") if isinstance(result, dict) else None
    if not isinstance(usage, dict):
        return 0.0
    for name in ("total_tokens", "tokens"):
        if name in usage:
            return _number(usage[name]) or 0.0
    return (_number(usage.get("input_tokens")) or 0.0) + (_number(usage.get("output_tokens")) or 0.0)


def reported_cost(result: Any) -> float | None:
    """Money that an answer says it cost: `total_cost_usd`, `cost_usd`, `total_cost` or `cost`, also inside `usage`.

    A text counts by its last line that is a JSON object, as programs write that tell a stream of what they do.
    """
    if isinstance(result, str):
        result = _last_object(result)
    if not isinstance(result, dict):
        return None
    usage = result.get("usage")
    for place in (result, usage if isinstance(usage, dict) else {}):
        for name in _COSTS:
            found = _number(place.get(name))
            if found is not None:
                return found
    return None


def _last_object(text: str) -> Any:
    line = next((line for line in reversed(text.splitlines()) if line.startswith("{")), None)
    if line is None:
        return None
    try:
        return msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _number(value: Any) -> float | None:
    sound = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MOST
    return float(value) if sound else None
