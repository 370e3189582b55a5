"""The two RSA signature schemes, which differ in their padding only (RFC 7518 sections 3.3 and 3.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import HashAlgorithm

from jwtkit._frozen import Frozen
from jwtkit.crypto.hashes import HASHES
from jwtkit.crypto.maths import HashName, Sign, Verify

__all__ = ["PKCS1_V1_5", "PSS_SAME_HASH"]


class _Scheme(Frozen):
    """RSA with one way to pad."""

    __slots__ = ("_padding",)

    def __init__(self, padding: Callable[[HashAlgorithm], AsymmetricPadding]) -> None:
        self._padding: Final = padding

    def signer(self, key: RSAPrivateKey, hash_name: HashName, /) -> Sign:
        """Make a function from message to signature."""
        algorithm = HASHES[hash_name]
        padding = self._padding(algorithm)
        return lambda message: key.sign(message, padding, algorithm)

    def verifier(self, key: RSAPublicKey, hash_name: HashName, /) -> Verify:
        """Make a function that checks a signature of exactly the modulus' length (RFC 8017 section 8.1.2)."""
        algorithm = HASHES[hash_name]
        padding, size = self._padding(algorithm), (key.key_size + 7) // 8

        def verify(message: bytes, signature: bytes) -> bool:
            # The backend takes PSS without its leading zeros too, which would be a second spelling of the signature.
            if len(signature) != size:
                return False
            try:
                key.verify(signature, message, padding, algorithm)
            except InvalidSignature:
                return False
            return True

        return verify


PKCS1_V1_5: Final = _Scheme(lambda _algorithm: PKCS1v15())
# MGF1 with the same hash, and a salt exactly as long as the hash: nothing is read from the signature.
PSS_SAME_HASH: Final = _Scheme(lambda algorithm: PSS(mgf=MGF1(algorithm), salt_length=algorithm.digest_size))
