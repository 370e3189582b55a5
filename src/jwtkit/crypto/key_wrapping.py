"""Wrapping a content encryption key under a shared one: AES Key Wrap and AES-GCM (RFC 7518 sections 4.4 and 4.7)."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

__all__ = ["GCM_IV_BYTES", "GCM_TAG_BYTES", "gcm_unwrap", "gcm_wrap", "unwrap", "wrap"]

GCM_IV_BYTES: Final = 12
GCM_TAG_BYTES: Final = 16


def wrap(kek: bytes, cek: bytes) -> bytes:
    """Wrap with AES Key Wrap (RFC 3394)."""
    return aes_key_wrap(kek, cek)


def unwrap(kek: bytes, encrypted_key: bytes) -> bytes | None:
    """Unwrap with AES Key Wrap, or give None whatever is wrong."""
    try:
        return aes_key_unwrap(kek, encrypted_key)
    except (InvalidUnwrap, ValueError):
        return None


def gcm_wrap(kek: bytes, cek: bytes, iv: bytes) -> tuple[bytes, bytes]:
    """Wrap with AES-GCM; give the encrypted key and the tag."""
    sealed = AESGCM(kek).encrypt(iv, cek, None)
    return sealed[:-GCM_TAG_BYTES], sealed[-GCM_TAG_BYTES:]


def gcm_unwrap(kek: bytes, encrypted_key: bytes, iv: bytes, tag: bytes) -> bytes | None:
    """Unwrap with AES-GCM, or give None whatever is wrong."""
    if len(iv) != GCM_IV_BYTES or len(tag) != GCM_TAG_BYTES:
        return None
    try:
        return AESGCM(kek).decrypt(iv, encrypted_key + tag, None)
    except InvalidTag:
        return None
