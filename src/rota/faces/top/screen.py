"""The live screen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Label, Static

from rota.faces.top import deeds, words
from rota.faces.top.deeds import Deed
from rota.faces.top.look import Call, Looker
from rota.faces.top.picture import AgentLine, Apart, Finish, Picture, QueueLine, Work
from rota.model.errors import RotaError

Looking = Callable[[], AbstractContextManager[Looker]]
Changing = Callable[[], AbstractContextManager[Call]]
"""Open looks at the database, and calls that change something, for as long as the block lasts."""
TABLES = {
    "work": words.WORK,
    "queues": words.QUEUES,
    "apart": words.APART,
    "waits": words.WAITS,
    "events": words.EVENTS,
}
NAMES = {"work": "agents", "apart": "for you to decide", "waits": "why tasks wait"}
NOTHING_YET = Picture(
    at="", agents=[], queues=[], waits=[], apart=[], events=[], finish=Finish(tasks=0, text="looking"), states={}
)
Row = tuple[str, words.Cells]
"""A row and what it is known by."""


class Confirm(ModalScreen[bool]):
    """A question; y or Enter is yes, n or Escape no."""

    CSS = """
    Confirm { align: center middle; }
    #question { width: 70%; height: auto; padding: 1 2; border: round $warning; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("y", "dismiss(True)", "yes"),
        ("enter", "dismiss(True)", "yes"),
        ("n", "dismiss(False)", "no"),
        ("escape", "dismiss(False)", "no"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="question"):
            yield Label(Text(f"{self.question}\n\ny: yes   n: no"))


class Top(App[None]):
    """The screen."""

    TITLE = "rota top"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #head { height: auto; padding: 0 1; }
    #trouble { height: auto; padding: 0 1; color: $error; display: none; }
    #filter { display: none; }
    DataTable { height: auto; min-height: 2; border-top: solid $primary; border-title-align: left; }
    #work { height: 3fr; } #queues { height: 1fr; } #apart { height: 1fr; } #waits { height: 1fr; }
    #events { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        ("p", "pause", "pause queue"),
        ("d", "drain", "drain agent"),
        ("c", "cancel", "cancel task"),
        ("r", "redrive", "redrive"),
        ("slash", "filter", "filter"),
        ("escape", "no_filter", "all"),
        ("q", "quit", "quit"),
        # As it ends every other command, whatever has the focus.
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]

    def __init__(self, looking: Looking, changing: Changing) -> None:
        super().__init__()
        self._open_looks = looking
        self._changing = changing
        self._ending = threading.Event()
        self._soon = threading.Event()
        self._wanted = ""
        self._filled: dict[str, list[Row]] = {}
        self.picture: Picture = NOTHING_YET
        self.again_s = 2.0
        """How long after the database could not be seen it is looked for again, seconds."""

    def compose(self) -> ComposeResult:
        yield Static(id="head")
        yield Static(id="trouble")
        yield Input(placeholder="show only rows with this text", id="filter")
        for name in TABLES:
            table: DataTable[Text] = DataTable(id=name, cursor_type="row", zebra_stripes=True)
            table.border_title = NAMES.get(name, name)
            yield table
        yield Footer()

    def on_mount(self) -> None:
        for name, heads in TABLES.items():
            self._table(name).add_columns(*heads)
        self._table("work").focus()
        self.run_worker(self._look_on, thread=True, name="looking")

    def on_unmount(self) -> None:
        self._ending.set()
        self._soon.set()

    # Looking, in a thread of its own.

    def _look_on(self) -> None:
        while not self._ending.is_set():
            try:
                with self._open_looks() as looker:
                    self._look_with(looker)
            except RotaError as error:
                self._tell(self._show_trouble, str(error))
                self._ending.wait(self.again_s)

    def _look_with(self, looker: Looker) -> None:
        while not self._ending.is_set():
            self._soon.clear()
            picture = looker.look()
            self._tell(self._show, picture)
            if self._soon.wait(looker.pause_s(picture)):
                looker.look_again()

    def _tell(self, what: Callable[[Any], None], value: Any) -> None:
        if not self._ending.is_set():
            self.call_from_thread(what, value)

    # Showing.

    def _show(self, picture: Picture) -> None:
        self.picture = picture
        self._show_trouble("")
        self.query_one("#head", Static).update(Text("\n".join(words.head(picture))))
        rows: dict[str, list[Row]] = {
            "work": [
                (f"{agent.name}/{task or ''}", cells)
                for agent in picture.agents
                for task, cells in words.agent_rows(agent)
            ],
            "queues": [(queue.name, words.queue_row(queue)) for queue in picture.queues],
            "apart": [(apart.task, words.apart_row(apart)) for apart in picture.apart],
            "waits": [(str(at), words.wait_row(wait)) for at, wait in enumerate(picture.waits)],
            "events": [(str(at), words.event_row(event)) for at, event in enumerate(reversed(picture.events))],
        }
        for name, found in rows.items():
            self._fill(name, [row for row in found if self._wanted in " ".join(row[1]).casefold()])

    def _fill(self, name: str, rows: list[Row]) -> None:
        """New rows; the cursor stays on what it was on. What has not changed is not drawn again."""
        if self._filled.get(name) == rows:
            return
        self._filled[name] = rows
        table = self._table(name)
        chosen, scrolled = self._chosen(name), table.scroll_y
        table.clear()
        for key, cells in rows:
            table.add_row(*map(Text, cells), key=key)
        keys = [key for key, _cells in rows]
        if chosen in keys:
            table.move_cursor(row=keys.index(chosen), scroll=False)
        table.scroll_to(y=scrolled, animate=False)

    def _show_trouble(self, text: str) -> None:
        trouble = self.query_one("#trouble", Static)
        trouble.display = bool(text)
        trouble.update(Text(text))

    def _table(self, name: str) -> DataTable[Text]:
        return self.query_one(f"#{name}", DataTable)

    def _chosen(self, name: str) -> str | None:
        """What the cursor of this table is on."""
        table = self._table(name)
        if not table.row_count:
            return None
        return table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value

    # Keys.

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    def action_no_filter(self) -> None:
        self.query_one("#filter", Input).value = ""
        self._leave_filter()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._wanted = event.value.casefold()
        self._show(self.picture)

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        self._leave_filter()

    def _leave_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.display = bool(field.value)
        self._table("work").focus()

    def action_pause(self) -> None:
        queue = self._picked_queue()
        self._ask(deeds.pause(queue) if queue else None, "choose a queue first (Tab)")

    def action_drain(self) -> None:
        agent = self._picked_agent()
        self._ask(deeds.drain(agent) if agent else None, "choose an agent first (Tab)")

    def action_cancel(self) -> None:
        task = self._picked_task()
        self._ask(deeds.cancel(task) if task else None, "choose a task first (Tab)")

    def action_redrive(self) -> None:
        task = self._picked_task()
        self._ask(deeds.redrive(task) if isinstance(task, Apart) else None, "choose a dead task first (Tab)")

    def _focused(self) -> str | None:
        return self.focused.id if isinstance(self.focused, DataTable) else None

    def _picked_queue(self) -> QueueLine | None:
        name = self._chosen("queues") if self._focused() == "queues" else None
        return next((one for one in self.picture.queues if one.name == name), None) if name else None

    def _picked_agent(self) -> AgentLine | None:
        chosen = self._chosen("work") if self._focused() == "work" else None
        name = None if chosen is None else chosen.rpartition("/")[0]
        return next((one for one in self.picture.agents if one.name == name), None)

    def _picked_task(self) -> Work | Apart | None:
        picture, focused = self.picture, self._focused()
        if focused == "apart":
            return next((one for one in picture.apart if one.task == self._chosen("apart")), None)
        task = (self._chosen("work") or "").rpartition("/")[2] if focused == "work" else ""
        return next((one for agent in picture.agents for one in agent.work if one.task == task), None)

    # Deeds.

    def _ask(self, deed: Deed | None, else_: str) -> None:
        if deed is None:
            self.notify(else_, severity="warning")
            return
        self.push_screen(Confirm(deed.question), lambda yes: self._begin(deed) if yes else None)

    def _begin(self, deed: Deed) -> None:
        self.run_worker(lambda: self._do(deed), thread=True, name="deed")

    def _do(self, deed: Deed) -> None:
        try:
            with self._changing() as call:
                answer = call(deed.operation, deed.arguments)
        except RotaError as error:
            self._tell(self._say_refused, str(error))
            return
        refused = next(iter(answer.get("refused", {}).values()), None)
        self._tell(self._say_refused if refused else self._say_done, refused or deed.done)
        self._soon.set()

    def _say_done(self, text: str) -> None:
        self.notify(text, markup=False)

    def _say_refused(self, text: str) -> None:
        self.notify(text, severity="error", markup=False)
