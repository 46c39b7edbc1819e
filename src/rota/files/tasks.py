"""Files of tasks: read twice, first to check all of it, then in parts to submit, never all in memory.

Nothing of a file is handed out before the whole of it was found right. A file of up to 10,000 tasks is one
part, so all of it is submitted or none; a longer one is several (see `references` for what that asks of it).
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath
from typing import IO, Literal, Self

import msgspec

from rota.files.checkboxes import read_checkboxes
from rota.files.csv_rows import read_csv
from rota.files.file_task import FileTask
from rota.files.jsonl import read_jsonl
from rota.files.place import bad, nearest, shown
from rota.files.reading import lines, open_file, unreadable
from rota.files.references import References
from rota.files.task_check import parent_of
from rota.files.titles import read_titles
from rota.model.bounds import SUBMIT
from rota.model.errors import RotaError
from rota.model.task import After, TaskSpec

Format = Literal["jsonl", "csv", "markdown", "text"]

_READERS = {"jsonl": read_jsonl, "csv": read_csv, "markdown": read_checkboxes, "text": read_titles}
_ENDINGS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
}
_A_TASK: dict[Format, str] = {
    "jsonl": 'a task of JSON Lines is a line such as {"title": "Write the page"}',
    "csv": "a task of CSV is a line below the one that names the columns",
    "markdown": "a task of Markdown is an open checkbox such as `- [ ] Write the page`",
    "text": "a task is a line of text",
}
_COPIED_BYTES = 1_048_576
_IN_SUBMIT = re.compile(r"tasks\[(\d+)\]\.?(.*)", re.DOTALL)


def format_of(file: str) -> Format:
    """The format that a file's ending says; the standard input, `-`, is JSONL."""
    if file == "-":
        return "jsonl"
    ending = PurePath(file).suffix.lower()
    if ending not in _ENDINGS:
        known = ", ".join(_ENDINGS)
        message = (
            f"{shown(ending)!r} is no ending of a file of tasks" if ending else "the name of this file has no ending"
        )
        raise bad(file, f"{message}{nearest(ending, _ENDINGS)}; known are {known}")
    return _ENDINGS[ending]


def open_tasks(file: str, form: Format | None = None, stdin: IO[bytes] | None = None) -> TaskFile:
    """A file of tasks, checked from its first line to its last; a RotaError says what is wrong with it.

    `-` is the standard input, JSONL unless `form` says otherwise. What can be read only once, such as a pipe,
    is copied to a temporary file.
    """
    form = form or format_of(file)
    stream = _once(file, stdin or _stdin()) if file == "-" else _again(file)
    try:
        return TaskFile(file, form, stream)
    except BaseException:
        stream.close()
        raise


class Part:
    """Tasks of a file for one submit. Tell `answered` their ids, so that later parts can name these tasks."""

    def __init__(self, file: str, key: str, tasks: list[FileTask], ids: dict[str, str]) -> None:
        self.file = file
        self.key = key
        """An idempotency key: the same part of a file with the same content has the same one."""
        self.tasks = tasks
        self._ids = ids
        own = {task.spec.ref for task in tasks if task.spec.ref is not None}
        self.specs: list[TaskSpec] = [_named(task.spec, own, ids) for task in tasks]
        """The tasks to submit, names of earlier parts replaced by ids."""

    def answered(self, ids: list[str]) -> None:
        """These are the ids of the part's tasks, in their order."""
        for task, number in zip(self.tasks, ids, strict=True):
            if task.spec.ref is not None:
                self._ids[task.spec.ref] = number

    def located(self, error: RotaError) -> RotaError:
        """An error that a submit of this part gave, naming file and line instead of `tasks[N]`."""
        found = _IN_SUBMIT.fullmatch(error.field or "")
        if found is None or int(found[1]) >= len(self.tasks):
            return error
        where = f"{shown(self.file)}:{self.tasks[int(found[1])].line} {found[2]}".rstrip()
        return RotaError(error.code, error.message, field=where, **error.data)


class TaskFile:
    """A checked file of tasks. Close it, or use it in a `with`."""

    def __init__(self, file: str, form: Format, stream: IO[bytes]) -> None:
        self.file = file
        self.form = form
        self._stream = stream
        self._state = self._now()
        self.digest = self._digest()
        """SHA-256 of the content, in hexadecimal."""
        references = References(file)
        for task in self.tasks():
            references.add(task)
        references.finish()
        self.count = references.count
        """How many tasks there are."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()

    def tasks(self) -> Iterator[FileTask]:
        """The tasks, one by one, read anew; one reading at a time."""
        self._stream.seek(0)
        return _READERS[self.form](lines(self._stream, self.file), self.file)

    def parts(self) -> Iterator[Part]:
        """Parts of up to 10,000 tasks, in the file's order. Say `answered` of each before taking the next."""
        tasks = self.tasks()
        ids: dict[str, str] = {}
        number = 0
        while taken := list(islice(tasks, SUBMIT)):
            self._check_unchanged(number)
            yield Part(self.file, f"file-{self.digest}-{number}", taken, ids)
            number += 1

    def _check_unchanged(self, part: int) -> None:
        if self._now() != self._state:
            before = f"; its first {part * SUBMIT:,} tasks were submitted before that" if part else ""
            raise bad(self.file, f"this file was changed while it was read{before}")

    def _now(self) -> tuple[int, int]:
        status = os.fstat(self._stream.fileno())
        return status.st_size, status.st_mtime_ns

    def _digest(self) -> str:
        try:
            self._stream.seek(0)
            return hashlib.file_digest(self._stream, "sha256").hexdigest()  # type: ignore[arg-type]
        except OSError as error:
            raise unreadable(self.file, error) from None


def nothing_in(file: TaskFile) -> str | None:
    """What to say of a file without any task; None of any other."""
    return None if file.count else f"{shown(file.file)} holds no task: {_A_TASK[file.form]}"


def _named(task: TaskSpec, own: set[str], ids: dict[str, str]) -> TaskSpec:
    if all(parent_of(after) in own or parent_of(after) not in ids for after in task.after):
        return task
    after: list[str | After] = []
    for edge in task.after:
        name = parent_of(edge)
        known = name if name in own else ids.get(name, name)
        after.append(msgspec.structs.replace(edge, task=known) if isinstance(edge, After) else known)
    return msgspec.structs.replace(task, after=after)


def _again(file: str) -> IO[bytes]:
    """The file as a stream that can be read more than once."""
    stream = open_file(file)
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        return stream
    with stream:
        return _once(file, stream)


def _stdin() -> IO[bytes]:
    if sys.stdin is None:  # closed before the process started
        raise bad("-", "there is no standard input; name a file of tasks")
    return sys.stdin.buffer


def _once(file: str, stream: IO[bytes]) -> IO[bytes]:
    """A copy of what can be read only once."""
    copy: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it is handed on
    try:
        while block := stream.read(_COPIED_BYTES):
            copy.write(block)
        copy.flush()
    except OSError as error:
        copy.close()
        raise unreadable(file, error) from None
    return copy
