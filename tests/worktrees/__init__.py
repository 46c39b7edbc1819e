"""Attempts in git worktrees, their review and their merging: real git, and a stand-in for a coding agent."""
