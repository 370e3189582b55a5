"""TokenVerifier: one frozen policy, and one call that checks everything.

Read `verify` top to bottom: the signature over the received octets, then the claims' types, then the policy, and only
then is there a Token (RFC 7519 section 7.2, RFC 8725 section 3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Generic, overload

from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen
from jwtkit._wire import object_parser
from jwtkit.crypto.algorithms import SignatureAlgorithm, check_algorithms
from jwtkit.errors import NotAllowedError, UsageError, quote
from jwtkit.jose.compact import Authenticator, RememberingAuthenticator
from jwtkit.jose.gate import Gate
from jwtkit.jose.header import Header, is_media_type
from jwtkit.jose.select import Keys, as_source, refuse_useless
from jwtkit.jose.signature_memo import SignatureMemo
from jwtkit.jwt.claim_fields import check_claims
from jwtkit.jwt.claims import Claims, compile_claims, read_claims
from jwtkit.jwt.decryption import Decryption, NestedTokens
from jwtkit.jwt.policy import UNCHECKED, Audience, Issuer, Policy, TenantIssuer, Unchecked, refuse
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
        keys: a `JWK`, a sequence of them, a `JWKS`, a `KeyRing` or another key source. For several issuers a mapping
            from each issuer to the keys that it alone may sign with, and no `issuer=`.
        algorithms: the allow-list; never the token's choice. For names from configuration use `parse_algorithms`.
        issuer: accepted `iss`: one, several that share their keys, a `TenantIssuer`, or UNCHECKED.
        audience: accepted `aud`: one or several of which the token must name one; ABSENT or UNCHECKED.
        typ: accepted header `typ`, for example "at+jwt". Left out, only a missing one or "JWT" passes, so that a token
            made for another purpose does not (RFC 8725 section 3.11). UNCHECKED accepts any.
        claims: a subclass of `Claims` whose fields are checked, and typed in `Token.claims`.
        required: names of claims that must be there, besides `exp`.
        expected: claims with the value they must have, or with a predicate; which is asked about tokens with other
            faults too, so it only looks.
        subject: accepted `sub`: one or several.
        leeway: seconds or a timedelta for clocks that differ. Left out: 0 for `exp`, 30 for `nbf` and `iat`.
        max_age: oldest `iat` accepted, in seconds or a timedelta.
        max_lifetime: longest span from `iat` to `exp` accepted, in seconds or a timedelta.
        allow_missing_exp: accept tokens that never expire.
        decryption: keys and algorithms for nested tokens, signed and then encrypted. With it a token that is only
            signed is refused; without it, one that is encrypted is.
        signature_memo: remember signatures that were checked, for tokens that come again. Left out, none is.
        limits: bounds on size and nesting.

    Raises:
        UsageError: an argument is of the wrong type, or could never accept a token.

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

    __slots__ = (
        "_authenticators",
        "_claims",
        "_limits",
        "_nested",
        "_only",
        "_parse",
        "_policy",
        "_rules",
        "_tenants",
        "_typ",
        "algorithms",
    )

    @overload
    def __init__(
        self,
        *,
        keys: Keys,
        algorithms: Iterable[SignatureAlgorithm],
        issuer: Issuer,
        audience: Audience,
        typ: str | Unchecked | None = ...,
        claims: type[C_co] = ...,
        required: Iterable[str] = ...,
        expected: Mapping[str, object] = ...,
        subject: str | Collection[str] | None = ...,
        leeway: float | timedelta | None = ...,
        max_age: float | timedelta | None = ...,
        max_lifetime: float | timedelta | None = ...,
        allow_missing_exp: bool = ...,
        decryption: Decryption | None = ...,
        signature_memo: SignatureMemo | None = ...,
        limits: Limits = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        *,
        keys: Mapping[str, Keys],
        algorithms: Iterable[SignatureAlgorithm],
        audience: Audience,
        typ: str | Unchecked | None = ...,
        claims: type[C_co] = ...,
        required: Iterable[str] = ...,
        expected: Mapping[str, object] = ...,
        subject: str | Collection[str] | None = ...,
        leeway: float | timedelta | None = ...,
        max_age: float | timedelta | None = ...,
        max_lifetime: float | timedelta | None = ...,
        allow_missing_exp: bool = ...,
        decryption: Decryption | None = ...,
        signature_memo: SignatureMemo | None = ...,
        limits: Limits = ...,
    ) -> None: ...

    def __init__(
        self,
        *,
        keys: Keys | Mapping[str, Keys],
        algorithms: Iterable[SignatureAlgorithm],
        issuer: Issuer | None = None,
        audience: Audience,
        typ: str | Unchecked | None = None,
        claims: type[C_co] = Claims,  # type: ignore[assignment]  # what the type variable stands for when left out
        required: Iterable[str] = (),
        expected: Mapping[str, object] = _NOTHING,
        subject: str | Collection[str] | None = None,
        leeway: float | timedelta | None = None,
        max_age: float | timedelta | None = None,
        max_lifetime: float | timedelta | None = None,
        allow_missing_exp: bool = False,
        decryption: Decryption | None = None,
        signature_memo: SignatureMemo | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        if not (isinstance(claims, type) and issubclass(claims, Claims)):
            raise UsageError("claims must be a subclass of Claims")
        if not (typ is None or typ is UNCHECKED or (isinstance(typ, str) and typ)):
            raise UsageError("typ must be a media type such as 'at+jwt', UNCHECKED, or left out")
        if not isinstance(limits, Limits):
            raise UsageError(f"limits must be Limits(...), got {type(limits).__name__}")
        if not (signature_memo is None or isinstance(signature_memo, SignatureMemo)):
            raise UsageError(f"signature_memo must be SignatureMemo(...), got {type(signature_memo).__name__}")
        sources = _sources(keys, issuer)
        self.algorithms: Final = check_algorithms(algorithms)
        self._policy: Final = Policy(
            issuer=tuple(sources) if issuer is None else issuer,  # type: ignore[arg-type]  # without issuer they are str
            audience=audience,
            required=required,
            expected=expected,
            subject=subject,
            leeway=leeway,
            max_age=max_age,
            max_lifetime=max_lifetime,
            allow_missing_exp=allow_missing_exp,
        )
        self._typ: Final = typ
        self._claims: Final = claims
        self._rules: Final = compile_claims(claims)
        self._limits: Final = limits
        self._parse: Final = object_parser("claims", depth=limits.claims_depth, int_limit=limits.claims_int_limit)
        self._tenants: Final = issuer if isinstance(issuer, TenantIssuer) else None
        self._nested: Final = None if decryption is None else NestedTokens(decryption, limits)
        # One for each issuer, so that no key and no remembered header of one ever serves another.
        self._authenticators: Final = {
            name: self._authenticator(name, source, signature_memo) for name, source in sources.items()
        }
        self._only: Final = self._authenticators.get(None)

    def _authenticator(self, issuer: str | None, keys: Keys, signature_memo: SignatureMemo | None) -> Authenticator:
        source = as_source(keys)
        issuers = self._policy.issuers
        if issuer is None and issuers is not None and len(issuers) == 1:
            issuer = next(iter(issuers))
        refuse_useless(source, self.algorithms)
        gate = Gate(source, self.algorithms, issuer=issuer, check_header=self._check_typ)
        limits = self._limits
        if signature_memo is not None:
            return RememberingAuthenticator(gate, signature_memo, limits=limits, payload_bytes=limits.claims_bytes)
        return Authenticator(gate, limits=limits, payload_bytes=limits.claims_bytes)

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
            DecryptionError: a nested token does not decrypt.
            ExpiredError: the only thing wrong is the time.
            ClaimsError: `.mismatches` names everything that is not as demanded.
            UsageError: `compact` is not a str, or `now` is no time.

        Spec: RFC 7519 section 7.2.
        """
        moment = resolve_now(now)
        outer = None
        if self._nested is not None:
            outer, compact = self._nested.open(compact)
        authenticator = self._only or self._authenticator_for(compact)
        header, payload, key = authenticator.authenticate(compact, None, moment)
        raw = self._parse(payload)
        if self._nested is not None and outer is not None:
            self._nested.check_copies(outer, raw)
        mistyped = check_claims(self._rules, raw)
        if mistyped:
            # A claim of the wrong type is never treated as absent, and the policy reads only well-typed ones.
            names = {mismatch.claim for mismatch in mistyped}
            sound = {name: value for name, value in raw.items() if name not in names}
            others = self._policy.mismatches(sound, moment)
            raise refuse([*mistyped, *(mismatch for mismatch in others if mismatch.claim not in names)])
        mismatches = self._policy.mismatches(raw, moment)
        if self._tenants is not None:
            mismatches += self._tenants.key_mismatches(key.extra, raw)
        if mismatches:
            raise refuse(mismatches)
        return birth(compact, header, read_claims(self._claims, raw))

    def _authenticator_for(self, compact: str) -> Authenticator:
        """Give the one that has the keys of the token's issuer."""
        from jwtkit.jwt.unverified import UnverifiedToken

        # The issuer is read before anything is verified, and only chooses among the ones that are configured: the keys
        # of the one it names must then have made the signature.
        iss = UnverifiedToken.parse(compact, limits=self._limits).unverified_claims.get("iss")
        found = self._authenticators.get(iss) if isinstance(iss, str) else None
        if found is None:
            names = ", ".join(repr(name) for name in self._authenticators)
            message = f"token says it is from {quote(iss)}, this verifier has the keys of {names}"
            raise NotAllowedError(message, code="issuer_unknown")
        return found

    def accepts_issuer(self, issuer: str) -> bool:
        """Tell whether tokens of this issuer pass, as far as this policy checks issuers by their names."""
        return self._policy.issuers is None or issuer in self._policy.issuers

    def accepts_audience(self, audience: str) -> bool:
        """Tell whether this policy checks audiences, and tokens for this one pass."""
        return self._policy.audiences is not None and audience in self._policy.audiences

    def _check_typ(self, header: Header) -> None:
        typ = self._typ
        if typ is UNCHECKED:
            return
        if typ is None:
            if header.typ is not None and not is_media_type(header.typ, "JWT"):
                shown = quote(header.typ)
                message = f"typ {shown} is for another purpose: pass typ={shown} if that is what you verify"
                raise NotAllowedError(message, code="typ_mismatch")
        elif header.typ is None or not is_media_type(header.typ, typ):
            message = f"typ mismatch: token has {quote(header.typ)}, this verifier accepts {typ!r}"
            raise NotAllowedError(message, code="typ_mismatch")

    def __repr__(self) -> str:
        return f"TokenVerifier(algorithms={self.algorithms!r}, claims={self._claims.__name__})"


def _sources(keys: Keys | Mapping[str, Keys], issuer: Issuer | None) -> Mapping[str | None, Keys]:
    """Give the keys of each issuer; None stands for a verifier whose keys serve all of its issuers."""
    if not isinstance(keys, Mapping):
        if issuer is None:
            raise UsageError("issuer is required: a str, a collection of str, a TenantIssuer or UNCHECKED")
        return {None: keys}
    if "kty" in keys or "keys" in keys:
        as_source(keys)  # type: ignore[arg-type]  # JSON of keys, and no issuers: it says how to read it
    if issuer is not None:
        raise UsageError("keys names the issuers already: leave out issuer=")
    if not keys or not all(isinstance(name, str) and name for name in keys):
        raise UsageError("keys must be keys, or a mapping from issuer to its keys")
    return dict(keys.items())
