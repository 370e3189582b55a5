"""Pushed authorization requests: the client hands its request to the server itself (RFC 9126).

Rules of this room:

- The browser carries `client_id` and `request_uri`, and nothing of what was asked for.
- The request is authenticated like one to the token endpoint, and refused in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from jwtkit._clock import resolve_now
from jwtkit.errors import UsageError
from jwtkit.oauth.client.application import Application
from jwtkit.oauth.client.authorization_request import (
    Wish,
    authorization_request,
    redirect_with,
    sent_fields,
)
from jwtkit.oauth.client.client import Client, check_pairs
from jwtkit.oauth.client.session import AuthorizationRedirect, AuthorizationSession
from jwtkit.oauth.client.token_endpoint import ask_endpoint, read_answer, seconds_from
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import bad_member
from jwtkit.oauth.steps import Steps

__all__ = [
    "PushedRequest",
    "parse_pushed_authorization_response",
    "push",
    "pushed_authorization_request",
    "pushed_redirect",
]

_WHAT: Final = "pushed authorization request endpoint"
_ENDPOINT: Final = "pushed_authorization_request_endpoint"
# It goes into a URL that a browser must carry; RFC 9101 section 5.2 recommends at most 512 characters.
_REQUEST_URI: Final = re.compile(r"[\x21-\x7e]{1,2048}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedRequest:
    """A request that the server keeps for a while.

    Attributes:
        request_uri: names it, for one browser and one use.
        expires_at: until when, in seconds since the epoch.
    """

    request_uri: str = field(repr=False)
    expires_at: float


def pushed_authorization_request(
    client: Client, fields: Iterable[tuple[str, str]], *, now: float | None = None
) -> HttpRequest:
    """Make the request that pushes an authorization request.

    Args:
        client: who asks.
        fields: the parameters that the browser would have carried; `client_id` is added.
        now: seconds since the epoch, for methods that date their proof; None reads the clock.

    Raises:
        UsageError: the server has no such endpoint, `request_uri` is among the parameters, or one is no text or a
            credential.

    Spec: RFC 9126 sections 2.1 and 3.
    """
    if not isinstance(client, Client):
        raise UsageError(f"client must be Client(...), got {type(client).__name__}")
    own = ("client_id", client.client_id)
    kept = tuple(pair for pair in check_pairs(fields) if pair != own)
    for name, _ in kept:
        if name == "request_uri":
            raise UsageError("a pushed request holds no request_uri: the server's answer gives one")
        if name == "client_id":
            raise UsageError("the parameters are those of another client")
    return client.request(_ENDPOINT, (own, *kept), now=now)


def parse_pushed_authorization_response(response: HttpResponse, *, now: float | None = None) -> PushedRequest:
    """Read the answer to `pushed_authorization_request`.

    Args:
        response: what came. Untrusted.
        now: seconds since the epoch, to reckon `expires_in` from; None reads the clock.

    Raises:
        OAuthError: the server said no; `.error` is the code.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.

    Spec: RFC 9126 sections 2.2 and 2.3.
    """
    moment = resolve_now(now)
    members = read_answer(response, _WHAT, success=201)
    request_uri = members.get("request_uri")
    if not isinstance(request_uri, str) or not _REQUEST_URI.fullmatch(request_uri):
        raise bad_member(_WHAT, "request_uri", "a URI of printable ASCII", response.status)
    lifetime = seconds_from(members, "expires_in", _WHAT)
    if lifetime <= 0:
        raise bad_member(_WHAT, "expires_in", "a positive number of seconds", response.status)
    return PushedRequest(request_uri=request_uri, expires_at=moment + lifetime)


def pushed_redirect(
    application: Application, wish: Wish, *, nonce: str | None, now: float | None
) -> Steps[HttpRequest, AuthorizationRedirect]:
    """Push what is asked for; see `AuthorizationCodeFlow.start_pushed`."""
    request = authorization_request(application, wish, nonce=nonce, now=now)
    return push(application, request.session, sent_fields(application, request, pushed=True, now=now), now=now)


def push(
    application: Application, session: AuthorizationSession, fields: Iterable[tuple[str, str]], *, now: float | None
) -> Steps[HttpRequest, AuthorizationRedirect]:
    """Push parameters, and give the URL that refers to them."""
    client = application.client
    request = pushed_authorization_request(client, fields, now=now)

    def steps() -> Steps[HttpRequest, AuthorizationRedirect]:
        response = yield from ask_endpoint(client, request, now)
        pushed = parse_pushed_authorization_response(response, now=now)
        reference = client.renamed((("client_id", client.client_id), ("request_uri", pushed.request_uri)))
        return redirect_with(application, session, reference, expires_at=pushed.expires_at)

    return steps()
