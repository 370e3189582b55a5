"""Token: a signed token that was verified, or that you signed yourself. There is no other way to hold one.

Rules of this room:

- `birth` is the only place a `Token` comes from; it is called by `Token.sign` and by `TokenVerifier`, and by nothing
  else. Possession is proof, so copying gives the same object and pickling is refused.
- The text never appears in `str` or `repr`: whoever reads it can use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, Never, final

from jwtkit import _wire
from jwtkit._clock import resolve_now
from jwtkit._frozen import Frozen, put
from jwtkit._proof import Proof
from jwtkit._random import random_text
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, SignatureAlgorithm, find_algorithm
from jwtkit.crypto.encryption_names import ContentEncryptionAlgorithm, KeyManagementAlgorithm
from jwtkit.errors import ClaimsError, Mismatch, UsageError, quote, shown_names
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK
from jwtkit.jose.jws_sign import header_of, protected_header, with_signature
from jwtkit.jose.signers import Signer
from jwtkit.jwt.claims import Claims, raw_claims, with_claims
from jwtkit.jwt.dates import seconds
from jwtkit.jwt.decryption import differing_copies
from jwtkit.jwt.policy import UNCHECKED, Unchecked

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    C_co = TypeVar("C_co", bound=Claims, default=Claims, covariant=True)
else:
    from typing import TypeVar

    C_co = TypeVar("C_co", bound=Claims, covariant=True)
C = TypeVar("C", bound=Claims)
T = TypeVar("T")

__all__ = ["Token", "TokenDraft", "birth"]


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
        """The signed text to send; treat it as a secret. Of a nested token it is what was inside."""
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

    @property
    def exp(self) -> float:
        """When it ends, in seconds since the epoch.

        Raises:
            ClaimsError: the token has no end.
        """
        return _present(self._claims.exp, "exp")

    @property
    def iat(self) -> float:
        """When it was issued, in seconds since the epoch.

        Raises:
            ClaimsError: the token does not say.
        """
        return _present(self._claims.iat, "iat")

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
        dated = _dated(claims, lifetime, now)
        own_header, segment = header_of(key, typ, header)
        return birth(with_signature(_signed_part(segment, dated), key), own_header, dated)

    @staticmethod
    def draft(
        claims: C,
        *,
        alg: SignatureAlgorithm,
        kid: str | None = None,
        typ: str | None = "JWT",
        lifetime: float | timedelta | None = None,
        header: Mapping[str, object] | None = None,
        now: float | None = None,
    ) -> TokenDraft[C]:
        """Prepare a token for a key that you do not hold: in a key service, a hardware module, another process.

        Sign `draft.signing_input` or `draft.digest` wherever the key is, awaited or not, and give the signature to
        `draft.seal`.

        Args:
            claims: as for `sign`.
            alg: the algorithm of the key.
            kid: its identifier, as verifiers know it.
            typ: as for `sign`.
            lifetime: as for `sign`.
            header: as for `sign`.
            now: as for `sign`.

        Raises:
            UsageError: as for `sign`, or there is no such algorithm.

        Spec: RFC 7515 section 5.1.
        """
        dated = _dated(claims, lifetime, now)
        own_header, segment = protected_header(find_algorithm(alg).name, kid, typ, header)
        return TokenDraft._of(_signed_part(segment, dated), own_header, dated)

    def encrypt(
        self,
        recipient: JWK,
        *,
        enc: ContentEncryptionAlgorithm,
        alg: KeyManagementAlgorithm | None = None,
        header: Mapping[str, object] | None = None,
    ) -> str:
        """Encrypt the signed token, so that only the recipient can read it: a nested token.

        Its reader is a `TokenVerifier` with `decryption=`.

        Args:
            recipient: the recipient's public key, or a secret shared with it.
            enc: how the content is encrypted, for example "A256GCM".
            alg: how the key reaches the recipient; left out, the key's own.
            header: more members of the encrypted token's header, for example copies of `iss` and `aud`, which then
                everybody can read.

        Raises:
            UsageError: the key does not fit its algorithm, or `header` sets `cty`, or has a copy that is not the claim.

        Spec: RFC 7519 section 11.2.
        """
        if header is not None and not isinstance(header, Mapping):
            raise UsageError(f"header must be a mapping, got {type(header).__name__}")
        from jwtkit.jose.jwe import encrypt  # for those who encrypt

        more = {"cty": "JWT", **(header or {})}
        if more["cty"] != "JWT":
            raise UsageError("header member 'cty' cannot be set here: it says that a token is inside")
        for name in differing_copies(more, self._claims):
            raise UsageError(f"header member {name!r} must be the claim (RFC 7519 section 5.3): claims[{name!r}]")
        return encrypt(self._compact.encode("ascii"), recipient, alg=alg, enc=enc, header=more)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and self._compact == other._compact

    def __hash__(self) -> int:
        return hash(self._compact)

    def __repr__(self) -> str:
        return f"Token(alg={self._header.alg!r}, claims=({shown_names(self._claims)}))"


@final
class TokenDraft(Frozen, Generic[C_co]):
    """A token that lacks its signature. Get one from `Token.draft`.

    Attributes:
        header: the JOSE header.
        claims: the claims, typed.
        signing_input: the bytes to sign.
    """

    if TYPE_CHECKING:  # slots, and for a type checker read-only
        _signed: str

        def __init__(self, _: Never, /) -> None: ...
        @property
        def claims(self) -> C_co:
            """The claims, typed."""

        @property
        def header(self) -> Header:
            """The JOSE header."""

        @property
        def signing_input(self) -> bytes:
            """The bytes to sign."""
    else:
        __slots__ = ("_signed", "claims", "header", "signing_input")

        def __init__(self, *_arguments: object, **_named: object) -> None:
            raise UsageError("use Token.draft(...)")

    @classmethod
    def _of(cls, signed: str, header: Header, claims: C) -> TokenDraft[C]:
        draft: TokenDraft[Any] = object.__new__(cls)
        put(draft, "_signed", signed)
        put(draft, "header", header)
        put(draft, "claims", claims)
        put(draft, "signing_input", signed.encode("ascii"))
        return draft

    @property
    def digest(self) -> bytes:
        """The hash of the signing input, for services that sign digests.

        Raises:
            UsageError: the algorithm signs the message itself (EdDSA, ML-DSA), or is no signature (HMAC).
        """
        from jwtkit.jose.remote import digest_of

        return digest_of(SIGNATURE_ALGORITHMS[self.header.alg], self.signing_input)

    def seal(
        self, signature: bytes, *, encoding: Literal["raw", "der"] = "raw", verify_with: JWK | Unchecked
    ) -> Token[C_co]:
        """Add the signature, once it is certain that it is one.

        Args:
            signature: what the service gave.
            encoding: "der" where an ECDSA signature comes in DER, as most services give it; "raw" for R and S side by
                side and for every other algorithm.
            verify_with: the public key, or UNCHECKED where nobody here has it; whatever holds the token may then be
                worthless, and is a `Token` all the same.

        Raises:
            MalformedError: not a signature in this encoding.
            SignatureError: the signature does not verify.
            UsageError: the key does not fit the algorithm or has another `kid` than the header, or `encoding` is for
                ECDSA only.
        """
        from jwtkit.jose.remote import check_signature, raw_form

        row = SIGNATURE_ALGORITHMS[self.header.alg]
        raw = raw_form(row, signature, encoding)
        if verify_with is not UNCHECKED:
            check_signature(row, self.signing_input, raw, verify_with)
            own, other = self.header.kid, verify_with.kid
            if own is not None and other is not None and own != other:
                names = f"the draft says kid {quote(own)}, the key in verify_with {quote(other)}"
                raise UsageError(f"{names}: pass kid=public.kid to draft")
        return birth(f"{self._signed}.{_wire.b64url_encode(raw)}", self.header, self.claims)

    def __repr__(self) -> str:
        return f"TokenDraft({self.header!r}, claims=({shown_names(self.claims)}))"


def _dated(claims: C, lifetime: float | timedelta | None, now: float | None) -> C:
    """Give the claims with their dates, without which there is no token."""
    if not isinstance(claims, Claims):
        raise UsageError(f"claims must be Claims(...), got {type(claims).__name__}")
    if lifetime is not None:
        return _with_lifetime(claims, seconds(lifetime, "lifetime"), int(resolve_now(now)))
    if raw_claims(claims).get("exp") is None:
        message = "a token must expire: pass lifetime= (seconds or a timedelta) or give the claims an exp"
        raise UsageError(message, code="no_expiry")
    return claims


def _signed_part(header_segment: str, claims: Claims) -> str:
    """Give the first two segments of a token."""
    return f"{header_segment}.{_wire.b64url_encode(_wire.serialize_plain(raw_claims(claims), 'claims'))}"


def birth(compact: str, header: Header, claims: C) -> Token[C]:
    """Make a Token. Whoever calls this vouches for the signature."""
    token: Token[Any] = object.__new__(Token)
    token._compact = compact
    token._header = header
    token._claims = claims
    return token


def _with_lifetime(claims: C, lifetime: float, now: int) -> C:
    raw = raw_claims(claims)
    if raw.get("exp") is not None:
        raise UsageError("the claims have an exp already: leave out lifetime=, or exp=")
    whole = int(lifetime) if float(lifetime).is_integer() else lifetime
    added = {"iat": now, "exp": now + whole, "jti": random_text(16)}
    return with_claims(claims, {name: value for name, value in added.items() if name not in raw})


def _present(value: T | None, name: str) -> T:
    if value is None:
        message = f"token has no {name}: add required=({name!r},) to its verifier"
        raise ClaimsError(message, mismatches=(Mismatch(name, "missing", message),))
    return value
