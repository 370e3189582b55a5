"""The names of what is timed; a name travels between the coordinator and the workers, and stands in the results."""

from __future__ import annotations

__all__ = [
    "BUILT",
    "NESTED",
    "decrypt",
    "encrypt",
    "in_set",
    "remembered",
    "sign",
    "signature",
    "sized",
    "verify",
]

BUILT = "sign-built/HS256"
NESTED = "verify-nested/HS256"


def sign(alg: str) -> str:
    """Sign claims that exist already."""
    return f"sign/{alg}"


def signature(alg: str, *, deterministic: bool) -> str:
    """Sign bytes, with an ECDSA nonce that is random or deterministic."""
    return f"signature-{'deterministic' if deterministic else 'random'}/{alg}"


def verify(alg: str) -> str:
    """Verify a token of seven claims."""
    return f"verify/{alg}"


def remembered(alg: str) -> str:
    """Verify a token that was verified before, with a memory of it."""
    return f"verify-remembered/{alg}"


def sized(size: int) -> str:
    """Verify an HS256 token of about so many characters."""
    return f"verify-sized/{size}"


def in_set(count: int) -> str:
    """Verify RS256 tokens with their keys in a set of so many."""
    return f"verify-in-set/{count}"


def encrypt(alg: str, size: int) -> str:
    """Encrypt so many bytes."""
    return f"encrypt/{alg}/{size}"


def decrypt(alg: str, size: int) -> str:
    """Decrypt to so many bytes."""
    return f"decrypt/{alg}/{size}"
