"""Answers as tools give them: JSON as text. Standard library only."""

from __future__ import annotations

import json
from typing import Any


def result(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer of a tool, indented by two, with characters as they are."""
    return {"content": [{"type": "text", "text": json.dumps(answer, indent=2, ensure_ascii=False)}]}
