"""Walks through README.md as a newcomer would: a fresh clone in an empty folder, then its blocks of `sh` one by one.

    python3 scripts/walk.py [REPOSITORY]

Standard library only: it must run before anything is set up. Ends with the code of the first block that fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    """Clone and walk; the exit code."""
    repository = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parents[1])
    with tempfile.TemporaryDirectory(prefix="rota-walk-") as folder:
        clone = Path(folder, "rota")
        subprocess.run(["git", "clone", "--quiet", "--no-local", repository, str(clone)], check=True)
        runtime = Path(folder, "run")
        runtime.mkdir(0o700)
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("ROTA_", "VIRTUAL_ENV"))}
        path = f"{clone / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**plain, "PATH": path, "XDG_RUNTIME_DIR": str(runtime)}
        return _walk(clone, environment)


def _walk(clone: Path, environment: dict[str, str]) -> int:
    page = (clone / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for number, block in enumerate(blocks, 1):
        began = time.monotonic()
        _say(f"walk: block {number} of {len(blocks)}\n{block}")
        code = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=clone, env=environment, check=False)
        _say(f"walk: {code.returncode} after {time.monotonic() - began:.1f} s\n")
        if code.returncode:
            return code.returncode
    if not blocks:
        _say("walk: README.md holds no block of sh\n")
        return 1
    return 0


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
