"""The seam for keys: what can sign, and what can check.

A private `JWK` is a `Signer`; so is any object of yours with these three members, over a PKCS#11 token, another crypto
library or anything else that gives a signature for bytes.
"""

from __future__ import annotations

from typing import Final, Protocol, final, runtime_checkable

from jwtkit._frozen import Frozen
from jwtkit.crypto.algorithms import SignatureAlgorithm
from jwtkit.crypto.maths import Sign

__all__ = ["DeterministicSigner", "Signer"]


@runtime_checkable
class Signer(Protocol):
    """Signs bytes with one algorithm and one key."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The `alg` that goes into the header."""
        ...

    @property
    def key_id(self) -> str | None:
        """The `kid` that goes into the header, or None to leave it out."""
        ...

    def sign(self, message: bytes, /) -> bytes:
        """Give the signature in its JWS form: for ECDSA R and S side by side, not DER (RFC 7518 section 3.4)."""
        ...


@final
class DeterministicSigner(Frozen):
    """A signer over a private EC key that needs no randomness; see `JWK.deterministic`."""

    __slots__ = ("_sign", "algorithm", "key_id")

    def __init__(self, algorithm: SignatureAlgorithm, key_id: str | None, sign: Sign) -> None:
        self.algorithm: Final[SignatureAlgorithm] = algorithm
        self.key_id: Final = key_id
        self._sign: Final = sign

    def sign(self, message: bytes, /) -> bytes:
        """Sign; the same message gives the same signature."""
        return self._sign(message)

    def __repr__(self) -> str:
        return f"DeterministicSigner(algorithm={self.algorithm!r}, key_id={self.key_id!r})"
