"""X.509 certificates, read for the key they carry. Nothing here trusts one: path validation is the caller's."""

from __future__ import annotations

from hashlib import sha1, sha256

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from jwtkit.errors import MalformedError

__all__ = ["load", "public_key", "sha1_thumbprint", "sha256_thumbprint"]

# The backend warns of odd certificates, a negative serial number for one, and a program may run with -W error.
_UNREADABLE = (ValueError, UnsupportedAlgorithm, InternalError, x509.InvalidVersion, Warning)


def load(data: bytes) -> tuple[object, list[bytes]]:
    """Read one DER certificate, or all of a PEM text, and give the first one's key, and each as DER."""
    if b"-----BEGIN" in data and b"-----BEGIN CERTIFICATE" not in data and b"KEY-----" in data:
        raise MalformedError("this is a key, not a certificate: use JWK.from_pem(...)")
    try:
        pem = b"-----BEGIN" in data
        chain = x509.load_pem_x509_certificates(data) if pem else [x509.load_der_x509_certificate(data)]
        return chain[0].public_key(), [each.public_bytes(serialization.Encoding.DER) for each in chain]
    except _UNREADABLE:
        raise MalformedError("not an X.509 certificate in PEM or DER, or one with a key that cannot be read") from None


def public_key(der: bytes) -> object:
    """Give the key of one DER certificate, as the backend's object."""
    try:
        return x509.load_der_x509_certificate(der).public_key()
    except _UNREADABLE:
        raise MalformedError("not an X.509 certificate, or one with a key that cannot be read") from None


def sha1_thumbprint(der: bytes) -> bytes:
    """Hash a certificate for `x5t`, where SHA-1 only names it (RFC 7517 section 4.8)."""
    return sha1(der, usedforsecurity=False).digest()


def sha256_thumbprint(der: bytes) -> bytes:
    """Hash a certificate for `x5t#S256` (RFC 7517 section 4.9)."""
    return sha256(der).digest()
