"""How to ask a server for its public keys (RFC 7517 section 5, RFC 8414 section 2)."""

from __future__ import annotations

from typing import Final

from jwtkit.errors import UsageError
from jwtkit.jose.jwks import JWKS
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import expect_status, json_object
from jwtkit.oauth.metadata import ServerMetadata

__all__ = ["jwks_request", "parse_jwks_response"]

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
    return HttpRequest(method="GET", url=server.jwks_uri, headers=(("Accept", f"{_MEDIA_TYPE}, application/json"),))


def parse_jwks_response(response: HttpResponse) -> JWKS:
    """Read the answer to `jwks_request`.

    Raises:
        ProtocolError: `.reason` and `.status` tell what was wrong.
        MalformedError: JSON, but no key set.
        NotAllowedError: too many keys, or shared secrets among public keys.
    """
    members = json_object(response, _WHAT, _MEDIA_TYPE)
    expect_status(response, _WHAT)
    return JWKS.parse(members)
