"""A tool of ours: what agents see of it, and the function that does it inside the owner process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from rota.faces.mcp.asking import Asking
from rota.faces.mcp.schema import schema_of
from rota.model.commands.work import Claim
from rota.model.errors import RotaError
from rota.model.task import Given
from rota.operations.distributor import Distributor
from rota.operations.table import Scope

Group = Literal["worker", "dispatcher"]
Notify = Callable[[dict[str, Any]], None]
"""Takes the parameters of a progress notice, without its token."""


class Session(Protocol):
    """What tools need to know of a connection, and what they tell it."""

    @property
    def agent(self) -> str:
        """Who it is when a call names nobody: a name of the process's own."""
        ...

    @property
    def scopes(self) -> frozenset[Scope]:
        """What it may do; over local standard input and output, everything."""
        ...

    @property
    def folder(self) -> str | None:
        """Where it was started, if that is known: the fleet.toml above it has the targets."""
        ...

    def registered(self, agent: str) -> None:
        """The connection speaks for this agent, which nothing but tools does: when it ends the agent is forgotten,
        unless somebody else took it.
        """
        ...

    def own_claim(self, rota: Asking, request: Claim) -> Claim:
        """A claim for some tasks alone, so that it answers nothing that another connection has."""
        ...

    def took(self, given: Sequence[Given]) -> None:
        """These tasks were handed to agents behind this connection: when it ends they go back."""
        ...

    def ended(self, tasks: Sequence[str]) -> None:
        """These are in nobody's hands any more."""
        ...


class Call(NamedTuple):
    """One call of a tool."""

    distributor: Distributor
    session: Session
    arguments: Any
    """The tool's own struct."""
    notify: Notify


class Reply(NamedTuple):
    """An answer that hands something over: `lost` takes it back when the answer did not arrive."""

    answer: msgspec.Struct
    lost: Callable[[], None] | None = None


class Hints(NamedTuple):
    """What a client may want to know before it lets an agent call."""

    reads: bool = False
    destroys: bool = False
    idempotent: bool = False

    def annotations(self, title: str) -> dict[str, Any]:
        """As the protocol writes them. Nothing of ours reaches out of the database."""
        return {
            "title": title,
            "readOnlyHint": self.reads,
            "destructiveHint": self.destroys,
            "idempotentHint": self.idempotent or self.reads,
            "openWorldHint": False,
        }


class Tool(NamedTuple):
    """One tool. `run` answers a struct, a `Reply`, or a future of either when it waits; a `RotaError` is a refusal."""

    name: str
    group: Group
    title: str
    description: str
    takes: type[msgspec.Struct]
    gives: type[msgspec.Struct]
    scope: Scope
    hints: Hints
    run: Callable[[Call], msgspec.Struct | Reply | Future[Any]]
    example: dict[str, Any]
    """Arguments as the documentation shows them."""
    renamed: tuple[tuple[str, str], ...] = ()
    """Beginnings of fields as the operations name them, and what they are here."""

    def own(self, error: RotaError) -> RotaError:
        """The refusal with the field as the caller knows it."""
        for theirs, ours in self.renamed:
            if error.field is not None and error.field.startswith(theirs):
                field = ours + error.field.removeprefix(theirs)
                return RotaError(error.code, error.message, field=field, **error.data)
        return error

    @property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema of its arguments."""
        return schema_of(self.takes, nulls=False)

    @property
    def output_schema(self) -> dict[str, Any]:
        """JSON Schema of its answer."""
        return schema_of(self.gives)

    @property
    def annotations(self) -> dict[str, Any]:
        """Its hints."""
        return self.hints.annotations(self.title)

    def definition(self) -> dict[str, Any]:
        """As `tools/list` shows it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input_schema,
            "outputSchema": self.output_schema,
            "annotations": self.annotations,
        }
