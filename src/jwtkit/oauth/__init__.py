"""Floor 4, protocol: OAuth 2, as values that any HTTP library can carry.

The shared nouns live here; each role has a folder of its own, and the roles do not know each other: `client` for
programs that call, `resource` for APIs that are called, `server` for those who issue. Nothing here opens a connection:
a flow yields an `HttpRequest`, and your `send` answers it.

This module is a table of names; what a name needs is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from jwtkit.oauth.client.authentication import ClientAuthentication, Credentials
    from jwtkit.oauth.client.authorization_code import AuthorizationCodeFlow
    from jwtkit.oauth.client.callback import Callback
    from jwtkit.oauth.client.client import Client
    from jwtkit.oauth.client.client_credentials import ClientCredentialsFlow
    from jwtkit.oauth.client.client_secret_basic import ClientSecretBasic
    from jwtkit.oauth.client.public_client import PublicClient
    from jwtkit.oauth.client.session import AuthorizationRedirect, AuthorizationSession
    from jwtkit.oauth.client.token_endpoint import parse_token_response, token_request
    from jwtkit.oauth.client.token_set import TokenSet
    from jwtkit.oauth.discovery import discover, discovery_request, parse_discovery_response
    from jwtkit.oauth.http import HttpRequest, HttpResponse, InboundRequest
    from jwtkit.oauth.key_set import jwks_request, parse_jwks_response
    from jwtkit.oauth.metadata import ServerMetadata
    from jwtkit.oauth.pkce import PKCE
    from jwtkit.oauth.resource.protected_resource import Granted, ProtectedResource, Refused
    from jwtkit.oauth.secret import Secret
    from jwtkit.oauth.server.authorization_request import AuthorizationRequest
    from jwtkit.oauth.server.token_request import TokenRequest
    from jwtkit.oauth.steps import Consume, Steps, Wait, arun, run

__all__ = [
    "PKCE",
    "AuthorizationCodeFlow",
    "AuthorizationRedirect",
    "AuthorizationRequest",
    "AuthorizationSession",
    "Callback",
    "Client",
    "ClientAuthentication",
    "ClientCredentialsFlow",
    "ClientSecretBasic",
    "Consume",
    "Credentials",
    "Granted",
    "HttpRequest",
    "HttpResponse",
    "InboundRequest",
    "ProtectedResource",
    "PublicClient",
    "Refused",
    "Secret",
    "ServerMetadata",
    "Steps",
    "TokenRequest",
    "TokenSet",
    "Wait",
    "arun",
    "discover",
    "discovery_request",
    "jwks_request",
    "parse_discovery_response",
    "parse_jwks_response",
    "parse_token_response",
    "run",
    "token_request",
]

_HOMES: Final = MappingProxyType(
    {
        "PKCE": "pkce",
        "AuthorizationCodeFlow": "client.authorization_code",
        "AuthorizationRedirect": "client.session",
        "AuthorizationRequest": "server.authorization_request",
        "AuthorizationSession": "client.session",
        "Callback": "client.callback",
        "Client": "client.client",
        "ClientAuthentication": "client.authentication",
        "ClientCredentialsFlow": "client.client_credentials",
        "ClientSecretBasic": "client.client_secret_basic",
        "Consume": "steps",
        "Credentials": "client.authentication",
        "Granted": "resource.protected_resource",
        "HttpRequest": "http",
        "HttpResponse": "http",
        "InboundRequest": "http",
        "ProtectedResource": "resource.protected_resource",
        "PublicClient": "client.public_client",
        "Refused": "resource.protected_resource",
        "Secret": "secret",
        "ServerMetadata": "metadata",
        "Steps": "steps",
        "TokenRequest": "server.token_request",
        "TokenSet": "client.token_set",
        "Wait": "steps",
        "arun": "steps",
        "discover": "discovery",
        "discovery_request": "discovery",
        "jwks_request": "key_set",
        "parse_discovery_response": "discovery",
        "parse_jwks_response": "key_set",
        "parse_token_response": "client.token_endpoint",
        "run": "steps",
        "token_request": "client.token_endpoint",
    }
)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
