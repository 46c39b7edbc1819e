"""`generate_project_plan`: a language model drafts the tasks of a project. Standard library only.

The request goes over plain HTTPS to the provider whose key is in the environment of whoever calls. Addresses can be
replaced: `OPENAI_BASE_URL`, `GOOGLE_GENERATIVE_AI_BASE_URL`, `DEEPSEEK_BASE_URL`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from rota.faces.mcp.classic.arguments import Arguments
from rota.faces.mcp.classic.errors import ToolError

PATIENCE_S = 120.0
MOST_BYTES = 8 * 1_048_576
UNEXPECTED = "Failed to generate project plan due to an unexpected error"
_TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "projectPlan": _TEXT,
        "tasks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "title": _TEXT,
                    "description": _TEXT,
                    "toolRecommendations": _TEXT,
                    "ruleRecommendations": _TEXT,
                },
                "required": ["title", "description"],
            },
        },
    },
    "required": ["tasks"],
}
TASK = (
    "Break the goal below into the tasks of a project. Answer with one JSON object of this schema and nothing else:\n"
    + json.dumps(SCHEMA)
)


class Provider(NamedTuple):
    """Where a provider is asked and how it answers."""

    key: str
    """The environment variable with its key."""
    base: str
    """The environment variable with its address."""
    address: str
    request: Callable[[str, str, str], tuple[str, dict[str, str], dict[str, Any]]]
    """Model, key, text -> path, headers, body."""
    answer: Callable[[Any], str]
    """The model's words in what came back."""


def _chat(model: str, key: str, text: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    messages = [{"role": "system", "content": TASK}, {"role": "user", "content": text}]
    body = {"model": model, "messages": messages, "response_format": {"type": "json_object"}}
    return "/chat/completions", {"Authorization": f"Bearer {key}"}, body


def _gemini(model: str, key: str, text: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    body = {
        "systemInstruction": {"parts": [{"text": TASK}]},
        "contents": [{"role": "user", "parts": [{"text": text}]}],
        "generationConfig": {"responseMimeType": "application/json"},
    }
    return f"/models/{quote(model, safe='')}:generateContent", {"x-goog-api-key": key}, body


def _chosen(answer: Any) -> str:
    return str(answer["choices"][0]["message"]["content"])


PROVIDERS: dict[str, Provider] = {
    "openai": Provider("OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1", _chat, _chosen),
    "google": Provider(
        "GOOGLE_GENERATIVE_AI_API_KEY",
        "GOOGLE_GENERATIVE_AI_BASE_URL",
        "https://generativelanguage.googleapis.com/v1beta",
        _gemini,
        lambda answer: "".join(part.get("text", "") for part in answer["candidates"][0]["content"]["parts"]),
    ),
    "deepseek": Provider("DEEPSEEK_API_KEY", "DEEPSEEK_BASE_URL", "https://api.deepseek.com/v1", _chat, _chosen),
}


def project_of(arguments: Arguments, environment: Mapping[str, str] = os.environ) -> Arguments:
    """Checked arguments of the tool -> arguments of `create_project`. Raises `ToolError`."""
    provider = PROVIDERS.get(arguments["provider"])
    if provider is None:
        raise ToolError(f"Invalid provider: {arguments['provider']}")
    key = environment.get(provider.key)
    if not key:
        raise ToolError(f"Missing API key environment variable required for {arguments['provider']}")
    text = _prompt(arguments)
    answer = _asked(provider, key, environment.get(provider.base) or provider.address, arguments, text)
    try:
        plan = json.loads(_unfenced(provider.answer(answer)))
        found: Arguments = {"initialPrompt": arguments["prompt"], "tasks": [_task(task) for task in plan["tasks"]]}
        if isinstance(plan.get("projectPlan"), str):
            found["projectPlan"] = plan["projectPlan"]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ToolError(UNEXPECTED) from None
    return found


def _prompt(arguments: Arguments) -> str:
    """The goal and the attachments, each between tags of its own."""
    parts = [f"<prompt>{arguments['prompt']}</prompt>"]
    for name in arguments["attachments"]:
        try:
            with open(name, encoding="utf-8") as file:
                parts.append(f"<attachment>{file.read(MOST_BYTES)}</attachment>")
        except (OSError, ValueError):
            raise ToolError(f"Failed to read attachment file: {name}") from None
    return "\n".join(parts)


def _asked(provider: Provider, key: str, address: str, arguments: Arguments, text: str) -> Any:
    model = arguments["model"]
    path, headers, body = provider.request(model, key, text)
    headers = {"Content-Type": "application/json", **headers}
    if not address.startswith(("https://", "http://")):
        raise ToolError(UNEXPECTED)
    request = Request(address.rstrip("/") + path, json.dumps(body).encode(), headers)
    try:
        with urlopen(request, timeout=PATIENCE_S) as response:
            return json.loads(response.read(MOST_BYTES))
    except HTTPError as error:
        with error:
            if error.code == 404 or _says_model(error):
                raise ToolError(f"Invalid model: {model} is not available for {arguments['provider']}") from None
        raise ToolError(UNEXPECTED) from None
    except (URLError, OSError, ValueError):
        raise ToolError(UNEXPECTED) from None


def _says_model(error: HTTPError) -> bool:
    return error.code == 400 and b"model" in error.read(MOST_BYTES).lower()


def _unfenced(text: str) -> str:
    """The JSON in an answer that stands in a code block all the same."""
    text = text.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0]
    return text


def _task(given: Any) -> Arguments:
    found: Arguments = {name: str(given[name]) for name in ("title", "description")}
    for name in ("toolRecommendations", "ruleRecommendations"):
        if isinstance(given.get(name), str) and given[name]:
            found[name] = given[name]
    return found
