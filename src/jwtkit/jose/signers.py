"""The seam for keys: what can sign, and what can check.

A private `JWK` is a `Signer`; so is any object of yours with these three members, over a PKCS#11 token, another crypto
library or anything else that gives a signature for bytes.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jwtkit.crypto.algorithms import SignatureAlgorithm

__all__ = ["Signer"]


@runtime_checkable
class Signer(Protocol):
    """Signs bytes with one algorithm and one key."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The `alg` that goes into the header."""
        ...

    @property
    def key_id(self) -> str | None:
        """The `kid` that goes into the header, or None to leave it out."""
        ...

    def sign(self, message: bytes, /) -> bytes:
        """Give the signature in its JWS form: for ECDSA R and S side by side, not DER (RFC 7518 section 3.4)."""
        ...
