"""`rota archive make`, `list`, `restore`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from rota.faces.cli.asking import asking, database_of
from rota.faces.cli.columns import columns
from rota.faces.cli.options import Cursor, Database, Json, Limit
from rota.faces.cli.say import json_line, line, talk
from rota.faces.plugged import plugged
from rota.model.commands.archive import Archive, Archived, ArchivePage, ListArchives, RestoreArchive, Restored
from rota.owner.own import owned

app = App(name="archive", help="Move ended tasks into files, list the files, put tasks back.", version_flags=[])


@app.command
def make(
    folder: Annotated[str, Parameter(help="Where the file goes; it is made if it is not there.")],
    /,
    *,
    older_than: Annotated[str, Parameter(help="Only what ended before that: seconds, or 12h, 30d.")] = "7d",
    limit: Annotated[int, Parameter(name=("--limit", "-n"), help="How many tasks at most go into the file.")] = 100_000,
    database: Database = None,
    json: Json = False,
) -> int:
    """Move tasks that are done, cancelled or expired into one new file.

    Dead tasks stay, and those that an unfinished task depends on. The database must not be in use.
    """
    with owned(_existing(database), plugged, talk) as distributor:
        made: Archived = distributor.call(Archive(folder=folder, older_than=older_than, limit=limit))
    if json:
        json_line(made)
    elif made.file is None:
        line("nothing to archive")
    else:
        line(f"{made.tasks:,} tasks moved to {made.file} ({made.bytes:,} bytes)")
        if made.more:
            talk("the limit was reached; there may be more")
    return 0


@app.command(name="list")
def listing(*, limit: Limit = 100, cursor: Cursor = None, database: Database = None, json: Json = False) -> int:
    """List the archive files of a database, oldest first."""
    with asking(database) as ask:
        page: ArchivePage = ask(ListArchives(limit=limit, cursor=cursor))
    if json:
        json_line(page)
        return 0
    columns(
        ("MADE", "TASKS", "FIRST", "LAST", "RESTORED", "FILE"),
        [(found.made, found.tasks, found.first, found.last, found.restored, found.file) for found in page.archives],
    )
    if page.cursor is not None:
        talk(f"there may be more: --cursor {page.cursor}")
    return 0


@app.command
def restore(
    file: Annotated[str, Parameter(help="An archive file of this database, by path or name.")],
    /,
    *,
    database: Database = None,
    json: Json = False,
) -> int:
    """Put the tasks of an archive file back. The database must not be in use; the file stays."""
    with owned(_existing(database), plugged, talk) as distributor:
        restored: Restored = distributor.call(RestoreArchive(file=file))
    if json:
        json_line(restored)
    else:
        there = f"; {restored.existing:,} were there already" if restored.existing else ""
        line(f"{restored.tasks:,} tasks put back from {restored.file}{there}")
    return 0


def _existing(argument: str | None) -> str:
    """The database to write to; one that does not exist is refused, not made."""
    with asking(argument):
        return database_of(argument)
