"""Tasks as plain text: one title a line. Empty lines are skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rota.files.file_task import FileTask, task_of


def read_titles(lines: Iterable[tuple[int, str]], file: str) -> Iterator[FileTask]:
    """The tasks of numbered lines; a RotaError names the line whose text cannot be a title."""
    for number, line in lines:
        if title := line.strip():
            yield task_of({"title": title}, file, number)
