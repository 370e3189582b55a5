"""The way from an HttpResponse to a JSON object; every parser of this floor begins here."""

from __future__ import annotations

from typing import Any, Final

from jwtkit import _wire
from jwtkit.errors import MalformedError, ProtocolError, ProtocolReason, UsageError
from jwtkit.oauth.http import HttpResponse

__all__ = ["MAX_BYTES", "bad_member", "is_json", "json_object", "optional_text"]

MAX_BYTES: Final = 1024 * 1024
_DEPTH: Final = 32
_INT_LIMIT: Final = 10**40


def is_json(response: HttpResponse, *types: str) -> bool:
    """Tell whether the content type is JSON, or one of `types`; parameters and case do not count."""
    media_type = (response.header("content-type") or "").partition(";")[0].strip().lower()
    return media_type in ("application/json", *types)


def json_object(response: HttpResponse, what: str, *types: str) -> dict[str, Any]:
    """Read the JSON object of a response.

    Raises:
        ProtocolError: a redirect, too large, not JSON by its content type, or not one strict JSON object.
    """
    if not isinstance(response, HttpResponse):
        raise UsageError(f"{what}: the answer must be an HttpResponse, got {type(response).__name__}")
    status = response.status
    if 300 <= status < 400:
        message = f"{what} answered with a redirect ({status}), which is never followed: ask the right URL"
        raise ProtocolError(message, reason=ProtocolReason.REDIRECT, status=status)
    if len(response.body) > MAX_BYTES:
        message = f"{what} answered with {len(response.body)} bytes: at most {MAX_BYTES} are accepted"
        raise ProtocolError(message, reason=ProtocolReason.TOO_LARGE, status=status)
    if not is_json(response, *types):
        message = f"{what} answered {status} with something else than JSON: is this the right URL, is it up?"
        raise ProtocolError(message, reason=ProtocolReason.NOT_JSON, status=status)
    try:
        return _wire.parse_object(response.body, what, depth=_DEPTH, int_limit=_INT_LIMIT)
    except MalformedError as finding:
        message = f"{what} answered {status}: {finding}"
        raise ProtocolError(message, reason=ProtocolReason.NOT_JSON, status=status) from None


def bad_member(what: str, name: str, must_be: str, status: int | None = None) -> ProtocolError:
    """Make the error for a member that is missing or of the wrong type."""
    return ProtocolError(f"{what}: {name!r} must be {must_be}", reason=ProtocolReason.BAD_MEMBER, status=status)


def optional_text(members: dict[str, Any], name: str, what: str, status: int | None = None) -> str | None:
    """Read a string member that may be absent."""
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_member(what, name, "a string", status)
    return value
