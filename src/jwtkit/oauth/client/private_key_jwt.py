"""private_key_jwt: an assertion signed with a key that only the client has (OpenID Connect Core section 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from jwtkit.errors import UsageError
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jws_sign import named_by
from jwtkit.jose.signers import Signer
from jwtkit.oauth.client.authentication import Credentials
from jwtkit.oauth.client.client_assertion import (
    LONGEST_LIFETIME,
    AudienceQuirk,
    TypQuirk,
    check_assertion_terms,
    check_asymmetric,
    signed_assertion,
)
from jwtkit.oauth.metadata import ServerMetadata

__all__ = ["PrivateKeyJWT"]


@dataclass(frozen=True, slots=True)
class PrivateKeyJWT:
    """A fresh assertion for each request, signed with a private key whose public half the server knows.

    For a key that is awaited, or in another process, see `ClientAssertion`.

    Attributes:
        key: a private `JWK`, or any other `Signer`. Its algorithm is asymmetric.
        lifetime: how long an assertion counts, in seconds or as a timedelta; at most 60 seconds.
        header: more header members, for example `x5t#S256` for a server that knows the client's certificate.
        quirk_audience: "token_endpoint" names the URL of the token endpoint as audience, whichever endpoint is asked,
            for a server that refuses its issuer. The typ is then "JWT".
        quirk_typ: "JWT" sends this typ, for a server that refuses "client-authentication+jwt".

    Raises:
        UsageError: the key cannot sign, or is a shared secret; or an argument is of the wrong form.

    Example:
        >>> server = ServerMetadata(issuer="https://auth.example.com")
        >>> proof = PrivateKeyJWT(JWK.generate("ES256")).credentials("web", server)
        >>> [name for name, _ in proof.fields]
        ['client_id', 'client_assertion_type', 'client_assertion']

    Spec: RFC 7521 section 4.2, RFC 7523 sections 2.2 and 3, draft-ietf-oauth-rfc7523bis.
    """

    key: Signer = field(repr=False)
    lifetime: float | timedelta = field(default=LONGEST_LIFETIME, kw_only=True)
    header: Mapping[str, object] | None = field(default=None, kw_only=True, hash=False)
    quirk_audience: AudienceQuirk | None = field(default=None, kw_only=True)
    quirk_typ: TypQuirk | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        alg, _ = named_by(self.key)
        check_asymmetric(alg)
        if isinstance(self.key, JWK) and not self.key.is_private:
            raise UsageError(f"{self.key!r} is a public key: private_key_jwt needs the private one", code="key_unfit")
        check_assertion_terms(self.lifetime, self.quirk_audience, self.quirk_typ)

    @property
    def method(self) -> Literal["private_key_jwt"]:
        """The registered name."""
        return "private_key_jwt"

    def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
        """Give a new assertion as form fields.

        Raises:
            UsageError: the signer gives something that is no signature, or `header` sets what is decided here.
        """
        return signed_assertion(
            client_id,
            server,
            self.key,
            lifetime=self.lifetime,
            header=self.header,
            quirk_audience=self.quirk_audience,
            quirk_typ=self.quirk_typ,
            now=now,
        )
