"""How much lies between two commits."""

from __future__ import annotations

from rota.agents.worktree.git import Git


def changes_between(git: Git, base: str, commit: str) -> tuple[int, int, int]:
    """Files changed, lines added, lines removed; of a binary file no line is counted."""
    files = added = removed = 0
    for line in git.run("diff", "--numstat", "--no-renames", "-z", base, commit).split("\0"):
        parts = line.split("\t")
        if len(parts) < 3:
            continue
        files += 1
        added += int(parts[0]) if parts[0].isdigit() else 0
        removed += int(parts[1]) if parts[1].isdigit() else 0
    return files, added, removed
