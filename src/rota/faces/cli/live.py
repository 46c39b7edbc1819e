"""The live view of a run on a terminal."""

from __future__ import annotations

import sys
import time

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rota.agents.board import Standing
from rota.agents.work_off import Progress
from rota.faces.cli.amounts import span
from rota.faces.cli.say import shown
from rota.faces.cli.watching import pace, states_line

EVERY_S = 0.2
BAR = 24
_COLUMNS = ("waiting", "running", "done", "other")
_WAITING = ("ready", "scheduled", "blocked", "held", "asked", "review")


class LiveView:
    """Redraws a few lines at the bottom of the terminal; what is printed meanwhile scrolls above them."""

    every_s = EVERY_S

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        # Only what goes to the same terminal may be taken over: a redirected output is data.
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=True,
        )
        self._drawn = 0.0
        self._open = False

    def show(self, progress: Progress) -> None:
        now = time.monotonic()
        if now < self._drawn + EVERY_S * 0.9:
            return
        if not self._open:
            self._live.start()
            self._open = True
        self._drawn = now
        self._live.update(picture(progress, self._console.height), refresh=True)

    def close(self) -> None:
        if self._open:
            self._live.stop()
            self._open = False


def picture(progress: Progress, height: int) -> RenderableType:
    """The run as a few lines, no more than the terminal is high."""
    queues = _queues(progress)
    room = max(height - queues.row_count - 8, 3)
    notice = [] if progress.notice is None else [Text(shown(progress.notice), style="yellow")]
    return Group(_head(progress), *notice, Text(), _agents(progress.standings, room), Text(), queues)


def _head(progress: Progress) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    counts = progress.counts
    ended = counts.total - counts.unfinished
    bar = ProgressBar(total=max(counts.total, 1), completed=ended, width=BAR)
    text = Text(
        f"{span(progress.elapsed_s)}  {states_line(progress)}{pace(progress)}", overflow="ellipsis", no_wrap=True
    )
    # Without a batch nobody knows how much has ended.
    cells = [bar, text] if ended else [text]
    grid.add_row(*cells)
    return grid


def _agents(standings: list[Standing], room: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
    table.add_column("agent", no_wrap=True, style="bold")
    for name in ("slots", "done", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("at work on", ratio=1, no_wrap=True, overflow="ellipsis")
    listed = (
        sorted(standings, key=lambda one: (one.trouble is None, not one.current))
        if len(standings) > room
        else standings
    )
    for standing in listed[:room]:
        used = f"{len(standing.current)}/{standing.slots}"
        table.add_row(shown(standing.name), used, f"{standing.done:,}", f"{standing.failed:,}", _work(standing))
    if len(standings) > room:
        table.add_row(f"and {len(standings) - room:,} more")
    return table


def _work(standing: Standing) -> Text:
    if standing.trouble is not None:
        again = f" (broke {standing.restarts}x)" if standing.restarts > 1 else ""
        return Text(" ".join(shown(standing.trouble).split()) + again, style="red")
    now = time.monotonic()
    tasks = [f"{shown(one.title)} ({span(max(now - one.since, 0.1))})" for one in standing.current]
    return Text(", ".join(tasks))


def _queues(progress: Progress) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("queue", no_wrap=True, style="bold")
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for queue, states in sorted(progress.counts.queues.items()):
        waiting = sum(states.get(name, 0) for name in _WAITING)
        running, done = states.get("running", 0), states.get("done", 0)
        other = sum(states.values()) - waiting - running - done
        table.add_row(shown(queue), f"{waiting:,}", f"{running:,}", f"{done:,}", f"{other:,}")
    return table
