"""Ed25519 (RFC 8037 section 3.1, RFC 9864 section 2.2)."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jwtkit.crypto.maths import HashName, Sign, Verify

__all__ = ["signer", "verifier"]


def signer(key: Ed25519PrivateKey, _hash_name: HashName) -> Sign:
    """Make a function from message to signature; the curve brings its own hash."""
    return key.sign


def verifier(key: Ed25519PublicKey, _hash_name: HashName) -> Verify:
    """Make a function that checks a signature."""

    def verify(message: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify
