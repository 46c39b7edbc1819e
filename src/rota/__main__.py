"""The console script, also as `python -m rota`. What must start at once is found before anything else is loaded."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process."""
    if sys.argv[1:] == ["owner", "--background"]:
        from rota.faces.background import main as background

        background()
        return
    if sys.argv[1:2] == ["mcp"]:
        from rota.faces.mcp.proxy.main import main as mcp

        sys.exit(mcp(sys.argv[2:]))
    if sys.argv[1:2] == ["hook"]:
        from rota.faces.mcp.hook.main import main as hook

        sys.exit(hook(sys.argv[2:]))
    from rota.faces.cli.main import main as shell

    shell()


if __name__ == "__main__":
    main()
