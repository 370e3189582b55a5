"""PBES2: a key from a password (RFC 7518 section 4.8)."""

from __future__ import annotations

from hashlib import pbkdf2_hmac

__all__ = ["derive"]


def derive(password: bytes, alg: str, hash_name: str, salt_input: bytes, count: int, size: int) -> bytes:
    """Derive the wrapping key; the salt is alg, a zero octet and the salt input (section 4.8.1.1)."""
    return pbkdf2_hmac(hash_name, password, alg.encode("ascii") + b"\0" + salt_input, count, size)
