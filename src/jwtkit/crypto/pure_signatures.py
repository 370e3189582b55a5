"""Signatures that take the whole message and bring their own hash: EdDSA (RFC 8032) and ML-DSA (FIPS 204).

JOSE uses the pure variants with an empty context (RFC 8037 section 3.1, RFC 9864 section 2.2, RFC 9964).
"""

from __future__ import annotations

from typing import Protocol

from cryptography.exceptions import InvalidSignature

from jwtkit.crypto.maths import HashName, Sign, Verify

__all__ = ["signer", "verifier"]


class _Private(Protocol):
    def sign(self, message: bytes, /) -> bytes: ...


class _Public(Protocol):
    def verify(self, signature: bytes, message: bytes, /) -> None: ...


def signer(key: _Private, _hash_name: HashName) -> Sign:
    """Make a function from message to signature."""
    return key.sign


def verifier(key: _Public, _hash_name: HashName) -> Verify:
    """Make a function that checks a signature; a wrong length is a wrong signature."""

    def verify(message: bytes, signature: bytes) -> bool:
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return verify
