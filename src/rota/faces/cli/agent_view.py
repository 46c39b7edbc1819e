"""What an agent's terminal shows of it: one line that changes, or in a log one line for each change."""

from __future__ import annotations

import shutil
import sys
import time

from rota.agents.board import Standing
from rota.faces.cli.amounts import span
from rota.faces.cli.hurry import FINISH
from rota.faces.cli.say import shown, talk
from rota.model.agent import AgentSpec

_ENDING = {
    True: "finishing what is in work; Ctrl-C once more ends it and gives it back",
    False: "ending what is in work and giving it back; Ctrl-C once more ends at once",
}


class AgentView:
    """Lines on the standard error. `every_s`: how often it wants to be shown something, seconds."""

    def __init__(self, *, quiet: bool, terminal: bool) -> None:
        self.every_s = 0.5 if terminal else 1.0
        self._quiet = quiet
        self._terminal = terminal and not quiet
        self._said = ""

    def begin(self, spec: AgentSpec) -> None:
        """It is registered."""
        if not self._quiet:
            talk(f"agent {spec.name} with {spec.slots:,} slot{'s' if spec.slots > 1 else ''} waits for tasks")

    def show(self, standing: Standing, *, ends: bool = False) -> None:
        """How it stands now; `ends`: it claims nothing more."""
        line = _line(standing, with_times=self._terminal, ends=ends)
        if self._quiet or line == self._said:
            return
        self._said = line
        if not self._terminal:
            talk(line)
            return
        room = max(shutil.get_terminal_size().columns - 1, 20)
        sys.stderr.write("\r\x1b[K" + line[:room])
        sys.stderr.flush()

    def ending(self, level: int) -> None:
        """Haste was asked for."""
        if self._quiet:
            return
        self.close()
        talk(_ENDING[level == FINISH])

    def close(self) -> None:
        """What comes next may be written below."""
        if self._terminal and self._said:
            sys.stderr.write("\n")
            self._said = ""


def view_for(quiet: bool) -> AgentView:
    """The view that fits the standard error."""
    return AgentView(quiet=quiet, terminal=sys.stderr.isatty())


def _line(standing: Standing, *, with_times: bool, ends: bool) -> str:
    parts = [f"{standing.done:,} done"]
    if standing.failed:
        parts.append(f"{standing.failed:,} failed")
    told = ", ".join(parts)
    if standing.trouble is not None:
        return shown(f"{told}; {' '.join(standing.trouble.split())}")
    if not standing.current:
        return f"{told}; ends" if ends else f"{told}; waits for a task"
    now = time.monotonic()
    tasks = [
        f"{one.task} {one.title}" + (f" ({span(max(now - one.since, 1.0))})" if with_times else "")
        for one in standing.current
    ]
    return shown(f"{told}; at work on {', '.join(tasks)}")
