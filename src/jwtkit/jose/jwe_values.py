"""What a JWE becomes once it was decrypted, and for whom one is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

from jwtkit._frozen import Frozen, put
from jwtkit._proof import Proof
from jwtkit.crypto.encryption_names import KeyManagementAlgorithm
from jwtkit.errors import DecryptionError
from jwtkit.jose.header import Header
from jwtkit.jose.jwk import JWK

__all__ = ["P2C", "DecryptedJWE", "Recipient", "decrypted_jwe", "no_decryption"]

P2C: Final = 600_000  # what OWASP asks of PBKDF2 with HMAC-SHA-256


@final
class DecryptedJWE(Proof, Frozen):
    """What `decrypt` and `decrypt_json` give: the content was not altered. With a public key anybody can have made it.

    Attributes:
        plaintext: the content.
        header: protected and unprotected members together.
        unprotected: those among them that nobody authenticated, read-only; empty in the compact form.
        aad: additional data that was authenticated and not encrypted; None where there was none.
        key: the key that decrypted it.
    """

    __slots__ = ("aad", "header", "key", "plaintext", "unprotected")

    _origin = "jwe.decrypt(...) or jwe.decrypt_json(...)"
    aad: bytes | None
    header: Header
    key: JWK
    plaintext: bytes
    unprotected: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"DecryptedJWE({len(self.plaintext)} bytes, {self.header!r})"


class Recipient(Frozen):
    """One of several recipients of a general JWE.

    Args:
        key: the recipient's public key, or a secret shared with it.
        alg: the key management algorithm; left out, the key's own.
        header: more members of this recipient's header, which is not authenticated.
        apu: information about the producer, for ECDH-ES.
        apv: information about the recipient, for ECDH-ES.
        p2c: iterations, for PBES2.
    """

    __slots__ = ("alg", "apu", "apv", "header", "key", "p2c")

    def __init__(
        self,
        key: JWK,
        *,
        alg: KeyManagementAlgorithm | None = None,
        header: Mapping[str, object] | None = None,
        apu: bytes | None = None,
        apv: bytes | None = None,
        p2c: int = P2C,
    ) -> None:
        self.key: Final = key
        self.alg: Final[KeyManagementAlgorithm | None] = alg
        self.header: Final = header
        self.apu: Final = apu
        self.apv: Final = apv
        self.p2c: Final = p2c


def decrypted_jwe(
    plaintext: bytes, header: Header, unprotected: Mapping[str, Any], aad: bytes | None, key: JWK
) -> DecryptedJWE:
    """Make the value. Whoever calls this vouches for the tag."""
    made = object.__new__(DecryptedJWE)
    put(made, "plaintext", plaintext)
    put(made, "header", header)
    put(made, "unprotected", unprotected)
    put(made, "aad", aad)
    put(made, "key", key)
    return made


def no_decryption() -> DecryptionError:
    """Give the one error for everything that can be wrong behind the header (RFC 7516 section 11.5)."""
    return DecryptionError("the content does not decrypt with the key the header names")
