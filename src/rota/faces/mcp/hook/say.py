"""What a hook answers: one JSON object on the standard output."""

from __future__ import annotations

import json
import os
from typing import Any


def say(answer: dict[str, Any]) -> None:
    """Write it whole; raises when nobody reads it any more."""
    data = json.dumps(answer).encode() + b"\n"
    while data:
        data = data[os.write(1, data) :]


def context(event: str, text: str) -> dict[str, Any]:
    """A text that the agent is to know, as Claude Code takes it from this event."""
    return {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}
