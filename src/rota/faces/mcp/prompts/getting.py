"""`prompts/list` and `prompts/get`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rota.faces.mcp.prompts.catalogue import PROMPTS
from rota.model.errors import invalid
from rota.operations.distributor import Distributor


def list_prompts() -> dict[str, Any]:
    """All of them."""
    return {"prompts": [prompt.definition() for prompt in PROMPTS.values()]}


def get_prompt(distributor: Distributor, name: object, arguments: object = None) -> dict[str, Any]:
    """A prompt with its arguments filled in, and with what the database says now. Raises `RotaError`."""
    prompt = PROMPTS.get(name) if isinstance(name, str) else None
    if prompt is None:
        raise invalid("name", f"there is no prompt {str(name)[:60]!r}; there are {', '.join(PROMPTS)}")
    given = {} if arguments is None else arguments
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise invalid("arguments", "must be an object of texts")
    known = {argument.name: argument for argument in prompt.arguments}
    for key in given:
        if key not in known:
            raise invalid(f"arguments.{key}", f"{name} takes {', '.join(known)}")
    for argument in prompt.arguments:
        if argument.required and not given.get(argument.name, "").strip():
            raise invalid(f"arguments.{argument.name}", "is missing")
    text = prompt.text(distributor, {key: value for key, value in given.items() if value.strip()})
    return {
        "description": prompt.description,
        "messages": [{"role": "user", "content": {"type": "text", "text": text}}],
    }
