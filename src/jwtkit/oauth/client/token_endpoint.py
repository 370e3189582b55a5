"""The token endpoint: the request every grant makes, and the answer every grant reads (RFC 6749 section 5)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit.errors import OAuthError, ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import bad_member, expect_status, json_object, optional_text
from jwtkit.oauth.scope import split_scope
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps, ask

__all__ = ["exchange", "oauth_error", "parse_token_response", "token_request"]

_WHAT: Final = "token endpoint"
_ERROR_TEXT: Final = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")
_LONGEST_LIFETIME: Final = 100 * 366 * 24 * 3600
_KNOWN: Final = (
    "access_token",
    "token_type",
    "scope",
    "expires_in",
    "refresh_token",
    "id_token",
    "issued_token_type",
)


def token_request(client: Client, fields: Iterable[tuple[str, str]], *, now: float | None = None) -> HttpRequest:
    """Make a request to the token endpoint, authenticated by the client's one method.

    Args:
        client: who asks.
        fields: the grant's parameters, `grant_type` among them.
        now: seconds since the epoch, for methods that date their proof; None reads the clock.

    Raises:
        UsageError: the server has no token endpoint.

    Spec: RFC 6749 sections 2.3 and 3.2.
    """
    if not isinstance(client, Client):
        raise UsageError(f"client must be Client(...), got {type(client).__name__}")
    return client.request("token_endpoint", fields, now=now)


def parse_token_response(
    response: HttpResponse,
    *,
    requested_scope: Iterable[str] = (),
    token_types: Collection[str] = ("bearer",),
    now: float | None = None,
) -> TokenSet:
    """Read the answer of a token endpoint.

    Args:
        response: what came. Untrusted.
        requested_scope: what was asked for; it stands where the server names no scope (RFC 6749 section 5.1).
        token_types: the values of `token_type` that the program can use, in lower case.
        now: seconds since the epoch, to reckon `expires_at` from; None reads the clock.

    Raises:
        OAuthError: the server said no; `.error` is the code.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.

    Spec: RFC 6749 sections 5.1 and 5.2.
    """
    moment = resolve_now(now)
    members = json_object(response, _WHAT)
    if "error" in members:
        # Some servers send errors with status 200, so the member decides, not the status.
        raise oauth_error(members, _WHAT, response.status)
    expect_status(response, _WHAT)
    access_token, token_type = (_required_text(members, name) for name in ("access_token", "token_type"))
    if token_type.lower() not in token_types:
        message = f"{_WHAT} gave a token of type {quote(token_type)}, which this client cannot use"
        raise ProtocolError(message, reason=ProtocolReason.TOKEN_TYPE, status=response.status)
    scope = optional_text(members, "scope", _WHAT, response.status)
    return TokenSet(
        access_token=Secret(access_token),
        token_type=token_type,
        scope=tuple(requested_scope) if scope is None else split_scope(scope),
        expires_at=_expires_at(members, moment),
        refresh_token=_optional_secret(members, "refresh_token"),
        id_token=_optional_secret(members, "id_token"),
        issued_token_type=optional_text(members, "issued_token_type", _WHAT, response.status),
        extra=_wire.freeze({name: value for name, value in members.items() if name not in _KNOWN}),
    )


def exchange(request: HttpRequest, scope: Iterable[str], now: float | None) -> Steps[HttpRequest, TokenSet]:
    """Ask, and read the answer; the end of every grant."""
    response = yield from ask(request)
    return parse_token_response(response, requested_scope=scope, now=now)


def oauth_error(members: dict[str, Any], what: str, status: int | None) -> OAuthError | ProtocolError:
    """Make the error that a peer's `error` member, or parameter, calls for."""
    error = members["error"]
    if not isinstance(error, str) or not _ERROR_TEXT.fullmatch(error):
        return bad_member(what, "error", "an error code of printable ASCII", status)
    description, uri = (_text_or_none(members.get(name)) for name in ("error_description", "error_uri"))
    extra = {name: value for name, value in members.items() if name not in ("error", "error_description", "error_uri")}
    message = f"{what} refused: {quote(error)}" + (f" ({quote(description)})" if description else "")
    return OAuthError(message, error=error, description=description, uri=uri, status=status, extra=extra)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _required_text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise bad_member(_WHAT, name, "a non-empty string", 200)
    return value


def _optional_secret(members: dict[str, Any], name: str) -> Secret | None:
    value = optional_text(members, name, _WHAT, 200)
    return Secret(value) if value else None


def _expires_at(members: dict[str, Any], now: float) -> float | None:
    value = members.get("expires_in")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LONGEST_LIFETIME:
        raise bad_member(_WHAT, "expires_in", "a number of seconds", 200)
    return now + value
