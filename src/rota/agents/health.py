"""Health commands: run every so often for an agent, and the distributor told when what they say changes."""

from __future__ import annotations

import sys
import threading
import time

from rota.agents.outcome import judge
from rota.agents.placeholders import substitute
from rota.agents.process.command import Launch, run_command
from rota.agents.process.ended import Ended
from rota.agents.process.stop import Stop
from rota.agents.slot import Setting
from rota.agents.task_process import environment
from rota.files.fleet import FleetAgent, ProcessSettings
from rota.model.bounds import REASON
from rota.model.commands.fleet import SetHealth
from rota.model.errors import RotaError

NOT_YET = "its health command has not ended well yet"


class HealthCheck:
    """One agent's health command. `begin` before its slots claim, then `start`; `stop` and `join` in the end.

    The agent is unwell until the command ends well for the first time, and whenever it does not: another exit code
    than 0, a signal, or no end within the time between two runs.
    """

    def __init__(self, setting: Setting, agent: FleetAgent) -> None:
        assert agent.process is not None
        self._setting = setting
        self._name = agent.spec.name
        self._process = agent.process
        self._stopping = Stop()
        self._told: str | None = None
        self._thread = threading.Thread(target=self._loop, name=f"rota-health-{self._name}", daemon=True)

    def begin(self) -> None:
        """Nothing is given to the agent before the command has ended well once. Refused as the distributor says."""
        self._tell(NOT_YET)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """A command that runs is asked to end."""
        self._stopping.set("shutdown")

    def join(self) -> None:
        self._thread.join()
        self._stopping.close()

    def _loop(self) -> None:
        every_s = self._process.health_every
        while self._stopping.reason is None:
            begun = time.monotonic()
            unwell = unwell_by(run_command(_launch(self._process), stop=self._stopping))
            if self._stopping.reason is not None:
                return
            if unwell != self._told:
                try:
                    self._tell(unwell)
                except RotaError as error:
                    # The next run tells it: the database may be away for a moment.
                    self._setting.board.trouble(self._name, f"its health is not told yet: {error}")
            self._stopping.wait(max(begun + every_s - time.monotonic(), 0.0))

    def _tell(self, unwell: str | None) -> None:
        command = SetHealth(
            agent=self._name, healthy=unwell is None, reason=unwell or "", instance=self._setting.instance
        )
        self._setting.distributor.call(command)
        self._told = unwell
        self._setting.board.trouble(self._name, None if unwell is None else f"unwell: {unwell}")


def unwell_by(ended: Ended) -> str | None:
    """What a run of a health command says against its agent; None when it ended well."""
    if ended.why == "exit" and ended.exit_code == 0:
        return None
    if ended.why == "timeout":
        return "its health command did not end in time"
    said = judge(ended).error or ended.detail or ended.why
    return said[:REASON]


def _launch(process: ProcessSettings) -> Launch:
    return Launch(
        argv=substitute(process.health, {"python": sys.executable}),
        env=environment(process, {}),
        cwd=process.folder,
        timeout_s=process.health_every,
        grace_s=min(process.grace, 1.0),
    )
