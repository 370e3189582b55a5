"""ECDSA with raw signatures, R and S side by side (RFC 7518 section 3.4, RFC 8812 section 3.2)."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from jwtkit.crypto.ec_keys import CURVES
from jwtkit.crypto.hashes import HASHES
from jwtkit.crypto.maths import HashName, Sign, Verify
from jwtkit.errors import MalformedError

__all__ = ["deterministic_signer", "raw_length", "raw_signature", "signer", "verifier"]


def signer(key: ec.EllipticCurvePrivateKey, hash_name: HashName) -> Sign:
    """Make a function from message to raw signature, with a fresh random nonce each time."""
    return _signer(key, ec.ECDSA(HASHES[hash_name]))


def deterministic_signer(key: ec.EllipticCurvePrivateKey, hash_name: HashName) -> Sign:
    """Make a function from message to raw signature whose nonce comes from key and message (RFC 6979)."""
    return _signer(key, ec.ECDSA(HASHES[hash_name], deterministic_signing=True))


def _signer(key: ec.EllipticCurvePrivateKey, algorithm: ec.ECDSA) -> Sign:
    size = (key.curve.key_size + 7) // 8

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(message, algorithm))
        return r.to_bytes(size) + s.to_bytes(size)

    return sign


def raw_length(crv: str) -> int:
    """Give the length of R and S side by side, in bytes."""
    return 2 * ((CURVES[crv].key_size + 7) // 8)


def raw_signature(der: bytes, crv: str) -> bytes:
    """Turn the DER form, which key services give, into R and S side by side.

    Raises:
        MalformedError: not a DER signature, or one of numbers that are too long for the curve.
    """
    size = raw_length(crv) // 2
    try:
        r, s = decode_dss_signature(der)
        return r.to_bytes(size) + s.to_bytes(size)
    except (ValueError, OverflowError):
        raise MalformedError(f"not an ECDSA signature on {crv} in DER: is it raw already?") from None


def verifier(key: ec.EllipticCurvePublicKey, hash_name: HashName) -> Verify:
    """Make a function that checks a raw signature of exactly twice the field's length."""
    algorithm, size = ec.ECDSA(HASHES[hash_name]), (key.curve.key_size + 7) // 8

    def verify(message: bytes, signature: bytes) -> bool:
        # A padded or shortened half would be a second spelling of the same signature. The range of R and S,
        # 1 to n-1, is the backend's own check.
        if len(signature) != 2 * size:
            return False
        der = encode_dss_signature(int.from_bytes(signature[:size]), int.from_bytes(signature[size:]))
        try:
            key.verify(der, message, algorithm)
        except InvalidSignature:
            return False
        return True

    return verify
