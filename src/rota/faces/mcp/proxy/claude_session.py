"""A session of Claude Code: its hooks and its MCP server are one agent. Standard library only.

Claude Code gives both the id of the session: hooks in their input, MCP servers as CLAUDE_CODE_SESSION_ID (from its
version 2.1.154, with `--resume` from 2.1.163). What is made of it names the session with the owner.
"""

from __future__ import annotations

from collections.abc import Mapping

try:  # as in `rota.owner.address`
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

CLIENT = "claude-code"
"""What Claude Code calls itself as an MCP client."""
VARIABLE = "CLAUDE_CODE_SESSION_ID"
WORKER = "ROTA_WORKER"


def shared_session(client: str, environment: Mapping[str, str]) -> str | None:
    """The number that the session's hooks use too; None for all others.

    The variable alone says nothing: whatever is started from within a session inherits it, other clients too.
    """
    session = environment.get(VARIABLE, "")
    return number_of(session) if session and client == CLIENT else None


def number_of(session: str) -> str:
    """The session's number for the owner: the id without its dashes, or a hash of one of another form."""
    plain = session.replace("-", "")
    if 16 <= len(plain) <= 64 and plain.isascii() and plain.isalnum():
        return plain
    return blake2b(session.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def is_worker(environment: Mapping[str, str]) -> bool:
    """Whether the session asked to be handed tasks whenever it stops."""
    return environment.get(WORKER, "") not in ("", "0")
