"""JWK: the doors by which a key comes in and goes out; what it is and may do stands in `key` (RFC 7517).

Private members leave only where the call says `private=True`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from jwtkit import _wire
from jwtkit._random import random_text
from jwtkit.crypto.encryption_names import AnyAlgorithm
from jwtkit.errors import MalformedError, UsageError
from jwtkit.jose.key import Key
from jwtkit.jose.key_forms import (
    RSA_BITS,
    KeyForm,
    backend_members,
    check_password,
    generated_members,
    read_form,
    secret_members,
    with_metadata,
)
from jwtkit.limits import DEFAULT_LIMITS, Limits

__all__ = ["JWK"]

_DEPTH: Final = 8
# For members of a key that is here already, under whatever limits it came.
_ADMITTED: Final = Limits(kid_bytes=2**31)


class JWK(Key):
    """One key: RSA, EC, OKP, AKP or a shared secret, public or private.

    Make one with `generate`, `parse`, `from_pem`, `from_der`, `from_certificate`, `from_openssh`, `from_key` or
    `from_secret`. Two keys are equal when they hold the same key and the same metadata.

    Attributes:
        kty: key type, "RSA", "EC", "OKP", "AKP" or "oct".
        crv: curve, or None where the key type has none.
        alg: the algorithm the key names, as written, or None.
        kid: key identifier, as written, or None.
        use: "sig", "enc" or another value, as written, or None.
        key_ops: operations the key is for, or None where it does not say.
        is_private: whether it holds a private key or a shared secret.
        extra: further members of the JWK, `x5c` among them, read-only.

    Example:
        >>> key = JWK.generate("ES256")
        >>> key.kty, key.crv, key.alg, key.is_private
        ('EC', 'P-256', 'ES256', True)
        >>> sorted(key.to_dict())
        ['alg', 'crv', 'kid', 'kty', 'x', 'y']

    Spec: RFC 7517 section 4.
    """

    __slots__ = ()

    @classmethod
    def parse(
        cls,
        source: str | bytes | Mapping[str, object],
        *,
        allow_short_secret: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Self:
        """Read a JWK from its JSON text, or from members that are parsed already.

        Args:
            source: JSON text, its UTF-8 bytes, or a mapping. Untrusted.
            allow_short_secret: accept an oct key shorter than its algorithm's hash (RFC 7518 section 3.2 does not).
            limits: bounds for the text.

        Raises:
            MalformedError: not a JWK: not strict JSON, or its members are missing or inconsistent.
            NotAllowedError: a key type, curve or size that is not accepted.

        Spec: RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2, RFC 8812 section 3.1, RFC 9964.
        """
        if isinstance(source, str) and source.startswith("-----BEGIN"):
            raise MalformedError("this is PEM, not a JWK: use JWK.from_pem(...)")
        members = _wire.read_object(
            source,
            "JWK",
            longest=limits.jwk_bytes,
            limit="Limits.jwk_bytes",
            depth=_DEPTH,
            int_limit=limits.header_int_limit,
        )
        if "keys" in members and "kty" not in members:
            raise MalformedError("this is a JWK Set, not a JWK: use JWKS.parse(...)")
        return cls(members, allow_short_secret=allow_short_secret, limits=limits)

    @classmethod
    def generate(
        cls, alg: AnyAlgorithm, *, kid: str | None = None, crv: str | None = None, rsa_bits: int = RSA_BITS
    ) -> Self:
        """Draw a new private key for one algorithm.

        Args:
            alg: the one algorithm the key will serve: to sign, to manage keys, or to encrypt content directly, such as
                "A256GCM".
            kid: its identifier. Left out: the RFC 7638 thumbprint, or random text for a shared secret, whose
                thumbprint would be a fingerprint of the secret.
            crv: the curve, where the algorithm works on several: ECDH-ES in its variants, and EdDSA.
            rsa_bits: length of an RSA key, 2048 to 8192; other keys have no choice of length.

        Raises:
            UsageError: there is no such algorithm, or it needs a curve, or has no such curve.
        """
        members = generated_members(alg, crv, rsa_bits)
        if kid is None:
            kid = random_text(16) if members["kty"] == "oct" else cls(members).thumbprint()
        return cls(with_metadata(members, alg, kid))

    @classmethod
    def from_pem(
        cls,
        pem: str | bytes,
        *,
        password: bytes | None = None,
        alg: AnyAlgorithm | None = None,
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
            NotAllowedError: a key type, curve or size that is not accepted, or a certificate.
            UsageError: a password is missing or superfluous, or `alg` does not fit the key.
        """
        from jwtkit.crypto.encodings import load_pem

        return cls.from_key(load_pem(read_form(pem, "JWK.from_pem"), _password(password)), alg=alg, kid=kid)

    @classmethod
    def from_der(
        cls,
        der: bytes,
        *,
        password: bytes | None = None,
        alg: AnyAlgorithm | None = None,
        kid: str | None = None,
    ) -> Self:
        """Read a private or public key from DER bytes (PKCS8, SPKI, PKCS1 or SEC1); otherwise as `from_pem`."""
        from jwtkit.crypto.encodings import load_der

        data = read_form(der, "JWK.from_der", text=False)
        return cls.from_key(load_der(data, _password(password)), alg=alg, kid=kid)

    @classmethod
    def from_openssh(cls, line: str | bytes, *, alg: AnyAlgorithm | None = None, kid: str | None = None) -> Self:
        """Read a public key from one line of OpenSSH's, such as "ssh-ed25519 AAAA... comment".

        Raises:
            MalformedError: not such a line.
            NotAllowedError: a key type, curve or size that is not accepted, a certificate, a hardware token's key.
            UsageError: `alg` does not fit the key.
        """
        from jwtkit.crypto.encodings import load_openssh

        return cls.from_key(load_openssh(read_form(line, "JWK.from_openssh")), alg=alg, kid=kid)

    @classmethod
    def from_certificate(
        cls, certificate: str | bytes, *, alg: AnyAlgorithm | None = None, kid: str | None = None
    ) -> Self:
        """Take the public key out of an X.509 certificate, and keep the certificate as `x5c`, `x5t` and `x5t#S256`.

        Nothing about the certificate is trusted or checked, neither its issuer nor its dates: validate its path
        (RFC 5280) before, unless you hold this very certificate to be the right one.

        Args:
            certificate: PEM text or DER bytes. A PEM text may hold a chain, the key's own certificate first.
            alg: the one algorithm the key will serve.
            kid: its identifier.

        Raises:
            MalformedError: not a certificate.
            NotAllowedError: a key type, curve or size that is not accepted.
            UsageError: `alg` does not fit the key.

        Spec: RFC 7517 sections 4.7 to 4.9.
        """
        from jwtkit.jose.key_certificates import certified_members

        members = certified_members(read_form(certificate, "JWK.from_certificate"), alg)
        return cls(with_metadata(members, alg, kid))

    @classmethod
    def from_key(cls, key: object, *, alg: AnyAlgorithm | None = None, kid: str | None = None) -> Self:
        """Take over a key object of the `cryptography` package.

        Raises:
            NotAllowedError: a key type, curve or size that is not accepted.
            UsageError: `alg` does not exist or does not fit the key.
        """
        return cls(with_metadata(backend_members(key, alg), alg, kid))

    @classmethod
    def from_secret(
        cls, secret: bytes, *, alg: AnyAlgorithm, kid: str | None = None, allow_short_secret: bool = False
    ) -> Self:
        """Take over a shared secret: random bytes, for HMAC at least as many as the hash gives.

        Args:
            secret: 32 bytes or more for HS256, 48 for HS384, 64 for HS512, exactly the key's length for AES; a password
                for the PBES2 algorithms only.
            alg: "HS256", "HS384", "HS512", or an algorithm that encrypts with a shared secret.
            kid: its identifier.
            allow_short_secret: accept fewer bytes, for a peer that cannot be changed. Whoever sees one token can try
                short secrets at home.

        Raises:
            UsageError: the secret is too short, is not bytes, or is a public key or key set in disguise.

        Spec: RFC 7518 section 3.2.
        """
        members = secret_members(secret, alg, allow_short=allow_short_secret)
        return cls(with_metadata(members, alg, kid), allow_short_secret=allow_short_secret)

    def public(self) -> JWK:
        """Give the public half, with the same metadata; safe to publish.

        Raises:
            UsageError: a shared secret has no public half.
        """
        if self.kty == "oct":
            raise UsageError("a shared secret has no public half: whoever can verify with it can also sign")
        return JWK(self._members(private=False), limits=_ADMITTED) if self.is_private else self

    def to_dict(self, *, private: bool = False) -> dict[str, Any]:
        """Give the members; the private ones only with `private=True`.

        Raises:
            UsageError: a shared secret without `private=True`, or `private=True` on a public key.
        """
        self._check_export(private=private, secret_too=True)
        return self._members(private=private)

    def to_pem(self, *, private: bool = False, password: bytes | None = None, form: KeyForm | None = None) -> str:
        """Write PEM: SPKI for the public half, PKCS8 for the private one with `private=True`.

        Args:
            private: export the private key.
            password: encrypt the private key with it.
            form: "PKCS1" for RSA keys or "SEC1" for private EC keys, where a peer wants the older forms.

        Raises:
            UsageError: a shared secret has no PEM form; or the arguments do not belong together.
        """
        return self._dump(private=private, password=password, form=form, pem=True).decode("ascii")

    def to_der(self, *, private: bool = False, password: bytes | None = None, form: KeyForm | None = None) -> bytes:
        """Write DER, otherwise as `to_pem`."""
        return self._dump(private=private, password=password, form=form, pem=False)

    def to_openssh(self) -> str:
        """Write the public half as one line of OpenSSH's, without a comment.

        Raises:
            UsageError: OpenSSH has no such keys.
        """
        from jwtkit.crypto.encodings import dump_openssh

        self._check_export(private=False)
        return dump_openssh(self._material.public)

    def to_key(self, *, private: bool = False) -> Any:
        """Give the key object of the `cryptography` package; the private one only with `private=True`.

        Raises:
            UsageError: a shared secret, or `private=True` on a public key.
        """
        self._check_export(private=private)
        return self._material.private if private else self._material.public

    def _dump(self, *, private: bool, password: bytes | None, form: KeyForm | None, pem: bool) -> bytes:
        self._check_export(private=private)
        if password is not None:
            check_password(password)
            if not private:
                raise UsageError("password= encrypts a private key: say private=True as well")
        from jwtkit.crypto.encodings import dump

        material = self._material.private if private else self._material.public
        return dump(material, private=private, pem=pem, form=form, password=password)

    def _check_export(self, *, private: bool, secret_too: bool = False) -> None:
        if self.kty == "oct" and not (private and secret_too):
            way = "say to_dict(private=True) if you mean to export it"
            raise UsageError(f"a shared secret has no public members and no other form: {way}")
        if private and not self.is_private:
            raise UsageError(f"{self!r} holds no private key")


def _password(password: bytes | None) -> bytes | None:
    if password is not None:
        check_password(password)
    return password
