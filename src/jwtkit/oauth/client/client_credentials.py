"""The client credentials grant: a program calls an API as itself (RFC 6749 section 4.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError
from jwtkit.oauth.client.authorization_details import check_authorization_details, details_text
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.token_endpoint import NOTHING, exchange, form_fields, token_request
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest
from jwtkit.oauth.scope import check_scope
from jwtkit.oauth.steps import Steps

__all__ = ["ClientCredentialsFlow"]


class ClientCredentialsFlow(Frozen):
    """Asks for a token in the client's own name.

    Args:
        client: the client; a public one cannot use this grant.

    Raises:
        UsageError: the client is public.

    Spec: RFC 6749 section 4.4.
    """

    __slots__ = ("client",)

    def __init__(self, client: Client) -> None:
        if not isinstance(client, Client):
            raise UsageError(f"client must be Client(...), got {type(client).__name__}")
        if client.auth.method == "none":
            raise UsageError("a public client has no credentials: use ClientSecretBasic(...) or another method")
        self.client: Final = client

    def token(
        self,
        *,
        scope: Iterable[str] = (),
        resource: Iterable[str] = (),
        authorization_details: Iterable[Mapping[str, object]] = (),
        extra: Mapping[str, str] = NOTHING,
        now: float | None = None,
    ) -> Steps[HttpRequest, TokenSet]:
        """Ask for a token.

        Args:
            scope: what to ask for.
            resource: the APIs that the token is for, as absolute URIs (RFC 8707).
            authorization_details: what exactly to ask for, mappings that each have a `type` (RFC 9396).
            extra: parameters that this server knows beside these, such as `audience`.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: at the call; an argument is of the wrong form, or `extra` has a parameter that is decided here.
            OAuthError: from the steps; the server said no.
            ProtocolError: from the steps; the answer cannot be used.

        Spec: RFC 6749 sections 4.4.2 and 4.4.3, RFC 8707 section 2.2, RFC 9396 section 6.
        """
        wanted = check_scope(scope)
        details = details_text(check_authorization_details(authorization_details, self.client.server))
        own = [("grant_type", "client_credentials"), ("authorization_details", details)]
        fields = form_fields(own, scope=wanted, resource=resource, extra=extra)
        return exchange(self.client, token_request(self.client, fields, now=now), wanted, now)
