"""Every bound on what a peer may send, in one frozen value.

A bound is checked before anything is decoded or allocated, so that a hostile input costs little.
"""

from __future__ import annotations

from typing import Final

from jwtkit._frozen import Frozen
from jwtkit.errors import UsageError

__all__ = ["DEFAULT_LIMITS", "Limits"]


class Limits(Frozen):
    """Bounds for parsing; the defaults fit certificate chains and post-quantum signatures.

    Attributes:
        token_bytes: longest compact token, in characters.
        header_bytes: longest JOSE header, decoded.
        claims_bytes: longest claims set, decoded.
        header_depth: deepest nesting of a JOSE header.
        claims_depth: deepest nesting of a claims set.
        header_int_digits: longest integer in a JOSE header, in digits; 20 hold 64 bits.
        claims_int_digits: longest integer in a claims set, in digits.
        kid_chars: longest key identifier.
        jwk_bytes: longest single JWK text.
        jwks_bytes: longest JWK Set text.
        jwks_keys: most keys in a set.

    Example:
        >>> Limits(token_bytes=4096).token_bytes
        4096
    """

    __slots__ = (
        "claims_bytes",
        "claims_depth",
        "claims_int_digits",
        "header_bytes",
        "header_depth",
        "header_int_digits",
        "jwk_bytes",
        "jwks_bytes",
        "jwks_keys",
        "kid_chars",
        "token_bytes",
    )

    def __init__(
        self,
        *,
        token_bytes: int = 256 * 1024,
        header_bytes: int = 16 * 1024,
        claims_bytes: int = 64 * 1024,
        header_depth: int = 16,
        claims_depth: int = 64,
        header_int_digits: int = 20,
        claims_int_digits: int = 40,
        kid_chars: int = 1024,
        jwk_bytes: int = 64 * 1024,
        jwks_bytes: int = 1024 * 1024,
        jwks_keys: int = 1000,
    ) -> None:
        self.token_bytes: Final = token_bytes
        self.header_bytes: Final = header_bytes
        self.claims_bytes: Final = claims_bytes
        self.header_depth: Final = header_depth
        self.claims_depth: Final = claims_depth
        self.header_int_digits: Final = header_int_digits
        self.claims_int_digits: Final = claims_int_digits
        self.kid_chars: Final = kid_chars
        self.jwk_bytes: Final = jwk_bytes
        self.jwks_bytes: Final = jwks_bytes
        self.jwks_keys: Final = jwks_keys
        for name in self.__slots__:
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise UsageError(f"Limits.{name} must be a positive int, got {value!r}")

    def __repr__(self) -> str:
        return f"Limits({', '.join(f'{name}={getattr(self, name)}' for name in self.__slots__)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in self.__slots__))


DEFAULT_LIMITS: Final = Limits()
