"""Revocation: telling the server that a token is not needed any more (RFC 7009)."""

from __future__ import annotations

from typing import Final

from jwtkit.jwt.token import Token
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.token_endpoint import ask_endpoint, endpoint_request, form_fields, read_answer, token_text
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import expect_response
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps

__all__ = ["parse_revocation_response", "revocation_request", "revoke"]

_WHAT: Final = "revocation endpoint"


def revocation_request(
    client: Client, token: Secret | Token, *, token_type_hint: str | None = None, now: float | None = None
) -> HttpRequest:
    """Make the request that revokes a token.

    Args:
        client: the client that the token was given to.
        token: a refresh token, with which most servers end the access tokens from it too, or an access token.
        token_type_hint: "refresh_token" or "access_token", which may spare the server a search.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: an argument is of the wrong form, or the server has no such endpoint.

    Spec: RFC 7009 section 2.1.
    """
    fields = form_fields([("token", token_text(token, "token")), ("token_type_hint", token_type_hint)])
    return endpoint_request(client, "revocation_endpoint", fields, now=now)


def parse_revocation_response(response: HttpResponse) -> None:
    """Read the answer to `revocation_request`: with status 200 the token is gone, or was never there.

    Raises:
        OAuthError: the server said no, for example `unsupported_token_type`.
        ProtocolError: the token counts still. With status 503 ask again after `.retry_after` seconds, where the
            server said how long.

    Spec: RFC 7009 section 2.2.
    """
    if expect_response(response, _WHAT).status != 200:
        read_answer(response, _WHAT)


def revoke(
    client: Client, token: Secret | Token, *, token_type_hint: str | None = None, now: float | None = None
) -> Steps[HttpRequest, None]:
    """Revoke a token; the arguments are those of `revocation_request`.

    Raises:
        UsageError: at the call; as `revocation_request`.
        OAuthError: from the steps; the server said no.
        ProtocolError: from the steps; the token counts still.
    """
    request = revocation_request(client, token, token_type_hint=token_type_hint, now=now)

    def steps() -> Steps[HttpRequest, None]:
        parse_revocation_response((yield from ask_endpoint(client, request, now)))

    return steps()
