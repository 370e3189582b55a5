"""JWK: one key, checked when it is made, frozen, and mute about its private half (RFC 7517).

Rules of this room:

- Whatever form a key comes in, it passes through `KEY_TYPES`, so every key has had the same checks.
- One key object serves one algorithm: its own `alg`, or the single one that its type and curve fit.
- Private members leave only where the call says `private=True`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NoReturn, Self

from jwtkit import _wire
from jwtkit._frozen import Frozen
from jwtkit._random import random_text
from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS, Algorithm, SignatureAlgorithm
from jwtkit.crypto.maths import Sign, Verify
from jwtkit.errors import MalformedError, NotAllowedError, UsageError
from jwtkit.jose.key_forms import (
    backend_members,
    check_password,
    generated_members,
    kind_words,
    load_pem,
    secret_members,
    with_metadata,
)
from jwtkit.jose.key_members import OPERATIONS_OF_USE, public_ops, read_key_ops, read_text
from jwtkit.jose.key_types import KEY_TYPES
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["JWK"]

_COMMON: Final = ("kty", "kid", "use", "key_ops", "alg")
_RSA_BITS: Final = 2048
_JWK_DEPTH: Final = 8
_JWK_INT_DIGITS: Final = 20


class JWK(Frozen):
    """One key: RSA, EC, OKP or a shared secret, public or private.

    Make one with `generate`, `parse`, `from_pem`, `from_key` or `from_secret`. Two keys are equal when they hold the
    same key and the same metadata.

    Attributes:
        kty: key type, "RSA", "EC", "OKP" or "oct".
        crv: curve, or None where the key type has none.
        alg: the algorithm the key names, as written, or None.
        kid: key identifier, as written, or None.
        use: "sig", "enc" or another value, as written, or None.
        key_ops: operations the key is for, or None where it does not say.
        is_private: whether it can sign.
        extra: further members of the JWK, read-only.

    Example:
        >>> key = JWK.generate("ES256")
        >>> key.kty, key.crv, key.alg, key.is_private
        ('EC', 'P-256', 'ES256', True)
        >>> sorted(key.to_dict())
        ['alg', 'crv', 'kid', 'kty', 'x', 'y']

    Spec: RFC 7517 section 4.
    """

    __slots__ = (
        "_material",
        "_signing",
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

    def __init__(self, members: Mapping[str, object], *, limits: Limits = DEFAULT_LIMITS) -> None:
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
        self.kty: Final[str] = kty
        self.crv: Final = material.crv
        self.alg: Final = read_text(members, "alg", 64)
        self.kid: Final = read_text(members, "kid", limits.kid_chars)
        self.use: Final = read_text(members, "use", 64)
        self.key_ops: Final = read_key_ops(members, self.use)
        self.is_private: Final[bool] = material.private is not None
        own = (*_COMMON, *row.required, *row.private)
        self.extra: Final[Mapping[str, Any]] = _wire.freeze({n: v for n, v in members.items() if n not in own})
        self._material: Final = material
        self._signing: Final[dict[str, Sign]] = {}
        self._verifying: Final[dict[str, Verify]] = {}
        algorithm = SIGNATURE_ALGORITHMS.get(self.alg or "")
        if algorithm is not None:
            self._check_fit(algorithm)

    @classmethod
    def parse(cls, source: str | bytes | Mapping[str, object], *, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Read a JWK from its JSON text, or from members that are parsed already.

        Args:
            source: JSON text, its UTF-8 bytes, or a mapping. Untrusted.
            limits: bounds for the text.

        Raises:
            MalformedError: not a JWK: not strict JSON, or its members are missing or inconsistent.
            NotAllowedError: a key type, curve or size that is not accepted.

        Spec: RFC 7517 section 4, RFC 7518 section 6.
        """
        if isinstance(source, (str, bytes)):
            if len(source) > limits.jwk_bytes:
                raise NotAllowedError(f"JWK has {len(source)} bytes, more than Limits.jwk_bytes={limits.jwk_bytes}")
            members = _wire.parse_object(source, "JWK", depth=_JWK_DEPTH, int_digits=_JWK_INT_DIGITS)
        elif isinstance(source, Mapping):
            members = _wire.thaw(source, "JWK")
        else:
            raise UsageError(f"JWK.parse takes str, bytes or a mapping, got {type(source).__name__}")
        if "keys" in members and "kty" not in members:
            raise MalformedError("this is a JWK Set, not a JWK: use JWKS.parse(...)")
        return cls(members, limits=limits)

    @classmethod
    def generate(cls, alg: SignatureAlgorithm, *, kid: str | None = None) -> Self:
        """Draw a new private key for one algorithm; RSA keys have 2048 bits.

        Args:
            alg: the one algorithm the key will serve.
            kid: its identifier. Left out: the RFC 7638 thumbprint, or random text for a shared secret, whose
                thumbprint would be a fingerprint of the secret.

        Raises:
            UsageError: there is no such algorithm.
        """
        members = generated_members(alg)
        if kid is None:
            kid = random_text(16) if members["kty"] == "oct" else cls(members).thumbprint()
        return cls(with_metadata(members, alg, kid))

    @classmethod
    def from_pem(
        cls,
        pem: str | bytes,
        *,
        password: bytes | None = None,
        alg: SignatureAlgorithm | None = None,
        kid: str | None = None,
    ) -> Self:
        """Read a private or public key from PEM text (PKCS8, SPKI, PKCS1 or SEC1).

        Args:
            pem: the text.
            password: of an encrypted private key.
            alg: the one algorithm the key will serve; needed to sign with an RSA key.
            kid: its identifier.

        Raises:
            MalformedError: not a PEM key, or the password is wrong.
            NotAllowedError: a key type, curve or size that is not accepted.
            UsageError: a password is missing or superfluous, or `alg` does not fit the key.
        """
        return cls.from_key(load_pem(pem, password), alg=alg, kid=kid)

    @classmethod
    def from_key(cls, key: object, *, alg: SignatureAlgorithm | None = None, kid: str | None = None) -> Self:
        """Take over a key object of the `cryptography` package.

        Raises:
            NotAllowedError: a key type, curve or size that is not accepted.
            UsageError: `alg` does not exist or does not fit the key.
        """
        return cls(with_metadata(backend_members(key, alg), alg, kid))

    @classmethod
    def from_secret(cls, secret: bytes, *, alg: SignatureAlgorithm, kid: str | None = None) -> Self:
        """Take over a shared secret for HMAC: random bytes, at least as many as the hash gives.

        Args:
            secret: 32 bytes or more for HS256, 48 for HS384, 64 for HS512; not a password.
            alg: "HS256", "HS384" or "HS512".
            kid: its identifier.

        Raises:
            UsageError: the secret is too short, is not bytes, or is a public key or key set in disguise.

        Spec: RFC 7518 section 3.2.
        """
        return cls(with_metadata(secret_members(secret, alg), alg, kid))

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

    def sign(self, message: bytes, /) -> bytes:
        """Sign with the private key; this is what makes a private JWK a `Signer`.

        Raises:
            UsageError: the key is public, or its `use` or `key_ops` say that it is not for signing.
        """
        if not isinstance(message, bytes):
            raise UsageError(f"message must be bytes, got {type(message).__name__}")
        row = self._own_algorithm()
        sign = self._signing.get(row.name)
        if sign is None:
            if not self.is_private:
                raise UsageError(f"{self!r} is a public key: signing needs the private one")
            if not self.permits("sign"):
                raise UsageError(f"{self!r} is not for signing: its use is {self.use!r}, its key_ops {self.key_ops!r}")
            sign = self._signing[row.name] = row.signer(self._material.private)
        return sign(message)

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
        """Tell whether `use` and `key_ops` allow an operation, "sign" or "verify" (RFC 7517 sections 4.2 and 4.3)."""
        if self.use is not None and operation not in OPERATIONS_OF_USE.get(self.use, ()):
            return False
        # A private key that may sign may check what it signed.
        return self.key_ops is None or operation in self.key_ops or (operation == "verify" and "sign" in self.key_ops)

    def fits(self, row: Algorithm) -> bool:
        """Tell whether type, curve and length suit an algorithm, whatever `alg` says."""
        if not row.fits(self.kty, self.crv):
            return False
        return self.kty != "oct" or len(self._material.private) >= row.secret_bytes

    def public(self) -> JWK:
        """Give the public half, with the same metadata; safe to publish.

        Raises:
            UsageError: a shared secret has no public half.
        """
        if self.kty == "oct":
            raise UsageError("a shared secret has no public half: whoever can verify with it can also sign")
        return JWK(self._members(private=False)) if self.is_private else self

    def thumbprint(self) -> str:
        """Give the SHA-256 thumbprint, base64url, 43 characters.

        Spec: RFC 7638 section 3.
        """
        import hashlib

        members = self._members(private=True)
        canonical = {name: members[name] for name in KEY_TYPES[self.kty].required}
        return _wire.b64url_encode(hashlib.sha256(_wire.serialize(canonical, "JWK")).digest())

    def to_dict(self, *, private: bool = False) -> dict[str, Any]:
        """Give the members; the private ones only with `private=True`.

        Raises:
            UsageError: a shared secret without `private=True`, or `private=True` on a public key.
        """
        if private and not self.is_private:
            raise UsageError(f"{self!r} holds no private members")
        if not private and self.kty == "oct":
            raise UsageError(
                "a shared secret has no public members: say to_dict(private=True) if you mean to export it"
            )
        return self._members(private=private)

    def to_pem(self, *, private: bool = False, password: bytes | None = None) -> str:
        """Write PEM: SPKI for the public half, PKCS8 for the private one with `private=True`.

        Args:
            private: export the private key.
            password: encrypt the private key with it.

        Raises:
            UsageError: a shared secret has no PEM form; or the arguments do not belong together.
        """
        if self.kty == "oct":
            raise UsageError("a shared secret has no PEM form: use to_dict(private=True)")
        if private and not self.is_private:
            raise UsageError(f"{self!r} holds no private key")
        if password is not None:
            check_password(password)
            if not private:
                raise UsageError("password= encrypts a private key: say private=True as well")
        from jwtkit.crypto.pem import dump

        return dump(self._material.private if private else self._material.public, password)

    def _own_algorithm(self) -> Algorithm:
        if self.alg is not None:
            row = SIGNATURE_ALGORITHMS.get(self.alg)
            if row is None:
                raise UsageError(f"{self!r} is not a signing key")
            return row
        fitting = [row for row in SIGNATURE_ALGORITHMS.values() if self.fits(row)]
        if len(fitting) != 1:
            names = ", ".join(row.name for row in fitting) or "no algorithm"
            raise UsageError(f"{self!r} names no alg and fits {names}: give it alg=")
        return fitting[0]

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
            members["key_ops"] = list(self.key_ops) if private else public_ops(self.key_ops)
        members |= _wire.thaw(self.extra, "JWK")
        return members

    def _check_fit(self, row: Algorithm) -> None:
        if not row.fits(self.kty, self.crv):
            raise MalformedError(f"JWK contradicts itself: alg {row.name} on {kind_words(self.kty, self.crv)} key")
        if not self.fits(row):
            raise NotAllowedError(f"oct key is too short: {row.name} needs at least {row.secret_bytes} bytes")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JWK):
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
        named = [f"{n}={v!r}" for n in ("kty", "crv", "alg", "kid") if (v := getattr(self, n)) is not None]
        return f"JWK({', '.join(named)}, {'private' if self.is_private else 'public'})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise UsageError("a JWK is not pickled: store to_dict() or, meaning it, to_dict(private=True)")
