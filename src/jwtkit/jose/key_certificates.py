"""Certificates beside a key: `x5c`, `x5t` and `x5t#S256`, made and checked for consistency (RFC 7517 section 4.7).

That a certificate carries the key says nothing about who signed it: a chain is trusted by nobody here, and validating
its path (RFC 5280) is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from jwtkit import _wire
from jwtkit.crypto.encryption_names import AnyAlgorithm
from jwtkit.errors import MalformedError
from jwtkit.jose.key_forms import backend_members

__all__ = ["certified_members", "check_certificates"]

_THUMBPRINT_OCTETS: Final = {"x5t": 20, "x5t#S256": 32}
_HEXADECIMAL: Final = re.compile(rb"[0-9A-Fa-f]+")


def certified_members(data: bytes, alg: AnyAlgorithm | None) -> dict[str, object]:
    """Describe the key of a certificate, PEM or DER, and the certificate or chain itself, as JWK members."""
    from jwtkit.crypto import certificates

    key, chain = certificates.load(data)
    return {
        **backend_members(key, alg),
        "x5c": [_wire.b64_encode(der) for der in chain],
        "x5t": _wire.b64url_encode(certificates.sha1_thumbprint(chain[0])),
        "x5t#S256": _wire.b64url_encode(certificates.sha256_thumbprint(chain[0])),
    }


def check_certificates(members: Mapping[str, object], public: object) -> None:
    """Check that certificate members fit the key and each other.

    Args:
        members: of the JWK.
        public: the backend's public key; None for a shared secret.

    Raises:
        MalformedError: a member is of another type or length, or belongs to another key or certificate.
    """
    thumbprints = {name: _thumbprint(members, name) for name in _THUMBPRINT_OCTETS if name in members}
    if "x5c" not in members:
        return
    chain = members["x5c"]
    if not isinstance(chain, (list, tuple)) or not chain or not all(isinstance(text, str) for text in chain):
        raise MalformedError("JWK member 'x5c' must be a non-empty array of strings")
    leaf, *_others = [_wire.parse_standard_base64(text, "JWK member 'x5c'") for text in chain]
    from jwtkit.crypto import certificates

    if certificates.public_key(leaf) != public:
        raise MalformedError("JWK contradicts itself: the first certificate of x5c is for another key")
    expected = {"x5t": certificates.sha1_thumbprint, "x5t#S256": certificates.sha256_thumbprint}
    for name, octets in thumbprints.items():
        if expected[name](leaf) != octets:
            raise MalformedError(
                f"JWK contradicts itself: {name} is not the thumbprint of the first certificate of x5c"
            )


def _thumbprint(members: Mapping[str, object], name: str) -> bytes:
    text, size = members[name], _THUMBPRINT_OCTETS[name]
    octets = _wire.b64url_decode(text, f"JWK member {name!r}") if isinstance(text, str) else b""
    if len(octets) > size:
        octets = _from_hexadecimal(octets, size)
    if len(octets) != size:
        raise MalformedError(f"JWK member {name!r} must be the base64url text of {size} octets")
    return octets


def _from_hexadecimal(octets: bytes, size: int) -> bytes:
    """Give a thumbprint that was written as hexadecimal text before it was encoded, once or, by some releases, twice.

    WSO2 publishes keys so (wso2/product-is issues 14899 and 16216), which are good keys apart from that.
    """
    try:
        text = octets if len(octets) == 2 * size else _wire.b64url_decode(octets, "thumbprint")
    except MalformedError:
        return b""
    return bytes.fromhex(text.decode("ascii")) if len(text) == 2 * size and _HEXADECIMAL.fullmatch(text) else b""
