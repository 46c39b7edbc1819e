"""A git worktree and a branch of its own for each attempt, and merging what came of it."""
