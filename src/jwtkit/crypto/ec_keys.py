"""Elliptic-curve keys from coordinates and back (RFC 7518 section 6.2, RFC 8812 section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from jwtkit.errors import MalformedError

__all__ = ["CURVES", "coordinates", "curve_name", "generate", "private_key", "private_scalar", "public_key"]

CURVES: Final[Mapping[str, ec.EllipticCurve]] = MappingProxyType(
    {
        "P-256": ec.SECP256R1(),
        "P-384": ec.SECP384R1(),
        "P-521": ec.SECP521R1(),
        "secp256k1": ec.SECP256K1(),
    }
)
_NAMES: Final = MappingProxyType({curve.name: crv for crv, curve in CURVES.items()})


def _size(curve: ec.EllipticCurve) -> int:
    return (curve.key_size + 7) // 8


def public_key(crv: str, x: bytes, y: bytes) -> ec.EllipticCurvePublicKey:
    """Make a public key from coordinates of exactly the field's length, on the curve."""
    curve = CURVES[crv]
    if len(x) != _size(curve) or len(y) != _size(curve):
        raise MalformedError(f"EC key: x and y on {crv} have exactly {_size(curve)} octets")
    try:
        return ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve).public_key()
    except ValueError:
        raise MalformedError(f"EC key: x and y are not a point on {crv}") from None


def private_key(crv: str, x: bytes, y: bytes, d: bytes) -> ec.EllipticCurvePrivateKey:
    """Make a private key whose public half is the point given beside it."""
    public = public_key(crv, x, y)
    if len(d) != _size(public.curve):
        raise MalformedError(f"EC key: d on {crv} has exactly {_size(public.curve)} octets")
    try:
        key = ec.derive_private_key(int.from_bytes(d), CURVES[crv])
    except ValueError:
        raise MalformedError(f"EC key: d is not a private key on {crv}") from None
    if key.public_key().public_numbers() != public.public_numbers():
        raise MalformedError("EC key: d does not belong to x and y")
    return key


def coordinates(key: ec.EllipticCurvePublicKey) -> tuple[bytes, bytes]:
    """Give x and y, each of the field's length."""
    numbers, size = key.public_numbers(), _size(key.curve)
    return numbers.x.to_bytes(size), numbers.y.to_bytes(size)


def private_scalar(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Give d, of the field's length."""
    return key.private_numbers().private_value.to_bytes(_size(key.curve))


def curve_name(key: ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey) -> str | None:
    """Give the JOSE name of the key's curve, or None for a curve without a row here."""
    return _NAMES.get(key.curve.name)


def generate(crv: str) -> ec.EllipticCurvePrivateKey:
    """Draw a new key."""
    return ec.generate_private_key(CURVES[crv])
