"""Token: a signed token that was verified, or that you signed yourself. There is no other way to hold one.

Rules of this room:

- `birth` is the only place a `Token` comes from; it is called by `Token.sign` and by `TokenVerifier`, and by nothing
  else. Possession is proof, so copying gives the same object and pickling is refused.
- The text never appears in `str` or `repr`: whoever reads it can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, final

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit._proof import Proof
from jwtkit._random import random_text
from jwtkit.errors import ClaimsError, Mismatch, UsageError
from jwtkit.jose.header import Header
from jwtkit.jose.jws_sign import protected_header, with_signature
from jwtkit.jose.signers import Signer
from jwtkit.jwt.claims import Claims, with_claims
from jwtkit.jwt.dates import seconds

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    C_co = TypeVar("C_co", bound=Claims, default=Claims, covariant=True)
else:
    from typing import TypeVar

    C_co = TypeVar("C_co", bound=Claims, covariant=True)
C = TypeVar("C", bound=Claims)

__all__ = ["Token", "birth"]


@final
class Token(Proof, Generic[C_co]):
    """A token you can rely on. Get one from `TokenVerifier.verify` or `Token.sign`.

    Example:
        >>> from jwtkit import Claims, JWK
        >>> token = Token.sign(Claims(sub="alice"), JWK.generate("HS256"), lifetime=60)
        >>> token.sub
        'alice'
        >>> token
        Token(alg='HS256', claims=(sub, iat, exp, jti))
    """

    __slots__ = ("_claims", "_compact", "_header")

    _origin = "TokenVerifier.verify(...) or Token.sign(...)"
    _claims: C_co
    _compact: str
    _header: Header

    @property
    def compact(self) -> str:
        """The text to send; treat it as a secret."""
        return self._compact

    @property
    def header(self) -> Header:
        """The JOSE header, which the signature covers."""
        return self._header

    @property
    def claims(self) -> C_co:
        """The claims, typed."""
        return self._claims

    @property
    def iss(self) -> str:
        """The issuer.

        Raises:
            ClaimsError: the token has none.
        """
        return _present(self._claims.iss, "iss")

    @property
    def sub(self) -> str:
        """The subject.

        Raises:
            ClaimsError: the token has none.
        """
        return _present(self._claims.sub, "sub")

    @staticmethod
    def sign(
        claims: C,
        key: Signer,
        *,
        typ: str | None = "JWT",
        lifetime: float | timedelta | None = None,
        header: Mapping[str, object] | None = None,
        now: float | None = None,
    ) -> Token[C]:
        """Sign claims.

        Args:
            claims: what the token says; stays as it is.
            key: a private `JWK` or any other `Signer`; it decides `alg` and `kid`.
            typ: media type of the token, for example "at+jwt" (RFC 8725 section 3.11); None leaves it out.
            lifetime: seconds or a timedelta from now; sets `exp`, and `iat` and `jti` where the claims have none.
                Left out, the claims need an `exp` of their own, and nothing is added.
            header: more header members.
            now: seconds since the epoch; None reads the clock.

        Raises:
            UsageError: no `exp` and no lifetime, or both; the key cannot sign; or a header member cannot be set.

        Spec: RFC 7519 section 7.1.
        """
        if not isinstance(claims, Claims):
            raise UsageError(f"claims must be Claims(...), got {type(claims).__name__}")
        if lifetime is not None:
            claims = _with_lifetime(claims, seconds(lifetime, "lifetime"), int(resolve_now(now)))
        elif claims.exp is None:
            raise UsageError("a token must expire: pass lifetime= (seconds or a timedelta) or give the claims an exp")
        own_header, header_segment = protected_header(key, typ, header)
        signed = f"{header_segment}.{_wire.b64url_encode(_wire.serialize(claims, 'claims'))}"
        return birth(with_signature(signed, key), own_header, claims)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and self._compact == other._compact

    def __hash__(self) -> int:
        return hash(self._compact)

    def __repr__(self) -> str:
        return f"Token(alg={self._header.alg!r}, claims=({', '.join(self._claims)}))"


def birth(compact: str, header: Header, claims: C) -> Token[C]:
    """Make a Token. Whoever calls this vouches for the signature."""
    token: Token[Any] = object.__new__(Token)
    token._compact = compact
    token._header = header
    token._claims = claims
    return token


def _with_lifetime(claims: C, lifetime: float, now: int) -> C:
    if claims.exp is not None:
        raise UsageError("the claims have an exp already: leave out lifetime=, or exp=")
    whole = int(lifetime) if float(lifetime).is_integer() else lifetime
    added = {"iat": now, "exp": now + whole, "jti": random_text(16)}
    return with_claims(claims, {name: value for name, value in added.items() if name not in claims})


def _present(value: str | None, name: str) -> str:
    if value is None:
        message = f"token has no {name}: add required=({name!r},) to its verifier"
        raise ClaimsError(message, mismatches=(Mismatch(name, "missing", message),))
    return value
