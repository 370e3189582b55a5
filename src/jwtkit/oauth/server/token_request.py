"""TokenRequest: what a client brings to the token endpoint (RFC 6749 section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import unquote_plus

from jwtkit import _wire
from jwtkit.errors import MalformedError, ProtocolError, ProtocolReason, UsageError
from jwtkit.oauth.http import InboundRequest
from jwtkit.oauth.pkce import PKCE
from jwtkit.oauth.scope import is_scope, split_scope
from jwtkit.oauth.secret import Secret
from jwtkit.oauth.urls import parse_form

__all__ = ["TokenRequest"]

_WHAT: Final = "token request"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A request for tokens. It says who asks; whether that is so, the server must check.

    Attributes:
        grant_type: what is offered in exchange.
        client_id: the client that it claims to be.
        client_secret: what it proves that with, or None for a public client.
        code: the authorization code, or None.
        code_verifier: the PKCE verifier, or None; compare with `matches`.
        redirect_uri: as in the authorization request, or None.
        scope: what it asks for.
    """

    grant_type: str
    client_id: str
    client_secret: Secret | None = None
    code: Secret | None = None
    code_verifier: PKCE | None = None
    redirect_uri: str | None = None
    scope: tuple[str, ...] = ()

    @classmethod
    def parse(cls, request: InboundRequest) -> Self:
        """Read a request.

        Raises:
            MalformedError: the body is no form, or the credentials are not encoded as they must be.
            ProtocolError: not a POST of a form, a parameter is missing or comes twice, or the client authenticates
                in two ways.

        Spec: RFC 6749 sections 2.3, 3.2 and 4.1.3, RFC 7636 section 4.5.
        """
        if not isinstance(request, InboundRequest):
            raise UsageError(f"request must be an InboundRequest, got {type(request).__name__}")
        if not request.is_form:
            message = f"{_WHAT} must be a POST with content type application/x-www-form-urlencoded"
            raise ProtocolError(message, reason=ProtocolReason.WRONG_ENDPOINT)
        fields = parse_form(request.body, _WHAT)
        client_id, secret = _client(request, fields)
        if "grant_type" not in fields:
            raise ProtocolError(f"{_WHAT} lacks grant_type", reason=ProtocolReason.MISSING_PARAMETER)
        if not is_scope(fields.get("scope", "")):
            raise ProtocolError(f"{_WHAT}: scope is not acceptable", reason=ProtocolReason.BAD_MEMBER)
        return cls(
            grant_type=fields["grant_type"],
            client_id=client_id,
            client_secret=secret,
            code=Secret(fields["code"]) if "code" in fields else None,
            code_verifier=PKCE.parse(fields["code_verifier"]) if "code_verifier" in fields else None,
            redirect_uri=fields.get("redirect_uri"),
            scope=split_scope(fields.get("scope")),
        )


def _client(request: InboundRequest, fields: dict[str, str]) -> tuple[str, Secret | None]:
    """Tell who claims to ask, by exactly one method (RFC 6749 section 2.3)."""
    headers = request.header_values("authorization")
    if len(headers) > 1 or (headers and "client_secret" in fields):
        message = f"{_WHAT} authenticates in two ways, one is allowed"
        raise ProtocolError(message, reason=ProtocolReason.DUPLICATE_PARAMETER)
    if headers:
        client_id, secret = _basic(headers[0])
        if fields.get("client_id", client_id) != client_id:
            raise ProtocolError(f"{_WHAT} names two clients", reason=ProtocolReason.DUPLICATE_PARAMETER)
        return client_id, secret
    if "client_id" not in fields:
        raise ProtocolError(f"{_WHAT} names no client", reason=ProtocolReason.MISSING_PARAMETER)
    return fields["client_id"], Secret(fields["client_secret"]) if "client_secret" in fields else None


def _basic(header: str) -> tuple[str, Secret]:
    """Read HTTP Basic credentials: base64, split at the first colon, then form-decode each part (section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise ProtocolError(f"{_WHAT}: only Basic is accepted in Authorization", reason=ProtocolReason.BAD_MEMBER)
    try:
        name, colon, password = _wire.parse_standard_base64(encoded.strip(" "), "credentials").decode().partition(":")
        client_id, secret = unquote_plus(name, errors="strict"), unquote_plus(password, errors="strict")
    except UnicodeDecodeError:
        raise MalformedError("credentials are not UTF-8") from None
    if not (colon and client_id and secret):
        raise MalformedError("credentials must be client_id:client_secret")
    return client_id, Secret(secret)
