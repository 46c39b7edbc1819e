"""Requests from JSON or plain data: what comes from outside, refused naming the field."""

from __future__ import annotations

from typing import Any

import msgspec

from rota.model import bounds
from rota.model.errors import RotaError, invalid
from rota.model.json_fault import fault_of, path_at
from rota.model.path import path_text
from rota.operations.decodable import decodable
from rota.operations.misfit import misfit
from rota.operations.table import Operation

MOST_BYTES = 64 * bounds.PAYLOAD_BYTES


def decode(operation: Operation, arguments: bytes | dict[str, Any]) -> Any:
    """The operation's request from JSON or plain data; refused naming the field, or the character that is wrong."""
    if isinstance(arguments, bytes):
        return _from_json(operation, arguments)
    try:
        return msgspec.convert(arguments, decodable(operation.request))
    except msgspec.ValidationError as error:
        raise misfit(error, operation.request, operation.name) from None
    except RecursionError:
        raise invalid("request", f"is nested deeper than {bounds.DEPTH} levels; flatten it") from None


def _from_json(operation: Operation, arguments: bytes) -> Any:
    if len(arguments) > MOST_BYTES:
        raise RotaError("too_large", f"has {len(arguments):,} bytes; the most is {MOST_BYTES:,}", field="request")
    try:
        return msgspec.json.decode(arguments, type=decodable(operation.request))
    except msgspec.ValidationError as error:
        if "out of range" in str(error):
            raise _not_json(arguments, error) from None
        raise misfit(error, operation.request, operation.name) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _not_json(arguments, error) from None


def _not_json(arguments: bytes, error: Exception) -> RotaError:
    try:
        text = arguments.decode()
    except UnicodeDecodeError as found:
        before = arguments[: found.start].decode()
        field = path_text(path_at(before + "?", len(before))) or "request"
        return invalid(field, f"byte {found.start} of the request is not UTF-8 text: send UTF-8")
    fault = fault_of(text)
    if fault is None:
        return invalid("request", f"is not JSON: {error}")
    return invalid(path_text(fault.path) or "request", f"{fault.message} (character {fault.at} of the request)")
