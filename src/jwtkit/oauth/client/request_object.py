"""Request objects: an authorization request that the client signs (RFC 9101, OpenID Connect Core section 6).

Rules of this room:

- Everything that was asked for is inside. Outside stands only what the server needs to find the client, and what an
  OpenID provider wants to see there.
- A request object is no client assertion: it has no `sub`, and says by its typ what it is (RFC 9101 section 10.8).
- It lives for minutes, names one server as its audience, and never holds another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit.crypto.encryption_names import ContentEncryptionAlgorithm, KeyManagementAlgorithm
from jwtkit.errors import UsageError
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jws_sign import named_by
from jwtkit.jose.signers import Signer
from jwtkit.jwt.claims import Claims, with_claims
from jwtkit.jwt.dates import seconds
from jwtkit.jwt.token import Token
from jwtkit.oauth.client.client import Client

__all__ = ["RequestObject", "check_supported", "expiry_of", "signed_request_object"]

_TYP: Final = "oauth-authz-req+jwt"
_LIFETIME: Final = 300  # seconds
_LONGEST_LIFETIME: Final = 3600  # FAPI 1.0 part 2 section 5.2.2
_JWT_CLAIMS: Final = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti")
_NESTED: Final = ("request", "request_uri")


@dataclass(frozen=True, slots=True)
class RequestObject:
    """How a client signs its authorization requests; the `request_object=` of a flow.

    A server that has the client registered for them refuses a request that somebody put together or changed on its way
    through the browser.

    Attributes:
        key: a private `JWK`, or any other `Signer`, whose public half the server knows.
        lifetime: how long a request counts, in seconds or as a timedelta; five minutes unless given, an hour at most.
        recipient: the server's public key, where the request is encrypted too; None sends it signed only.
        alg: how the content key reaches the server; left out, the key's own.
        enc: how the content is encrypted.

    Raises:
        UsageError: the key cannot sign, or an argument is of the wrong form.

    Spec: RFC 9101 sections 4 and 10.8, OpenID Connect Core section 6.1, FAPI 1.0 part 2 section 5.2.2.
    """

    key: Signer = field(repr=False)
    lifetime: float | timedelta = field(default=_LIFETIME, kw_only=True)
    recipient: JWK | None = field(default=None, kw_only=True)
    alg: KeyManagementAlgorithm | None = field(default=None, kw_only=True)
    enc: ContentEncryptionAlgorithm = field(default="A256GCM", kw_only=True)

    def __post_init__(self) -> None:
        named_by(self.key)
        if isinstance(self.key, JWK) and not self.key.is_private:
            raise UsageError(
                f"{self.key!r} is a public key: requests are signed with the private one", code="key_unfit"
            )
        _lifetime(self.lifetime)
        if self.recipient is not None and not isinstance(self.recipient, JWK):
            raise UsageError(f"recipient must be the server's public JWK, got {type(self.recipient).__name__}")


def check_supported(client: Client, request_object: RequestObject) -> None:
    """Check that the server takes what this signs, where it says what it takes (OpenID Connect Discovery section 3).

    Raises:
        UsageError: it does not.
    """
    alg, _ = named_by(request_object.key)
    supported = client.server.extra.get("request_object_signing_alg_values_supported")
    if isinstance(supported, (tuple, list)) and alg not in supported:
        raise UsageError(f"the server does not take request objects with {alg}: use a key for another algorithm")


def expiry_of(request_object: RequestObject | None, now: float | None) -> float | None:
    """Tell until when a request that is signed now is good."""
    return None if request_object is None else resolve_now(now) + _lifetime(request_object.lifetime)


def signed_request_object(
    request_object: RequestObject,
    client: Client,
    fields: Iterable[tuple[str, str]],
    structured: Mapping[str, object],
    *,
    now: float | None,
) -> str:
    """Sign a request, and encrypt it where that was asked for: the text of the parameter `request`."""
    claims, lifetime = _claims(client, fields, structured, now), _lifetime(request_object.lifetime)
    token = Token.sign(claims, request_object.key, typ=_TYP, lifetime=lifetime, now=now)
    if request_object.recipient is None:
        return token.compact
    return token.encrypt(request_object.recipient, alg=request_object.alg, enc=request_object.enc)


def _claims(
    client: Client, fields: Iterable[tuple[str, str]], structured: Mapping[str, object], now: float | None
) -> Claims:
    """Write the parameters as claims: those that are JSON as JSON, one that comes several times as an array."""
    members: dict[str, Any] = {}
    for name, text in fields:
        if name in _JWT_CLAIMS or name in _NESTED:
            raise UsageError(f"parameter {name!r} cannot be in a request object: it would be taken for another thing")
        value = _wire.thaw(structured[name], name) if name in structured else text
        if name in members:
            before = members[name]
            value = [*before, value] if isinstance(before, list) else [before, value]
        members[name] = value
    # FAPI 1.0 part 2 section 5.2.2 demands nbf.
    own = Claims(iss=client.client_id, aud=client.server.issuer, nbf=int(resolve_now(now)))
    return with_claims(own, {**members, "client_id": client.client_id})


def _lifetime(lifetime: float | timedelta) -> float:
    given = seconds(lifetime, "lifetime")
    if given > _LONGEST_LIFETIME:
        raise UsageError(f"lifetime must be at most {_LONGEST_LIFETIME} seconds: a request is made for each login")
    return given
