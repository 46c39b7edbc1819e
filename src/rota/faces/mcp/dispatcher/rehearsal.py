"""The history of the database simulated again, by another process, bounded in tasks and in time."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import msgspec

from rota.engine.book import ACTIVE, Agent
from rota.faces.mcp.looking import looking
from rota.model.agent import AgentSpec
from rota.model.bounds import PAGE
from rota.model.commands.read import ListTasks, TaskPage
from rota.model.errors import KINDS, RotaError, invalid
from rota.operations.decodable import decodable
from rota.operations.distributor import Distributor
from rota.planning.snapshot import profile_of
from rota.simulator.fleet_text import fleet_text
from rota.simulator.history import History

READ = 50_000
"""Tasks of the database that are looked through; with more, a rehearsal takes too long for a call."""
LOOK_S = 0.2
Line = dict[str, Any]


class Files(NamedTuple):
    """A workload and a fleet, written where a simulation finds them."""

    folder: Path
    lines: list[Line]
    agents: list[AgentSpec]
    known: int
    """Tasks of the lines whose work was measured, not guessed."""

    @property
    def fleet(self) -> Path:
        """The fleet.toml."""
        return self.folder / "fleet.toml"

    def workload(self, name: str, lines: Sequence[Line]) -> Path:
        """Another workload beside them."""
        path = self.folder / f"{name}.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        return path


@contextmanager
def rehearsal(
    distributor: Distributor,
    *,
    most: int,
    project: str | None = None,
    more: Sequence[AgentSpec] = (),
    without: Sequence[str] = (),
) -> Iterator[Files]:
    """The newest tasks of the history, or of a project's, and the fleet, with these agents more or fewer."""
    only = None if project is None else _tasks_of(distributor, project)
    with looking(distributor) as view:
        history = History(view.reader, view.book)
        found: deque[Line] = deque(maxlen=most)
        for number, line in enumerate(history.lines(), 1):
            if number > READ:
                message = f"the database holds more than {READ:,} tasks; use `rota export` and `rota simulate`"
                raise RotaError("too_large", message, field="tasks")
            if only is None or line["title"] in only:
                found.append(line)
        recorded = history.recorded
        for name in without:
            view.book.agents.pop(view.book.agent(name).id)
        last = max(view.book.agents, default=0)
        for number, spec in enumerate(more, last + 1):
            view.book.agents[number] = _agent(number, spec)
        text, agents = fleet_text(view.reader, view.book)
        specs = [agent.spec for agent in view.book.agents.values() if agent.state == ACTIVE]
    if not agents:
        raise invalid("drop_agents", "nobody would be left; a simulation needs an agent")
    with tempfile.TemporaryDirectory(prefix="rota-rehearsal-") as folder:
        files = Files(Path(folder), _closed(found), specs, recorded.tasks - recorded.unknown)
        files.fleet.write_text(text)
        yield files


def _agent(number: int, spec: AgentSpec) -> Agent:
    return Agent(number, spec.name, 0, spec, ACTIVE, None, None, 0, None, profile_of(spec))


def _tasks_of(distributor: Distributor, project: str) -> frozenset[str]:
    found: set[str] = set()
    cursor: str | None = None
    while True:
        page: TaskPage = distributor.call(ListTasks(project=project, limit=PAGE, cursor=cursor))
        found.update(task.id for task in page.tasks)
        if (cursor := page.cursor) is None:
            return frozenset(found)


def _closed(lines: Sequence[Line]) -> list[Line]:
    """The lines without parents that are not among them."""
    refs = {line["ref"] for line in lines if "ref" in line}
    closed = []
    for line in lines:
        after = [parent for parent in line.get("after", ()) if parent["task"] in refs]
        rest = {name: value for name, value in line.items() if name != "after"}
        closed.append({**rest, "after": after} if after else rest)
    return closed


def simulated(
    workload: Path,
    fleet: Path,
    arguments: Sequence[str],
    *,
    until: float,
    cancelled: Callable[[], bool] = lambda: False,
    tick: Callable[[], None] = lambda: None,
) -> Mapping[str, Any]:
    """The result of `rota simulate` as plain data. `until` is the monotonic time when it is given up."""
    command = [sys.executable, "-m", "rota", "simulate", str(workload), "--fleet", str(fleet), "--json", *arguments]
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        try:
            _wait(process, until, cancelled, tick)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        errors.seek(0)
        text = output.read()
        # 9: some tasks can never be done; the result says so.
        if process.returncode not in (0, 9):
            raise _refusal(errors.read().decode(errors="replace"))
    found: Mapping[str, Any] = msgspec.json.decode(text)
    return found


def _wait(
    process: subprocess.Popen[bytes], until: float, cancelled: Callable[[], bool], tick: Callable[[], None]
) -> None:
    while True:
        try:
            process.wait(LOOK_S)
            return
        except subprocess.TimeoutExpired:
            tick()
        if cancelled():
            raise RotaError("cancelled", "the rehearsal was cancelled")
        if monotonic() > until:
            raise RotaError("too_large", "the rehearsal took too long; rehearse fewer tasks", field="tasks")


def _refusal(text: str) -> RotaError:
    """What the command said, in its words and about its settings: `translated` says it to whoever called a tool."""
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        said = msgspec.json.decode(lines[-1], type=decodable(_Refused)).error
    except (IndexError, msgspec.DecodeError):
        return invalid("simulate", lines[-1][:1_000] if lines else "the simulation ended without a word")
    return RotaError(said.code if said.code in KINDS else "invalid", said.message, field=said.field)


class _Said(msgspec.Struct):
    code: str
    message: str
    field: str | None = None


class _Refused(msgspec.Struct):
    error: _Said


def translated(error: RotaError, given: Collection[str]) -> RotaError:
    """The command's refusal by the arguments of `simulate`; `given` are the keys of its `set`.

    A setting that is not among them was said by an entry of `compare`.
    """
    message = error.message.replace(_OF_A_LINE, "give the tasks an estimate when they are submitted")
    message = _SETTING.sub(lambda found: f'set: {{"{found[1]}": {_SUCH.get(found[2], found[2])}}}', message)
    field = error.field or "simulate"
    if _LINE.search(field):
        field = "set" if message != error.message else "tasks"
    else:
        key = field.removeprefix("--set").strip()
        field = f"set.{key}" if key in given else "compare"
    return RotaError(error.code, message, field=field)


_OF_A_LINE = "give run_s or estimate"
_SETTING = re.compile(r"--set ([\w.]+)=(\w+)")
_SUCH = {"SECONDS": "60"}
_LINE = re.compile(r"\.jsonl:\d+")
"""The command names a line of its file: here, a task of the history."""
