"""The way from an HttpResponse to a JSON object; every parser of this floor begins here."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from jwtkit import _wire
from jwtkit.errors import MalformedError, ProtocolError, ProtocolReason, UsageError
from jwtkit.oauth.http import HttpResponse

__all__ = [
    "MAX_BYTES",
    "bad_member",
    "expect_response",
    "expect_status",
    "is_json",
    "json_object",
    "media_type",
    "optional_text",
    "retry_after",
    "unusable",
]

MAX_BYTES: Final = 1024 * 1024
_DEPTH: Final = 32
_INT_LIMIT: Final = 10**40
_EXCERPT_CHARS: Final = 200
_READ_BYTES: Final = 4 * _EXCERPT_CHARS
# What separates words in the texts that come: where a token could not go on.
_BETWEEN: Final = r"\s\"'<>{}\[\],"
_LONG_RUN: Final = re.compile(rf"[^{_BETWEEN}]{{20,}}")
_LAST_RUN: Final = re.compile(rf"(?<![^{_BETWEEN}])[^{_BETWEEN}]+\Z")
# The value after a name that says what it is, in JSON, in a form and in prose: a string, a number, all that follows a
# bracket, or what goes on up to a space. The look-behind lets each name be read once only, so that time is linear.
_NAMED: Final = re.compile(
    rf"""
    (
        (?<![^{_BETWEEN}&=:;?\\]) (?= [^{_BETWEEN}&=:;?\\]*? (?:token|secret|code|password|assertion) )
        [^{_BETWEEN}&=:;?\\]++ \\*+ ["']? \s*+ [:=] \s*+
    )
    (?:
        \\*+ " (?:[^"\\]|\\.)*+ "?
        | ' (?:[^'\\]|\\.)*+ '?
        | (?:-?[0-9.]+|true|false|null) (?=[\s,\]}}])
        | [\[{{].*
        | [^\s&]+
    )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_LONGEST_PAUSE: Final = 7 * 24 * 3600.0
_HTTP_DATE: Final = re.compile(r"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def media_type(response: HttpResponse) -> str:
    """Give the content type, in lower case and without its parameters."""
    return (response.header("content-type") or "").partition(";")[0].strip().lower()


def is_json(response: HttpResponse, *types: str) -> bool:
    """Tell whether the content type is JSON, or one of `types`; parameters and case do not count."""
    return media_type(response) in ("application/json", *types)


def unusable(response: HttpResponse, message: str, reason: ProtocolReason) -> ProtocolError:
    """Make the error for an answer that cannot be used; it keeps status, pause and the beginning of the body."""
    return ProtocolError(
        message,
        reason=reason,
        status=response.status,
        retry_after=retry_after(response),
        excerpt=_excerpt(response.body),
    )


def expect_response(response: object, what: str) -> HttpResponse:
    """Refuse what no answer may be, whatever its content: a redirect, an unasked 304, or one that is too large.

    Raises:
        ProtocolError: it is one of these.
        UsageError: it is no HttpResponse.
    """
    if not isinstance(response, HttpResponse):
        raise UsageError(f"{what}: the answer must be an HttpResponse, got {type(response).__name__}")
    status = response.status
    if status == 304:
        # It leads nowhere, and nobody asked whether something changed.
        message = f"{what} answered 304 (not modified) to a request without a condition"
        raise unusable(response, message, ProtocolReason.UNEXPECTED_STATUS)
    if 300 <= status < 400:
        message = f"{what} answered with a redirect ({status}), which is never followed: ask the right URL"
        raise unusable(response, message, ProtocolReason.REDIRECT)
    if len(response.body) > MAX_BYTES:
        message = f"{what} answered with {len(response.body)} bytes: at most {MAX_BYTES} are accepted"
        raise unusable(response, message, ProtocolReason.TOO_LARGE)
    return response


def json_object(response: HttpResponse, what: str, *types: str) -> dict[str, Any]:
    """Read the JSON object of a response.

    Raises:
        ProtocolError: a redirect, too large, not JSON by its content type, or not one strict JSON object.
    """
    status = expect_response(response, what).status
    if not is_json(response, *types):
        message = f"{what} answered {status} with something else than JSON: is this the right URL, is it up?"
        raise unusable(response, message, ProtocolReason.NOT_JSON)
    try:
        return _wire.parse_object(response.body, what, depth=_DEPTH, int_limit=_INT_LIMIT)
    except MalformedError as finding:
        raise unusable(response, f"{what} answered {status}: {finding}", ProtocolReason.NOT_JSON) from None


def expect_status(response: HttpResponse, what: str, status: int = 200) -> None:
    """Refuse every other status.

    Raises:
        ProtocolError: it is another one.
    """
    if response.status != status:
        message = f"{what}: expected status {status}, got {response.status}"
        raise unusable(response, message, ProtocolReason.UNEXPECTED_STATUS)


def bad_member(what: str, name: str, must_be: str, status: int | None = None) -> ProtocolError:
    """Make the error for a member that is missing or of the wrong type."""
    return ProtocolError(f"{what}: {name!r} must be {must_be}", reason=ProtocolReason.BAD_MEMBER, status=status)


def optional_text(members: dict[str, Any], name: str, what: str, status: int | None = None) -> str | None:
    """Read a string member that may be absent."""
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise bad_member(what, name, "a string", status)
    return value


def retry_after(response: HttpResponse) -> float | None:
    """Read Retry-After: seconds, or a date, which counts from the date of the answer (RFC 9110 section 10.2.3)."""
    value = (response.header("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), _LONGEST_PAUSE)
    until, since = _date(value), _date(response.header("date") or "")
    if until is None or since is None:
        return None
    return min(max((until - since).total_seconds(), 0.0), _LONGEST_PAUSE)


def _excerpt(body: bytes) -> str | None:
    text = body[:_READ_BYTES].decode("utf-8", "replace")
    shown = _NAMED.sub(r"\1[...]", "".join(char if char.isprintable() else " " for char in text))
    if len(body) > _READ_BYTES:
        shown = _LAST_RUN.sub("[...]", shown)  # nobody knows how it goes on
    return _LONG_RUN.sub("[...]", shown)[:_EXCERPT_CHARS].strip() or None


def _date(text: str) -> datetime | None:
    """Read the one form of a date that may still be sent (RFC 9110 section 5.6.7)."""
    match = _HTTP_DATE.fullmatch(text)
    if match is None or match[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(match[group]) for group in (1, 3, 4, 5, 6))
    try:
        return datetime(year, _MONTHS.index(match[2]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
