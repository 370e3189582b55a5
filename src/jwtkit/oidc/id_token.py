"""IdToken: who logged in, as verified by the client that asked (OpenID Connect Core section 3.1.3.7).

Rules of this room:

- The signature is always verified, also where the token came over TLS; `none` does not exist.
- An IdToken comes from `IdTokenVerifier.verify` only: possession is proof, as with `Token`.
- Every finding is a mismatch like those of any other token, and all of them are reported together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from hashlib import sha256, sha384, sha512
from hmac import compare_digest
from types import MappingProxyType
from typing import Final, final

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit._wire import b64url_encode
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, SignatureAlgorithm
from jwtkit.errors import Mismatch, UsageError, quote
from jwtkit.jose.header import Header
from jwtkit.jose.select import Keys
from jwtkit.jwt.claim_fields import claim
from jwtkit.jwt.claims import Claims
from jwtkit.jwt.dates import duration_text, seconds
from jwtkit.jwt.policy import refuse
from jwtkit.jwt.token import Token
from jwtkit.jwt.verifier import TokenVerifier

__all__ = ["IdToken", "IdTokenClaims", "IdTokenVerifier", "access_token_hash_problem"]

_HASHES: Final = MappingProxyType({"sha256": sha256, "sha384": sha384, "sha512": sha512})
_SUB_CHARS: Final = 255
_SKEW: Final = 30.0


class IdTokenClaims(Claims):
    """The claims of an ID token; `iss`, `sub`, `aud`, `exp` and `iat` are always there (Core section 2)."""

    iss: str = claim()
    sub: str = claim()
    aud: Sequence[str] = claim()
    exp: float = claim()
    iat: float = claim()
    at_hash: str | None = None


@final
class IdToken(Proof, Frozen):
    """A verified ID token. Get one from `IdTokenVerifier.verify`.

    The pair of `iss` and `sub` is the user; an e-mail address is not, whatever the token says about it.
    """

    __slots__ = ("_token",)

    _origin = "IdTokenVerifier.verify(...)"
    _token: Token[IdTokenClaims]

    @property
    def iss(self) -> str:
        """The provider."""
        return self.claims.iss

    @property
    def sub(self) -> str:
        """The user, as the provider knows them."""
        return self.claims.sub

    @property
    def claims(self) -> IdTokenClaims:
        """Everything the token says."""
        return self._token.claims

    @property
    def header(self) -> Header:
        """The JOSE header."""
        return self._token.header

    @property
    def compact(self) -> str:
        """The text, as `id_token_hint` wants it; treat it as a secret."""
        return self._token.compact

    def __repr__(self) -> str:
        return f"IdToken({', '.join(self.claims)})"


class IdTokenVerifier(Frozen):
    """Checks the ID tokens of one provider for one client.

    Args:
        issuer: the provider, exactly as in its metadata.
        client_id: this client.
        keys: the provider's key set.
        algorithms: the algorithm registered for this client; RS256 where nothing was registered (Core section 2).
        trusted_audiences: further audiences that may stand beside this client; none unless named.
        leeway: seconds or a timedelta for clocks that differ; as for `TokenVerifier`.

    Raises:
        UsageError: an argument could never accept a token.
    """

    __slots__ = ("_client_id", "_skew", "_trusted", "_verifier")

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        keys: Keys,
        algorithms: Iterable[SignatureAlgorithm] = ("RS256",),
        trusted_audiences: Collection[str] = (),
        leeway: float | timedelta | None = None,
    ) -> None:
        if isinstance(trusted_audiences, str):
            raise UsageError(f"trusted_audiences is a collection: write trusted_audiences=[{trusted_audiences!r}]")
        self._client_id: Final = client_id
        self._trusted: Final = frozenset((client_id, *trusted_audiences))
        self._skew: Final = _SKEW if leeway is None else seconds(leeway, "leeway", zero=True)
        self._verifier: Final = TokenVerifier(
            keys=keys, algorithms=algorithms, issuer=issuer, audience=client_id, claims=IdTokenClaims, leeway=leeway
        )

    def verify(
        self,
        compact: str,
        *,
        nonce: str | None,
        access_token: str | None = None,
        max_age: float | timedelta | None = None,
        now: float | None = None,
    ) -> IdToken:
        """Check an ID token, all of it.

        Args:
            compact: the text. Untrusted.
            nonce: what the authorization request carried; None when it carried none, and then the token has none.
            access_token: the access token that came with it, to be compared with `at_hash` where there is one.
            max_age: what the authorization request demanded, in seconds or a timedelta; 0 means a login just now.
            now: seconds since the epoch; None reads the clock.

        Raises:
            RejectedError: as `TokenVerifier.verify`; ClaimsError names every mismatch.
            UsageError: an argument is of the wrong type.

        Spec: OpenID Connect Core sections 3.1.3.7 and 3.1.3.8.
        """
        for name, value in (("nonce", nonce), ("access_token", access_token)):
            if value is not None and not isinstance(value, str):
                raise UsageError(f"{name} must be a str or None, got {type(value).__name__}")
        moment = resolve_now(now)
        token = self._verifier.verify(compact, now=moment)
        claims = token.claims
        mismatches = [
            *self._parties(claims),
            *_nonce(claims, nonce),
            *_authentication_age(claims, max_age, moment, self._skew),
            *_access_token_hash(claims, access_token, token.header.alg),
        ]
        if mismatches:
            raise refuse(mismatches)
        verified = object.__new__(IdToken)
        verified._token = token
        return verified

    def _parties(self, claims: IdTokenClaims) -> Iterable[Mismatch]:
        strangers = [audience for audience in claims.aud if audience not in self._trusted]
        if strangers:
            message = f"ID token is also for {quote(strangers[0])}, which is not a trusted audience"
            yield Mismatch("aud", "not_accepted", message, expected=tuple(sorted(self._trusted)), actual=claims.aud)
        if claims.azp is None:
            if len(claims.aud) > 1:
                yield Mismatch("azp", "missing", "ID token has several audiences and no azp", expected=self._client_id)
        elif claims.azp != self._client_id:
            message = f"ID token was issued to {quote(claims.azp)}, not to this client {quote(self._client_id)}"
            yield Mismatch("azp", "not_accepted", message, expected=self._client_id, actual=claims.azp)
        if len(claims.sub) > _SUB_CHARS or not claims.sub.isascii():
            message = f"sub must be ASCII of at most {_SUB_CHARS} characters, got {len(claims.sub)}"
            yield Mismatch("sub", "not_accepted", message)


def _nonce(claims: Claims, sent: str | None) -> Iterable[Mismatch]:
    if sent is None:
        if claims.nonce is not None:
            yield Mismatch("nonce", "unexpected", "ID token has a nonce, but this login sent none")
    elif claims.nonce is None:
        yield Mismatch("nonce", "missing", "ID token has no nonce, but this login sent one")
    elif not compare_digest(claims.nonce.encode(), sent.encode()):
        yield Mismatch("nonce", "not_accepted", "ID token belongs to another login: its nonce differs")


def _authentication_age(
    claims: Claims, max_age: float | timedelta | None, now: float, skew: float
) -> Iterable[Mismatch]:
    if max_age is None:
        return
    oldest = seconds(max_age, "max_age", zero=True)
    if claims.auth_time is None:
        yield Mismatch("auth_time", "missing", "ID token has no auth_time, but this login sent max_age")
    elif now - claims.auth_time > oldest + skew:
        message = f"user authenticated {duration_text(now - claims.auth_time)} ago, max_age is {duration_text(oldest)}"
        yield Mismatch("auth_time", "too_old", message, expected=oldest, actual=claims.auth_time)


def _access_token_hash(claims: IdTokenClaims, access_token: str | None, alg: str) -> Iterable[Mismatch]:
    if claims.at_hash is None or access_token is None:
        return
    problem = access_token_hash_problem(claims.at_hash, access_token, alg)
    if problem is not None:
        yield Mismatch("at_hash", "not_accepted", problem)


def access_token_hash_problem(at_hash: str, access_token: str, alg: str) -> str | None:
    """Compare at_hash: the left half of the hash of the access token, by the hash of the token's own algorithm.

    Args:
        at_hash: the claim.
        access_token: the access token that came with it. Untrusted, as everything here.
        alg: the algorithm of the ID token.

    Returns:
        What is wrong, or None where they belong together.

    Spec: OpenID Connect Core section 3.1.3.6.
    """
    row = SIGNATURE_ALGORITHMS.get(alg)
    if row is None or row.hash_name not in _HASHES:
        return f"no hash is defined for at_hash with alg {alg}"
    # No token holds a lone surrogate; one that somebody hands in belongs to none.
    digest = _HASHES[row.hash_name](access_token.encode("utf-8", "surrogatepass")).digest()
    expected = b64url_encode(digest[: len(digest) // 2])
    if compare_digest(expected.encode(), at_hash.encode("utf-8", "surrogatepass")):
        return None
    return "at_hash does not belong to the access token that came with it"
