"""The claims of an ID token, and the demands on them that no other token has (OpenID Connect Core section 3.1.3.7).

Rules of this room:

- A check reads claims whose signature has verified; it yields every mismatch, and raises nothing.
- Whatever an attacker can choose is compared in constant time where it is compared with a secret.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256, sha384, sha512
from types import MappingProxyType
from typing import Final

from jwtkit._wire import b64url_encode
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS
from jwtkit.errors import Mismatch, quote
from jwtkit.jwt.claim_fields import claim
from jwtkit.jwt.claims import Claims
from jwtkit.jwt.dates import duration_text
from jwtkit.oauth.secret import same_text
from jwtkit.oidc.login_record import LoginRecord

__all__ = [
    "IdTokenClaims",
    "access_token_hash_problem",
    "check_authentication_age",
    "check_context",
    "check_hash",
    "check_nonce",
    "check_parties",
    "check_same_login",
    "check_subject",
]

_HASHES: Final = MappingProxyType({"sha256": sha256, "sha384": sha384, "sha512": sha512})
# What each hash claim is the hash of, in words.
_HASHED: Final = MappingProxyType({"at_hash": "access token", "c_hash": "code", "s_hash": "state"})
_SUB_CHARS: Final = 255


class IdTokenClaims(Claims):
    """The claims of an ID token; `iss`, `sub`, `aud`, `exp` and `iat` are always there (Core section 2)."""

    iss: str = claim()
    sub: str = claim()
    aud: Sequence[str] = claim()
    exp: float = claim()
    iat: float = claim()
    at_hash: str | None = None
    c_hash: str | None = None
    s_hash: str | None = None


def check_parties(claims: IdTokenClaims, client_id: str, trusted: frozenset[str]) -> Iterable[Mismatch]:
    """Check for whom it is: this client, and nobody beside it who is not trusted."""
    strangers = [audience for audience in claims.aud if audience not in trusted]
    if strangers:
        message = f"ID token is also for {quote(strangers[0])}, which is not a trusted audience"
        yield Mismatch("aud", "not_accepted", message, expected=tuple(sorted(trusted)), actual=claims.aud)
    if claims.azp is None:
        if len(claims.aud) > 1:
            yield Mismatch("azp", "missing", "ID token has several audiences and no azp", expected=client_id)
    elif claims.azp != client_id:
        message = f"ID token was issued to {quote(claims.azp)}, not to this client {quote(client_id)}"
        yield Mismatch("azp", "not_accepted", message, expected=client_id, actual=claims.azp)


def check_subject(claims: IdTokenClaims) -> Iterable[Mismatch]:
    """Check that `sub` can name a user (Core section 2)."""
    if not 0 < len(claims.sub) <= _SUB_CHARS or not claims.sub.isascii():
        message = f"sub must be ASCII of 1 to {_SUB_CHARS} characters, got {len(claims.sub)}"
        yield Mismatch("sub", "not_accepted", message)


def check_nonce(claims: Claims, sent: str | None, *, required: bool = True) -> Iterable[Mismatch]:
    """Check that it belongs to this login: the nonce that was sent, and none where none was."""
    if sent is None:
        if claims.nonce is not None:
            yield Mismatch("nonce", "unexpected", "ID token has a nonce, but this login sent none")
    elif claims.nonce is None:
        if required:
            yield Mismatch("nonce", "missing", "ID token has no nonce, but this login sent one")
    elif not same_text(claims.nonce, sent):
        yield Mismatch("nonce", "not_accepted", "ID token belongs to another login: its nonce differs")


def check_authentication_age(claims: Claims, oldest: float | None, *, now: float, skew: float) -> Iterable[Mismatch]:
    """Check that the user authenticated lately enough, where the login demanded that."""
    if oldest is None:
        return
    if claims.auth_time is None:
        yield Mismatch("auth_time", "missing", "ID token has no auth_time, but this login sent max_age")
    elif claims.auth_time > now + skew:
        message = f"user authenticates only in {duration_text(claims.auth_time - now)}: auth_time lies ahead"
        yield Mismatch("auth_time", "issued_in_the_future", message, expected=now, actual=claims.auth_time)
    elif now - claims.auth_time > oldest + skew:
        message = f"user authenticated {duration_text(now - claims.auth_time)} ago, max_age is {duration_text(oldest)}"
        yield Mismatch("auth_time", "too_old", message, expected=oldest, actual=claims.auth_time)


def check_context(claims: Claims, acr_values: Collection[str]) -> Iterable[Mismatch]:
    """Check that the authentication context is one that the login made essential (Core section 5.5.1.1)."""
    if not acr_values or claims.acr in acr_values:
        return
    accepted = tuple(sorted(acr_values))
    if claims.acr is None:
        yield Mismatch("acr", "missing", "ID token has no acr, but this login made one essential", expected=accepted)
    else:
        message = f"user authenticated by {quote(claims.acr)}, which is not among the essential acr values"
        yield Mismatch("acr", "not_accepted", message, expected=accepted, actual=claims.acr)


def check_hash(
    claims: IdTokenClaims, name: str, text: str | None, alg: str, *, required: bool = False
) -> Iterable[Mismatch]:
    """Check that what came beside the ID token belongs to it.

    Args:
        claims: of the ID token.
        name: "at_hash", "c_hash" or "s_hash".
        text: what came; None where nothing did.
        alg: the algorithm of the ID token.
        required: whether the hash must be there.
    """
    if text is None:
        return
    value = claims.get(name)
    if value is None:
        if required:
            message = f"ID token has no {name}, which binds it to the {_HASHED[name]} that came with it"
            yield Mismatch(name, "missing", message)
        return
    problem = _hash_problem(name, value, text, alg)
    if problem is not None:
        yield Mismatch(name, "not_accepted", problem)


def check_same_login(claims: IdTokenClaims, record: LoginRecord) -> Iterable[Mismatch]:
    """Check that a refreshed ID token is about the login that was refreshed (Core section 12.2)."""
    for name, then, now in (("iss", record.iss, claims.iss), ("sub", record.sub, claims.sub)):
        if now != then:
            yield Mismatch(name, "not_accepted", f"refreshed ID token has another {name} than that of the login")
    if not set(record.aud) <= set(claims.aud):
        message = "refreshed ID token lacks an audience of that of the login"
        yield Mismatch("aud", "not_accepted", message, expected=record.aud, actual=claims.aud)
    if claims.azp != record.azp:
        message = "refreshed ID token has another azp than that of the login"
        yield Mismatch("azp", "not_accepted", message, expected=record.azp, actual=claims.azp)
    if None not in (claims.auth_time, record.auth_time) and claims.auth_time != record.auth_time:
        message = "refreshed ID token has another auth_time than that of the login, which was not repeated"
        yield Mismatch("auth_time", "not_accepted", message, expected=record.auth_time, actual=claims.auth_time)
    if claims.nonce is not None:
        yield from check_nonce(claims, record.nonce)


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
    return _hash_problem("at_hash", at_hash, access_token, alg)


def _hash_problem(name: str, value: str, text: str, alg: str) -> str | None:
    row = SIGNATURE_ALGORITHMS.get(alg)
    if row is None or row.hash_name not in _HASHES:
        return f"no hash is defined for {name} with alg {alg}"
    # No token holds a lone surrogate; one that somebody hands in belongs to none.
    digest = _HASHES[row.hash_name](text.encode("utf-8", "surrogatepass")).digest()
    if same_text(b64url_encode(digest[: len(digest) // 2]), value):
        return None
    return f"{name} does not belong to the {_HASHED[name]} that came with it"
