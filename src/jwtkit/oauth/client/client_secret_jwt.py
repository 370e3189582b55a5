"""client_secret_jwt: an assertion signed with a secret that never travels (OpenID Connect Core section 9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Literal, get_args

from jwtkit.crypto.algorithms import find_algorithm
from jwtkit.errors import UsageError
from jwtkit.jose.jwk import JWK
from jwtkit.oauth.client.authentication import Credentials, check_secret
from jwtkit.oauth.client.client_assertion import (
    LONGEST_LIFETIME,
    AudienceQuirk,
    TypQuirk,
    check_assertion_terms,
    signed_assertion,
)
from jwtkit.oauth.metadata import ServerMetadata
from jwtkit.oauth.secret import Secret

__all__ = ["SECRET_ALGORITHMS", "ClientSecretJWT", "SecretAlgorithm"]

SecretAlgorithm = Literal["HS256", "HS384", "HS512"]
SECRET_ALGORITHMS: Final[tuple[SecretAlgorithm, ...]] = get_args(SecretAlgorithm)


@dataclass(frozen=True, slots=True)
class ClientSecretJWT:
    """A fresh assertion for each request, signed with the secret that the server gave.

    Attributes:
        secret: the client's secret; its UTF-8 bytes are the HMAC key.
        alg: the algorithm.
        lifetime: how long an assertion counts, in seconds or as a timedelta; at most 60 seconds.
        quirk_audience: as for `PrivateKeyJWT`.
        quirk_typ: as for `PrivateKeyJWT`.

    Raises:
        UsageError: the secret is too short for the algorithm (code "short_secret"), or an argument is of the wrong
            form.

    Spec: OpenID Connect Core sections 9 and 10.1, RFC 7523 sections 2.2 and 3, RFC 7518 section 3.2.
    """

    secret: Secret
    alg: SecretAlgorithm = field(default="HS256", kw_only=True)
    lifetime: float | timedelta = field(default=LONGEST_LIFETIME, kw_only=True)
    quirk_audience: AudienceQuirk | None = field(default=None, kw_only=True)
    quirk_typ: TypQuirk | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check_secret(self.secret)
        if self.alg not in SECRET_ALGORITHMS:
            raise UsageError(f"alg must be one of {', '.join(SECRET_ALGORITHMS)}: the key is the client's secret")
        size, least = len(self.secret.reveal().encode("utf-8")), find_algorithm(self.alg).secret_bytes
        if size < least:
            raise UsageError(
                f"the secret has {size} bytes in UTF-8, but {self.alg} needs at least {least}: "
                "have the server give a longer one, or use ClientSecretPost(...)",
                code="short_secret",
            )
        self._key()
        check_assertion_terms(self.lifetime, self.quirk_audience, self.quirk_typ)

    @property
    def method(self) -> Literal["client_secret_jwt"]:
        """The registered name."""
        return "client_secret_jwt"

    def credentials(self, client_id: str, server: ServerMetadata, /, *, now: float | None = None) -> Credentials:
        """Give a new assertion as form fields."""
        return signed_assertion(
            client_id,
            server,
            self._key(),
            lifetime=self.lifetime,
            quirk_audience=self.quirk_audience,
            quirk_typ=self.quirk_typ,
            now=now,
        )

    def _key(self) -> JWK:
        return JWK.from_secret(self.secret.reveal().encode("utf-8"), alg=self.alg)
