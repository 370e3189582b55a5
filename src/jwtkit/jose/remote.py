"""Signatures that were made elsewhere: what a service is asked for, and what its answer is worth."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Literal

from jwtkit.crypto.algorithms import Algorithm
from jwtkit.errors import MalformedError, SignatureError, UsageError
from jwtkit.jose.jwk import JWK
from jwtkit.jose.select import unfit

__all__ = ["check_signature", "digest_of", "raw_form", "unlike_raw"]


def digest_of(row: Algorithm, message: bytes) -> bytes:
    """Hash a message as the algorithm does.

    Raises:
        UsageError: the algorithm does not begin with a hash of the message.
    """
    if row.kty not in ("RSA", "EC"):
        raise UsageError(f"{row.name} does not sign a digest: have the service sign signing_input")
    import hashlib

    return hashlib.new(row.hash_name, message).digest()


def raw_form(row: Algorithm, signature: bytes, encoding: Literal["raw", "der"]) -> bytes:
    """Give a signature as JWS wants it (RFC 7518 section 3.4).

    Raises:
        MalformedError: not a signature in this encoding.
        UsageError: not bytes, or an encoding that the algorithm does not have.
    """
    if not isinstance(signature, bytes):
        hint = ": was the call to the service awaited?" if isinstance(signature, Awaitable) else ""
        raise UsageError(f"signature must be bytes, got {type(signature).__name__}{hint}")
    if encoding == "raw":
        problem = unlike_raw(row, signature)
        if problem is not None:
            raise MalformedError(f"{problem}: is it DER? then pass encoding='der'")
        return signature
    if encoding != "der" or row.kty != "EC":
        raise UsageError("encoding must be 'raw', or for ECDSA 'der'")
    from jwtkit.crypto import ecdsa

    return ecdsa.raw_signature(signature, row.variants[0])


def unlike_raw(row: Algorithm, signature: bytes) -> str | None:
    """Say what is wrong with an ECDSA signature that is not R and S side by side; the mistake that everybody makes."""
    if row.kty != "EC":
        return None
    from jwtkit.crypto import ecdsa

    length = ecdsa.raw_length(row.variants[0])
    if len(signature) == length:
        return None
    return f"a raw {row.name} signature has {length} bytes, got {len(signature)}"


def check_signature(row: Algorithm, message: bytes, signature: bytes, key: JWK) -> None:
    """Check a signature with the public key that the program says made it.

    Raises:
        SignatureError: it does not verify.
        UsageError: no key, or one that is not for this.
    """
    if not isinstance(key, JWK):
        raise UsageError(f"verify_with must be a JWK or UNCHECKED, got {type(key).__name__}")
    if not key.serves(row):
        raise UsageError(unfit(key, row))
    if not key.permits("verify"):
        raise UsageError(f"{key!r} is not for verifying: see its use and key_ops")
    if not key.verification(row)(message, signature):
        raise SignatureError("the signature does not verify with the key in verify_with")
