"""Discovery: how to ask an authorization server about itself (RFC 8414 section 3, OpenID Discovery section 4).

Rules of this room: the issuer that a program names decides what counts. Where its document is asked for is only a way
to get there, and a document about anybody else is never used.
"""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

from jwtkit.errors import UsageError
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import MAX_BYTES, expect_status, json_object
from jwtkit.oauth.metadata import LOOPBACK_HINT, ServerMetadata, check_issuer
from jwtkit.oauth.steps import Steps, ask
from jwtkit.oauth.urls import is_secure

__all__ = ["DiscoveryKind", "discover", "discovery_request", "parse_discovery_response"]

DiscoveryKind = Literal["oauth", "openid", "openid-inserted"]
_WHAT: Final = "server metadata"


def discovery_request(
    issuer: str,
    *,
    kind: DiscoveryKind = "oauth",
    metadata_url: str | None = None,
    allow_http_loopback: bool = False,
) -> HttpRequest:
    """Make the request for a server's metadata.

    Args:
        issuer: the issuer's URL.
        kind: "oauth" puts the well-known path between host and path, "openid" appends it, and "openid-inserted" puts
            OpenID's between host and path, as some servers do.
        metadata_url: where the document is, for servers that keep it elsewhere; then `kind` does not matter.
        allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.

    Raises:
        UsageError: `issuer` is no issuer URL, or `metadata_url` no https URL.

    Example:
        >>> discovery_request("https://auth.example.com/tenant").url
        'https://auth.example.com/.well-known/oauth-authorization-server/tenant'
        >>> discovery_request("https://auth.example.com/tenant", kind="openid").url
        'https://auth.example.com/tenant/.well-known/openid-configuration'

    Spec: RFC 8414 sections 3.1 and 5, OpenID Connect Discovery section 4.1.
    """
    check_issuer(issuer, allow_http_loopback=allow_http_loopback)
    if metadata_url is None:
        url = _well_known(issuer.removesuffix("/"), kind)
    elif is_secure(metadata_url, allow_http_loopback=allow_http_loopback):
        url = metadata_url
    else:
        raise UsageError(f"metadata_url must be an https URL without fragment ({LOOPBACK_HINT})")
    return HttpRequest(method="GET", url=url, headers=(("Accept", "application/json"),), max_bytes=MAX_BYTES)


def _well_known(bare: str, kind: DiscoveryKind) -> str:
    """Give the URL for an issuer without its final slash."""
    if kind == "openid":
        return f"{bare}/.well-known/openid-configuration"
    if kind not in ("oauth", "openid-inserted"):
        raise UsageError(f"kind must be 'oauth', 'openid' or 'openid-inserted', got {kind!r}")
    name = "oauth-authorization-server" if kind == "oauth" else "openid-configuration"
    path = urlsplit(bare).path
    return f"{bare.removesuffix(path)}/.well-known/{name}{path}"


def parse_discovery_response(
    response: HttpResponse,
    *,
    issuer: str,
    allow_http_loopback: bool = False,
    signed_metadata_verifier: TokenVerifier | None = None,
    now: float | None = None,
) -> ServerMetadata:
    """Read the answer to `discovery_request`.

    Args:
        response: what came back. Untrusted.
        issuer: the issuer that it must be about.
        allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.
        signed_metadata_verifier: as for `ServerMetadata.parse`.
        now: seconds since the epoch, for that signature; None reads the clock.

    Raises:
        ProtocolError: `.reason` and `.status` tell what was wrong.
        RejectedError: the signed metadata; as `TokenVerifier.verify`.
        UsageError: `issuer` is no issuer URL.

    Spec: RFC 8414 sections 3.2 and 3.3, OpenID Connect Discovery sections 4.2 and 4.3.
    """
    members = json_object(response, _WHAT)
    expect_status(response, _WHAT)
    return ServerMetadata.parse(
        members,
        issuer=issuer,
        allow_http_loopback=allow_http_loopback,
        signed_metadata_verifier=signed_metadata_verifier,
        now=now,
    )


def discover(
    issuer: str,
    *,
    metadata_url: str | None = None,
    allow_http_loopback: bool = False,
    signed_metadata_verifier: TokenVerifier | None = None,
    now: float | None = None,
) -> Steps[HttpRequest, ServerMetadata]:
    """Ask a server for its metadata.

    The OAuth document is asked for first, and the OpenID one where there is none (4xx): for an issuer with a path at
    the inserted place before the appended one, as MCP orders them. The first other answer counts.

    Args:
        issuer: the issuer's URL, exactly as its tokens and its document say it.
        metadata_url: ask only there, for servers whose document is not where its issuer says.
        allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.
        signed_metadata_verifier: as for `ServerMetadata.parse`.
        now: seconds since the epoch, for that signature; None reads the clock.

    Raises:
        ProtocolError: from the steps; the document cannot be used.
        RejectedError: from the steps; the signed metadata, as `TokenVerifier.verify`.
        UsageError: at the call; `issuer` is no issuer URL, or `metadata_url` no https URL.

    Spec: RFC 8414 sections 3 and 5, OpenID Connect Discovery section 4.
    """
    kinds: tuple[DiscoveryKind, ...] = ("oauth", "openid-inserted", "openid") if metadata_url is None else ("oauth",)
    made = [
        discovery_request(issuer, kind=kind, metadata_url=metadata_url, allow_http_loopback=allow_http_loopback)
        for kind in kinds
    ]
    # Without a path the inserted and the appended place are the same.
    first, *others = {request.url: request for request in made}.values()

    def steps() -> Steps[HttpRequest, ServerMetadata]:
        response = yield from ask(first)
        for request in others:
            if not 400 <= response.status < 500:
                break
            response = yield from ask(request)
        return parse_discovery_response(
            response,
            issuer=issuer,
            allow_http_loopback=allow_http_loopback,
            signed_metadata_verifier=signed_metadata_verifier,
            now=now,
        )

    return steps()
