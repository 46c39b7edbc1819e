"""A repository, and a fleet whose agents are a small script in the place of a coding agent."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rota.agents.reviewing import Ask
from rota.operations.distributor import Distributor
from rota.operations.table import OPERATIONS
from tests.run.conftest import Folder

IDENTITY = ("-c", "user.name=Anna", "-c", "user.email=anna@example.org")
AGENT = """
# So many begin before one of them goes on.
mkdir -p ../begun && touch "../begun/$ROTA_TASK_ID"
while [ "$(ls ../begun | wc -l)" -lt "${TOGETHER:-1}" ]; do sleep 0.02; done
case "$ROTA_TITLE" in
    fail*) echo junk > junk; exit 3 ;;
    *) echo "$ROTA_TITLE, attempt $ROTA_ATTEMPT" >> "$FILE" ;;
esac
echo "worked in $PWD"
"""
"""Appends a line to `$FILE` and commits nothing."""


class Repo(Folder):
    """A folder with fleet.toml, tasks and the stand-in, in a repository with one commit on `main`."""

    def git(self, *arguments: str) -> str:
        ended = subprocess.run(
            ["git", *IDENTITY, *arguments], cwd=self.path, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.rstrip("\n")

    def begin(self, fleet: str) -> None:
        self.fleet(fleet)
        self.script("agent.sh", AGENT)
        (self.path / ".gitignore").write_text("work.db*\ntasks.jsonl\n.rota\n")
        (self.path / "read.me").write_text("begin\n")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.commit("begin")

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def branches(self) -> list[str]:
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads/rota").splitlines()

    def at(self, name: str, commit: str = "main") -> str:
        return self.git("show", f"{commit}:{name}")

    @contextlib.contextmanager
    def asked(self) -> Iterator[Ask]:
        """Operations by name, on the database that no run has open."""
        with Distributor.open(str(self.path / "work.db")) as distributor:

            def ask(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
                request = msgspec.convert(arguments, OPERATIONS[operation].request)
                answer: dict[str, Any] = msgspec.to_builtins(distributor.call(request))
                return answer

            yield ask


@pytest.fixture(autouse=True)
def _soon_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of this process end a little sooner when all that is left waits for approval."""
    monkeypatch.setattr("rota.agents.work_off.SURE_S", 0.3)


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    made = Repo(tmp_path / "ein Gärtchen")
    yield made
    made.close()
