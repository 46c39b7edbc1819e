"""The paths that are no operations."""

from __future__ import annotations

import asyncio
from functools import partial

from rota.faces.http.answers import Answer, Receive, Scope, Send
from rota.faces.http.counted import Counted
from rota.faces.http.metrics import metrics
from rota.faces.http.openapi import document
from rota.faces.http.operations import Operations
from rota.faces.http.service import Page, healthy
from rota.faces.http.streams import Streams
from rota.model.commands.route import ListRules
from rota.model.errors import RotaError
from rota.operations.distributor import Distributor
from rota.operations.principal import Principal
from rota.operations.table import OPERATIONS
from rota.operations.principal import check_scope

PATIENCE_S = 2.0
"""How long the database may take for us to be ready, seconds."""
TEXT = b"text/plain; version=0.0.4; charset=utf-8"


def pages_of(
    distributor: Distributor, operations: Operations, streams: Streams, counted: Counted
) -> dict[str, Page]:
    """Each page by its path."""
    return {
        "/health": Page(healthy, open=True),
        "/ready": Page(partial(_ready, distributor, operations), open=True),
        "/openapi.json": Page(_openapi, open=True),
        "/metrics": Page(partial(_metrics, distributor, operations, counted)),
        "/v1/events": Page(streams.answer, ("GET",)),
    }
