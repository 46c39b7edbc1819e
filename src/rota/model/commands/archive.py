"""Ended tasks: moved into files, listed, put back."""

from __future__ import annotations

import msgspec

from rota.model.times import Span


class Archive(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Move tasks that ended long enough ago into one new file in `folder`, with all that is known of them.

    Done, cancelled and expired tasks are moved; not dead ones, which may be redriven, nor those that an unfinished or
    dead task depends on. `more` in the answer says that the limit was reached: call again.
    """

    folder: str
    older_than: Span = "7d"
    """Only what ended before that: seconds, or text such as `12h` or `30d`."""
    limit: int = 100_000


class Archived(msgspec.Struct, kw_only=True):
    """The file that was made; None when there was nothing to move."""

    file: str | None = None
    tasks: int = 0
    bytes: int = 0
    more: bool = False


class ListArchives(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The archive files of this database, oldest first; `cursor` goes on after a page."""

    limit: int = 100
    cursor: str | None = None


class ArchiveView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An archive file as recorded when it was made."""

    file: str
    made: str
    tasks: int
    first: str
    last: str
    restored: str | None = None
    """When its tasks were put back last."""


class ArchivePage(msgspec.Struct, kw_only=True):
    """A page of archive files; `cursor` is None on the last one."""

    archives: list[ArchiveView]
    cursor: str | None = None


class RestoreArchive(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Put the tasks of an archive file of this database back; the file stays."""

    file: str
    """Its path, or its name when it lies where it was made."""


class Restored(msgspec.Struct, kw_only=True):
    """How many tasks were put back, and how many were there already."""

    file: str
    tasks: int = 0
    existing: int = 0
