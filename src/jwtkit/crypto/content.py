"""Content encryption: AES-GCM, and AES-CBC with HMAC (RFC 7518 section 5).

Decrypting gives the plaintext or None. Lengths are exact, and the tag is compared before any padding is looked at, so
that nothing about a wrong ciphertext can be told from the answer.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

if TYPE_CHECKING:
    from jwtkit.crypto.encryption import ContentEncryption

__all__ = ["decrypt", "encrypt"]


def encrypt(row: ContentEncryption, cek: bytes, iv: bytes, aad: bytes, plaintext: bytes) -> tuple[bytes, bytes]:
    """Give ciphertext and tag."""
    if not row.mac_bytes:
        sealed = AESGCM(cek).encrypt(iv, plaintext, aad)
        return sealed[: -row.tag_bytes], sealed[-row.tag_bytes :]
    padder = PKCS7(128).padder()
    encryptor = Cipher(AES(cek[row.mac_bytes :]), CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
    return ciphertext, _mac(row, cek, iv, aad, ciphertext)


def decrypt(row: ContentEncryption, cek: bytes, iv: bytes, aad: bytes, ciphertext: bytes, tag: bytes) -> bytes | None:
    """Give the plaintext, or None whatever is wrong."""
    if len(cek) != row.cek_bytes or len(iv) != row.iv_bytes or len(tag) != row.tag_bytes:
        return None
    if not row.mac_bytes:
        try:
            return AESGCM(cek).decrypt(iv, ciphertext + tag, aad)
        except InvalidTag:
            return None
    if not hmac.compare_digest(_mac(row, cek, iv, aad, ciphertext), tag):
        return None
    decryptor = Cipher(AES(cek[row.mac_bytes :]), CBC(iv)).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        # Whoever has the key made a ciphertext of an odd length or without padding: one more thing that is wrong.
        return None


def _mac(row: ContentEncryption, cek: bytes, iv: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    """Authenticate with the first half of the key; the length of the AAD is 64 bits wide (section 5.2.2.1)."""
    length = (len(aad) * 8).to_bytes(8)
    return hmac.digest(cek[: row.mac_bytes], aad + iv + ciphertext + length, row.hash_name)[: row.tag_bytes]
