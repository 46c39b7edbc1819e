"""From the commands to a shell's script."""

from __future__ import annotations

from rota.faces.cli.commands import COMMANDS
from rota.faces.cli.completing.bash import bash
from rota.faces.cli.completing.fish import fish
from rota.faces.cli.completing.zsh import zsh
from rota.faces.cli.described import described

_MAKERS = {"bash": bash, "zsh": zsh, "fish": fish}


def script(shell: str) -> str:
    """The script of `bash`, `zsh` or `fish`."""
    summaries = {command.name: command.summary for command in COMMANDS}
    verbs = {one.name: one.verb for one in described()}
    return _MAKERS[shell](summaries, verbs)
