"""Signs of life, on stderr."""

import sys


def say(text: str) -> None:
    print(f"scoreboard: {text}", file=sys.stderr, flush=True)
