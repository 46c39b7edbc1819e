"""The paths that are no operations."""

from __future__ import annotations

import asyncio
from functools import partial

from rota.faces.http.answers import Answer, Receive, Scope, Send
from rota.faces.http.audits import Audits
from rota.faces.http.counted import Counted
from rota.faces.http.mcp import McpPage
from rota.faces.http.metrics import Process, metrics
from rota.faces.http.openapi import document
from rota.faces.http.operations import Operations
from rota.faces.http.service import Page
from rota.faces.http.streams import Streams
from rota.model.commands.read import GetStatistics, ListQueues, QueuePage
from rota.model.commands.route import ListRules
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.operations.principal import Principal, check_scope
from rota.operations.table import OPERATIONS

PATIENCE_S = 2.0
"""How long the database may take for us to be ready, seconds."""
TEXT = b"text/plain; version=0.0.4; charset=utf-8"


def pages_of(
    distributor: Distributor,
    operations: Operations,
    streams: Streams,
    counted: Counted,
    mcp: McpPage,
    audits: Audits,
) -> dict[str, Page]:
    """Each page by its path."""
    return {
        "/health": Page(_healthy, open=True),
        "/ready": Page(partial(_ready, distributor, operations), open=True),
        "/openapi.json": Page(partial(_openapi, operations), open=True),
        "/metrics": Page(partial(_metrics, distributor, operations, counted, audits)),
        "/v1/events": Page(streams.answer, ("GET",)),
        "/mcp": Page(mcp.answer, ("POST",)),
    }


async def _healthy(_principal: Principal, _scope: Scope, _receive: Receive, send: Send) -> None:
    """The process answers."""
    await Answer(b'{"ok":true}').send(send)


async def _ready(
    distributor: Distributor,
    operations: Operations,
    _principal: Principal,
    _scope: Scope,
    _receive: Receive,
    send: Send,
) -> None:
    """The database answers too, and the service is not on its way out: worth sending requests to."""
    if operations.is_leaving:
        raise RotaError("stopped", "the service is ending")
    try:
        async with asyncio.timeout(PATIENCE_S):
            await operations.read(distributor.call, ListRules())
    except TimeoutError:
        raise RotaError("unavailable", f"the database did not answer within {PATIENCE_S:g} s") from None
    await Answer(b'{"ready":true}').send(send)


async def _openapi(operations: Operations, _principal: Principal, _scope: Scope, _receive: Receive, send: Send) -> None:
    # It takes a while to make it the first time.
    await Answer(await operations.read(document)).send(send)


async def _metrics(
    distributor: Distributor,
    operations: Operations,
    counted: Counted,
    audits: Audits,
    principal: Principal,
    _scope: Scope,
    _receive: Receive,
    send: Send,
) -> None:
    check_scope(principal, OPERATIONS["get_statistics"])
    if principal.tenant is not None:
        raise RotaError("not_allowed", "metrics are of all tenants; ask with a key of none", field="tenant")
    statistics = await operations.read(distributor.call, GetStatistics())
    queues: QueuePage = await operations.read(distributor.call, ListQueues())
    process = Process(distributor.node, counted, operations.waiting, audits.found())
    await Answer(metrics(statistics, queues.queues, process).encode(), kind=TEXT).send(send)
