"""Octet key pairs from raw bytes and back (RFC 8037 section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey, X448PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from jwtkit.errors import MalformedError

__all__ = ["CURVES", "generate", "private_key", "public_key"]

# Curve: private class, public class, octets of x and of d.
CURVES: Final[Mapping[str, tuple[Any, Any, int]]] = MappingProxyType(
    {
        "Ed25519": (Ed25519PrivateKey, Ed25519PublicKey, 32),
        "Ed448": (Ed448PrivateKey, Ed448PublicKey, 57),
        "X25519": (X25519PrivateKey, X25519PublicKey, 32),
        "X448": (X448PrivateKey, X448PublicKey, 56),
    }
)


def public_key(crv: str, x: bytes) -> Any:
    """Make a public key from exactly as many octets as its curve wants."""
    _, public, size = CURVES[crv]
    if len(x) != size:
        raise MalformedError(f"OKP key: x on {crv} has exactly {size} octets")
    return public.from_public_bytes(x)


def private_key(crv: str, x: bytes, d: bytes) -> Any:
    """Make a private key whose public half is the one given beside it."""
    public = public_key(crv, x)
    private, _, size = CURVES[crv]
    if len(d) != size:
        raise MalformedError(f"OKP key: d on {crv} has exactly {size} octets")
    key = private.from_private_bytes(d)
    # A thumbprint is taken over x, a signature made with d: they must be one key.
    if key.public_key().public_bytes_raw() != public.public_bytes_raw():
        raise MalformedError("OKP key: d does not belong to x")
    return key


def generate(crv: str) -> Any:
    """Draw a new key."""
    return CURVES[crv][0].generate()
