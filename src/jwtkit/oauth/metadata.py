"""ServerMetadata: what an authorization server says about itself (RFC 8414 section 2, OpenID Discovery section 3).

The issuer in the document must be the issuer that was asked, character for character; otherwise nothing of it is used.
A member that this library or a program built on it reads has a field and a type here; every other one is in `extra`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Self

from jwtkit.errors import UsageError
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.metadata_document import LOOPBACK_HINT, MetadataDocument, check_fields, check_https
from jwtkit.oauth.urls import is_secure

__all__ = ["LOOPBACK_HINT", "ServerMetadata", "check_issuer"]

_WHAT: Final = "server metadata"
_ENDPOINTS: Final = (
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "userinfo_endpoint",
    "registration_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "device_authorization_endpoint",
    "pushed_authorization_request_endpoint",
    "end_session_endpoint",
    "check_session_iframe",
)
_LISTS: Final = (
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "acr_values_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "code_challenge_methods_supported",
    "id_token_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported",
    "dpop_signing_alg_values_supported",
    "authorization_details_types_supported",
    "protected_resources",
)
_FLAGS: Final = (
    "authorization_response_iss_parameter_supported",
    "tls_client_certificate_bound_access_tokens",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "backchannel_logout_supported",
    "frontchannel_logout_supported",
)
_ALIASES: Final = "mtls_endpoint_aliases"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetadata:
    """An authorization server, as far as this library asks about it.

    Every field has the name of its member. A URL is None where the server has no such endpoint, a list None where it
    does not say, and a flag False, which is what its absence means.

    Attributes:
        issuer: its identifier.
        authorization_endpoint: where the browser goes.
        token_endpoint: where tokens are asked for.
        jwks_uri: where its public keys are.
        userinfo_endpoint: where claims about the user are asked for (OpenID Connect Core section 5.3).
        registration_endpoint: where clients are registered (RFC 7591).
        revocation_endpoint: where tokens are revoked (RFC 7009).
        introspection_endpoint: where tokens are asked about (RFC 7662).
        device_authorization_endpoint: where devices begin (RFC 8628).
        pushed_authorization_request_endpoint: where authorization requests are pushed (RFC 9126).
        end_session_endpoint: where the browser logs out (OpenID RP-Initiated Logout section 2.1).
        check_session_iframe: for session management (OpenID Session Management section 3.3).
        scopes_supported: scopes.
        response_types_supported: values of `response_type`.
        response_modes_supported: values of `response_mode`.
        grant_types_supported: values of `grant_type`.
        acr_values_supported: authentication contexts.
        token_endpoint_auth_methods_supported: how clients authenticate; None means client_secret_basic.
        token_endpoint_auth_signing_alg_values_supported: algorithms of client assertions.
        code_challenge_methods_supported: PKCE methods.
        id_token_signing_alg_values_supported: algorithms of ID tokens.
        userinfo_signing_alg_values_supported: algorithms of signed UserInfo.
        dpop_signing_alg_values_supported: algorithms of DPoP proofs (RFC 9449 section 5.1).
        authorization_details_types_supported: types of authorization details (RFC 9396 section 10).
        protected_resources: resources it issues tokens for (RFC 9728 section 4).
        authorization_response_iss_parameter_supported: callbacks carry `iss` (RFC 9207 section 3).
        tls_client_certificate_bound_access_tokens: it binds tokens to certificates (RFC 8705 section 3.3).
        require_pushed_authorization_requests: it takes pushed requests only (RFC 9126 section 5).
        require_signed_request_object: it takes signed requests only (RFC 9101 section 10.5).
        backchannel_logout_supported: it sends logout tokens (OpenID Back-Channel Logout section 2.1).
        frontchannel_logout_supported: it logs out through the browser (OpenID Front-Channel Logout section 3).
        mtls_endpoint_aliases: where to ask instead with a TLS certificate, by name (RFC 8705 section 5).
        extra: every other member, read-only.
        allow_http_loopback: whether plain http on a literal loopback address is accepted.

    Raises:
        UsageError: a field is of the wrong type, or a URL is no https URL.

    Spec: RFC 8414 section 2, OpenID Connect Discovery section 3.
    """

    issuer: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    jwks_uri: str | None = None
    userinfo_endpoint: str | None = None
    registration_endpoint: str | None = None
    revocation_endpoint: str | None = None
    introspection_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    pushed_authorization_request_endpoint: str | None = None
    end_session_endpoint: str | None = None
    check_session_iframe: str | None = None
    scopes_supported: tuple[str, ...] | None = None
    response_types_supported: tuple[str, ...] | None = None
    response_modes_supported: tuple[str, ...] | None = None
    grant_types_supported: tuple[str, ...] | None = None
    acr_values_supported: tuple[str, ...] | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] | None = None
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] | None = None
    code_challenge_methods_supported: tuple[str, ...] | None = None
    id_token_signing_alg_values_supported: tuple[str, ...] | None = None
    userinfo_signing_alg_values_supported: tuple[str, ...] | None = None
    dpop_signing_alg_values_supported: tuple[str, ...] | None = None
    authorization_details_types_supported: tuple[str, ...] | None = None
    protected_resources: tuple[str, ...] | None = None
    authorization_response_iss_parameter_supported: bool = False
    tls_client_certificate_bound_access_tokens: bool = False
    require_pushed_authorization_requests: bool = False
    require_signed_request_object: bool = False
    backchannel_logout_supported: bool = False
    frontchannel_logout_supported: bool = False
    mtls_endpoint_aliases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    allow_http_loopback: bool = False

    def __post_init__(self) -> None:
        loopback = self.allow_http_loopback
        check_issuer(self.issuer, allow_http_loopback=loopback)
        check_fields(self, urls=_ENDPOINTS, lists=_LISTS, flags=_FLAGS, allow_http_loopback=loopback)
        aliases: object = self.mtls_endpoint_aliases
        if not isinstance(aliases, Mapping) or not all(
            is_secure(url, allow_http_loopback=loopback) for url in aliases.values()
        ):
            raise UsageError(f"{_ALIASES} must be a mapping from names of endpoints to https URLs ({LOOPBACK_HINT})")

    def endpoint(self, name: str, *, mtls: bool = False) -> str:
        """Give the URL of an endpoint, for a request with a TLS certificate its alias where there is one.

        Args:
            name: as in the metadata, for example "token_endpoint".
            mtls: whether the request shows a certificate.

        Raises:
            UsageError: the server has no such endpoint.

        Spec: RFC 8705 section 5.
        """
        url: str | None = getattr(self, name) if name in _ENDPOINTS else None
        if mtls:
            url = self.mtls_endpoint_aliases.get(name, url)
        if url is None:
            raise UsageError(f"this server's metadata has no {name}")
        return url

    @classmethod
    def parse(
        cls,
        source: str | bytes | Mapping[str, object],
        *,
        issuer: str,
        allow_http_loopback: bool = False,
        signed_metadata_verifier: TokenVerifier | None = None,
        now: float | None = None,
    ) -> Self:
        """Read a metadata document. A member that is null counts as left out, and an endpoint also where it is empty.

        Args:
            source: JSON text, its UTF-8 bytes, or members that are parsed already. Untrusted.
            issuer: the issuer that it must be about.
            allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.
            signed_metadata_verifier: verifies `signed_metadata`, whose members then win, and which then has to be
                there, from the issuer itself and naming it as `issuer`. Left out, nobody trusts it: it is one of the
                members in `extra`.
            now: seconds since the epoch, for that signature; None reads the clock.

        Raises:
            MalformedError: not one strict JSON object.
            NotAllowedError: too long.
            ProtocolError: `.reason` tells: another issuer, a member of the wrong type, an endpoint without https.
            RejectedError: the signed metadata; as `TokenVerifier.verify`.
            UsageError: `issuer` is no issuer URL.

        Spec: RFC 8414 sections 2.1 and 3.3.
        """
        check_issuer(issuer, allow_http_loopback=allow_http_loopback)
        document = MetadataDocument(source, _WHAT)
        document.expect("issuer", issuer)
        document.use_signed(signed_metadata_verifier, about=("issuer", issuer), issuer=issuer, now=now)
        known: dict[str, Any] = {name: document.text(name) for name in _ENDPOINTS}
        known |= {name: document.texts(name) for name in _LISTS}
        known |= {name: document.flag(name) for name in _FLAGS}
        known[_ALIASES] = document.urls(_ALIASES)
        for name, url in (*((name, known[name]) for name in _ENDPOINTS), *known[_ALIASES].items()):
            if url is not None:
                check_https(_WHAT, name, url, allow_http_loopback=allow_http_loopback)
        return cls(issuer=issuer, allow_http_loopback=allow_http_loopback, extra=document.rest(), **known)


def check_issuer(issuer: object, *, allow_http_loopback: bool) -> None:
    """Check an issuer that the program gave.

    Raises:
        UsageError: it is no https URL, or has a query or fragment (RFC 8414 section 2).
    """
    if not is_secure(issuer, allow_http_loopback=allow_http_loopback) or "?" in str(issuer):
        raise UsageError(f"issuer must be an https URL without query or fragment ({LOOPBACK_HINT})")
