"""Client assertions: a signed statement, for one request, that this is the client (RFC 7521 section 4.2, RFC 7523).

Rules of this room:

- iss and sub are the client_id, aud is the server's issuer and nothing else. With the URL of an endpoint as audience,
  a server that a client was led to could use the assertion at another one (draft-ietf-oauth-rfc7523bis).
- An assertion lives for at most a minute, has a jti, and says by its typ what it is.
- `client_id` is sent beside the assertion. RFC 7521 section 4.2 makes it optional, and has a server that gets it
  compare it; some servers look up the client's keys by it, before they read an assertion that nobody has verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal

from jwtkit._clock import resolve_now
from jwtkit.crypto.algorithms import SignatureAlgorithm, find_algorithm
from jwtkit.errors import UsageError
from jwtkit.jose.signers import Signer
from jwtkit.jwt.claims import Claims
from jwtkit.jwt.dates import seconds
from jwtkit.jwt.token import Token, TokenDraft
from jwtkit.oauth.client.authentication import Credentials
from jwtkit.oauth.metadata import ServerMetadata

__all__ = [
    "LONGEST_LIFETIME",
    "AudienceQuirk",
    "ClientAssertion",
    "TypQuirk",
    "check_assertion_terms",
    "check_asymmetric",
    "client_assertion_draft",
    "signed_assertion",
]

LONGEST_LIFETIME: Final = 60  # seconds
AudienceQuirk = Literal["token_endpoint"]
TypQuirk = Literal["JWT"]

_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TYP: Final = "client-authentication+jwt"
_HOW: Final = "client_assertion_draft(...) makes one that fits"


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """private_key_jwt with an assertion that is ready, because its key is not here.

    Draft it with `client_assertion_draft`, have it signed wherever the key is, awaited or not, seal it, and put it
    into the client for one request: `dataclasses.replace(client, auth=ClientAssertion(token))`. A server takes each
    assertion once.

    A client with DPoP asks a second time where the server wants a nonce, and the same assertion goes with it; a server
    that counted it the first time refuses it. The nonce is known from then on, so draft another one and ask anew.

    Attributes:
        token: the assertion.
        quirk_audience: as it was drafted.
        quirk_typ: as it was drafted.

    Spec: RFC 7521 section 4.2, RFC 7523 section 3.
    """

    token: Token
    quirk_audience: AudienceQuirk | None = field(default=None, kw_only=True)
    quirk_typ: TypQuirk | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.token, Token):
            raise UsageError(f"token must be a sealed Token, got {type(self.token).__name__}: {_HOW}")
        check_asymmetric(self.token.header.alg)
        check_assertion_terms(LONGEST_LIFETIME, self.quirk_audience, self.quirk_typ)

    @property
    def method(self) -> Literal["private_key_jwt"]:
        """The registered name."""
        return "private_key_jwt"

    def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
        """Give the assertion as form fields.

        Raises:
            UsageError: it is for another client or server, is no client assertion, or has expired: draft a new one.
        """
        claims, moment = self.token.claims, resolve_now(now)
        wanted = {
            "iss": client_id,
            "sub": client_id,
            "aud": _audience(server, self.quirk_audience),
        }
        wrong = [name for name, value in wanted.items() if claims.get(name) != value]
        if self.token.header.typ != _typ(self.quirk_audience, self.quirk_typ):
            wrong.append("typ")
        if not claims.jti:
            wrong.append("jti")
        if claims.exp is None or claims.iat is None or claims.exp - claims.iat > LONGEST_LIFETIME:
            wrong.append("exp")
        elif claims.exp <= moment:
            raise UsageError("the assertion has expired: draft and seal one for each request, right before it")
        if wrong:
            raise UsageError(
                f"the assertion does not fit this client and server, by its {', '.join(wrong)}: {_HOW}, "
                "with the quirks that this object has"
            )
        return _credentials(client_id, self.token)


def client_assertion_draft(
    client_id: str,
    server: ServerMetadata,
    *,
    alg: SignatureAlgorithm,
    kid: str | None = None,
    lifetime: float | timedelta = LONGEST_LIFETIME,
    header: Mapping[str, object] | None = None,
    quirk_audience: AudienceQuirk | None = None,
    quirk_typ: TypQuirk | None = None,
    now: float | None = None,
) -> TokenDraft[Claims]:
    """Prepare an assertion for a key that is elsewhere; see `ClientAssertion`.

    Args:
        client_id: the client's identifier.
        server: who will be asked.
        alg: the algorithm of the key, an asymmetric one.
        kid: its identifier, as the server knows it.
        lifetime: seconds or a timedelta from now, at most 60 seconds. It begins here, so draft right before the
            request.
        header: more header members, for example `x5t#S256`.
        quirk_audience: as for `PrivateKeyJWT`.
        quirk_typ: as for `PrivateKeyJWT`.
        now: seconds since the epoch; None reads the clock.

    Raises:
        UsageError: an argument is of the wrong form, or the algorithm works with a shared secret.

    Spec: RFC 7523 section 3.
    """
    if not isinstance(client_id, str) or not client_id:
        raise UsageError("client_id must be a non-empty str")
    if not isinstance(server, ServerMetadata):
        raise UsageError(f"server must be ServerMetadata, got {type(server).__name__}: see discover(...)")
    check_asymmetric(alg)
    check_assertion_terms(lifetime, quirk_audience, quirk_typ)
    return Token.draft(
        _claims(client_id, server, quirk_audience),
        alg=alg,
        kid=kid,
        typ=_typ(quirk_audience, quirk_typ),
        lifetime=lifetime,
        header=header,
        now=now,
    )


def signed_assertion(
    client_id: str,
    server: ServerMetadata,
    key: Signer,
    *,
    lifetime: float | timedelta,
    header: Mapping[str, object] | None = None,
    quirk_audience: AudienceQuirk | None,
    quirk_typ: TypQuirk | None,
    now: float | None,
) -> Credentials:
    """Make an assertion for one request, and what to add to it."""
    token = Token.sign(
        _claims(client_id, server, quirk_audience),
        key,
        typ=_typ(quirk_audience, quirk_typ),
        lifetime=lifetime,
        header=header,
        now=now,
    )
    return _credentials(client_id, token)


def check_assertion_terms(lifetime: float | timedelta, quirk_audience: object, quirk_typ: object) -> None:
    """Check what the assertions of one client have in common.

    Raises:
        UsageError: a lifetime beyond a minute, or a quirk that does not exist.
    """
    if seconds(lifetime, "lifetime") > LONGEST_LIFETIME:
        raise UsageError(f"lifetime must be at most {LONGEST_LIFETIME} seconds: an assertion is made for each request")
    if quirk_audience not in (None, "token_endpoint"):
        raise UsageError("quirk_audience must be 'token_endpoint', or None for the server's issuer")
    if quirk_typ not in (None, "JWT"):
        raise UsageError(f"quirk_typ must be 'JWT', or None for {_TYP!r}")


def check_asymmetric(alg: str) -> None:
    """Check that an algorithm works with a key that only the client has.

    Raises:
        UsageError: it works with a shared secret, or does not exist.
    """
    if find_algorithm(alg).kty == "oct":
        raise UsageError(
            f"private_key_jwt needs a private key, and {alg} works with a shared secret: "
            "use ClientSecretJWT(Secret(...))",
            code="key_unfit",
        )


def _claims(client_id: str, server: ServerMetadata, quirk_audience: AudienceQuirk | None) -> Claims:
    return Claims(iss=client_id, sub=client_id, aud=_audience(server, quirk_audience))


def _audience(server: ServerMetadata, quirk_audience: AudienceQuirk | None) -> str:
    return server.issuer if quirk_audience is None else server.endpoint(quirk_audience)


def _typ(quirk_audience: AudienceQuirk | None, quirk_typ: TypQuirk | None) -> str:
    """Give the typ; the special one promises that aud is the issuer, so it never goes with another audience."""
    return _TYP if quirk_audience is None and quirk_typ is None else "JWT"


def _credentials(client_id: str, token: Token) -> Credentials:
    return Credentials(
        fields=(("client_id", client_id), ("client_assertion_type", _TYPE), ("client_assertion", token.compact))
    )
