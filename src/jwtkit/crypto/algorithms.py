"""The signature algorithms: one row each, looked up once and passed as a value.

Rules of this room:

- A new algorithm is one row here and, where the maths is new, one module beside this one.
- The row fixes key type, variant and hash, so that a token can never combine them freshly (RFC 8725 section 3.1).
- `none` has no row.
- `EdDSA` is the older, open name of two algorithms. On a key it always stands for the one of the key's curve
  (RFC 9864 section 4.1), so it is accepted where it is listed, and written only by a key that says so itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from jwtkit.crypto.key_algorithm import KeyAlgorithm
from jwtkit.crypto.maths import HashName, Maths, Sign, Verify
from jwtkit.errors import UsageError

__all__ = [
    "SIGNATURE_ALGORITHMS",
    "Algorithm",
    "SignatureAlgorithm",
    "check_algorithms",
    "find_algorithm",
    "parse_algorithms",
]

SignatureAlgorithm = Literal[
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "Ed25519",
    "Ed448",
    "EdDSA",
    "ML-DSA-44",
    "ML-DSA-65",
    "ML-DSA-87",
]


class Algorithm(KeyAlgorithm):
    """One registered signature algorithm (RFC 7518 section 3, RFC 8812, RFC 9864 section 2, RFC 9964).

    Attributes:
        hash_name: its hash, in the spelling of `hashlib`.

    The shortest secret is as long as the hash (RFC 7518 section 3.2).
    """

    __slots__ = ("_maths", "hash_name")

    name: SignatureAlgorithm

    def __init__(
        self,
        name: SignatureAlgorithm,
        kty: str,
        variants: tuple[str, ...],
        hash_name: HashName,
        maths: Callable[[], Maths],
        *,
        secret_bytes: int = 0,
    ) -> None:
        super().__init__(name, kty, variants, secret_bytes=secret_bytes)
        self.hash_name: Final[HashName] = hash_name
        self._maths: Final = maths

    def signer(self, key: Any) -> Sign:
        """Make the signing function of one private key or secret."""
        return self._maths().signer(key, self.hash_name)

    def verifier(self, key: Any) -> Verify:
        """Make the verifying function of one public key or secret."""
        return self._maths().verifier(key, self.hash_name)

    def name_on(self, variant: str | None) -> str:
        """Give the fully specified name of this algorithm on a key of this variant (RFC 9864 section 2.2)."""
        return str(variant) if len(self.variants) > 1 else self.name


# Each part of the backend is loaded with the first key that needs it.


def _hmac() -> Maths:
    from jwtkit.crypto import mac

    return mac


def _pkcs1() -> Maths:
    from jwtkit.crypto import rsa_signatures

    return rsa_signatures.PKCS1_V1_5


def _pss() -> Maths:
    from jwtkit.crypto import rsa_signatures

    return rsa_signatures.PSS_SAME_HASH


def _ecdsa() -> Maths:
    from jwtkit.crypto import ecdsa

    return ecdsa


def _pure() -> Maths:
    from jwtkit.crypto import pure_signatures

    return pure_signatures


SIGNATURE_ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        row.name: row
        for row in (
            Algorithm("HS256", "oct", (), "sha256", _hmac, secret_bytes=32),
            Algorithm("HS384", "oct", (), "sha384", _hmac, secret_bytes=48),
            Algorithm("HS512", "oct", (), "sha512", _hmac, secret_bytes=64),
            Algorithm("RS256", "RSA", (), "sha256", _pkcs1),
            Algorithm("RS384", "RSA", (), "sha384", _pkcs1),
            Algorithm("RS512", "RSA", (), "sha512", _pkcs1),
            Algorithm("PS256", "RSA", (), "sha256", _pss),
            Algorithm("PS384", "RSA", (), "sha384", _pss),
            Algorithm("PS512", "RSA", (), "sha512", _pss),
            Algorithm("ES256", "EC", ("P-256",), "sha256", _ecdsa),
            Algorithm("ES384", "EC", ("P-384",), "sha384", _ecdsa),
            Algorithm("ES512", "EC", ("P-521",), "sha512", _ecdsa),
            Algorithm("ES256K", "EC", ("secp256k1",), "sha256", _ecdsa),
            Algorithm("Ed25519", "OKP", ("Ed25519",), "sha512", _pure),
            Algorithm("Ed448", "OKP", ("Ed448",), "shake256", _pure),
            Algorithm("EdDSA", "OKP", ("Ed25519", "Ed448"), "sha512", _pure),
            Algorithm("ML-DSA-44", "AKP", ("ML-DSA-44",), "shake256", _pure),
            Algorithm("ML-DSA-65", "AKP", ("ML-DSA-65",), "shake256", _pure),
            Algorithm("ML-DSA-87", "AKP", ("ML-DSA-87",), "shake256", _pure),
        )
    }
)


def find_algorithm(name: object) -> Algorithm:
    """Look up the row of an algorithm that the program named.

    Raises:
        UsageError: there is no such algorithm; the message offers the nearest ones.
    """
    row = SIGNATURE_ALGORITHMS.get(name) if isinstance(name, str) else None
    if row is None:
        if isinstance(name, str) and name.lower() == "none":
            message = "alg 'none' does not exist here: an unsigned token proves nothing"
            raise UsageError(message, code="unknown_algorithm")
        plain = "".join(filter(str.isalnum, name)).upper() if isinstance(name, str) else ""
        meant = [known for known in SIGNATURE_ALGORITHMS if known.replace("-", "").upper() == plain]
        way = meant[0] if meant else f"one of {', '.join(SIGNATURE_ALGORITHMS)}"
        message = f"unknown signature algorithm {name!r}: use {way}"
        raise UsageError(message, code="unknown_algorithm")
    return row


def check_algorithms(algorithms: Iterable[str]) -> tuple[SignatureAlgorithm, ...]:
    """Check an allow-list at the door, because a type checker may not have.

    Raises:
        UsageError: it is a bare str, empty, or names an algorithm that does not exist.
    """
    if isinstance(algorithms, (str, bytes)):
        raise UsageError(f"algorithms is a list: write algorithms=[{algorithms!r}]", code="algorithms_is_text")
    try:
        names = tuple(algorithms)
    except TypeError:
        raise UsageError(
            "algorithms is required, for example algorithms=['RS256']: it is never the token's choice"
        ) from None
    if not names:
        raise UsageError("algorithms is empty, so no token could ever be accepted")
    return tuple(dict.fromkeys(find_algorithm(name).name for name in names))


def parse_algorithms(names: Iterable[str]) -> list[SignatureAlgorithm]:
    """Read an allow-list that came as text, from configuration.

    Raises:
        UsageError: as for a list in code: a bare str, an empty list or an unknown name.

    Example:
        >>> parse_algorithms("ES256 RS256".split())
        ['ES256', 'RS256']
    """
    return list(check_algorithms(names))
