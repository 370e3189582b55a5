"""How to ask a server for its public keys (RFC 7517 section 5, RFC 8414 section 2)."""

from __future__ import annotations

from typing import Final

from jwtkit.errors import ProtocolReason, UsageError
from jwtkit.jose.jwks import JWKS
from jwtkit.limits import DEFAULT_LIMITS, Limits
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import MAX_BYTES, expect_status, json_object, unusable
from jwtkit.oauth.metadata import ServerMetadata

__all__ = ["jwks_request", "key_set_request", "parse_jwks_response"]

_WHAT: Final = "key set"
_MEDIA_TYPE: Final = "application/jwk-set+json"


def jwks_request(server: ServerMetadata) -> HttpRequest:
    """Make the request for a server's key set.

    Raises:
        UsageError: the server publishes none.
    """
    if not isinstance(server, ServerMetadata):
        raise UsageError(f"server must be ServerMetadata, got {type(server).__name__}")
    if server.jwks_uri is None:
        raise UsageError("this server's metadata has no jwks_uri: configure its keys by hand")
    return key_set_request(server.jwks_uri)


def key_set_request(
    jwks_uri: str, *, etag: str | None = None, certificates: bool = False, limits: Limits = DEFAULT_LIMITS
) -> HttpRequest:
    """Make the request for the key set at a URL, for one that changed where an entity tag is known."""
    accept = ("Accept", "application/json" if certificates else f"{_MEDIA_TYPE}, application/json")
    headers = (accept,) if etag is None else (accept, ("If-None-Match", etag))
    return HttpRequest(method="GET", url=jwks_uri, headers=headers, max_bytes=min(limits.jwks_bytes, MAX_BYTES))


def parse_jwks_response(response: HttpResponse, *, certificates: bool = False, limits: Limits = DEFAULT_LIMITS) -> JWKS:
    """Read the answer to `jwks_request`.

    Args:
        response: what came back. Untrusted.
        certificates: read a map from kid to X.509 certificate instead, as `JWKS.from_certificates` does.
        limits: bounds for size and number of keys; never more than a MiB.

    Raises:
        ProtocolError: `.reason` and `.status` tell what was wrong.
        MalformedError: JSON, but no key set.
        NotAllowedError: too many keys, or shared secrets among public keys.
    """
    members = json_object(response, _WHAT, _MEDIA_TYPE)
    expect_status(response, _WHAT)
    if len(response.body) > limits.jwks_bytes:
        message = f"{_WHAT} has {len(response.body)} bytes, more than Limits.jwks_bytes={limits.jwks_bytes}"
        raise unusable(response, message, ProtocolReason.TOO_LARGE)
    read = JWKS.from_certificates if certificates else JWKS.parse
    return read(members, limits=limits)
