from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rota.faces.mcp.file_mode.place import VARIABLE, file_of


def test_file_mode_is_asked_for() -> None:
    assert file_of(None, {}) is None
    assert file_of(None, {VARIABLE: ""}) is None


def test_the_argument_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_of("a.json", {VARIABLE: "b.json"}) == str(tmp_path / "a.json")
    assert file_of(None, {VARIABLE: "b.json"}) == str(tmp_path / "b.json")


@pytest.mark.skipif(sys.platform == "darwin", reason="it keeps its data elsewhere")
def test_the_default_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_of("", {"XDG_DATA_HOME": str(tmp_path / "data")}) == str(tmp_path / "data/taskqueue-mcp/tasks.json")
    assert (tmp_path / "data/taskqueue-mcp").is_dir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert file_of("", {}) == str(tmp_path / ".local/share/taskqueue-mcp/tasks.json")
    (tmp_path / "file").touch()
    assert file_of("", {"XDG_DATA_HOME": str(tmp_path / "file")}) == str(tmp_path / "file/taskqueue-mcp/tasks.json")
