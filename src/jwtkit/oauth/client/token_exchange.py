"""Token exchange: one token for another, in one's own name or on behalf of somebody (RFC 8693)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Final

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError
from jwtkit.jwt.token import Token
from jwtkit.oauth.client.client import Client
from jwtkit.oauth.client.token_endpoint import (
    NOTHING,
    ask_endpoint,
    form_fields,
    parse_token_response,
    token_request,
    token_text,
    token_types_of,
)
from jwtkit.oauth.client.token_set import TokenSet
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import bad_member
from jwtkit.oauth.scope import check_scope, listed_texts
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.steps import Steps

__all__ = ["TokenExchangeFlow", "TokenType", "parse_token_exchange_response", "token_exchange_request"]

_GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[\x21\x24-\x5b\x5d-\x7e]+")


class TokenType(StrEnum):
    """What kind of token one is (RFC 8693 section 3); every other absolute URI is one too, written as a str."""

    ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
    REFRESH_TOKEN = "urn:ietf:params:oauth:token-type:refresh_token"  # noqa: S105 - a name
    ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a name
    SAML1 = "urn:ietf:params:oauth:token-type:saml1"
    SAML2 = "urn:ietf:params:oauth:token-type:saml2"
    JWT = "urn:ietf:params:oauth:token-type:jwt"


def token_exchange_request(
    client: Client,
    *,
    subject_token: Secret | Token,
    subject_token_type: str,
    actor_token: Secret | Token | None = None,
    actor_token_type: str | None = None,
    requested_token_type: str | None = None,
    audience: Iterable[str] = (),
    resource: Iterable[str] = (),
    scope: Iterable[str] = (),
    extra: Mapping[str, str] = NOTHING,
    now: float | None = None,
) -> HttpRequest:
    """Make the request that exchanges a token.

    Args:
        client: who asks.
        subject_token: the token of the one on whose behalf the new one is.
        subject_token_type: what kind it is, a `TokenType` or another absolute URI.
        actor_token: the token of the one who acts, where that is somebody else.
        actor_token_type: what kind it is; with `actor_token`, and not without.
        requested_token_type: what kind the new one shall be; the server decides unless given.
        audience: names of the services that the new one is for, as the server knows them.
        resource: the APIs that the new one is for, as absolute URIs (RFC 8707).
        scope: what to ask for.
        extra: parameters that this server knows beside these.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: an argument is of the wrong form, or one of `actor_token` and `actor_token_type` is missing.

    Spec: RFC 8693 section 2.1.
    """
    if (actor_token is None) is not (actor_token_type is None):
        raise UsageError("actor_token and actor_token_type go together: give both or neither")
    own = [
        ("grant_type", _GRANT),
        ("subject_token", token_text(subject_token, "subject_token")),
        ("subject_token_type", _checked_type(subject_token_type, "subject_token_type")),
        ("actor_token", None if actor_token is None else token_text(actor_token, "actor_token")),
        ("actor_token_type", _optional_type(actor_token_type, "actor_token_type")),
        ("requested_token_type", _optional_type(requested_token_type, "requested_token_type")),
        ("audience", None),  # it cannot be in extra, even where none is given
        *(("audience", name) for name in listed_texts(audience, "audience")),
    ]
    return token_request(client, form_fields(own, scope=scope, resource=resource, extra=extra), now=now)


def parse_token_exchange_response(
    response: HttpResponse,
    *,
    requested_scope: Iterable[str] = (),
    token_types: Collection[str] = ("bearer", "N_A"),
    now: float | None = None,
) -> TokenSet:
    """Read the answer to `token_exchange_request`.

    The new token is `access_token` whatever it is; `issued_token_type` tells. With the `token_type` "N_A" it is none
    that an API takes.

    Args:
        response: what came. Untrusted.
        requested_scope: what was asked for; it stands where the server names no scope.
        token_types: the values of `token_type` that the program can use, in any case.
        now: seconds since the epoch, to reckon `expires_in` from; None reads the clock.

    Raises:
        OAuthError: the server said no, for example `invalid_target`.
        ProtocolError: `.reason` and `.status` tell what was wrong with the answer.

    Spec: RFC 8693 section 2.2.
    """
    tokens = parse_token_response(response, requested_scope=requested_scope, token_types=token_types, now=now)
    if not tokens.issued_token_type:
        raise bad_member("token endpoint", "issued_token_type", "a non-empty string", response.status)
    return tokens


class TokenExchangeFlow(Frozen):
    """Exchanges one token for another.

    Args:
        client: the client.

    Raises:
        UsageError: it is no client.

    Spec: RFC 8693.
    """

    __slots__ = ("client",)

    def __init__(self, client: Client) -> None:
        if not isinstance(client, Client):
            raise UsageError(f"client must be Client(...), got {type(client).__name__}")
        self.client: Final = client

    def exchange(
        self,
        *,
        subject_token: Secret | Token,
        subject_token_type: str,
        actor_token: Secret | Token | None = None,
        actor_token_type: str | None = None,
        requested_token_type: str | None = None,
        audience: Iterable[str] = (),
        resource: Iterable[str] = (),
        scope: Iterable[str] = (),
        extra: Mapping[str, str] = NOTHING,
        now: float | None = None,
    ) -> Steps[HttpRequest, TokenSet]:
        """Ask for the other token; the arguments are those of `token_exchange_request`.

        Raises:
            UsageError: at the call; as `token_exchange_request`.
            OAuthError: from the steps; the server said no.
            ProtocolError: from the steps; the answer cannot be used.
        """
        wanted = check_scope(scope)
        request = token_exchange_request(
            self.client,
            subject_token=subject_token,
            subject_token_type=subject_token_type,
            actor_token=actor_token,
            actor_token_type=actor_token_type,
            requested_token_type=requested_token_type,
            audience=audience,
            resource=resource,
            scope=wanted,
            extra=extra,
            now=now,
        )

        def steps() -> Steps[HttpRequest, TokenSet]:
            response = yield from ask_endpoint(self.client, request, now)
            types = (*token_types_of(self.client), "N_A")
            return parse_token_exchange_response(response, requested_scope=wanted, token_types=types, now=now)

        return steps()


def _optional_type(uri: str | None, argument: str) -> str | None:
    return None if uri is None else _checked_type(uri, argument)


def _checked_type(uri: object, argument: str) -> str:
    if not isinstance(uri, str) or not _URI.fullmatch(uri):
        raise UsageError(f"{argument} must be an absolute URI, such as TokenType.ACCESS_TOKEN")
    return str(uri)
