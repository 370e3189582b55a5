"""ECDH-ES: a secret from two key pairs, and a key from the secret (RFC 7518 section 4.6, RFC 8037 section 3.2)."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

__all__ = ["agree", "derive"]


def agree(private: Any, public: Any) -> bytes | None:
    """Give the shared secret of two keys on one curve, with leading zeros kept, or None where it would be all zero."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.exchange(ec.ECDH(), public)
    try:
        secret: bytes = private.exchange(public)
    except ValueError:
        # A point of small order gives zero, whatever the private key (RFC 7748 section 6).
        return None
    return secret


def derive(secret: bytes, algorithm_id: str, apu: bytes, apv: bytes, size: int) -> bytes:
    """Derive a key with Concat KDF (section 4.6.2).

    Args:
        secret: Z.
        algorithm_id: `enc` where the key encrypts the content, `alg` where it wraps one.
        apu: PartyUInfo, decoded; empty where the header has none.
        apv: PartyVInfo, likewise.
        size: bytes wanted.
    """
    name = algorithm_id.encode("ascii")
    parts = (name, apu, apv)
    info = b"".join(len(part).to_bytes(4) + part for part in parts) + (size * 8).to_bytes(4)
    return ConcatKDFHash(SHA256(), size, info).derive(secret)
