"""TokenVerifier: one frozen policy, and one call that checks everything.

Read `verify` top to bottom: the signature over the received octets, then the claims' types, then the policy, and only
then is there a Token (RFC 7519 section 7.2, RFC 8725 section 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Generic

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import SignatureAlgorithm, check_algorithms
from jwtkit.errors import NotAllowedError, UsageError, quote
from jwtkit.jose.compact import Authenticator
from jwtkit.jose.gate import Gate
from jwtkit.jose.header import Header, is_media_type
from jwtkit.jose.select import Keys, as_source, refuse_useless
from jwtkit.jwt.claim_fields import check_claims
from jwtkit.jwt.claims import Claims, compile_claims, read_claims
from jwtkit.jwt.policy import UNCHECKED, Audience, Issuer, Policy, Unchecked, refuse
from jwtkit.jwt.token import Token, birth
from jwtkit.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    C_co = TypeVar("C_co", bound=Claims, default=Claims, covariant=True)
else:
    from typing import TypeVar

    C_co = TypeVar("C_co", bound=Claims, covariant=True)

__all__ = ["TokenVerifier"]

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


class TokenVerifier(Frozen, Generic[C_co]):
    """A policy for tokens: build it once, share it between threads, call `verify` for each token.

    Args:
        keys: a `JWK`, a sequence of them, a `JWKS` or another key source.
        algorithms: the allow-list; never the token's choice. For names from configuration use `parse_algorithms`.
        issuer: accepted `iss`: one, several, or UNCHECKED.
        audience: accepted `aud`: one or several of which the token must name one; ABSENT or UNCHECKED.
        typ: accepted header `typ`, for example "at+jwt". Left out, only a missing one or "JWT" passes, so that a token
            made for another purpose does not (RFC 8725 section 3.11). UNCHECKED accepts any.
        claims: a subclass of `Claims` whose fields are checked, and typed in `Token.claims`.
        required: names of claims that must be there, besides `exp`.
        expected: claims with the value they must have, or with a predicate.
        leeway: seconds or a timedelta for clocks that differ. Left out: 0 for `exp`, 30 for `nbf` and `iat`.
        max_age: oldest `iat` accepted, in seconds or a timedelta.
        max_lifetime: longest span from `iat` to `exp` accepted, in seconds or a timedelta.
        allow_missing_exp: accept tokens that never expire.
        limits: bounds on size and nesting.

    Raises:
        UsageError: an argument is missing, of the wrong type, or could never accept a token.

    Example:
        >>> from jwtkit import Claims, JWK, Token
        >>> key = JWK.generate("ES256")
        >>> token = Token.sign(Claims(iss="https://auth.example.com", sub="alice", aud="api"), key, lifetime=60)
        >>> verifier = TokenVerifier(
        ...     keys=key.public(), algorithms=["ES256"], issuer="https://auth.example.com", audience="api"
        ... )
        >>> verifier.verify(token.compact).sub
        'alice'

    Spec: RFC 7519 section 7.2, RFC 8725 section 3.
    """

    __slots__ = ("_authenticator", "_claims", "_limits", "_policy", "_rules", "_typ", "algorithms")

    def __init__(
        self,
        *,
        keys: Keys,
        algorithms: Iterable[SignatureAlgorithm],
        issuer: Issuer,
        audience: Audience,
        typ: str | Unchecked | None = None,
        claims: type[C_co] = Claims,  # type: ignore[assignment]  # what the type variable stands for when left out
        required: Iterable[str] = (),
        expected: Mapping[str, object] = _NOTHING,
        leeway: float | timedelta | None = None,
        max_age: float | timedelta | None = None,
        max_lifetime: float | timedelta | None = None,
        allow_missing_exp: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        if not (isinstance(claims, type) and issubclass(claims, Claims)):
            raise UsageError("claims must be a subclass of Claims")
        if not (typ is None or typ is UNCHECKED or (isinstance(typ, str) and typ)):
            raise UsageError("typ must be a media type such as 'at+jwt', UNCHECKED, or left out")
        if not isinstance(limits, Limits):
            raise UsageError(f"limits must be Limits(...), got {type(limits).__name__}")
        self.algorithms: Final = check_algorithms(algorithms)
        self._policy: Final = Policy(
            issuer=issuer,
            audience=audience,
            required=required,
            expected=expected,
            leeway=leeway,
            max_age=max_age,
            max_lifetime=max_lifetime,
            allow_missing_exp=allow_missing_exp,
        )
        issuers = self._policy.issuers
        self._typ: Final = typ
        self._claims: Final = claims
        self._rules: Final = compile_claims(claims)
        self._limits: Final = limits
        source = as_source(keys)
        refuse_useless(source, self.algorithms)
        gate = Gate(
            source,
            self.algorithms,
            issuer=next(iter(issuers)) if issuers is not None and len(issuers) == 1 else None,
            check_header=self._check_typ,
        )
        self._authenticator: Final = Authenticator(gate, limits=limits, payload_bytes=limits.claims_bytes)

    def verify(self, compact: str, *, now: float | None = None) -> Token[C_co]:
        """Check a token, all of it.

        Args:
            compact: the text of the token, without "Bearer". Untrusted.
            now: seconds since the epoch; None reads the clock.

        Returns:
            The token; holding it is the proof.

        Raises:
            MalformedError: not a signed token, or its claims are not strict JSON.
            NotAllowedError: algorithm, typ, header or size outside this policy, or several keys fit.
            KeyNotFoundError: no key fits; refetch the key set, once.
            SignatureError: the signature does not verify.
            ExpiredError: the only thing wrong is the time.
            ClaimsError: `.mismatches` names everything that is not as demanded.
            UsageError: `compact` is not a str, or `now` is no time.

        Spec: RFC 7519 section 7.2.
        """
        header, payload, _key = self._authenticator.authenticate(compact)
        limits = self._limits
        raw = _wire.parse_object(payload, "claims", depth=limits.claims_depth, int_limit=limits.claims_int_limit)
        moment = resolve_now(now)
        mistyped = check_claims(self._rules, raw)
        if mistyped:
            # A claim of the wrong type is never treated as absent, and the policy reads only well-typed ones.
            names = {mismatch.claim for mismatch in mistyped}
            sound = {name: value for name, value in raw.items() if name not in names}
            others = self._policy.mismatches(sound, moment)
            raise refuse([*mistyped, *(mismatch for mismatch in others if mismatch.claim not in names)])
        mismatches = self._policy.mismatches(raw, moment)
        if mismatches:
            raise refuse(mismatches)
        return birth(compact, header, read_claims(self._claims, raw))

    def accepts_audience(self, audience: str) -> bool:
        """Tell whether tokens for this audience pass, as far as this policy checks audiences."""
        return self._policy.audiences is None or audience in self._policy.audiences

    def _check_typ(self, header: Header) -> None:
        typ = self._typ
        if typ is UNCHECKED:
            return
        if typ is None:
            if header.typ is not None and not is_media_type(header.typ, "JWT"):
                shown = quote(header.typ)
                raise NotAllowedError(
                    f"typ {shown} is for another purpose: pass typ={shown} if that is what you verify"
                )
        elif header.typ is None or not is_media_type(header.typ, typ):
            raise NotAllowedError(f"typ mismatch: token has {quote(header.typ)}, this verifier accepts {typ!r}")

    def __repr__(self) -> str:
        return f"TokenVerifier(algorithms={self.algorithms!r}, claims={self._claims.__name__})"
