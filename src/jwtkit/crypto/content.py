"""Content encryption: AES-GCM, and AES-CBC with HMAC (RFC 7518 section 5).

Decrypting gives the plaintext or None. The tag is compared before any padding is looked at, so that nothing about a
wrong ciphertext can be told from the answer; the lengths of key, IV and tag were checked before.
"""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, GCM
from cryptography.hazmat.primitives.padding import PKCS7

__all__ = ["cbc_decrypt", "cbc_encrypt", "gcm_decrypt", "gcm_encrypt"]

_TAG_BYTES = 16


def gcm_encrypt(cek: bytes, iv: bytes, aad: bytes, plaintext: bytes) -> tuple[memoryview, bytes]:
    """Give ciphertext and tag (section 5.3)."""
    sealed = AESGCM(cek).encrypt(iv, plaintext, aad)
    return memoryview(sealed)[:-_TAG_BYTES], sealed[-_TAG_BYTES:]


def gcm_decrypt(cek: bytes, iv: bytes, aad: bytes, ciphertext: bytes | memoryview, tag: bytes) -> bytes | None:
    """Give the plaintext, or None where the tag is wrong."""
    # The one-shot door wants ciphertext and tag in one piece, and copying a megabyte costs more than decrypting it.
    decryptor = Cipher(AES(cek), GCM(iv, tag)).decryptor()
    decryptor.authenticate_additional_data(aad)
    plaintext = decryptor.update(ciphertext)
    try:
        decryptor.finalize()
    except InvalidTag:
        return None
    return plaintext


def cbc_encrypt(cek: bytes, iv: bytes, aad: bytes, plaintext: bytes, hash_name: str) -> tuple[bytes, bytes]:
    """Give ciphertext and tag (section 5.2.2.1): the first half of the key authenticates, the second encrypts."""
    padder = PKCS7(128).padder()
    encryptor = Cipher(AES(cek[len(cek) // 2 :]), CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
    return ciphertext, _mac(cek, iv, aad, ciphertext, hash_name)


def cbc_decrypt(
    cek: bytes, iv: bytes, aad: bytes, ciphertext: bytes | memoryview, tag: bytes, hash_name: str
) -> bytes | None:
    """Give the plaintext, or None where tag or padding are wrong (section 5.2.2.2)."""
    if not hmac.compare_digest(_mac(cek, iv, aad, ciphertext, hash_name), tag):
        return None
    decryptor = Cipher(AES(cek[len(cek) // 2 :]), CBC(iv)).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        # Whoever has the key made a ciphertext of an odd length or without padding: one more thing that is wrong.
        return None


def _mac(cek: bytes, iv: bytes, aad: bytes, ciphertext: bytes | memoryview, hash_name: str) -> bytes:
    half = len(cek) // 2
    length = (len(aad) * 8).to_bytes(8)  # 64 bits wide, so that no AAD is too long for it
    return hmac.digest(cek[:half], aad + iv + ciphertext + length, hash_name)[:half]
