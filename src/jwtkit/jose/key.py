"""Key: what one key is and may do, whatever door it came through; `JWK` adds the doors (RFC 7517).

Rules of this room:

- Whatever form a key comes in, its members pass through `KEY_TYPES`, so every key has had the same checks.
- One key object serves one algorithm: its own `alg`, or the single one that its type and curve fit.
- `use`, `key_ops` and `alg` are asked before every operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, Self

from jwtkit import _wire
from jwtkit._frozen import Frozen, put
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, Algorithm, SignatureAlgorithm
from jwtkit.crypto.any_algorithm import key_algorithm
from jwtkit.crypto.key_algorithm import KeyAlgorithm
from jwtkit.crypto.maths import Sign, Verify
from jwtkit.errors import MalformedError, NotAllowedError, UsageError, quote
from jwtkit.jose.key_forms import kind_words, secret_words
from jwtkit.jose.key_members import OPERATIONS_OF_USE, public_ops, read_key_ops, read_text
from jwtkit.jose.key_types import KEY_TYPES, Material
from jwtkit.jose.signers import DeterministicSigner, Signer
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["Key"]

_CERTIFICATE_MEMBERS: Final = ("x5c", "x5t", "x5t#S256")
_COMMON: Final = ("kty", "kid", "use", "key_ops", "alg")
_THUMBPRINT_URI: Final = "urn:ietf:params:oauth:jwk-thumbprint"
_PRIVATE_COUNTERPART: Final = {"verify": "sign", "encrypt": "decrypt", "wrapKey": "unwrapKey"}
ThumbprintHash = Literal["sha-256", "sha-384", "sha-512"]


class Key(Frozen):
    """One key, checked and frozen. See `JWK`, the only class made from it."""

    if TYPE_CHECKING:  # slots, and for a type checker read-only

        @property
        def kty(self) -> str: ...
        @property
        def crv(self) -> str | None: ...
        @property
        def alg(self) -> str | None: ...
        @property
        def kid(self) -> str | None: ...
        @property
        def use(self) -> str | None: ...
        @property
        def key_ops(self) -> tuple[str, ...] | None: ...
        @property
        def is_private(self) -> bool: ...
        @property
        def extra(self) -> Mapping[str, Any]: ...
    else:
        __slots__ = (
            "_allow_short_secret",
            "_headers",
            "_material",
            "_own",
            "_verifying",
            "alg",
            "crv",
            "extra",
            "is_private",
            "key_ops",
            "kid",
            "kty",
            "use",
        )

    _material: Material
    _allow_short_secret: bool
    _verifying: dict[str, Verify]
    _own: Sign | None
    _headers: dict[str | None, Any]  # of the tokens that it signs, by their typ

    def __init__(
        self,
        members: Mapping[str, object],
        *,
        allow_short_secret: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Check the members of one key; `JWK.parse` is the door for text.

        Raises:
            MalformedError: a member is missing, of another type, or contradicts another.
            NotAllowedError: its type, curve, size or algorithm is outside what is accepted.
            UsageError: it is no mapping.
        """
        if not isinstance(members, Mapping):
            raise UsageError(f"JWK takes the members of one key, got {type(members).__name__}: use JWK.parse(...)")
        kty = read_text(members, "kty", 32)
        row = KEY_TYPES.get(kty or "")
        if kty is None or row is None:
            problem = "JWK has no kty" if kty is None else "this kty is not supported"
            raise NotAllowedError(f"{problem}: use one of {', '.join(KEY_TYPES)}")
        material = row.read(members)
        use = read_text(members, "use", 64)
        own = (*_COMMON, *row.required, *row.private)
        put(self, "kty", kty)
        put(self, "crv", material.variant if "crv" in row.required else None)
        put(self, "alg", read_text(members, "alg", 64))
        put(self, "kid", read_text(members, "kid", limits.kid_bytes))
        put(self, "use", use)
        put(self, "key_ops", read_key_ops(members, use))
        put(self, "is_private", material.private is not None)
        put(self, "extra", _wire.freeze({n: v for n, v in members.items() if n not in own}))
        put(self, "_material", material)
        if not isinstance(allow_short_secret, bool):
            raise UsageError("allow_short_secret must be True or False")
        put(self, "_allow_short_secret", allow_short_secret)
        put(self, "_verifying", {})
        put(self, "_own", None)
        put(self, "_headers", {})
        algorithm = key_algorithm(self.alg)
        if algorithm is not None:
            self._check_fit(algorithm)
        if any(name in members for name in _CERTIFICATE_MEMBERS):
            from jwtkit.jose.key_certificates import check_certificates

            check_certificates(members, material.public)

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The one algorithm this key signs with, which is its `alg` or the only one that its type and curve fit.

        Raises:
            UsageError: the key is for something else, or fits several algorithms and names none.
        """
        return self._own_algorithm().name

    @property
    def key_id(self) -> str | None:
        """The `kid`, under the name that the `Signer` protocol gives it."""
        return self.kid

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """The chain in `x5c` as DER, the key's own certificate first; empty where there is none.

        The first certificate carries this key. Whether anybody trusts the chain is for the caller to validate.

        Spec: RFC 7517 section 4.7.
        """
        return tuple(_wire.parse_standard_base64(text, "x5c") for text in self.extra.get("x5c", ()))

    def sign(self, message: bytes, /) -> bytes:
        """Sign with the private key; this is what makes a private JWK a `Signer`.

        Raises:
            UsageError: the key is public, or its `use` or `key_ops` say that it is not for signing.
        """
        if not isinstance(message, bytes):
            raise UsageError(f"message must be bytes, got {type(message).__name__}")
        sign = self._own
        if sign is None:
            row = self._own_algorithm()
            self._check_signs()
            sign = row.signer(self._material.private)
            put(self, "_own", sign)
        return sign(message)

    def deterministic(self) -> Signer:
        """Give a signer over this EC key whose nonce comes from key and message, so that it needs no randomness.

        The same message then gives the same signature. It costs about a tenth more on P-256, and hardly anything on the
        larger curves.

        Raises:
            UsageError: no private EC key for signing.

        Spec: RFC 6979.
        """
        row = self._own_algorithm()
        if self.kty != "EC":
            raise UsageError(f"{self!r} is no EC key: only ECDSA has a deterministic variant")
        self._check_signs()
        from jwtkit.crypto import ecdsa

        return DeterministicSigner(
            row.name, self.kid, ecdsa.deterministic_signer(self._material.private, row.hash_name)
        )

    def verification(self, row: Algorithm) -> Verify:
        """Give the function that checks this key's signatures under one algorithm that it fits."""
        verify = self._verifying.get(row.name)
        if verify is None:
            material = self._material
            verify = self._verifying[row.name] = row.verifier(
                material.private if material.public is None else material.public
            )
        return verify

    def permits(self, operation: str) -> bool:
        """Tell whether `use` and `key_ops` allow an operation, such as "verify" (RFC 7517 sections 4.2 and 4.3)."""
        if self.use is not None and operation not in OPERATIONS_OF_USE.get(self.use, ()):
            return False
        if self.key_ops is None or operation in self.key_ops:
            return True
        # Who may sign may check what it signed, and who may decrypt may encrypt to itself; with a shared secret that is
        # another right. A public key that is for signing or decrypting is for nothing.
        private = _PRIVATE_COUNTERPART.get(operation)
        return self.is_private and private in self.key_ops and (self.kty != "oct" or private == "sign")

    def fits(self, row: KeyAlgorithm) -> bool:
        """Tell whether type, curve and length suit an algorithm, whatever `alg` says."""
        if not row.fits(self.kty, self._material.variant):
            return False
        if self.kty != "oct":
            return True
        return row.fits_secret(len(self._material.private), allow_short=self._allow_short_secret)

    def serves(self, row: KeyAlgorithm) -> bool:
        """Tell whether this key fits an algorithm and names it, or names none.

        On a key, EdDSA and the fully specified name of its curve are the same (RFC 9864 section 4.1).
        """
        if not self.fits(row):
            return False
        own = row if self.alg is None else key_algorithm(self.alg)
        return own is not None and self.specific(own) == self.specific(row)

    def specific(self, row: KeyAlgorithm) -> str:
        """Give the fully specified name of an algorithm on this key (RFC 9864 section 2)."""
        return row.name_on(self._material.variant)

    def _backend(self, *, private: bool) -> Any:
        """Give the secret, or the backend's public or private key, to the maths; `to_key` is the door for others."""
        material = self._material
        return material.private if private or self.kty == "oct" else material.public

    def thumbprint(self, hash_name: ThumbprintHash = "sha-256") -> str:
        """Give the thumbprint as base64url text, 43 characters for SHA-256.

        Spec: RFC 7638 section 3, RFC 8037 section 2, RFC 9964.
        """
        import hashlib

        if hash_name not in ("sha-256", "sha-384", "sha-512"):
            raise UsageError(f"a thumbprint is made with sha-256, sha-384 or sha-512, not with {quote(hash_name)}")
        members = self._members(private=True)
        canonical = {name: members[name] for name in KEY_TYPES[self.kty].required}
        digest = hashlib.new(hash_name.replace("-", ""), _wire.serialize(canonical, "JWK"))
        return _wire.b64url_encode(digest.digest())

    def thumbprint_uri(self, hash_name: ThumbprintHash = "sha-256") -> str:
        """Give the thumbprint as a URI, "urn:ietf:params:oauth:jwk-thumbprint:sha-256:...".

        Raises:
            UsageError: a shared secret, whose thumbprint must not be published.

        Spec: RFC 9278 section 3.
        """
        if self.kty == "oct":
            raise UsageError("the thumbprint of a shared secret is a fingerprint of the secret: it is no public name")
        return f"{_THUMBPRINT_URI}:{hash_name}:{self.thumbprint(hash_name)}"

    def _own_algorithm(self) -> Algorithm:
        if self.alg is not None:
            row = SIGNATURE_ALGORITHMS.get(self.alg)
            if row is None:
                raise UsageError(f"{self!r} is not a signing key", code="key_unfit")
            return row
        fitting = dict.fromkeys(self.specific(row) for row in SIGNATURE_ALGORITHMS.values() if self.fits(row))
        if len(fitting) != 1:
            raise UsageError(f"{self!r} names no alg and fits {', '.join(fitting) or 'no algorithm'}: give it alg=")
        return SIGNATURE_ALGORITHMS[next(iter(fitting))]

    def _check_signs(self) -> None:
        if not self.is_private:
            raise UsageError(f"{self!r} is a public key: signing needs the private one", code="key_unfit")
        if not self.permits("sign"):
            raise UsageError(
                f"{self!r} is not for signing: its use is {quote(self.use)}, its key_ops {quote(self.key_ops)}",
                code="key_unfit",
            )

    def _check_fit(self, row: KeyAlgorithm) -> None:
        variant = self._material.variant
        if not row.fits(self.kty, variant):
            raise MalformedError(f"JWK contradicts itself: alg {row.name} on {kind_words(self.kty, variant)} key")
        if not self.fits(row):
            raise NotAllowedError(f"oct key has the wrong length: {row.name} needs {secret_words(row)}")

    def _members(self, *, private: bool) -> dict[str, Any]:
        row = KEY_TYPES[self.kty]
        members: dict[str, Any] = {"kty": self.kty, **row.describe(self._material)}
        if not private:
            members = {name: value for name, value in members.items() if name not in row.private}
        for name in ("kid", "use", "alg"):
            value = getattr(self, name)
            if value is not None:
                members[name] = value
        if self.key_ops is not None:
            published = self.is_private and not private
            members["key_ops"] = public_ops(self.key_ops) if published else list(self.key_ops)
        members |= _wire.thaw(self.extra, "JWK")
        return members

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Key):
            return NotImplemented
        return (
            self.is_private == other.is_private
            and all(
                getattr(self, name) == getattr(other, name) for name in ("kty", "alg", "kid", "use", "key_ops", "extra")
            )
            and self.thumbprint() == other.thumbprint()
        )

    def __hash__(self) -> int:
        return hash(self.thumbprint())

    def __repr__(self) -> str:
        named = [f"{n}={quote(v)}" for n in ("kty", "crv", "alg", "kid") if (v := getattr(self, n)) is not None]
        return f"JWK({', '.join(named)}, {'private' if self.is_private else 'public'})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise UsageError("a JWK is not pickled: store to_dict() or, meaning it, to_dict(private=True)")
