"""Algorithm key pairs, ML-DSA, from raw bytes and back (RFC 9964). A private key is its 32-octet seed, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import mldsa

from jwtkit.errors import MalformedError

__all__ = ["PARAMETER_SETS", "generate", "private_key", "public_key"]

_SEED_OCTETS: Final = 32
# Parameter set: private class, public class, octets of the public key (FIPS 204 table 2).
PARAMETER_SETS: Final[Mapping[str, tuple[Any, Any, int]]] = MappingProxyType(
    {
        "ML-DSA-44": (mldsa.MLDSA44PrivateKey, mldsa.MLDSA44PublicKey, 1312),
        "ML-DSA-65": (mldsa.MLDSA65PrivateKey, mldsa.MLDSA65PublicKey, 1952),
        "ML-DSA-87": (mldsa.MLDSA87PrivateKey, mldsa.MLDSA87PublicKey, 2592),
    }
)


def public_key(alg: str, pub: bytes) -> Any:
    """Make a public key from exactly as many octets as its parameter set wants."""
    _, public, size = PARAMETER_SETS[alg]
    if len(pub) != size:
        raise MalformedError(f"AKP key: pub for {alg} has exactly {size} octets")
    return public.from_public_bytes(pub)


def private_key(alg: str, pub: bytes, seed: bytes) -> Any:
    """Make a private key whose public half is the one given beside it."""
    public = public_key(alg, pub)
    if len(seed) != _SEED_OCTETS:
        raise MalformedError(f"AKP key: priv is a seed of exactly {_SEED_OCTETS} octets")
    key = PARAMETER_SETS[alg][0].from_seed_bytes(seed)
    if key.public_key().public_bytes_raw() != public.public_bytes_raw():
        raise MalformedError("AKP key: priv does not belong to pub")
    return key


def generate(alg: str) -> Any:
    """Draw a new key."""
    return PARAMETER_SETS[alg][0].generate()
