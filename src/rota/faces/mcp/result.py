"""What a call of a tool answers on the wire: the same JSON as text and as structured content."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.model.errors import RotaError


def result_of(answer: msgspec.Struct) -> dict[str, Any]:
    """The result of a call that was done."""
    text = msgspec.json.encode(answer)
    content = {"type": "text", "text": text.decode()}
    return {"content": [content], "structuredContent": msgspec.json.decode(text), "isError": False}


def refusal_of(error: RotaError) -> dict[str, Any]:
    """The result of a call that was refused: a tool's error, so that the model sees it and can repair the call.

    There is no structured content: a client would check it against the schema of the answer.
    """
    text = msgspec.json.encode({"error": error.as_dict()}).decode()
    return {"content": [{"type": "text", "text": text}], "isError": True}
