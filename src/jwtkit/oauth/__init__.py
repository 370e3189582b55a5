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
    from jwtkit.oauth.client.authentication_choice import choose_authentication
    from jwtkit.oauth.client.authorization_code import AuthorizationCodeFlow
    from jwtkit.oauth.client.callback import Callback
    from jwtkit.oauth.client.client import Client
    from jwtkit.oauth.client.client_assertion import ClientAssertion, client_assertion_draft
    from jwtkit.oauth.client.client_credentials import ClientCredentialsFlow
    from jwtkit.oauth.client.client_secret_basic import ClientSecretBasic
    from jwtkit.oauth.client.client_secret_jwt import ClientSecretJWT
    from jwtkit.oauth.client.client_secret_post import ClientSecretPost
    from jwtkit.oauth.client.device import (
        DeviceFlow,
        DeviceSession,
        device_authorization_request,
        device_token_request,
        parse_device_authorization_response,
    )
    from jwtkit.oauth.client.introspection import (
        Introspection,
        introspect,
        introspection_request,
        parse_introspection_response,
    )
    from jwtkit.oauth.client.jwt_bearer import JWTBearerFlow, jwt_bearer_request
    from jwtkit.oauth.client.private_key_jwt import PrivateKeyJWT
    from jwtkit.oauth.client.public_client import PublicClient
    from jwtkit.oauth.client.refresh import RefreshFlow, parse_refresh_response, refresh_request
    from jwtkit.oauth.client.revocation import parse_revocation_response, revocation_request, revoke
    from jwtkit.oauth.client.session import AuthorizationRedirect, AuthorizationSession
    from jwtkit.oauth.client.tls_client_auth import SelfSignedTlsClientAuth, TlsClientAuth
    from jwtkit.oauth.client.token_endpoint import parse_token_response, token_request
    from jwtkit.oauth.client.token_exchange import (
        TokenExchangeFlow,
        TokenType,
        parse_token_exchange_response,
        token_exchange_request,
    )
    from jwtkit.oauth.client.token_set import TokenSet
    from jwtkit.oauth.discovery import discover, discovery_request, parse_discovery_response
    from jwtkit.oauth.http import HttpRequest, HttpResponse, InboundRequest
    from jwtkit.oauth.jwks_cache import JWKSCache
    from jwtkit.oauth.key_set import jwks_request, parse_jwks_response
    from jwtkit.oauth.metadata import ServerMetadata
    from jwtkit.oauth.pkce import PKCE
    from jwtkit.oauth.resource.protected_resource import Granted, ProtectedResource, Refused
    from jwtkit.oauth.resource_metadata import (
        ProtectedResourceMetadata,
        discover_resource,
        parse_resource_metadata_response,
        resource_metadata_request,
    )
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
    "ClientAssertion",
    "ClientAuthentication",
    "ClientCredentialsFlow",
    "ClientSecretBasic",
    "ClientSecretJWT",
    "ClientSecretPost",
    "Consume",
    "Credentials",
    "DeviceFlow",
    "DeviceSession",
    "Granted",
    "HttpRequest",
    "HttpResponse",
    "InboundRequest",
    "Introspection",
    "JWKSCache",
    "JWTBearerFlow",
    "PrivateKeyJWT",
    "ProtectedResource",
    "ProtectedResourceMetadata",
    "PublicClient",
    "RefreshFlow",
    "Refused",
    "Secret",
    "SelfSignedTlsClientAuth",
    "ServerMetadata",
    "Steps",
    "TlsClientAuth",
    "TokenExchangeFlow",
    "TokenRequest",
    "TokenSet",
    "TokenType",
    "Wait",
    "arun",
    "choose_authentication",
    "client_assertion_draft",
    "device_authorization_request",
    "device_token_request",
    "discover",
    "discover_resource",
    "discovery_request",
    "introspect",
    "introspection_request",
    "jwks_request",
    "jwt_bearer_request",
    "parse_device_authorization_response",
    "parse_discovery_response",
    "parse_introspection_response",
    "parse_jwks_response",
    "parse_refresh_response",
    "parse_resource_metadata_response",
    "parse_revocation_response",
    "parse_token_exchange_response",
    "parse_token_response",
    "refresh_request",
    "resource_metadata_request",
    "revocation_request",
    "revoke",
    "run",
    "token_exchange_request",
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
        "ClientAssertion": "client.client_assertion",
        "ClientAuthentication": "client.authentication",
        "ClientCredentialsFlow": "client.client_credentials",
        "ClientSecretBasic": "client.client_secret_basic",
        "ClientSecretJWT": "client.client_secret_jwt",
        "ClientSecretPost": "client.client_secret_post",
        "Consume": "steps",
        "Credentials": "client.authentication",
        "DeviceFlow": "client.device",
        "DeviceSession": "client.device",
        "Granted": "resource.protected_resource",
        "HttpRequest": "http",
        "HttpResponse": "http",
        "JWKSCache": "jwks_cache",
        "InboundRequest": "http",
        "Introspection": "client.introspection",
        "JWTBearerFlow": "client.jwt_bearer",
        "PrivateKeyJWT": "client.private_key_jwt",
        "ProtectedResource": "resource.protected_resource",
        "ProtectedResourceMetadata": "resource_metadata",
        "PublicClient": "client.public_client",
        "RefreshFlow": "client.refresh",
        "Refused": "resource.protected_resource",
        "Secret": "secret",
        "SelfSignedTlsClientAuth": "client.tls_client_auth",
        "ServerMetadata": "metadata",
        "Steps": "steps",
        "TlsClientAuth": "client.tls_client_auth",
        "TokenExchangeFlow": "client.token_exchange",
        "TokenRequest": "server.token_request",
        "TokenSet": "client.token_set",
        "TokenType": "client.token_exchange",
        "Wait": "steps",
        "arun": "steps",
        "choose_authentication": "client.authentication_choice",
        "client_assertion_draft": "client.client_assertion",
        "device_authorization_request": "client.device",
        "device_token_request": "client.device",
        "discover": "discovery",
        "discover_resource": "resource_metadata",
        "discovery_request": "discovery",
        "introspect": "client.introspection",
        "introspection_request": "client.introspection",
        "jwks_request": "key_set",
        "jwt_bearer_request": "client.jwt_bearer",
        "parse_device_authorization_response": "client.device",
        "parse_discovery_response": "discovery",
        "parse_introspection_response": "client.introspection",
        "parse_jwks_response": "key_set",
        "parse_refresh_response": "client.refresh",
        "parse_resource_metadata_response": "resource_metadata",
        "parse_revocation_response": "client.revocation",
        "parse_token_exchange_response": "client.token_exchange",
        "parse_token_response": "client.token_endpoint",
        "refresh_request": "client.refresh",
        "resource_metadata_request": "resource_metadata",
        "revocation_request": "client.revocation",
        "revoke": "client.revocation",
        "run": "steps",
        "token_exchange_request": "client.token_exchange",
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
