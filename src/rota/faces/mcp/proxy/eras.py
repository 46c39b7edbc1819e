"""The versions of the protocol: those with a handshake, and that of 2026 where every request says it all itself."""

from __future__ import annotations

from typing import Any

from rota.faces.mcp.proxy.wire import Refused

HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
STATELESS = ("2026-07-28",)
UNSUPPORTED_VERSION = -32022
_META = "io.modelcontextprotocol/"
LONG_MS = 3_600_000
"""How long lists that never change may be kept."""


def version_of(parameters: dict[str, Any]) -> str | None:
    """The version that a request of the stateless era names itself; None for one of the older era."""
    version = _meta(parameters).get(_META + "protocolVersion")
    if version is None:
        return None
    if version not in STATELESS and version not in HANDSHAKE:
        data = {"supported": [*STATELESS, *HANDSHAKE], "requested": str(version)}
        raise Refused(UNSUPPORTED_VERSION, "Unsupported protocol version", data)
    return str(version) if version in STATELESS else None


def client_of(parameters: dict[str, Any]) -> str:
    """What the client calls itself; empty when it does not say."""
    info = parameters.get("clientInfo", _meta(parameters).get(_META + "clientInfo"))
    name = info.get("name") if isinstance(info, dict) else None
    return name if isinstance(name, str) else ""


def progress_token_of(parameters: dict[str, Any]) -> Any:
    """Under what name the caller wants to hear how a call goes on; None = not at all."""
    return _meta(parameters).get("progressToken")


def _meta(parameters: dict[str, Any]) -> dict[str, Any]:
    found = parameters.get("_meta")
    return found if isinstance(found, dict) else {}


def negotiated(asked: Any) -> str:
    """The version of a handshake: the one asked for, else the newest that has one."""
    return asked if isinstance(asked, str) and asked in HANDSHAKE else HANDSHAKE[-1]


def shaped(result: dict[str, Any], version: str | None, server: dict[str, str], keep_ms: int | None) -> dict[str, Any]:
    """The result as the era of its request wants it. `keep_ms`: how long it may be kept; None = it is no list."""
    if version is None:
        return result
    meta = {_META + "serverInfo": server, **result.get("_meta", {})}
    kept = {} if keep_ms is None else {"ttlMs": keep_ms, "cacheScope": "public"}
    return {"resultType": "complete", **result, **kept, "_meta": meta}
