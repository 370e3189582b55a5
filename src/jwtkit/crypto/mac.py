"""HMAC with SHA-2 (RFC 7518 section 3.2). Never loads `cryptography`."""

from __future__ import annotations

import hmac

from jwtkit.crypto.maths import HashName, Sign, Verify

__all__ = ["signer", "verifier"]


def signer(key: bytes, hash_name: HashName) -> Sign:
    """Make a function from message to MAC."""
    keyed = hmac.new(key, digestmod=hash_name)

    def sign(message: bytes) -> bytes:
        mac = keyed.copy()  # the keyed state is made once for each key, not once for each message
        mac.update(message)
        return mac.digest()

    return sign


def verifier(key: bytes, hash_name: HashName) -> Verify:
    """Make a function that compares MACs in constant time."""
    compute = signer(key, hash_name)

    def verify(message: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(compute(message), signature)

    return verify
