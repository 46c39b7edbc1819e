"""What a request asks: the operation's request from body, query and headers."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec.structs import replace

from rota.faces.http.answers import Scope, header
from rota.faces.http.problems import Refused
from rota.model.errors import RotaError, invalid
from rota.operations.decodable import decodable
from rota.operations.decode import decode
from rota.operations.misfit import misfit
from rota.operations.table import Operation
from rota.owner.safe import KEYED

_VERSION = "v"


def from_body(operation: Operation, scope: Scope, body: bytes) -> Any:
    """The request that a POST makes. No body is an empty object."""
    kind = header(scope, b"content-type")
    if body and kind is not None and kind.partition(";")[0].strip().lower() != "application/json":
        raise Refused(invalid("content-type", "must be application/json"), 415)
    asked = decode(operation, body or b"{}")
    return _with_key(operation, scope, _with_version(operation, scope, asked))


def from_query(operation: Operation, scope: Scope) -> Any:
    """The request that a GET makes: the fields as query parameters, those of lists as often as it takes."""
    fields = {field.name: field for field in msgspec.structs.fields(operation.request)}
    found: dict[str, Any] = {}
    try:
        pairs = parse_qsl(
            scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=100, errors="strict"
        )
    except ValueError:
        raise invalid("query", "can not be read: percent-encode UTF-8, at most 100 parameters") from None
    for name, value in pairs:
        if name not in fields:
            raise invalid(name[:60] or "query", f"is no parameter of {operation.name}")
        if _takes_many(fields[name].type):
            found.setdefault(name, []).append(value)
        elif name in found:
            raise invalid(name, "is there twice")
        else:
            found[name] = value
    try:
        return msgspec.convert(found, decodable(operation.request), strict=False)
    except msgspec.ValidationError as error:
        raise misfit(error, operation.request, operation.name) from None


def _takes_many(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is list


def _with_key(operation: Operation, scope: Scope, asked: Any) -> Any:
    said = header(scope, b"idempotency-key")
    if said is None:
        return asked
    key = said.strip().removeprefix('"').removesuffix('"')
    if not key:
        raise invalid("idempotency-key", "is empty")
    field = KEYED.get(operation.name)
    if field is None:
        if operation.idempotent:
            return asked
        raise invalid("idempotency-key", f"{operation.name} can not be told from the same call again; leave it out")
    known = getattr(asked, field)
    if known is not None and known != key:
        raise invalid("idempotency-key", f"is not the same as the body's {field!r}; leave one of them out")
    return replace(asked, **{field: key})


def _with_version(operation: Operation, scope: Scope, asked: Any) -> Any:
    """`If-Match` with the ETag of a task is the version that an edit is meant for."""
    said = header(scope, b"if-match")
    if said is None:
        return asked
    if "version" not in operation.request.__struct_fields__:
        raise invalid("if-match", f"{operation.name} changes nothing that has an ETag to match; leave it out")
    if said.strip() == "*":
        return asked
    text = said.strip().removeprefix("W/").strip('"').partition("-")[0]
    number = text.removeprefix(_VERSION)
    if not text.startswith(_VERSION) or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise Refused(RotaError("changed", "is not the ETag of a task as `get_task` sends it", field="if-match"), 412)
    if asked.version is not None and asked.version != int(number):
        raise invalid("if-match", "is not the same as the body's 'version'; leave one of them out")
    return replace(asked, version=int(number))


def etag_of(version: int, body: bytes) -> str:
    """The ETag of a task as shown: which version, and what it looked like altogether."""
    return f'"{_VERSION}{version}-{_digest(body)}"'


def etag_of_page(body: bytes) -> str:
    """The ETag of whatever else was read: it only says whether it looks the same."""
    return f'W/"{_digest(body)}"'


def _digest(body: bytes) -> str:
    return blake2b(body, digest_size=6).hexdigest()
