"""The worker's messages: what a request may say, and how answers and errors are written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, NoReturn

import msgspec

from verdigris.engine.catalog import InputType

PROTOCOL = 1

RequestId = str | int | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one worker takes at once; together they bound its memory."""

    line_bytes: int = 16 * 1024**2
    texts: int = 2_048
    """Texts of one request."""
    requests: int = 4
    """Requests that are read and not yet answered."""


LIMITS = Limits()


class Embed(msgspec.Struct, frozen=True, tag_field="op", tag="embed", forbid_unknown_fields=True):
    """Texts to vectors."""

    texts: list[str]
    id: RequestId = None
    input_type: InputType = "passage"
    encoding: Literal["float", "base64"] = "float"


class CountTokens(
    msgspec.Struct, frozen=True, tag_field="op", tag="count_tokens", forbid_unknown_fields=True
):
    """How many tokens each whole text has."""

    texts: list[str]
    id: RequestId = None


class Info(msgspec.Struct, frozen=True, tag_field="op", tag="info", forbid_unknown_fields=True):
    """Model, dimensions, fingerprint, limits."""

    id: RequestId = None


class Ping(msgspec.Struct, frozen=True, tag_field="op", tag="ping", forbid_unknown_fields=True):
    """Whether the worker is alive."""

    id: RequestId = None


class Shutdown(
    msgspec.Struct, frozen=True, tag_field="op", tag="shutdown", forbid_unknown_fields=True
):
    """Answer what was asked before, then this, then end."""

    id: RequestId = None


Work = Embed | CountTokens | Info | Ping
"""Requests that are worked on while others are read."""


def parse_request(line: bytes, limits: Limits) -> Work | Shutdown | bytes:
    """The request that a line holds, or the answer that says what is wrong with the line."""
    if len(line) > limits.line_bytes:
        message = f"the line is longer than {limits.line_bytes:,} bytes; send several requests"
        return failure(None, "RequestTooLarge", message)
    try:
        content = json.loads(line, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return failure(None, "InvalidRequest", f"not a line of JSON: {_one_line(error)}")
    try:
        request: Work | Shutdown = msgspec.convert(content, Work | Shutdown)
    except (msgspec.ValidationError, RecursionError) as error:
        return failure(_id_of(content), "InvalidRequest", _one_line(error))
    if isinstance(request, Embed | CountTokens) and len(request.texts) > limits.texts:
        message = f"{len(request.texts):,} texts; at most {limits.texts:,} a request"
        return failure(request.id, "RequestTooLarge", f"{message}; send several requests")
    return request


def success(request_id: RequestId, fields: list[tuple[str, str]]) -> bytes:
    """An answer; the values of `fields` are JSON already."""
    parts = [f'"id":{json.dumps(request_id)}', '"ok":true']
    parts += [f'"{name}":{value}' for name, value in fields]
    return ("{" + ",".join(parts) + "}").encode("ascii")


def failure(request_id: RequestId, kind: str, message: str) -> bytes:
    """An error as an answer."""
    error = json.dumps({"type": kind, "message": message})
    return f'{{"id":{json.dumps(request_id)},"ok":false,"error":{error}}}'.encode("ascii")


def _id_of(content: object) -> RequestId:
    """The id of a request that cannot be read otherwise, None where there is no usable one."""
    found = content.get("id") if isinstance(content, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
