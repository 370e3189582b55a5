"""RSASSA-PKCS1-v1_5 (RFC 7518 section 3.3)."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from jwtkit.crypto.algorithms import HashName, Sign, Verify
from jwtkit.crypto.hashes import HASHES

__all__ = ["signer", "verifier"]


def signer(key: RSAPrivateKey, hash_name: HashName) -> Sign:
    """Make a function from message to signature."""
    padding, algorithm = PKCS1v15(), HASHES[hash_name]
    return lambda message: key.sign(message, padding, algorithm)


def verifier(key: RSAPublicKey, hash_name: HashName) -> Verify:
    """Make a function that checks a signature."""
    padding, algorithm = PKCS1v15(), HASHES[hash_name]

    def verify(message: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, message, padding, algorithm)
        except InvalidSignature:
            return False
        return True

    return verify
