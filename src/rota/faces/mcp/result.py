"""What a call of a tool answers on the wire: the same JSON as text and as structured content."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.model.errors import RotaError


def result_of(answer: msgspec.Struct) -> dict[str, Any]:
    """The result of a call that was done."""
    structured = msgspec.to_builtins(answer)
    return {"content": [_text(structured)], "structuredContent": structured, "isError": False}


def refusal_of(error: RotaError) -> dict[str, Any]:
    """The result of a call that was refused: a tool's error, so that the model sees it and can repair the call.

    There is no structured content: a client would check it against the schema of the answer.
    """
    return {"content": [_text({"error": error.as_dict()})], "isError": True}


def _text(value: Any) -> dict[str, Any]:
    return {"type": "text", "text": msgspec.json.encode(value).decode()}
