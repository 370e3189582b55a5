"""What every algorithm that a key can name has in common: the kind of key it needs."""

from __future__ import annotations

from typing import Final

from jwtkit._frozen import Frozen

__all__ = ["KeyAlgorithm"]


class KeyAlgorithm(Frozen):
    """One registered value of `alg`, or of `enc` where a key names one (RFC 7520 section 3.6 does).

    Attributes:
        name: the registered value.
        kty: the key type it needs.
        variants: the curves it can use, or for AKP keys the parameter set; empty where the key type has no such thing.
        secret_bytes: length of a shared secret; 0 for algorithms without one.
        exact_secret: whether a longer secret is as wrong as a shorter one.
    """

    __slots__ = ("exact_secret", "kty", "name", "secret_bytes", "variants")

    name: str  # a Literal in each table

    def __init__(
        self, name: str, kty: str, variants: tuple[str, ...], *, secret_bytes: int = 0, exact_secret: bool = False
    ) -> None:
        self.name = name
        self.kty: Final = kty
        self.variants: Final = variants
        self.secret_bytes: Final = secret_bytes
        self.exact_secret: Final = exact_secret

    def fits(self, kty: str, variant: str | None) -> bool:
        """Tell whether a key of this type and variant can serve."""
        return self.kty == kty and (not self.variants or variant in self.variants)

    def fits_secret(self, size: int, *, allow_short: bool = False) -> bool:
        """Tell whether a shared secret of so many bytes can serve."""
        if self.exact_secret:
            return size == self.secret_bytes
        return size >= (1 if allow_short else self.secret_bytes)

    def name_on(self, _variant: str | None) -> str:
        """Give the fully specified name of this algorithm on a key of this variant (RFC 9864 section 2.2)."""
        return self.name
