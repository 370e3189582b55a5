"""The encryption algorithms: one row each for key management and for content encryption (RFC 7518 sections 4 and 5).

Rules of this room:

- A new algorithm is one row here and, where the maths is new, one module beside this one.
- `RSA1_5` has no row: its padding has been an oracle too often (RFC 8725 section 3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from jwtkit.crypto.algorithms import SIGNATURE_ALGORITHMS
from jwtkit.crypto.encryption_names import ContentEncryptionAlgorithm, KeyManagementAlgorithm
from jwtkit.crypto.key_algorithm import KeyAlgorithm
from jwtkit.errors import UsageError

__all__ = [
    "CONTENT_ENCRYPTION",
    "KEY_ALGORITHMS",
    "KEY_MANAGEMENT",
    "ContentEncryption",
    "KeyManagement",
    "check_encryptions",
    "check_key_management",
    "find_content_encryption",
    "find_key_management",
]

Family = Literal["dir", "AESKW", "GCMKW", "ECDH", "OAEP", "PBES2"]
_CURVES: Final = ("P-256", "P-384", "P-521", "X25519", "X448")


class KeyManagement(KeyAlgorithm):
    """How the content encryption key reaches a recipient.

    Attributes:
        family: which maths it is.
        kek_bytes: length of the key that wraps the content encryption key; 0 where none does.
        hash_name: hash of OAEP or PBES2, in the spelling of `hashlib`.
    """

    __slots__ = ("family", "hash_name", "kek_bytes")

    name: KeyManagementAlgorithm

    def __init__(
        self,
        name: KeyManagementAlgorithm,
        kty: str,
        family: Family,
        *,
        variants: tuple[str, ...] = (),
        kek_bytes: int = 0,
        hash_name: str = "",
    ) -> None:
        exact = family in ("AESKW", "GCMKW")
        # A password of any length is a secret for PBES2, and dir wants as many bytes as the content encryption.
        super().__init__(name, kty, variants, secret_bytes=kek_bytes if exact else 1, exact_secret=exact)
        self.family: Final[Family] = family
        self.kek_bytes: Final = kek_bytes
        self.hash_name: Final = hash_name

    @property
    def is_direct(self) -> bool:
        """Whether the content encryption key is agreed on and not sent, so that there is one recipient only."""
        return self.family == "dir" or (self.family == "ECDH" and not self.kek_bytes)

    def fits(self, kty: str, variant: str | None) -> bool:
        """Tell whether a key of this type and curve can serve; ECDH works on EC and OKP keys alike."""
        if self.family == "ECDH":
            return kty in ("EC", "OKP") and variant in self.variants
        return super().fits(kty, variant)


class ContentEncryption(KeyAlgorithm):
    """How the content is encrypted.

    Attributes:
        iv_bytes: length of the initialization vector.
        tag_bytes: length of the authentication tag.
        hash_name: hash of the MAC, in the spelling of `hashlib`; empty for GCM, which has none.
    """

    __slots__ = ("hash_name", "iv_bytes", "tag_bytes")

    name: ContentEncryptionAlgorithm

    def __init__(self, name: ContentEncryptionAlgorithm, cek_bytes: int, *, hash_name: str = "") -> None:
        super().__init__(name, "oct", (), secret_bytes=cek_bytes, exact_secret=True)
        self.iv_bytes: Final = 16 if hash_name else 12
        self.tag_bytes: Final = cek_bytes // 2 if hash_name else 16
        self.hash_name: Final = hash_name

    @property
    def cek_bytes(self) -> int:
        """Length of the content encryption key."""
        return self.secret_bytes

    def encrypt(self, cek: bytes, iv: bytes, aad: bytes, plaintext: bytes) -> tuple[bytes | memoryview, bytes]:
        """Give ciphertext and tag."""
        from jwtkit.crypto import content

        if self.hash_name:
            return content.cbc_encrypt(cek, iv, aad, plaintext, self.hash_name)
        return content.gcm_encrypt(cek, iv, aad, plaintext)

    def decrypt(self, cek: bytes, iv: bytes, aad: bytes, ciphertext: bytes | memoryview, tag: bytes) -> bytes | None:
        """Give the plaintext, or None whatever is wrong."""
        from jwtkit.crypto import content

        if (len(cek), len(iv), len(tag)) != (self.cek_bytes, self.iv_bytes, self.tag_bytes):
            return None
        if self.hash_name:
            return content.cbc_decrypt(cek, iv, aad, ciphertext, tag, self.hash_name)
        return content.gcm_decrypt(cek, iv, aad, ciphertext, tag)


KEY_MANAGEMENT: Final[Mapping[str, KeyManagement]] = MappingProxyType(
    {
        row.name: row
        for row in (
            KeyManagement("dir", "oct", "dir"),
            KeyManagement("A128KW", "oct", "AESKW", kek_bytes=16),
            KeyManagement("A192KW", "oct", "AESKW", kek_bytes=24),
            KeyManagement("A256KW", "oct", "AESKW", kek_bytes=32),
            KeyManagement("A128GCMKW", "oct", "GCMKW", kek_bytes=16),
            KeyManagement("A192GCMKW", "oct", "GCMKW", kek_bytes=24),
            KeyManagement("A256GCMKW", "oct", "GCMKW", kek_bytes=32),
            KeyManagement("ECDH-ES", "EC", "ECDH", variants=_CURVES),
            KeyManagement("ECDH-ES+A128KW", "EC", "ECDH", variants=_CURVES, kek_bytes=16),
            KeyManagement("ECDH-ES+A192KW", "EC", "ECDH", variants=_CURVES, kek_bytes=24),
            KeyManagement("ECDH-ES+A256KW", "EC", "ECDH", variants=_CURVES, kek_bytes=32),
            KeyManagement("RSA-OAEP", "RSA", "OAEP", hash_name="sha1"),
            KeyManagement("RSA-OAEP-256", "RSA", "OAEP", hash_name="sha256"),
            KeyManagement("RSA-OAEP-384", "RSA", "OAEP", hash_name="sha384"),
            KeyManagement("RSA-OAEP-512", "RSA", "OAEP", hash_name="sha512"),
            KeyManagement("PBES2-HS256+A128KW", "oct", "PBES2", kek_bytes=16, hash_name="sha256"),
            KeyManagement("PBES2-HS384+A192KW", "oct", "PBES2", kek_bytes=24, hash_name="sha384"),
            KeyManagement("PBES2-HS512+A256KW", "oct", "PBES2", kek_bytes=32, hash_name="sha512"),
        )
    }
)
CONTENT_ENCRYPTION: Final[Mapping[str, ContentEncryption]] = MappingProxyType(
    {
        row.name: row
        for row in (
            ContentEncryption("A128GCM", 16),
            ContentEncryption("A192GCM", 24),
            ContentEncryption("A256GCM", 32),
            ContentEncryption("A128CBC-HS256", 32, hash_name="sha256"),
            ContentEncryption("A192CBC-HS384", 48, hash_name="sha384"),
            ContentEncryption("A256CBC-HS512", 64, hash_name="sha512"),
        )
    }
)
# Everything that the alg of a key may be: none of the names stands in two tables.
KEY_ALGORITHMS: Final[Mapping[str, KeyAlgorithm]] = MappingProxyType(
    {**SIGNATURE_ALGORITHMS, **KEY_MANAGEMENT, **CONTENT_ENCRYPTION}
)


def find_key_management(name: object) -> KeyManagement:
    """Look up the row of a key management algorithm that the program named.

    Raises:
        UsageError: there is no such algorithm.
    """
    row = KEY_MANAGEMENT.get(name) if isinstance(name, str) else None
    if row is None:
        hint = f"use {', '.join(KEY_MANAGEMENT)}"
        if name == "RSA1_5":
            hint = "RSA1_5 is not offered, use RSA-OAEP-256"
        elif isinstance(name, str) and name in SIGNATURE_ALGORITHMS:
            hint = f"{name} signs; {hint}"
        elif isinstance(name, str) and name in CONTENT_ENCRYPTION:
            hint = f"{name} encrypts the content, and goes where enc is asked for; {hint}"
        raise UsageError(f"unknown key management algorithm {name!r}: {hint}", code="unknown_algorithm")
    return row


def find_content_encryption(name: object) -> ContentEncryption:
    """Look up the row of a content encryption algorithm that the program named.

    Raises:
        UsageError: there is no such algorithm.
    """
    row = CONTENT_ENCRYPTION.get(name) if isinstance(name, str) else None
    if row is None:
        message = f"unknown content encryption {name!r}: use one of {', '.join(CONTENT_ENCRYPTION)}"
        raise UsageError(message, code="unknown_algorithm")
    return row


def check_key_management(algorithms: Iterable[str]) -> Mapping[str, KeyManagement]:
    """Check an allow-list of key management algorithms at the door.

    Raises:
        UsageError: it is a bare str, empty, or names an algorithm that does not exist.
    """
    return {row.name: row for row in map(find_key_management, _names(algorithms, "algorithms", "ECDH-ES+A256KW"))}


def check_encryptions(encryptions: Iterable[str]) -> Mapping[str, ContentEncryption]:
    """Check an allow-list of content encryption algorithms at the door; errors as `check_key_management`."""
    return {row.name: row for row in map(find_content_encryption, _names(encryptions, "encryptions", "A256GCM"))}


def _names(given: Any, argument: str, example: str) -> tuple[Any, ...]:
    if isinstance(given, (str, bytes)):
        raise UsageError(f"{argument} is a list: write {argument}=[{given!r}]", code="algorithms_is_text")
    try:
        names = tuple(given)
    except TypeError:
        raise UsageError(f"{argument} is required, for example {argument}=[{example!r}]") from None
    if not names:
        raise UsageError(f"{argument} is empty, so nothing could ever be decrypted")
    return names
