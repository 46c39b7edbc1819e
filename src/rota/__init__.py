"""Rota gives the right task to the right agent: a durable task distributor for fleets of agents.

from rota import Agent, TaskSpec, connect
"""

__version__ = "0.1.0"

TYPE_CHECKING = False
"""What checkers of types take for true; to import it from `typing` would take longer than all the rest."""

if TYPE_CHECKING:
    from rota.agents.process.child import BadTask as BadTask
    from rota.agents.process.child import TryLater as TryLater
    from rota.faces.python.agent import Agent as Agent
    from rota.faces.python.async_client import AsyncClient as AsyncClient
    from rota.faces.python.client import Client as Client
    from rota.faces.python.connect import connect as connect
    from rota.faces.python.dispatcher import Dispatcher as Dispatcher
    from rota.faces.python.task import Task as Task
    from rota.model.agent import AgentSpec as AgentSpec
    from rota.model.errors import RotaError as RotaError
    from rota.model.task import TaskSpec as TaskSpec

_PLACES = {
    "Agent": "rota.faces.python.agent",
    "AgentSpec": "rota.model.agent",
    "AsyncClient": "rota.faces.python.async_client",
    "BadTask": "rota.agents.process.child",
    "Client": "rota.faces.python.client",
    "Dispatcher": "rota.faces.python.dispatcher",
    "RotaError": "rota.model.errors",
    "Task": "rota.faces.python.task",
    "TaskSpec": "rota.model.task",
    "TryLater": "rota.agents.process.child",
    "connect": "rota.faces.python.connect",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """What is imported from here is loaded when it is asked for: most processes need little of it."""
        place = _PLACES.get(name)
        if place is None:
            raise AttributeError(f"module 'rota' has no attribute {name!r}")
        from importlib import import_module

        found: object = getattr(import_module(place), name)
        return found
