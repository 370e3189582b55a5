"""Octet key pairs from raw bytes and back (RFC 8037 section 2)."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from jwtkit.errors import MalformedError

__all__ = ["generate", "private_key", "public_key"]

_ED25519_BYTES: Final = 32


def public_key(x: bytes) -> Ed25519PublicKey:
    """Make a public key from its 32 octets."""
    if len(x) != _ED25519_BYTES:
        raise MalformedError(f"OKP key: x on Ed25519 has exactly {_ED25519_BYTES} octets")
    return Ed25519PublicKey.from_public_bytes(x)


def private_key(x: bytes, d: bytes) -> Ed25519PrivateKey:
    """Make a private key whose public half is the one given beside it."""
    public = public_key(x)
    if len(d) != _ED25519_BYTES:
        raise MalformedError(f"OKP key: d on Ed25519 has exactly {_ED25519_BYTES} octets")
    key = Ed25519PrivateKey.from_private_bytes(d)
    # A thumbprint is taken over x, a signature made with d: they must be one key.
    if key.public_key().public_bytes_raw() != public.public_bytes_raw():
        raise MalformedError("OKP key: d does not belong to x")
    return key


def generate() -> Ed25519PrivateKey:
    """Draw a new key."""
    return Ed25519PrivateKey.generate()
