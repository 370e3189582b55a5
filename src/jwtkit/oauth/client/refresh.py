"""Refreshing: a fresh set of tokens for an old one (RFC 6749 section 6).

Rules of this room:

- A new refresh token replaces the old one; where none comes, the old one stays.
- What may be asked for is what the refresh token is good for, which a refresh for less does not change.
- Tokens that are bound to a key stay bound to it.
- An ID token that comes along is text that nobody has verified; `jwtkit.oidc` does that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError
from jwtkit.oauth.client.authorization_details import check_authorization_details, details_text
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.token_endpoint import (
    NOTHING,
    ask_endpoint,
    form_fields,
    parse_token_response,
    token_request,
    token_types_of,
)
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.scope import check_scope
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps

__all__ = ["RefreshFlow", "parse_refresh_response", "refresh_request"]


def refresh_request(
    client: Client,
    tokens: TokenSet,
    *,
    scope: Iterable[str] = (),
    resource: Iterable[str] = (),
    authorization_details: Iterable[Mapping[str, object]] = (),
    extra: Mapping[str, str] = NOTHING,
    now: float | None = None,
) -> HttpRequest:
    """Make the request that refreshes a set of tokens.

    Args:
        client: the client that the tokens were given to.
        tokens: what it has, with a refresh token.
        scope: less than was granted; all of it unless given.
        resource: the APIs that the token is for, as absolute URIs (RFC 8707).
        authorization_details: less than was granted, mappings that each have a `type` (RFC 9396).
        extra: parameters that this server knows beside these.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: there is no refresh token, or `scope` asks for what was not granted, or an argument is of the
            wrong form; or the tokens are bound to a DPoP key, and the client has none.

    Spec: RFC 6749 section 6, RFC 9449 section 5, RFC 8707 section 2.2, RFC 9396 section 6.
    """
    wanted = _wanted(tokens, scope)
    if not isinstance(client, Client):
        raise UsageError(f"client must be Client(...), got {type(client).__name__}")
    if tokens.token_type.lower() == "dpop" and client.dpop is None:
        raise UsageError("these tokens are bound to a key: refresh them with a client that has it, Client(dpop=...)")
    own = [
        ("grant_type", "refresh_token"),
        ("refresh_token", _refresh_token(tokens).reveal()),
        ("authorization_details", details_text(check_authorization_details(authorization_details, client.server))),
    ]
    return token_request(client, form_fields(own, scope=wanted, resource=resource, extra=extra), now=now)


def parse_refresh_response(
    response: HttpResponse,
    *,
    tokens: TokenSet,
    scope: Iterable[str] = (),
    token_types: Collection[str] = ("bearer",),
    now: float | None = None,
) -> TokenSet:
    """Read the answer to `refresh_request`.

    The refresh token and the ID token of `tokens` stay where no new ones came: the one is good still, and the other
    tells who logged in, which a logout wants to know.

    Args:
        response: what came. Untrusted.
        tokens: the set that was refreshed.
        scope: what was asked for, as in the request.
        token_types: the values of `token_type` that the program can use, in any case.
        now: seconds since the epoch, to reckon `expires_in` from; None reads the clock.

    Raises:
        OAuthError: the server said no; `invalid_grant` means that the user has to grant access again.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.
        UsageError: as `refresh_request`.

    Spec: RFC 6749 sections 5.1 and 6, OpenID Connect Core section 12.2.
    """
    wanted, good_for = _wanted(tokens, scope), _good_for(tokens)
    fresh = parse_token_response(response, requested_scope=wanted or good_for, token_types=token_types, now=now)
    return replace(
        fresh,
        refresh_token=fresh.refresh_token or _refresh_token(tokens),
        # Less may come without `scope` too, for a `resource` for example.
        refresh_scope=good_for if wanted or set(fresh.scope) < set(good_for) else (),
        id_token=fresh.id_token or tokens.id_token,
    )


class RefreshFlow(Frozen):
    """Asks for a fresh set of tokens.

    Many servers take a refresh token once only, and revoke everything when it comes again: let one caller at a time
    refresh a set, and store the answer before it is used.

    Args:
        client: the client that the tokens were given to.

    Raises:
        UsageError: it is no client.

    Spec: RFC 6749 section 6, RFC 9700 section 4.14.
    """

    __slots__ = ("client",)

    def __init__(self, client: Client) -> None:
        if not isinstance(client, Client):
            raise UsageError(f"client must be Client(...), got {type(client).__name__}")
        self.client: Final = client

    def refresh(
        self,
        tokens: TokenSet,
        *,
        scope: Iterable[str] = (),
        resource: Iterable[str] = (),
        authorization_details: Iterable[Mapping[str, object]] = (),
        extra: Mapping[str, str] = NOTHING,
        now: float | None = None,
    ) -> Steps[HttpRequest, TokenSet]:
        """Ask for a fresh set; for one that came with a login, use the refresh of `jwtkit.oidc`.

        Args:
            tokens: what the client has, with a refresh token.
            scope: less than was granted; all of it unless given.
            resource: the APIs that the token is for, as absolute URIs (RFC 8707).
            authorization_details: less than was granted, mappings that each have a `type` (RFC 9396).
            extra: parameters that this server knows beside these.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: at the call; as `refresh_request`.
            OAuthError: from the steps; the server said no.
            ProtocolError: from the steps; the answer cannot be used.
        """
        wanted = check_scope(scope)
        request = refresh_request(
            self.client,
            tokens,
            scope=wanted,
            resource=resource,
            authorization_details=authorization_details,
            extra=extra,
            now=now,
        )

        def steps() -> Steps[HttpRequest, TokenSet]:
            response = yield from ask_endpoint(self.client, request, now)
            types = token_types_of(self.client)
            return parse_refresh_response(response, tokens=tokens, scope=wanted, token_types=types, now=now)

        return steps()


def _refresh_token(tokens: TokenSet) -> Secret:
    if not isinstance(tokens, TokenSet):
        raise UsageError(f"tokens must be a TokenSet, got {type(tokens).__name__}")
    if tokens.refresh_token is None:
        raise UsageError(
            "these tokens came without a refresh token: many servers give one for scope offline_access only"
        )
    return tokens.refresh_token


def _good_for(tokens: TokenSet) -> tuple[str, ...]:
    """Give what the refresh token is good for; it is unknown where neither side ever named a scope."""
    return tokens.refresh_scope or tokens.scope


def _wanted(tokens: TokenSet, scope: Iterable[str]) -> tuple[str, ...]:
    _refresh_token(tokens)
    wanted, good_for = check_scope(scope), _good_for(tokens)
    if good_for and not set(wanted) <= set(good_for):
        raise UsageError("a refresh cannot ask for a scope that was not granted: send the user through the flow again")
    return wanted
