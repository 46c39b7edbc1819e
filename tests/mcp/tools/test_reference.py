"""The committed pages say what the tools do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rota.faces.mcp.reference import page
from rota.faces.mcp.sample import exchanges
from rota.faces.mcp.tools import TOOLS

MODULE = "rota.faces.mcp.reference"
DOCS = Path(__file__).parents[3] / "docs"


def test_the_reference_is_up_to_date() -> None:
    committed = (DOCS / "mcp-tools.md").read_text()
    assert committed == "".join(page()), f"run: python -m {MODULE} > docs/mcp-tools.md"
    printed = subprocess.run([sys.executable, "-m", MODULE], capture_output=True, check=True, text=True)
    assert printed.stdout == committed


def test_every_tool_is_called_in_the_sample_and_named_on_the_page() -> None:
    assert exchanges().keys() == TOOLS.keys()
    text = (DOCS / "mcp.md").read_text()
    assert [name for name in TOOLS if name not in text] == []
