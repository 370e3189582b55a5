"""ServerMetadata: what an authorization server says about itself, and how to ask for it (RFC 8414, OpenID Discovery).

The issuer in the document must be the issuer that was asked, character for character; otherwise nothing of it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from jwtkit import _wire
from jwtkit.errors import ProtocolError, ProtocolReason, UsageError, quote
from jwtkit.oauth.http import HttpRequest, HttpResponse
from jwtkit.oauth.json_response import MAX_BYTES, bad_member, json_object
from jwtkit.oauth.steps import Steps, ask
from jwtkit.oauth.urls import is_secure

__all__ = ["ServerMetadata", "discover", "discovery_request", "parse_discovery_response"]

_WHAT: Final = "server metadata"
_DEPTH: Final = 32
_INT_LIMIT: Final = 10**40
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_LISTS: Final = (
    "scopes_supported",
    "response_types_supported",
    "grant_types_supported",
    "token_endpoint_auth_methods_supported",
    "code_challenge_methods_supported",
)
_LOOPBACK_HINT: Final = "allow_http_loopback=True accepts http on 127.0.0.1 or [::1]"
_ISS_FLAG: Final = "authorization_response_iss_parameter_supported"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetadata:
    """An authorization server, as far as this library asks about it.

    Attributes:
        issuer: its identifier.
        authorization_endpoint: where the browser goes, or None.
        token_endpoint: where tokens are asked for, or None.
        jwks_uri: where its public keys are, or None.
        scopes_supported: None where the server does not say, as with the other lists.
        response_types_supported: see RFC 8414 section 2.
        grant_types_supported: see RFC 8414 section 2.
        token_endpoint_auth_methods_supported: see RFC 8414 section 2.
        code_challenge_methods_supported: see RFC 8414 section 2.
        authorization_response_iss_parameter_supported: whether callbacks carry `iss` (RFC 9207 section 3).
        extra: every other member, read-only.
        allow_http_loopback: whether plain http on a literal loopback address is accepted.

    Spec: RFC 8414 section 2, OpenID Connect Discovery section 3.
    """

    issuer: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    jwks_uri: str | None = None
    scopes_supported: tuple[str, ...] | None = None
    response_types_supported: tuple[str, ...] | None = None
    grant_types_supported: tuple[str, ...] | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] | None = None
    code_challenge_methods_supported: tuple[str, ...] | None = None
    authorization_response_iss_parameter_supported: bool = False
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    allow_http_loopback: bool = False

    def __post_init__(self) -> None:
        for name in ("issuer", *_ENDPOINTS):
            url = getattr(self, name)
            if url is not None and not is_secure(url, allow_http_loopback=self.allow_http_loopback):
                message = f"{_WHAT}: {name} must be an https URL ({_LOOPBACK_HINT})"
                raise ProtocolError(message, reason=ProtocolReason.NOT_HTTPS)

    @classmethod
    def parse(
        cls, source: str | bytes | Mapping[str, object], *, issuer: str, allow_http_loopback: bool = False
    ) -> Self:
        """Read a metadata document.

        Args:
            source: JSON text, its UTF-8 bytes, or members that are parsed already. Untrusted.
            issuer: the issuer that it must be about.
            allow_http_loopback: accept http on 127.0.0.1 or [::1], for tests.

        Raises:
            MalformedError: not one strict JSON object.
            NotAllowedError: too long.
            ProtocolError: `.reason` tells: another issuer, a member of the wrong type, an endpoint without https.
            UsageError: `issuer` is no issuer URL.

        Spec: RFC 8414 section 3.3.
        """
        _check_issuer(issuer, allow_http_loopback=allow_http_loopback)
        members = _wire.read_object(
            source, _WHAT, longest=MAX_BYTES, limit="the limit", depth=_DEPTH, int_limit=_INT_LIMIT
        )
        if members.get("issuer") != issuer:
            message = (
                f"issuer mismatch: asked {quote(issuer)}, the document is about {quote(members.get('issuer'))}; "
                "issuers are compared exactly, down to a final slash"
            )
            raise ProtocolError(message, reason=ProtocolReason.ISSUER_MISMATCH)
        return cls(issuer=issuer, allow_http_loopback=allow_http_loopback, **_known_members(members))


def _known_members(members: dict[str, Any]) -> dict[str, Any]:
    """Check the members that have a field here, and keep the others as they are."""
    known: dict[str, Any] = {}
    for name in _ENDPOINTS:
        value = members.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise bad_member(_WHAT, name, "a string")
        known[name] = value
    for name in _LISTS:
        value = members.pop(name, None)
        if value is not None and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise bad_member(_WHAT, name, "an array of strings")
        known[name] = None if value is None else tuple(value)
    flag = members.pop(_ISS_FLAG, None)
    if flag is not None and not isinstance(flag, bool):
        raise bad_member(_WHAT, _ISS_FLAG, "true or false")
    known[_ISS_FLAG] = flag is True
    del members["issuer"]
    known["extra"] = _wire.freeze(members)
    return known


def _check_issuer(issuer: object, *, allow_http_loopback: bool) -> None:
    if not is_secure(issuer, allow_http_loopback=allow_http_loopback) or "?" in str(issuer):
        raise UsageError(f"issuer must be an https URL without query or fragment ({_LOOPBACK_HINT})")


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
    _check_issuer(issuer, allow_http_loopback=allow_http_loopback)
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
    if response.status != 200:
        message = f"{_WHAT}: expected status 200, got {response.status}"
        raise ProtocolError(message, reason=ProtocolReason.UNEXPECTED_STATUS, status=response.status)
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
