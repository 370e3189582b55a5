"""Every bound on what a peer may send, in one frozen value.

A bound is checked before anything is decoded or allocated, so that a hostile input costs little.
"""

from __future__ import annotations

from typing import Final

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError

__all__ = ["DEFAULT_LIMITS", "Limits"]


_FIELDS: Final = (
    "token_bytes",
    "header_bytes",
    "claims_bytes",
    "header_depth",
    "claims_depth",
    "header_int_bits",
    "claims_int_digits",
    "kid_bytes",
    "jwk_bytes",
    "jwks_bytes",
    "jwks_keys",
    "signatures",
    "recipients",
    "inflated_bytes",
    "pbes2_count",
)
# No limit can be raised beyond what the rest can bear: dates are compared with floats, and values frozen by recursion.
_LONGEST_INTEGER: Final = 300
_DEEPEST: Final = 200


class Limits(Frozen):
    """Bounds for parsing; the defaults fit certificate chains and post-quantum signatures.

    Attributes:
        token_bytes: longest compact token, in characters.
        header_bytes: longest JOSE header, decoded.
        claims_bytes: longest claims set, decoded.
        header_depth: deepest nesting of a JOSE header, at most 200.
        claims_depth: deepest nesting of a claims set, at most 200.
        header_int_bits: largest integer in a JOSE header or JWK, in bits of its magnitude, at most 900.
        claims_int_digits: longest integer in a claims set, in digits, at most 300.
        kid_bytes: longest key identifier, in UTF-8.
        jwk_bytes: longest single JWK text.
        jwks_bytes: longest JWK Set text.
        jwks_keys: most keys in a set.
        signatures: most signatures of one JSON JWS.
        recipients: most recipients of one JSON JWE.
        inflated_bytes: longest plaintext that may come out of a compressed JWE (RFC 8725 section 3.6).
        pbes2_count: most PBKDF2 iterations that one JWE may ask for, all its recipients together.

    Example:
        >>> Limits(token_bytes=4096).token_bytes
        4096
    """

    __slots__ = (*_FIELDS, "claims_int_limit", "header_int_limit")

    def __init__(
        self,
        *,
        token_bytes: int = 256 * 1024,
        header_bytes: int = 16 * 1024,
        claims_bytes: int = 64 * 1024,
        header_depth: int = 16,
        claims_depth: int = 64,
        header_int_bits: int = 64,
        claims_int_digits: int = 40,
        kid_bytes: int = 1024,
        jwk_bytes: int = 64 * 1024,
        jwks_bytes: int = 1024 * 1024,
        jwks_keys: int = 1000,
        signatures: int = 16,
        recipients: int = 16,
        inflated_bytes: int = 250 * 1024,
        pbes2_count: int = 1_200_000,
    ) -> None:
        self.token_bytes: Final = token_bytes
        self.header_bytes: Final = header_bytes
        self.claims_bytes: Final = claims_bytes
        self.header_depth: Final = header_depth
        self.claims_depth: Final = claims_depth
        self.header_int_bits: Final = header_int_bits
        self.claims_int_digits: Final = claims_int_digits
        self.kid_bytes: Final = kid_bytes
        self.jwk_bytes: Final = jwk_bytes
        self.jwks_bytes: Final = jwks_bytes
        self.jwks_keys: Final = jwks_keys
        self.signatures: Final = signatures
        self.recipients: Final = recipients
        self.inflated_bytes: Final = inflated_bytes
        self.pbes2_count: Final = pbes2_count
        for name in _FIELDS:
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise UsageError(f"Limits.{name} must be a positive int, got {value!r}")
        if claims_int_digits > _LONGEST_INTEGER or header_int_bits > _LONGEST_INTEGER * 3:
            raise UsageError(f"Limits: no integer may have more than {_LONGEST_INTEGER} digits")
        if header_depth > _DEEPEST or claims_depth > _DEEPEST:
            raise UsageError(f"Limits: nothing may be nested more than {_DEEPEST} deep")
        # What an integer must be smaller than, computed once.
        self.header_int_limit: Final[int] = 1 << header_int_bits
        self.claims_int_limit: Final[int] = 10**claims_int_digits

    def __repr__(self) -> str:
        return f"Limits({', '.join(f'{name}={getattr(self, name)}' for name in _FIELDS)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and all(getattr(self, n) == getattr(other, n) for n in _FIELDS)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in _FIELDS))


DEFAULT_LIMITS: Final = Limits()
