"""Discovery: how to ask an authorization server about itself (RFC 8414 section 3, OpenID Discovery section 4)."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlsplit

from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import MAX_BYTES, expect_status, json_object
from jwtkit.oauth.metadata import ServerMetadata, check_issuer
from jwtkit.oauth.steps import Steps, ask

__all__ = ["discover", "discovery_request", "parse_discovery_response"]

_WHAT: Final = "server metadata"


def discovery_request(
    issuer: str, *, kind: Literal["oauth", "openid"] = "oauth", allow_http_loopback: bool = False
) -> HttpRequest:
    """Make the request for a server's metadata.

    Args:
        issuer: the issuer's URL.
        kind: "oauth" puts the well-known path between host and path, "openid" appends it.
        allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.

    Raises:
        UsageError: `issuer` is no issuer URL.

    Example:
        >>> discovery_request("https://auth.example.com/tenant").url
        'https://auth.example.com/.well-known/oauth-authorization-server/tenant'
        >>> discovery_request("https://auth.example.com/tenant", kind="openid").url
        'https://auth.example.com/tenant/.well-known/openid-configuration'

    Spec: RFC 8414 section 3.1, OpenID Connect Discovery section 4.1.
    """
    check_issuer(issuer, allow_http_loopback=allow_http_loopback)
    bare = issuer.removesuffix("/")
    if kind == "openid":
        url = f"{bare}/.well-known/openid-configuration"
    else:
        path = urlsplit(bare).path
        url = f"{bare.removesuffix(path)}/.well-known/oauth-authorization-server{path}"
    return HttpRequest(method="GET", url=url, headers=(("Accept", "application/json"),), max_bytes=MAX_BYTES)


def parse_discovery_response(
    response: HttpResponse, *, issuer: str, allow_http_loopback: bool = False
) -> ServerMetadata:
    """Read the answer to `discovery_request`.

    Raises:
        ProtocolError: `.reason` and `.status` tell what was wrong.
        UsageError: `issuer` is no issuer URL.
    """
    members = json_object(response, _WHAT)
    expect_status(response, _WHAT)
    return ServerMetadata.parse(members, issuer=issuer, allow_http_loopback=allow_http_loopback)


def discover(issuer: str, *, allow_http_loopback: bool = False) -> Steps[HttpRequest, ServerMetadata]:
    """Ask a server for its metadata: the OAuth document first, and the OpenID one where that is refused (4xx).

    Raises:
        ProtocolError: from the steps; the document cannot be used.
        UsageError: at the call; `issuer` is no issuer URL.

    Spec: RFC 8414 sections 3 and 5.
    """
    first = discovery_request(issuer, allow_http_loopback=allow_http_loopback)
    second = discovery_request(issuer, kind="openid", allow_http_loopback=allow_http_loopback)

    def steps() -> Steps[HttpRequest, ServerMetadata]:
        response = yield from ask(first)
        if 400 <= response.status < 500:
            response = yield from ask(second)
        return parse_discovery_response(response, issuer=issuer, allow_http_loopback=allow_http_loopback)

    return steps()
