"""The JWT bearer grant: a signed statement of somebody the server trusts, for an access token (RFC 7523)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError
from jwtkit.jwt.token import Token
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.token_endpoint import NOTHING, exchange, form_fields, token_request, token_text
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.scope import check_scope
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps

__all__ = ["JWTBearerFlow", "jwt_bearer_request"]

_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def jwt_bearer_request(
    client: Client,
    assertion: Token | Secret,
    *,
    scope: Iterable[str] = (),
    resource: Iterable[str] = (),
    extra: Mapping[str, str] = NOTHING,
    now: float | None = None,
) -> HttpRequest:
    """Make the request that shows an assertion; `parse_token_response` reads the answer.

    Args:
        client: who asks; it authenticates beside the assertion, a `PublicClient` only names itself.
        assertion: the statement: a Token, such as `Token.sign` gives, or the text of one. Its `iss` is who states
            it, its `sub` whom it is about, its `aud` the server, and it expires soon.
        scope: what to ask for.
        resource: the APIs that the token is for, as absolute URIs (RFC 8707).
        extra: parameters that this server knows beside these.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: an argument is of the wrong form.

    Spec: RFC 7523 sections 2.1 and 3.
    """
    own = [("grant_type", _GRANT), ("assertion", token_text(assertion, "assertion"))]
    return token_request(client, form_fields(own, scope=scope, resource=resource, extra=extra), now=now)


class JWTBearerFlow(Frozen):
    """Asks for a token with an assertion.

    Args:
        client: the client.

    Raises:
        UsageError: it is no client.

    Spec: RFC 7523 section 2.1.
    """

    __slots__ = ("client",)

    def __init__(self, client: Client) -> None:
        if not isinstance(client, Client):
            raise UsageError(f"client must be Client(...), got {type(client).__name__}")
        self.client: Final = client

    def token(
        self,
        assertion: Token | Secret,
        *,
        scope: Iterable[str] = (),
        resource: Iterable[str] = (),
        extra: Mapping[str, str] = NOTHING,
        now: float | None = None,
    ) -> Steps[HttpRequest, TokenSet]:
        """Ask for a token; the arguments are those of `jwt_bearer_request`.

        Raises:
            UsageError: at the call; as `jwt_bearer_request`.
            OAuthError: from the steps; the server said no, for example `invalid_grant`.
            ProtocolError: from the steps; the answer cannot be used.
        """
        wanted = check_scope(scope)
        request = jwt_bearer_request(self.client, assertion, scope=wanted, resource=resource, extra=extra, now=now)
        return exchange(self.client, request, wanted, now)
