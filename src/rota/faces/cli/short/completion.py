"""`rota completion`: scripts by which a shell completes command lines, made from the commands themselves."""

from __future__ import annotations

import sys

from rota.faces.cli.say import Usage
from rota.faces.cli.short.shape import Given, Verb, Word

SHELLS = ("bash", "zsh", "fish")


def completion(given: Given) -> int:
    """Print the script."""
    if given["shell"] not in SHELLS:
        raise Usage(f"there is no completion for {given['shell'][:40]!r}", f"name one of {', '.join(SHELLS)}")
    # Lazily: every command is looked into.
    from rota.faces.cli.completing import scripts

    sys.stdout.write(scripts.script(given["shell"]))
    return 0


COMPLETION = Verb(
    "completion",
    "Print the script by which bash, zsh or fish completes command lines of `rota`",
    completion,
    (Word("shell", "bash, zsh or fish.", "SHELL"),),
    text="""Have it read when the shell starts:

    bash:  rota completion bash > ~/.local/share/bash-completion/completions/rota
    zsh:   rota completion zsh > ~/.zfunc/_rota        # with fpath+=~/.zfunc before compinit
    fish:  rota completion fish > ~/.config/fish/completions/rota.fish""",
)
