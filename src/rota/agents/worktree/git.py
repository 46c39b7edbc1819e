"""Running git, so that nothing of the surroundings changes what it does."""

from __future__ import annotations

import os
import subprocess
from typing import NamedTuple

TIMEOUT_S = 600.0
"""A git that takes longer stands still: for a lock, a password, a file system that is gone."""
_PLAIN = (
    "-c", "core.quotePath=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "commit.gpgSign=false",
    "-c", "core.fsmonitor=false",
    "-c", "advice.detachedHead=false",
)  # fmt: skip
"""Hooks are for people and agents: what we do ourselves runs none."""
_OF_A_REPOSITORY = frozenset({
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_EXEC_PATH", "GIT_INDEX_FILE",
    "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_WORK_TREE",
})  # fmt: skip


class GitError(OSError):
    """A git command failed: the last thing it said."""


class Git(NamedTuple):
    """Git in one folder."""

    folder: str

    def run(self, *arguments: str, identity: bool = False) -> str:
        """What it wrote, without the last line's end; a `GitError` when it did not end well."""
        code, out, err = self.tried(*arguments, identity=identity)
        if code != 0:
            said = (err.strip() or out.strip() or f"exit code {code}").splitlines()
            wrong = [line for line in said if line.startswith(("fatal:", "error:"))]
            raise GitError(f"git {arguments[0]}: {'; '.join((wrong or said)[-3:])}")
        return out.rstrip("\n")

    def ok(self, *arguments: str) -> bool:
        """Whether it ended well."""
        return self.tried(*arguments)[0] == 0

    def tried(self, *arguments: str, identity: bool = False) -> tuple[int, str, str]:
        """Its exit code, and what it wrote on standard output and standard error."""
        env = outside_git({**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "LC_ALL": "C.UTF-8"})
        if identity:
            env.update(self._identity(env))
        return self._called(arguments, env)

    def _called(self, arguments: tuple[str, ...], env: dict[str, str]) -> tuple[int, str, str]:
        try:
            # A session of its own: Ctrl-C at the terminal is not to end it half way.
            ended = subprocess.run(
                ["git", *_PLAIN, *arguments], cwd=self.folder, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                timeout=TIMEOUT_S, start_new_session=True, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise GitError(f"git {arguments[0]} did not end within {TIMEOUT_S:g} s") from None
        return ended.returncode, os.fsdecode(ended.stdout), ended.stderr.decode(errors="replace")

    def _identity(self, env: dict[str, str]) -> dict[str, str]:
        """Who commits, where git does not know it."""
        if self._called(("var", "GIT_COMMITTER_IDENT"), env)[0] == 0:
            return {}
        return {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Rota"), ("EMAIL", "rota@localhost"))
        }


def outside_git(env: dict[str, str]) -> dict[str, str]:
    """The environment without what a git that started us (a hook) said of its own repository."""
    return {name: value for name, value in env.items() if name not in _OF_A_REPOSITORY}
