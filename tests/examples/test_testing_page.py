"""The example of docs/testing.md, as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
SOURCE = Path(__file__).parents[2] / "src"


def test_the_example_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "test_mails.py").write_text(example)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "test_mails.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout


def test_every_name_it_tells_of_is_there() -> None:
    from rota.testing import Clock, TestDistributor

    table = PAGE.read_text().partition("## What there is")[2]
    names = re.findall(r"`([a-z_.]+)\(", "".join(re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE)))
    assert len(names) >= 10
    for name in names:
        owner, _, inner = name.rpartition(".")
        assert hasattr(Clock if owner == "clock" else TestDistributor, inner), name
