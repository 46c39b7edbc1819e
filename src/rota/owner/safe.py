"""Which operations may be sent again when nobody knows whether they were done. Standard library only.

The table of operations says the same, but to load it takes longer than a short-lived process may need altogether;
a test compares the two.
"""

from __future__ import annotations

import os
from typing import Any

READS = frozenset(
    {
        "get_task", "list_tasks", "get_history", "explain", "explain_agent", "get_agent", "list_agents", "get_queue",
        "list_queues", "match", "list_rules", "list_limits", "get_limit", "list_tenants", "get_project",
        "list_projects", "get_statistics", "get_batch", "list_attempts", "list_events", "list_archives",
        "list_keys", "list_schedules", "next_ticks",
    }
)  # fmt: skip
IDEMPOTENT = frozenset(
    {
        "cancel", "hold", "unhold", "redrive", "confirm", "heartbeat", "register_agent", "drain_agent",
        "resume_agent", "set_health", "set_queue", "set_pool", "set_tenant", "pause_queue", "resume_queue",
        "set_limit", "set_rules", "assign", "unassign", "reset_limit", "purge_queue", "finalize_project",
        "restore_archive", "revoke_key", "complete", "fail", "give_back", "ask",
        "apply", "set_schedule", "pause_schedule", "resume_schedule",
    }
)  # fmt: skip
"""All idempotent commands. Not `backup`: it would find the file that it has just written."""
KEYED = {"claim": "request", "submit": "key", "create_project": "request", "add_to_project": "request"}
"""What makes the same call again answer the same, by operation."""


def keyed(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with a key of their own, where the operation knows one and the caller gave none."""
    key = KEYED.get(operation)
    if key is None or arguments.get(key) is not None:
        return arguments
    return {**arguments, key: f"link-{os.urandom(12).hex()}"}


def is_safe(operation: str, arguments: dict[str, Any]) -> bool:
    """Whether to do it twice is the same as to do it once."""
    if operation in READS or operation in IDEMPOTENT:
        return True
    key = KEYED.get(operation)
    return key is not None and arguments.get(key) is not None
