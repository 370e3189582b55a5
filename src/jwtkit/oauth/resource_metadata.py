"""ProtectedResourceMetadata: what an API says about itself, and how to ask it (RFC 9728).

Rules of this room:

- The resource in the document must be the one that was asked about, character for character; nothing else of it is
  used otherwise.
- An API only proposes authorization servers. Which of them gets to see a user or a secret is the program's choice.
- URLs that come from the API, its challenge among them, are the peer's: wrong ones are a `ProtocolError`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from jwtkit.errors import ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import MAX_BYTES, bad_member, expect_status, json_object
from jwtkit.oauth.metadata_document import LOOPBACK_HINT, MetadataDocument, check_fields, check_https
from jwtkit.oauth.steps import Steps, ask
from jwtkit.oauth.urls import is_secure

__all__ = [
    "ProtectedResourceMetadata",
    "discover_resource",
    "parse_resource_metadata_response",
    "resource_metadata_request",
]

_WHAT: Final = "resource metadata"
_SERVERS: Final = "authorization_servers"
_TEXTS: Final = ("jwks_uri", "resource_name", "resource_documentation", "resource_policy_uri", "resource_tos_uri")
_LISTS: Final = (
    _SERVERS,
    "scopes_supported",
    "bearer_methods_supported",
    "resource_signing_alg_values_supported",
    "authorization_details_types_supported",
    "dpop_signing_alg_values_supported",
)
_FLAGS: Final = ("tls_client_certificate_bound_access_tokens", "dpop_bound_access_tokens_required")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedResourceMetadata:
    """An API, as far as it says what it wants.

    Every field has the name of its member. A list is None where the API does not say, and a flag False, which is what
    its absence means. The texts for people are the peer's: escape them before display, and check a link before
    following it.

    Attributes:
        resource: its identifier, for the `resource` parameter (RFC 8707).
        authorization_servers: issuers of the servers that it accepts tokens from.
        jwks_uri: where its own public keys are.
        scopes_supported: scopes.
        bearer_methods_supported: how it takes a token: "header", "body" or "query".
        resource_signing_alg_values_supported: algorithms that it signs answers with.
        resource_name: its name, for people.
        resource_documentation: page for developers.
        resource_policy_uri: page about the use of data.
        resource_tos_uri: page with the terms of service.
        tls_client_certificate_bound_access_tokens: it takes tokens bound to certificates (RFC 8705).
        authorization_details_types_supported: types of authorization details (RFC 9396).
        dpop_signing_alg_values_supported: algorithms of DPoP proofs (RFC 9449).
        dpop_bound_access_tokens_required: it takes DPoP-bound tokens only.
        extra: every other member, read-only.
        allow_http_loopback: whether plain http on a literal loopback address is accepted.

    Raises:
        UsageError: a field is of the wrong type, or a URL is no https URL.

    Spec: RFC 9728 section 2.
    """

    resource: str
    authorization_servers: tuple[str, ...] | None = None
    jwks_uri: str | None = None
    scopes_supported: tuple[str, ...] | None = None
    bearer_methods_supported: tuple[str, ...] | None = None
    resource_signing_alg_values_supported: tuple[str, ...] | None = None
    resource_name: str | None = None
    resource_documentation: str | None = None
    resource_policy_uri: str | None = None
    resource_tos_uri: str | None = None
    tls_client_certificate_bound_access_tokens: bool = False
    authorization_details_types_supported: tuple[str, ...] | None = None
    dpop_signing_alg_values_supported: tuple[str, ...] | None = None
    dpop_bound_access_tokens_required: bool = False
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    allow_http_loopback: bool = False

    def __post_init__(self) -> None:
        loopback = self.allow_http_loopback
        _check_resource(self.resource, allow_http_loopback=loopback)
        check_fields(self, urls=("jwks_uri",), texts=_TEXTS, lists=_LISTS, flags=_FLAGS, allow_http_loopback=loopback)
        for issuer in self.authorization_servers or ():
            if not is_secure(issuer, allow_http_loopback=loopback) or "?" in issuer:
                raise UsageError(f"{_SERVERS} must be https URLs without query ({LOOPBACK_HINT})")

    def choose_authorization_server(self, accepted: Collection[str]) -> str:
        """Give the first of its authorization servers that the program accepts too.

        Args:
            accepted: issuers that this program has a registration with, compared exactly.

        Raises:
            ProtocolError: there is none.
            UsageError: `accepted` is a bare str, or no collection.

        Spec: RFC 9728 section 7.6.
        """
        if isinstance(accepted, str):
            raise UsageError(f"accepted is a collection: write accepted=[{accepted!r}]")
        if not isinstance(accepted, Collection):
            raise UsageError(f"accepted must be a collection of issuers, got {type(accepted).__name__}")
        for issuer in self.authorization_servers or ():
            if issuer in accepted:
                return issuer
        named = ", ".join(quote(issuer) for issuer in (self.authorization_servers or ())[:5]) or "none"
        message = f"{_WHAT}: no authorization server that this program accepts; the API names {named}"
        raise ProtocolError(message, reason=ProtocolReason.UNSUPPORTED)

    @classmethod
    def parse(
        cls,
        source: str | bytes | Mapping[str, object],
        *,
        resource: str,
        allow_http_loopback: bool = False,
        signed_metadata_verifier: TokenVerifier | None = None,
        now: float | None = None,
    ) -> Self:
        """Read a metadata document. A member that is null counts as left out, and a text also where it is empty.

        Args:
            source: JSON text, its UTF-8 bytes, or members that are parsed already. Untrusted.
            resource: the resource that it must be about: what the well-known URL was made of, or, where a challenge
                named the document, the URL that was challenged.
            allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.
            signed_metadata_verifier: verifies `signed_metadata`, whose members then win, and which then has to be
                there and name this `resource`; its `issuer=` says who may attest. Left out, nobody trusts it: it is one
                of those in `extra`.
            now: seconds since the epoch, for that signature; None reads the clock.

        Raises:
            MalformedError: not one strict JSON object.
            NotAllowedError: too long.
            ProtocolError: `.reason` tells: another resource, a member of the wrong type, a URL without https.
            RejectedError: the signed metadata; as `TokenVerifier.verify`.
            UsageError: `resource` is no https URL.

        Spec: RFC 9728 sections 2.2 and 3.3.
        """
        _check_resource(resource, allow_http_loopback=allow_http_loopback)
        document = MetadataDocument(source, _WHAT)
        document.expect("resource", resource)
        document.use_signed(signed_metadata_verifier, about=("resource", resource), issuer=None, now=now)
        known: dict[str, Any] = {name: document.text(name) for name in _TEXTS}
        known |= {name: document.texts(name) for name in _LISTS}
        known |= {name: document.flag(name) for name in _FLAGS}
        if known["jwks_uri"] is not None:
            check_https(_WHAT, "jwks_uri", known["jwks_uri"], allow_http_loopback=allow_http_loopback)
        for issuer in known[_SERVERS] or ():
            check_https(_WHAT, _SERVERS, issuer, allow_http_loopback=allow_http_loopback)
            if "?" in issuer:
                raise bad_member(_WHAT, _SERVERS, "issuers, which have no query (RFC 8414 section 2)")
        return cls(resource=resource, allow_http_loopback=allow_http_loopback, extra=document.rest(), **known)


def resource_metadata_request(
    resource: str, *, metadata_url: str | None = None, allow_http_loopback: bool = False
) -> HttpRequest:
    """Make the request for an API's metadata.

    Args:
        resource: the API's identifier, or the URL of it that was challenged.
        metadata_url: the `resource_metadata` of a challenge. Untrusted: whatever it answers counts only if it is about
            `resource`.
        allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.

    Raises:
        ProtocolError: `metadata_url` is no https URL.
        UsageError: `resource` is no https URL.

    Example:
        >>> resource_metadata_request("https://api.example.com/v1/").url
        'https://api.example.com/.well-known/oauth-protected-resource/v1/'

    Spec: RFC 9728 sections 3.1 and 5.1.
    """
    _check_resource(resource, allow_http_loopback=allow_http_loopback)
    if metadata_url is None:
        url = _well_known(resource)
    else:
        check_https(_WHAT, "resource_metadata", metadata_url, allow_http_loopback=allow_http_loopback)
        url = metadata_url
    return HttpRequest(method="GET", url=url, headers=(("Accept", "application/json"),), max_bytes=MAX_BYTES)


def parse_resource_metadata_response(
    response: HttpResponse,
    *,
    resource: str,
    allow_http_loopback: bool = False,
    signed_metadata_verifier: TokenVerifier | None = None,
    now: float | None = None,
) -> ProtectedResourceMetadata:
    """Read the answer to `resource_metadata_request`.

    Args:
        response: what came back. Untrusted.
        resource: as for the request.
        allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.
        signed_metadata_verifier: as for `ProtectedResourceMetadata.parse`.
        now: seconds since the epoch, for that signature; None reads the clock.

    Raises:
        ProtocolError: `.reason` and `.status` tell what was wrong.
        RejectedError: the signed metadata; as `TokenVerifier.verify`.
        UsageError: `resource` is no https URL.

    Spec: RFC 9728 sections 3.2 and 3.3.
    """
    members = json_object(response, _WHAT)
    expect_status(response, _WHAT)
    return ProtectedResourceMetadata.parse(
        members,
        resource=resource,
        allow_http_loopback=allow_http_loopback,
        signed_metadata_verifier=signed_metadata_verifier,
        now=now,
    )


def discover_resource(
    resource: str,
    *,
    metadata_url: str | None = None,
    allow_http_loopback: bool = False,
    signed_metadata_verifier: TokenVerifier | None = None,
    now: float | None = None,
) -> Steps[HttpRequest, ProtectedResourceMetadata]:
    """Ask an API for its metadata.

    Args:
        resource: the API's identifier, or the URL of it that was challenged.
        metadata_url: as for `resource_metadata_request`.
        allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.
        signed_metadata_verifier: as for `ProtectedResourceMetadata.parse`.
        now: seconds since the epoch, for that signature; None reads the clock.

    Raises:
        ProtocolError: from the steps; the document cannot be used. At the call; `metadata_url` is no https URL.
        RejectedError: from the steps; the signed metadata, as `TokenVerifier.verify`.
        UsageError: at the call; `resource` is no https URL.

    Spec: RFC 9728 section 3.
    """
    request = resource_metadata_request(resource, metadata_url=metadata_url, allow_http_loopback=allow_http_loopback)

    def steps() -> Steps[HttpRequest, ProtectedResourceMetadata]:
        response = yield from ask(request)
        return parse_resource_metadata_response(
            response,
            resource=resource,
            allow_http_loopback=allow_http_loopback,
            signed_metadata_verifier=signed_metadata_verifier,
            now=now,
        )

    return steps()


def _well_known(resource: str) -> str:
    """Insert the well-known path after the host; a slash at the end of a path stays, as it tells resources apart."""
    parts = urlsplit(resource)
    root = f"{parts.scheme}://{parts.netloc}"
    rest = resource[len(root) :]
    # Only the slash that stands for the whole path goes.
    tail = rest[1:] if parts.path == "/" else rest
    return f"{root}/.well-known/oauth-protected-resource{tail}"


def _check_resource(resource: object, *, allow_http_loopback: bool) -> None:
    if not is_secure(resource, allow_http_loopback=allow_http_loopback):
        raise UsageError(f"resource must be an https URL without fragment ({LOOPBACK_HINT})")
