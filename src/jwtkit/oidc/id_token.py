"""IdToken: who logged in, as verified by the client that asked (OpenID Connect Core section 3.1.3.7).

Rules of this room:

- The signature is always verified, also where the token came over TLS; `none` does not exist.
- An IdToken comes from `IdTokenVerifier` only: possession is proof, as with `Token`.
- Every finding is a mismatch like those of any other token, and all of them are reported together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Final, final

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit._proof import Proof
from jwtkit.crypto.algorithms import SignatureAlgorithm
from jwtkit.errors import Mismatch, UsageError, shown_names
from jwtkit.jose.header import Header
from jwtkit.jose.select import Keys
from jwtkit.jwt.dates import seconds
from jwtkit.jwt.decryption import Decryption
from jwtkit.jwt.policy import TenantIssuer, Unchecked, refuse
from jwtkit.jwt.token import Token
from jwtkit.jwt.verifier import TokenVerifier
from jwtkit.oauth.scope import listed_texts
from jwtkit.oidc.id_token_claims import (
    IdTokenClaims,
    access_token_hash_problem,
    check_authentication_age,
    check_context,
    check_hash,
    check_nonce,
    check_parties,
    check_same_login,
    check_subject,
)
from jwtkit.oidc.login_record import LoginRecord

__all__ = ["IdToken", "IdTokenClaims", "IdTokenVerifier", "access_token_hash_problem"]

_SKEW: Final = 30.0


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
        """The text, as `id_token_hint` wants it; treat it as a secret. Of an encrypted one it is what was inside."""
        return self._token.compact

    @property
    def record(self) -> LoginRecord:
        """What to keep, so that a refresh, UserInfo and a logout can be told to be about this login."""
        claims = self.claims
        return LoginRecord(
            iss=claims.iss,
            sub=claims.sub,
            aud=tuple(claims.aud),
            azp=claims.azp,
            auth_time=claims.auth_time,
            # An empty one names nothing.
            nonce=claims.nonce or None,
            sid=claims.sid or None,
        )

    def __repr__(self) -> str:
        return f"IdToken({shown_names(self.claims)})"


class IdTokenVerifier(Frozen):
    """Checks the ID tokens of one provider for one client.

    Args:
        issuer: the provider, exactly as in its metadata. A provider that writes its issuer in several ways needs a
            collection of them, one with a tenant in it a `TenantIssuer`.
        client_id: this client.
        keys: the provider's key set.
        algorithms: the algorithm registered for this client; RS256 where nothing was registered (Core section 2).
        trusted_audiences: further audiences that may stand beside this client; none unless named.
        required: names of claims that must be there, besides those of every ID token.
        decryption: keys and algorithms for encrypted ID tokens, where this client registered encryption. With it one
            that is only signed is refused.
        max_token_age: oldest `iat` accepted, in seconds or a timedelta.
        leeway: seconds or a timedelta for clocks that differ; as for `TokenVerifier`.
        quirk_no_nonce: accept an ID token without nonce where one was sent, from a provider that leaves it out; one
            with another nonce is refused as ever. Only for ID tokens that came straight from the token endpoint.

    Raises:
        UsageError: an argument could never accept a token.
    """

    __slots__ = ("_client_id", "_nonce_required", "_skew", "_trusted", "_verifier")

    def __init__(
        self,
        *,
        issuer: str | Collection[str] | TenantIssuer,
        client_id: str,
        keys: Keys,
        algorithms: Iterable[SignatureAlgorithm] = ("RS256",),
        trusted_audiences: Collection[str] = (),
        required: Collection[str] = (),
        decryption: Decryption | None = None,
        max_token_age: float | timedelta | None = None,
        leeway: float | timedelta | None = None,
        quirk_no_nonce: bool = False,
    ) -> None:
        if isinstance(issuer, Unchecked):
            raise UsageError("the issuer of an ID token is always checked: the user is the pair of iss and sub")
        if not isinstance(quirk_no_nonce, bool):
            raise UsageError("quirk_no_nonce must be True or False")
        self._nonce_required: Final = not quirk_no_nonce
        if not isinstance(client_id, str) or not client_id:
            raise UsageError(f"client_id must be a non-empty str, got {type(client_id).__name__}")
        self._client_id: Final = client_id
        self._trusted: Final = frozenset((client_id, *listed_texts(trusted_audiences, "trusted_audiences")))
        self._skew: Final = _SKEW if leeway is None else seconds(leeway, "leeway", zero=True)
        self._verifier: Final = TokenVerifier(
            keys=keys,
            algorithms=algorithms,
            issuer=issuer,
            audience=client_id,
            claims=IdTokenClaims,
            required=listed_texts(required, "required"),
            decryption=decryption,
            max_age=max_token_age,
            leeway=leeway,
        )

    def accepts_issuer(self, issuer: str) -> bool:
        """Tell whether ID tokens of this issuer pass, as far as issuers are checked by their names."""
        return self._verifier.accepts_issuer(issuer)

    def verify(
        self,
        compact: str,
        *,
        nonce: str | None,
        access_token: str | None = None,
        code: str | None = None,
        state: str | None = None,
        max_age: float | timedelta | None = None,
        acr_values: Collection[str] = (),
        now: float | None = None,
    ) -> IdToken:
        """Check an ID token, all of it.

        Args:
            compact: the text. Untrusted.
            nonce: what the authorization request carried; None when it carried none, and then the token has none.
            access_token: the access token that came with it, to be compared with `at_hash` where there is one.
            code: the code that came with it in a callback, whose `c_hash` must then be there.
            state: the state that came with it in a callback, to be compared with `s_hash` where there is one.
            max_age: what the authorization request demanded, in seconds or a timedelta; 0 means a login just now.
            acr_values: the authentication contexts of which the request made one essential; none unless given.
            now: seconds since the epoch; None reads the clock.

        Raises:
            RejectedError: as `TokenVerifier.verify`; ClaimsError names every mismatch.
            UsageError: an argument is of the wrong type.

        Spec: OpenID Connect Core sections 3.1.3.7, 3.1.3.8 and 3.3.2.11.
        """
        sent = {"nonce": nonce, "access_token": access_token, "code": code, "state": state}
        for name, value in sent.items():
            _check_text(name, value)
        oldest = None if max_age is None else seconds(max_age, "max_age", zero=True)
        contexts = listed_texts(acr_values, "acr_values")
        moment = resolve_now(now)
        token = self._verifier.verify(compact, now=moment)
        claims, alg = token.claims, token.header.alg
        return _proven(
            token,
            [
                *check_parties(claims, self._client_id, self._trusted),
                *check_subject(claims),
                *check_nonce(claims, nonce, required=self._nonce_required),
                *check_authentication_age(claims, oldest, now=moment, skew=self._skew),
                *check_context(claims, contexts),
                *check_hash(claims, "at_hash", access_token, alg),
                *check_hash(claims, "c_hash", code, alg, required=True),
                *check_hash(claims, "s_hash", state, alg),
            ],
        )

    def verify_refreshed(
        self, compact: str, *, record: LoginRecord, access_token: str | None = None, now: float | None = None
    ) -> IdToken:
        """Check an ID token that came with refreshed tokens: it is about the same login.

        Args:
            compact: the text. Untrusted.
            record: the record of the login, from the place where you keep it.
            access_token: the access token that came with it, to be compared with `at_hash` where there is one.
            now: seconds since the epoch; None reads the clock.

        Raises:
            RejectedError: as `TokenVerifier.verify`; ClaimsError names every mismatch.
            UsageError: an argument is of the wrong type.

        Spec: OpenID Connect Core section 12.2.
        """
        if not isinstance(record, LoginRecord):
            raise UsageError(f"record must be a LoginRecord, got {type(record).__name__}: see IdToken.record")
        _check_text("access_token", access_token)
        token = self._verifier.verify(compact, now=resolve_now(now))
        claims = token.claims
        return _proven(
            token,
            [
                *check_parties(claims, self._client_id, self._trusted),
                *check_subject(claims),
                *check_same_login(claims, record),
                *check_hash(claims, "at_hash", access_token, token.header.alg),
            ],
        )


def _proven(token: Token[IdTokenClaims], mismatches: Collection[Mismatch]) -> IdToken:
    """Make the proof, if nothing is wrong."""
    if mismatches:
        raise refuse(mismatches)
    verified = object.__new__(IdToken)
    verified._token = token
    return verified


def _check_text(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} must be a str or None, got {type(value).__name__}")
