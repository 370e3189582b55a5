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
    from jwtkit.oauth.authentication_scheme import (
        AuthorizationCredentials,
        Challenge,
        build_authorization,
        build_challenge,
        find_challenge,
        parse_authorization,
        parse_challenges,
    )
    from jwtkit.oauth.client.api_request import authorize_request, with_access_token
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
    from jwtkit.oauth.client.dpop import DPoP
    from jwtkit.oauth.client.introspection import (
        Introspection,
        IntrospectionVerifier,
        introspect,
        introspection_request,
        parse_introspection_response,
    )
    from jwtkit.oauth.client.jarm import JARM
    from jwtkit.oauth.client.jwt_bearer import JWTBearerFlow, jwt_bearer_request
    from jwtkit.oauth.client.private_key_jwt import PrivateKeyJWT
    from jwtkit.oauth.client.public_client import PublicClient
    from jwtkit.oauth.client.pushed_request import (
        PushedRequest,
        parse_pushed_authorization_response,
        pushed_authorization_request,
    )
    from jwtkit.oauth.client.quirks import fix_members
    from jwtkit.oauth.client.refresh import RefreshFlow, parse_refresh_response, refresh_request
    from jwtkit.oauth.client.registration import (
        delete_registration,
        parse_registration_deletion_response,
        parse_registration_management_response,
        parse_registration_response,
        read_registration,
        register,
        registration_deletion_request,
        registration_read_request,
        registration_request,
        registration_update_request,
        update_registration,
    )
    from jwtkit.oauth.client.registration_record import Registration
    from jwtkit.oauth.client.request_object import RequestObject
    from jwtkit.oauth.client.revocation import parse_revocation_response, revocation_request, revoke
    from jwtkit.oauth.client.session import AuthorizationRedirect, AuthorizationSession
    from jwtkit.oauth.client.step_up import StepUp, discover_from_challenge, step_up
    from jwtkit.oauth.client.tls_client_auth import SelfSignedTlsClientAuth, TlsClientAuth
    from jwtkit.oauth.client.token_endpoint import parse_token_response, token_request
    from jwtkit.oauth.client.token_exchange import (
        TokenExchangeFlow,
        TokenType,
        parse_token_exchange_response,
        token_exchange_request,
    )
    from jwtkit.oauth.client.token_set import TokenSet
    from jwtkit.oauth.client_id_metadata import (
        client_id_document,
        client_id_document_request,
        is_client_id_url,
        parse_client_id_document_response,
    )
    from jwtkit.oauth.client_metadata import ClientMetadata
    from jwtkit.oauth.discovery import discover, discovery_request, parse_discovery_response
    from jwtkit.oauth.dpop_proof import DPoPProofDraft, dpop_proof_draft
    from jwtkit.oauth.http import HttpRequest, HttpResponse, InboundRequest
    from jwtkit.oauth.jwks_cache import JWKSCache
    from jwtkit.oauth.key_set import jwks_request, parse_jwks_response
    from jwtkit.oauth.metadata import ServerMetadata
    from jwtkit.oauth.oauth_challenge import OAuthChallenge, parse_oauth_challenge
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
    "JARM",
    "PKCE",
    "AuthorizationCodeFlow",
    "AuthorizationCredentials",
    "AuthorizationRedirect",
    "AuthorizationRequest",
    "AuthorizationSession",
    "Callback",
    "Challenge",
    "Client",
    "ClientAssertion",
    "ClientAuthentication",
    "ClientCredentialsFlow",
    "ClientMetadata",
    "ClientSecretBasic",
    "ClientSecretJWT",
    "ClientSecretPost",
    "Consume",
    "Credentials",
    "DPoP",
    "DPoPProofDraft",
    "DeviceFlow",
    "DeviceSession",
    "Granted",
    "HttpRequest",
    "HttpResponse",
    "InboundRequest",
    "Introspection",
    "IntrospectionVerifier",
    "JWKSCache",
    "JWTBearerFlow",
    "OAuthChallenge",
    "PrivateKeyJWT",
    "ProtectedResource",
    "ProtectedResourceMetadata",
    "PublicClient",
    "PushedRequest",
    "RefreshFlow",
    "Refused",
    "Registration",
    "RequestObject",
    "Secret",
    "SelfSignedTlsClientAuth",
    "ServerMetadata",
    "StepUp",
    "Steps",
    "TlsClientAuth",
    "TokenExchangeFlow",
    "TokenRequest",
    "TokenSet",
    "TokenType",
    "Wait",
    "arun",
    "authorize_request",
    "build_authorization",
    "build_challenge",
    "choose_authentication",
    "client_assertion_draft",
    "client_id_document",
    "client_id_document_request",
    "delete_registration",
    "device_authorization_request",
    "device_token_request",
    "discover",
    "discover_from_challenge",
    "discover_resource",
    "discovery_request",
    "dpop_proof_draft",
    "find_challenge",
    "fix_members",
    "introspect",
    "introspection_request",
    "is_client_id_url",
    "jwks_request",
    "jwt_bearer_request",
    "parse_authorization",
    "parse_challenges",
    "parse_client_id_document_response",
    "parse_device_authorization_response",
    "parse_discovery_response",
    "parse_introspection_response",
    "parse_jwks_response",
    "parse_oauth_challenge",
    "parse_pushed_authorization_response",
    "parse_refresh_response",
    "parse_registration_deletion_response",
    "parse_registration_management_response",
    "parse_registration_response",
    "parse_resource_metadata_response",
    "parse_revocation_response",
    "parse_token_exchange_response",
    "parse_token_response",
    "pushed_authorization_request",
    "read_registration",
    "refresh_request",
    "register",
    "registration_deletion_request",
    "registration_read_request",
    "registration_request",
    "registration_update_request",
    "resource_metadata_request",
    "revocation_request",
    "revoke",
    "run",
    "step_up",
    "token_exchange_request",
    "token_request",
    "update_registration",
    "with_access_token",
]

_HOMES: Final = MappingProxyType(
    {
        "AuthorizationCodeFlow": "client.authorization_code",
        "AuthorizationCredentials": "authentication_scheme",
        "AuthorizationRedirect": "client.session",
        "AuthorizationRequest": "server.authorization_request",
        "AuthorizationSession": "client.session",
        "Callback": "client.callback",
        "Challenge": "authentication_scheme",
        "Client": "client.client",
        "ClientAssertion": "client.client_assertion",
        "ClientAuthentication": "client.authentication",
        "ClientCredentialsFlow": "client.client_credentials",
        "ClientMetadata": "client_metadata",
        "ClientSecretBasic": "client.client_secret_basic",
        "ClientSecretJWT": "client.client_secret_jwt",
        "ClientSecretPost": "client.client_secret_post",
        "Consume": "steps",
        "Credentials": "client.authentication",
        "DPoP": "client.dpop",
        "DPoPProofDraft": "dpop_proof",
        "DeviceFlow": "client.device",
        "DeviceSession": "client.device",
        "Granted": "resource.protected_resource",
        "HttpRequest": "http",
        "HttpResponse": "http",
        "InboundRequest": "http",
        "Introspection": "client.introspection",
        "IntrospectionVerifier": "client.introspection",
        "JARM": "client.jarm",
        "JWKSCache": "jwks_cache",
        "JWTBearerFlow": "client.jwt_bearer",
        "OAuthChallenge": "oauth_challenge",
        "PKCE": "pkce",
        "PrivateKeyJWT": "client.private_key_jwt",
        "ProtectedResource": "resource.protected_resource",
        "ProtectedResourceMetadata": "resource_metadata",
        "PublicClient": "client.public_client",
        "PushedRequest": "client.pushed_request",
        "RefreshFlow": "client.refresh",
        "Refused": "resource.protected_resource",
        "Registration": "client.registration_record",
        "RequestObject": "client.request_object",
        "Secret": "secret",
        "SelfSignedTlsClientAuth": "client.tls_client_auth",
        "ServerMetadata": "metadata",
        "StepUp": "client.step_up",
        "Steps": "steps",
        "TlsClientAuth": "client.tls_client_auth",
        "TokenExchangeFlow": "client.token_exchange",
        "TokenRequest": "server.token_request",
        "TokenSet": "client.token_set",
        "TokenType": "client.token_exchange",
        "Wait": "steps",
        "arun": "steps",
        "authorize_request": "client.api_request",
        "build_authorization": "authentication_scheme",
        "build_challenge": "authentication_scheme",
        "choose_authentication": "client.authentication_choice",
        "client_assertion_draft": "client.client_assertion",
        "client_id_document": "client_id_metadata",
        "client_id_document_request": "client_id_metadata",
        "delete_registration": "client.registration",
        "device_authorization_request": "client.device",
        "device_token_request": "client.device",
        "discover": "discovery",
        "discover_from_challenge": "client.step_up",
        "discover_resource": "resource_metadata",
        "discovery_request": "discovery",
        "dpop_proof_draft": "dpop_proof",
        "find_challenge": "authentication_scheme",
        "fix_members": "client.quirks",
        "introspect": "client.introspection",
        "introspection_request": "client.introspection",
        "is_client_id_url": "client_id_metadata",
        "jwks_request": "key_set",
        "jwt_bearer_request": "client.jwt_bearer",
        "parse_authorization": "authentication_scheme",
        "parse_challenges": "authentication_scheme",
        "parse_client_id_document_response": "client_id_metadata",
        "parse_device_authorization_response": "client.device",
        "parse_discovery_response": "discovery",
        "parse_introspection_response": "client.introspection",
        "parse_jwks_response": "key_set",
        "parse_oauth_challenge": "oauth_challenge",
        "parse_pushed_authorization_response": "client.pushed_request",
        "parse_refresh_response": "client.refresh",
        "parse_registration_deletion_response": "client.registration",
        "parse_registration_management_response": "client.registration",
        "parse_registration_response": "client.registration",
        "parse_resource_metadata_response": "resource_metadata",
        "parse_revocation_response": "client.revocation",
        "parse_token_exchange_response": "client.token_exchange",
        "parse_token_response": "client.token_endpoint",
        "pushed_authorization_request": "client.pushed_request",
        "read_registration": "client.registration",
        "refresh_request": "client.refresh",
        "register": "client.registration",
        "registration_deletion_request": "client.registration",
        "registration_read_request": "client.registration",
        "registration_request": "client.registration",
        "registration_update_request": "client.registration",
        "resource_metadata_request": "resource_metadata",
        "revocation_request": "client.revocation",
        "revoke": "client.revocation",
        "run": "steps",
        "step_up": "client.step_up",
        "token_exchange_request": "client.token_exchange",
        "token_request": "client.token_endpoint",
        "update_registration": "client.registration",
        "with_access_token": "client.api_request",
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
