"""A session: one client's process, the agents it speaks for, and the tasks it has in its hands."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, get_args

import msgspec

from rota.engine.all_or_none import Undone
from rota.faces.mcp.asking import Asking, AskingAtOnce, all_or_none
from rota.model.agent import AgentSpec, AgentView
from rota.model.bounds import NAME, SLOTS
from rota.model.commands.fleet import Register, RemoveAgent
from rota.model.commands.read import GetAgent, GetTask
from rota.model.commands.work import Beat, Claim, Claimed, GiveBack, Heartbeat, Held, Renewed
from rota.model.errors import RotaError
from rota.model.task import Given, TaskView
from rota.operations.table import Scope

INSTANCE = "mcp"
"""The process under which agents are registered that only speak through tools."""
TRIES = 16
"""How often a claim is repeated while other calls for the same agent take the slots that it makes."""
_ODD = re.compile(r"[^A-Za-z0-9_.-]+")


class InHands(NamedTuple):
    """A task that was claimed through the session."""

    task: str
    agent: str
    token: str
    term: float = 60.0
    """Seconds a heartbeat adds."""


class Session:
    """What is remembered of a client. Nothing of it is needed for safety: leases end by themselves."""

    def __init__(self, number: str, client: str = "", live: Callable[[], Iterable[Session]] = lambda: ()) -> None:
        """`number` is the client's own name for the session, which nobody else can guess; `live` are all that live."""
        self._live = live
        self._passes = not number
        """It lasts for one call: the agent's name is all there is to know it by."""
        name = _ODD.sub("-", client).strip("-")[: NAME - 20] or "mcp"
        self.agent = f"{name}-{number[:8]}"
        self.folder: str | None = None
        """Where its process was started."""
        self.scopes: frozenset[Scope] = frozenset(get_args(Scope))
        """Over standard streams a client may do everything that its user may."""
        self.in_hands: dict[str, InHands] = {}
        self.lost: dict[str, InHands] = {}
        """What it had and lost, until it takes it anew."""
        self.begun: set[str] = set()
        """Tasks of which the client said itself that they are in progress."""
        self._agents: set[str] = set()
        """Agents of tools alone for which it has spoken."""
        self._of_call = threading.local()

    def begin_call(self) -> None:
        """A call begins on this thread."""
        self._of_call.fresh = []

    @property
    def fresh(self) -> list[str]:
        """What the call on this thread took into hands."""
        found: list[str] = getattr(self._of_call, "fresh", [])
        return found

    def registered(self, agent: str) -> None:
        """The session speaks for this agent, which nothing but tools does."""
        self._agents.add(agent)

    def took(self, given: Sequence[Given]) -> None:
        """These tasks were handed to agents of this session."""
        for one in given:
            self.hold(_held(one))

    def hold(self, one: InHands) -> None:
        """The session answers for the task from now on, unless another one does already."""
        if self._has_another(one):
            return
        self.lost.pop(one.task, None)
        self.in_hands[one.task] = one

    def lose(self, task: str) -> None:
        """The lease of a task has ended, and not by a word of this session."""
        if task in self.in_hands:
            self.lost[task] = self.in_hands[task]
        self.let_go(task)

    def _has_another(self, one: InHands) -> bool:
        """Whether another live session has this very lease: agents may share a name."""
        for other in self._live():
            theirs = other.in_hands.get(one.task) if other is not self else None
            if theirs is not None and theirs.token == one.token:
                return True
        return False

    def ended(self, tasks: Sequence[str]) -> None:
        """These are in nobody's hands any more."""
        for task in tasks:
            self.let_go(task)

    def give_back(self, rota: Asking, tasks: Iterable[str], reason: str) -> None:
        """Hand back what of these it has."""
        found = [self.in_hands.pop(task) for task in list(tasks) if task in self.in_hands]
        if found:
            rota.call(
                GiveBack(tasks=[Held(task=one.task, token=one.token) for one in found], reason=reason, said=False)
            )

    def identity(self, rota: Asking, name: str | None = None, *, role: str | None = None,
                 skills: dict[str, int] | None = None) -> AgentView:  # fmt: skip
        """The agent of that name, or the session's own; registered when it is not known or says more of itself."""
        name = name or self.agent
        try:
            known: AgentView | None = rota.call(GetAgent(agent=name))
        except RotaError as error:
            if error.code != "no_agent":
                raise
            known = None
        if known is not None and known.instance == INSTANCE:
            self.registered(name)
        if known is not None and (role is None or role == known.role) and (skills is None or skills == known.skills):
            return known
        spec = AgentSpec(
            name=name,
            role=role if role is not None or known is None else known.role,
            skills=skills if skills is not None else {} if known is None else known.skills,
            slots=1 if known is None else known.slots,
            pool="default" if known is None else known.pool,
        )
        return self._registered(rota, spec)

    def claim(self, rota: AskingAtOnce, agent: AgentView, request: Claim) -> list[Given]:
        """Claim for the agent. An agent of tools alone has as many slots as it asks for.

        What is answered again is what this session has: sessions that name the same agent get tasks of their own.
        """
        given = self._again(rota, request)
        if not given:
            answers = self.take(rota, agent, request)
            if not isinstance(answers, Undone):
                given = answers[-1].tasks
            elif isinstance(answers.answer, RotaError):
                raise answers.answer
            return given
        for one in given:
            self.hold(_held(one))
        return given

    def take(
        self, rota: AskingAtOnce, agent: AgentView, request: Claim, first: Sequence[Any] = ()
    ) -> list[Any] | Undone:
        """Claim what nobody has, with a slot more where all are in use. `first` is done with it, or none of it all."""
        fresh = request if self._passes else msgspec.structs.replace(request, agent=None, agents=[agent.name])
        answers = all_or_none(rota, [*first, fresh])
        for _ in range(TRIES):
            if not isinstance(answers, Undone) or not isinstance(answers.answer, Claimed):
                break
            changed = self._with_room(rota, agent)
            if changed is None:
                break
            agent, answers = changed, all_or_none(rota, [*first, fresh])
        if isinstance(answers, Undone):
            return answers
        for one in answers[-1].tasks:
            if one.task not in self.in_hands:
                self._of_call.fresh = [*self.fresh, one.task]
            self.hold(_held(one))
        return answers

    def _again(self, rota: Asking, request: Claim) -> list[Given]:
        """What the session has of it already."""
        held = self._held_of(rota, request)
        if not held:
            return []
        claimed: Claimed = rota.call(_of_these(request, held))
        return claimed.tasks

    def own_claim(self, rota: Asking, request: Claim) -> Claim:
        """A claim for some tasks alone: for those of them that this session has, else for what nobody has."""
        if self._passes or (request.project is None and not request.tasks):
            return request
        held = self._held_of(rota, request)
        if held:
            return _of_these(request, held)
        return msgspec.structs.replace(request, agent=None, agents=[str(request.agent)])

    def _held_of(self, rota: Asking, request: Claim) -> list[str]:
        beats = []
        for one in list(self.in_hands.values()):
            if one.agent == request.agent and self._is_asked_for(rota, one, request):
                beats.append(Beat(task=one.task, token=one.token))
        if not beats:
            return []
        renewed: Renewed = rota.call(Heartbeat(agent=str(request.agent), beats=beats))
        for task in renewed.lost:
            self.lose(task)
        return [beat.task for beat in beats if beat.task not in renewed.lost]

    def _is_asked_for(self, rota: Asking, one: InHands, request: Claim) -> bool:
        if request.tasks:
            return one.task in request.tasks
        try:
            view: TaskView = rota.call(GetTask(task=one.task))
        except RotaError:
            return False
        return view.project == request.project

    def _with_room(self, rota: Asking, seen: AgentView) -> AgentView | None:
        """The agent, one of tools alone, with a slot more if all are in use; None when nothing has changed."""
        now: AgentView = rota.call(GetAgent(agent=seen.name))
        if now.instance == INSTANCE and now.slots <= now.running < SLOTS:
            return self._registered(rota, _wider(now))
        # Calls of a session that overlap take each other's slots.
        return now if (now.slots, now.running) != (seen.slots, seen.running) else None

    def _registered(self, rota: Asking, spec: AgentSpec) -> AgentView:
        rota.call(Register(agent=spec, instance=INSTANCE))
        self._agents.add(spec.name)
        view: AgentView = rota.call(GetAgent(agent=spec.name))
        return view

    def let_go(self, task: str) -> None:
        """The task is not in its hands any more."""
        self.in_hands.pop(task, None)
        self.begun.discard(task)

    def take_on(self, known: Iterable[Sequence[str]]) -> None:
        """What the client says it has, for an owner that knows nothing of it yet."""
        for task, agent, token, *_ in known:
            if task not in self.in_hands:
                self.hold(InHands(task, agent, token))

    def renew(self, rota: Asking) -> Renewed:
        """Renew every lease; what is lost is forgotten."""
        both = Renewed()
        for agent, held in self._by_agent().items():
            beats = [Beat(task=one.task, token=one.token) for one in held]
            try:
                renewed: Renewed = rota.call(Heartbeat(agent=agent, beats=beats))
            except RotaError as error:
                if error.code != "no_agent":
                    raise
                renewed = Renewed(lost=[one.task for one in held])
            for name in Renewed.__struct_fields__:
                getattr(both, name).extend(getattr(renewed, name))
        for task in both.lost:
            self.lose(task)
        return both

    def end(self, rota: Asking) -> None:
        """The client has gone: what it has goes back at once, and the agents that only it used are forgotten."""
        self.give_back(rota, list(self.in_hands), "the session ended")
        for name in sorted(self._agents | {self.agent}):
            if not any(other.speaks_for(name) for other in self._live() if other is not self):
                self._forget(rota, name)

    def speaks_for(self, agent: str) -> bool:
        """Whether it may claim for this agent again."""
        return agent == self.agent or agent in self._agents

    def _forget(self, rota: Asking, name: str) -> None:
        try:
            view: AgentView = rota.call(GetAgent(agent=name))
            if view.instance == INSTANCE and not view.running:
                rota.call(RemoveAgent(agent=name))
        except RotaError as error:
            if error.code != "no_agent":
                raise

    def _by_agent(self) -> dict[str, list[InHands]]:
        found: dict[str, list[InHands]] = {}
        for one in list(self.in_hands.values()):
            found.setdefault(one.agent, []).append(one)
        return found


def _of_these(request: Claim, tasks: list[str]) -> Claim:
    return msgspec.structs.replace(request, project=None, tasks=tasks, wait=0.0)


def _held(given: Given) -> InHands:
    return InHands(given.task, given.agent, given.token, given.term)


def _wider(agent: AgentView) -> AgentSpec:
    return AgentSpec(name=agent.name, role=agent.role, skills=agent.skills, slots=agent.running + 1, pool=agent.pool)
