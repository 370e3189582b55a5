"""RSA with OAEP padding; MGF1 takes the same hash (RFC 7518 section 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from jwtkit.crypto.hashes import HASHES

__all__ = ["unwrap", "wrap"]

# RSA-OAEP has SHA-1 by definition, in a place where collisions do not matter.
_SHA1: Final = hashes.SHA1()  # noqa: S303 - see above
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = MappingProxyType({**HASHES, "sha1": _SHA1})


def _padding(hash_name: str) -> OAEP:
    algorithm = _HASHES[hash_name]
    return OAEP(mgf=MGF1(algorithm), algorithm=algorithm, label=None)


def wrap(key: RSAPublicKey, cek: bytes, hash_name: str) -> bytes:
    """Encrypt a content encryption key."""
    return key.encrypt(cek, _padding(hash_name))


def unwrap(key: RSAPrivateKey, encrypted_key: bytes, hash_name: str) -> bytes | None:
    """Decrypt a content encryption key, or give None whatever is wrong."""
    try:
        return key.decrypt(encrypted_key, _padding(hash_name))
    except ValueError:
        return None
